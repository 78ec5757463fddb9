--- Guards that compare names: groups that LastPass would not take or that exist by another spelling, and second
-- accounts of one person: an address that looks like another one, or a new user with the name of somebody whom the
-- same plan takes away.
-- @module lastpass.plan.guards.names
local changes = require "lastpass.directory.changes"
local core = require "lastpass.core"
local email = require "lastpass.email"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local unicode = require "lastpass.unicode"

local M = {}

-- LastPass's own limits, as its admin console states them.
local MAX_GROUP_MEMBERS = 2000
local MAX_GROUPS = 1000

-- Who cannot join a group does not leave others either: they would be left with less than before.
local function hold_joining(builder, step, code, why, name)
  local rest = json.list {}
  for _, group in ipairs(step.after.join) do
    if group ~= name then
      rest[#rest + 1] = group
    end
  end
  if #rest == 0 then
    return builder:hold(step, code, why)
  end
  local held = { join = json.list { name }, leave = step.after.leave }
  builder:hold_part(step, code, why, held, { join = rest, leave = json.list {} })
end

local function joined_by(step)
  return step.kind == "create" and step.after.groups
    or step.kind == "groups" and step.after.join
    or {}
end

local function hold_group(builder, name, code, why)
  for _, step in ipairs(builder:open_steps()) do
    for _, group in ipairs(joined_by(step)) do
      if group == name and step.kind == "groups" then
        hold_joining(builder, step, code, why, name)
        break
      elseif group == name then
        builder:hold(step, code, why)
        break
      end
    end
  end
end

local function joined_groups(builder)
  local names, seen = {}, {}
  for _, step in ipairs(builder:open_steps()) do
    for _, name in ipairs(joined_by(step)) do
      if not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

-- What is asked of a directory again and again, where single changes are checked: by its rows, as long as they live.
local unusual_of = setmetatable({}, { __mode = "k" })
local spelled_of = setmetatable({}, { __mode = "k" })
local sizes_of = setmetatable({}, { __mode = "k" })

local function remember(cache, rows, make)
  local known = cache[rows]
  if not known or known.count ~= #rows then
    known = { count = #rows, value = make(rows) }
    cache[rows] = known
  end
  return known.value
end

local function no_sizes()
  return {}
end

--- How many members a group has, counted once for each read of the directory.
---@param rows userdata of core.snapshot
---@param name string
---@return integer size 0 when there is no such group
function M.group_size(rows, name)
  local sizes = remember(sizes_of, rows, no_sizes)
  sizes[name] = sizes[name] or rows:member_count(name) or 0
  return sizes[name]
end

-- What a reader would take for the same name: the other case, and what looks the same.
local function spellings_of(name)
  return email.fold((name:gsub("%s+", " "))), unicode.skeleton(name) or name
end

local function note_spelling(spelled, name)
  local folded, skeleton = spellings_of(name)
  spelled[folded], spelled[skeleton] = spelled[folded] or name, spelled[skeleton] or name
end

local TOO_LARGE = "group '%s' would have %d members; LastPass allows %d"
local OTHER_SPELLING = "there is no group '%s', but one named '%s'"
local CONTROL = "there is no group '%s', and its name has a control character or a line end"
local TOO_MANY = "group '%s' would be number %d; LastPass allows %d"
local NEW_GROUP = "group '%s' is new; whether LastPass makes a group that is only named is unknown"

-- Where a group is larger than that already, LastPass takes more in this company.
local function check_sizes(builder, names)
  local sizes = builder.changes:group_sizes(names)
  for _, name in ipairs(names) do
    local size = sizes[name] + (builder.more_members[name] or 0)
    if size > MAX_GROUP_MEMBERS and M.group_size(builder.rows, name) <= MAX_GROUP_MEMBERS then
      hold_group(builder, name, "group_too_large", TOO_LARGE:format(name, size, MAX_GROUP_MEMBERS))
    end
  end
end

local function read_group_names(rows)
  local present, spelled, count = {}, {}, 0
  for _, name in ipairs(rows:group_names()) do
    present[name] = true
    note_spelling(spelled, name)
    count = count + 1
  end
  return { present = present, spelled = spelled, count = count }
end

local function check_group_names(builder, names)
  local known = remember(spelled_of, builder.rows, read_group_names)
  local present, count = known.present, known.count
  local spelled = setmetatable({}, { __index = known.spelled })
  for _, name in ipairs(names) do
    local folded, skeleton = spellings_of(name)
    local near = not present[name] and (spelled[folded] or spelled[skeleton])
    if near then
      local why = OTHER_SPELLING:format(unicode.shown(name, near), unicode.shown(near, name))
      hold_group(builder, name, "group_spelling", why)
    elseif not present[name] and name:find "%c" then
      hold_group(builder, name, "group_spelling", CONTROL:format(name))
    elseif not present[name] then
      count = count + 1
      if count > MAX_GROUPS then
        hold_group(builder, name, "too_many_groups", TOO_MANY:format(name, count, MAX_GROUPS))
      else
        builder:warn(NEW_GROUP, name)
      end
      note_spelling(spelled, name) -- a second new one is spelled otherwise
    end
  end
end

--- Holds what LastPass would refuse, and memberships of groups that exist by another spelling.
---@param builder lastpass.plan.Builder
function M.groups(builder)
  local names = joined_groups(builder)
  if #names > 0 then
    check_sizes(builder, names)
    check_group_names(builder, names)
  end
end

local RESEMBLES = "'%s' looks like '%s', %s: correct the address; if they are two people, "
  .. "allow so many with limit { look_alikes = %d }"
local SAME_NAME = "%s, to be created, and %s, who would lose the account (%s), are both named "
  .. "'%s': if they are one person, give them an employee id or aliases; if they are two, "
  .. "allow so many with limit { same_name = %d }"

-- Addresses of the directory that cannot be found by what a reader sees: what is all ASCII, and not the
-- code of something else, can.
local function find_unusual(rows)
  local by_skeleton = {}
  local function add(address)
    if address:find "[\128-\255]" or address:find "^['\"]" or address:find "[xX][nN]%-%-" then
      by_skeleton[unicode.skeleton(address) or address] = address
    end
  end
  for user = 1, #rows do
    add(core.user_value(rows, user, core.user_fields.email))
  end
  for _, address in ipairs(rows:invited()) do
    add(address)
  end
  return by_skeleton
end

local function unusual_addresses(builder)
  return remember(unusual_of, builder.rows, find_unusual)
end

-- The addresses that steps would bring into the directory, with their steps.
local function new_addresses(builder)
  local list = {}
  for _, step in ipairs(builder:open_steps()) do
    local address = (step.kind == "create" or step.kind == "stage") and step.subject
      or step.kind == "rename" and step.after.email
    if address then
      list[#list + 1] = { step = step, address = address, skeleton = unicode.skeleton(address) }
    end
  end
  return list
end

-- Who is in the directory or comes into it, and looks like a new address without being it.
local function find_resembled(builder, list)
  local unusual, planned, resembled = nil, {}, {}
  for _, one in ipairs(list) do
    local skeleton = one.skeleton or one.address
    local user = builder.snapshot:user(skeleton)
    unusual = unusual or unusual_addresses(builder)
    local present = user and user.email or unusual[skeleton]
    if present and email.fold(present) ~= email.fold(one.step.subject) then
      resembled[#resembled + 1] = { one = one, address = present, why = "who is in the directory" }
    end
    local other = planned[skeleton]
    if other and email.fold(other.address) ~= email.fold(one.address) then
      local why = "whom this plan adds as well"
      resembled[#resembled + 1] = { one = one, address = other.address, why = why }
      resembled[#resembled + 1] = { one = other, address = one.address, why = why }
    end
    planned[skeleton] = other or one
  end
  return resembled
end

-- The user whom a new address resembles loses nothing by the same plan.
local function hold_resembled(builder, whys, code)
  builder:hold_removals(function(step)
    local why = whys[email.fold(step.subject)]
    return why and code, why
  end)
end

local function allowed(builder, name)
  return limits.allowed(limits.read(builder.declared.settings.limits[name]), #builder.rows, 0)
end

local function check_addresses(builder)
  local resembled = find_resembled(builder, new_addresses(builder))
  if #resembled <= allowed(builder, "look_alikes") then
    return
  end
  local whys = {}
  for _, pair in ipairs(resembled) do
    local address = pair.one.address
    local why = RESEMBLES:format(
      unicode.shown(address, pair.address),
      unicode.shown(pair.address, address),
      pair.why,
      #resembled
    )
    if not pair.one.step.held then
      builder:hold(pair.one.step, "look_alike", why)
    end
    whys[email.fold(pair.address)] = why
  end
  hold_resembled(builder, whys, "look_alike")
end

local MORE_LEAVERS =
  "%d more who are to lose the account have addresses that only look like somebody's"
local NOBODY_LEAVES = "%s: '%s' is to lose the account, and nobody has this address; "
  .. "it looks like '%s': correct the address"

-- Somebody who has left, under an address that only looks like theirs, would stay without a word.
local function note_leavers(builder)
  local declared, notes = builder.declared, {}
  for row, extra in pairs(declared.extras) do
    if extra.needs_folding then
      local address, _, _, active = declared.desired:row(row)
      local skeleton = active == false and unicode.skeleton(address)
      local user = skeleton
        and not builder.snapshot:user(address)
        and builder.snapshot:user(skeleton)
      if user then
        local shown = unicode.shown(address, user.email)
        local origin = declared:origin(row) or "the playbook"
        notes[#notes + 1] = NOBODY_LEAVES:format(origin, shown, user.email)
      end
    end
  end
  builder:warn_of_each(notes, MORE_LEAVERS)
end

local function name_of(fullname)
  local skeleton = fullname and fullname ~= "" and unicode.skeleton(fullname)
  return skeleton ~= "" and skeleton or nil
end

local function check_same_names(builder)
  local leaving, pairs_of_name = {}, {}
  for _, step in ipairs(builder:open_steps()) do
    if changes.by_name[step.kind].removes then
      local name = name_of(builder.users[email.fold(step.subject)].state.fullname)
      if name then
        leaving[name] = leaving[name] or step
      end
    end
  end
  if next(leaving) == nil then
    return
  end
  for _, step in ipairs(builder:open_steps()) do
    local other = (step.kind == "create" or step.kind == "stage")
      and leaving[name_of(step.after.fullname) or ""]
    if other then
      pairs_of_name[#pairs_of_name + 1] = { step, other }
    end
  end
  if #pairs_of_name <= allowed(builder, "same_name") then
    return
  end
  local whys = {}
  for _, pair in ipairs(pairs_of_name) do
    local step, other = pair[1], pair[2]
    local count = #pairs_of_name
    local why =
      SAME_NAME:format(step.subject, other.subject, other.kind, step.after.fullname, count)
    builder:hold(step, "same_name", why)
    whys[email.fold(other.subject)] = why
  end
  hold_resembled(builder, whys, "same_name")
end

--- Holds what would make a second account of somebody, and what would take the first one away.
---@param builder lastpass.plan.Builder
function M.look_alikes(builder)
  check_addresses(builder)
  check_same_names(builder)
  note_leavers(builder)
end

return M

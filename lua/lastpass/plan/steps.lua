--- From what is declared and what is there to the steps between them.
-- @module lastpass.plan.steps
local bits_of = require("lastpass.core").change_bits
local core = require "lastpass.core"
local email_room = require "lastpass.email"
local image = require "lastpass.plan.image"
local json = require "lastpass.json"
local kinds = require "lastpass.plan.kinds"
local match = require "lastpass.directory.match"

local M = {}

---@class lastpass.plan.Step
---@field number integer   its place in the plan
---@field kind string      a name of `lastpass.plan.kinds`
---@field subject string   the user's address
---@field before? table    what it changes, as it is
---@field after? table     what it changes, as it will be
---@field reason string    why, for people
---@field rule string      the word of the playbook that caused it
---@field origin? string   the place that caused it: "hr.csv:17"
---@field reversal "reversible"|"hard"|"final"
---@field base string      SHA-256 of the user as they were

local function has(bits, name)
  local bit = bits_of[name]
  return bits % (bit * 2) >= bit
end

-- What one comparison works with.
local function new_work(declared, snapshot)
  return {
    declared = declared,
    snapshot = snapshot,
    rows = snapshot._rows,
    images = {},
    steps = {},
    held = {},
    problems = {},
    done = {},
  }
end

local function image_of(work, subject)
  local key = email_room.fold(subject)
  local known = work.images[key]
  if not known then
    known = { subject = subject, image = image.of(work.snapshot:user(subject)) }
    work.images[key] = known
  end
  return known.image
end

local function add(work, kind, subject, fields)
  local key = kind .. "\0" .. email_room.fold(subject)
  if work.done[key] then
    return nil -- declared by two words alike
  end
  local step = {
    kind = kind,
    subject = subject,
    before = fields.before,
    after = fields.after,
    reason = fields.reason,
    rule = fields.rule,
    origin = fields.origin,
    reversal = kinds.by_name[kind].reversal,
  }
  image_of(work, subject)
  work.done[key] = step
  work.steps[#work.steps + 1] = step
  return step
end

local function hold(work, step, code, why)
  step.held, step.code = why, code
  work.held[#work.held + 1] = step
end

M.hold = hold

local function list(names)
  local copy = json.list {}
  for place, name in ipairs(names) do
    copy[place] = name
  end
  return copy
end

-- Why a declared person is changed.
local function cause(work, row, default, rule)
  local extra = work.declared.extras[row] or {}
  local reason = extra.reason or default
  if extra.notes then
    reason = reason .. "; " .. table.concat(extra.notes, ", ")
  end
  return {
    reason = reason,
    rule = extra.notes and "until_date" or rule or "user",
    origin = work.declared:origin(row),
  }
end

local function with(fields, before, after)
  fields.before, fields.after = before, after
  return fields
end

local function address_in_directory(work, user)
  return core.user_value(work.rows, user, core.user_fields.email)
end

local NOT_LISTED = "group '%s' is declared, but 'only' does not list it: it is left alone"

local function only_managed(work, groups)
  local kept = json.list {}
  for _, name in ipairs(groups or {}) do
    if not work.only or work.only[name] then
      kept[#kept + 1] = name
    elseif not work.warned[name] then
      work.warned[name] = true
      work.warnings[#work.warnings + 1] = NOT_LISTED:format(name)
    end
  end
  return kept
end

local function create(work, row)
  local address, fullname, groups = work.declared.wanted:row(row)
  local extra = work.declared.extras[row] or {}
  local attribute = work.declared.settings.attribute
  local after = { fullname = fullname, groups = only_managed(work, groups) }
  if extra.employee_id and attribute then
    after.attribs = { [attribute] = extra.employee_id }
  end
  add(work, "create", address, with(cause(work, row, "is not in the directory"), nil, after))
end

local function same_name(before, after)
  if before == after then
    return true
  elseif not (before and after and (before .. after):find "[\128-\255]") then
    return false
  end
  return require("lastpass.unicode").same(before, after)
end

local function change(work, changes, place, row, user, bits)
  local subject = address_in_directory(work, user)
  local _, fullname = work.declared.wanted:row(row)
  local before = image_of(work, subject)
  local extra = work.declared.extras[row] or {}
  if extra.state then
    return -- removed below, whatever else was declared
  end
  if has(bits, "disable") then
    if before.status == "invited" then
      add(work, "uninvite", subject, cause(work, row, "is declared inactive"))
    else
      add(work, "disable", subject, cause(work, row, "is declared inactive"))
    end
    return
  end
  if has(bits, "enable") then
    add(work, "enable", subject, cause(work, row, "is declared active"))
  end
  if has(bits, "name") and not same_name(before.fullname, fullname) then
    add(
      work,
      "name",
      subject,
      with(
        cause(work, row, "has another name"),
        { fullname = before.fullname },
        { fullname = fullname }
      )
    )
  end
  if has(bits, "join") or has(bits, "leave") then
    local join, leave = changes:groups(place)
    add(
      work,
      "groups",
      subject,
      with(
        cause(work, row, "has other groups"),
        { groups = before.groups },
        { join = list(join), leave = list(leave) }
      )
    )
  end
end

local function missing_user(work, user)
  local subject = address_in_directory(work, user)
  local choice = work.declared.settings.missing
  local status = image_of(work, subject).status
  local fields = { reason = "no source mentions them", rule = "missing" }
  if status == "invited" then
    if choice.invited == "withdraw" then
      add(work, "uninvite", subject, fields)
    end
  elseif choice.users == "remove" then
    add(work, "remove", subject, fields)
  elseif choice.users == "disable" and status ~= "disabled" then
    add(work, "disable", subject, fields)
  end
end

local function in_doubt(work, address)
  return work.declared.untouchable[email_room.fold(address)]
end

local function missing_invited(work, address)
  if work.declared.settings.missing.invited == "withdraw" and not in_doubt(work, address) then
    add(work, "uninvite", address, { reason = "no source mentions them", rule = "missing" })
  end
end

local function walk(work, changes, matching)
  local wanted = work.declared.wanted
  local wants_missing = work.declared.settings.missing.users ~= "keep"
    or work.declared.settings.missing.invited ~= "keep"
  for place = 1, #changes do
    local row, user, bits, invited = changes:at(place)
    if row and (matching.refused[row] or in_doubt(work, (wanted:row(row)))) then
      bits = 0
    elseif
      user
      and (matching.untouchable_users[user] or in_doubt(work, address_in_directory(work, user)))
    then
      bits = 0
    end
    if bits == 0 then
      work.left_alone = work.left_alone + 1
    elseif has(bits, "twin") then
      work.problems[#work.problems + 1] = {
        code = "twin",
        subject = user and address_in_directory(work, user) or (wanted:row(row)),
        reason = "two users of the directory have this address, but for upper and lower case",
        origin = row and work.declared:origin(row),
      }
    elseif has(bits, "create") then
      create(work, row)
    elseif row and user then
      change(work, changes, place, row, user, bits)
    elseif row and has(bits, "uninvite") then
      add(work, "uninvite", invited or (wanted:row(row)), cause(work, row, "is declared inactive"))
    elseif row then -- only invited: their groups can be changed, nothing else
      local join, leave = changes:groups(place)
      local subject = wanted:row(row)
      add(
        work,
        "groups",
        subject,
        with(
          cause(work, row, "has other groups"),
          { groups = image_of(work, subject).groups },
          { join = list(join), leave = list(leave) }
        )
      )
    elseif has(bits, "missing") and wants_missing then
      missing_user(work, user)
    elseif has(bits, "missing_invited") then
      missing_invited(work, invited)
    end
  end
end

-- People who are to be removed or deleted are named one by one, in whatever state they are.
local function removals(work, matching)
  local rows = {}
  for row, extra in pairs(work.declared.extras) do
    if extra.state and not matching.refused[row] then
      rows[#rows + 1] = row
    end
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    local address = work.declared.wanted:row(row)
    local found = image_of(work, address)
    if found.status == "invited" then
      add(work, "uninvite", address, cause(work, row, "is declared gone"))
    elseif found.status ~= "absent" then
      add(work, work.declared.extras[row].state, address, cause(work, row, "is declared gone"))
    end
  end
end

local PENDING = "%s becomes %s when they log in with the old address once more"

local function renames(work, matching)
  local choice = work.declared.settings.rename
  local rows = {}
  for row in pairs(matching.renames) do
    rows[#rows + 1] = row
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    local rename = matching.renames[row]
    local pending = work.pending_renames[email_room.fold(rename.from)]
    if pending and email_room.fold(pending) == email_room.fold(rename.to) then
      work.warnings[#work.warnings + 1] = PENDING:format(rename.from, rename.to)
    elseif choice ~= "keep" then
      local step = add(
        work,
        "rename",
        rename.from,
        with(
          cause(work, row, ("has another address, found by %s"):format(rename.rule), "match"),
          { email = rename.from },
          { email = rename.to }
        )
      )
      if choice == "hold" then
        hold(
          work,
          step,
          "rename",
          'an address is changed only when the playbook says rename "updateemail"; '
            .. 'rename "keep" keeps the old one'
        )
      end
    end
  end
end

local function fold_set(addresses)
  local set = {}
  for _, address in ipairs(addresses) do
    set[email_room.fold(address)] = address
  end
  return set
end

-- Merges a change of groups into the step that the person may have already.
local function change_group(work, subject, field, name, origin)
  local step = work.done["groups\0" .. email_room.fold(subject)]
  if not step then
    step = add(
      work,
      "groups",
      subject,
      with({
        reason = ("the members of %s are declared"):format(name),
        rule = "group",
        origin = origin,
      }, { groups = image_of(work, subject).groups }, {
        join = json.list {},
        leave = json.list {},
      })
    )
  end
  for _, present in ipairs(step.after[field]) do
    if present == name then
      return
    end
  end
  table.insert(step.after[field], name)
  table.sort(step.after[field])
end

-- Groups with all their members declared, for people whose own groups are not declared; those
-- whose are have been compared already.
local function exact_groups(work)
  local names, wanted = {}, work.declared.wanted
  for name in pairs(work.declared.groups) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local group = work.declared.groups[name]
    local members = fold_set(group.members)
    local present = {}
    for _, address in ipairs(work.rows:members(name) or {}) do
      present[email_room.fold(address)] = address
    end
    for _, address in ipairs(group.members) do
      local key = email_room.fold(address)
      local row = wanted:find(key)
      local groups = row and select(3, wanted:row(row))
      if image_of(work, address).status == "absent" and not row then
        work.problems[#work.problems + 1] = {
          code = "no_such_user",
          subject = address,
          reason = ("is declared a member of %s and is not in the directory"):format(name),
          origin = group.origin,
        }
      elseif groups == nil and not present[key] and image_of(work, address).status ~= "absent" then
        change_group(work, address, "join", name, group.origin)
      end
    end
    for key, address in pairs(present) do
      local row = wanted:find(key)
      local groups = row and select(3, wanted:row(row))
      if not members[key] and groups == nil then
        change_group(work, address, "leave", name, group.origin)
      end
    end
  end
end

local function actions(work)
  for _, action in ipairs(work.declared.actions) do
    local found = image_of(work, action.subject)
    local kind = action.kind
    if found.status == "absent" then
      work.problems[#work.problems + 1] = {
        code = "no_such_user",
        subject = action.subject,
        reason = "is not in the directory",
        origin = "actions",
      }
    elseif not image.holds(found, { kind = kind }) then
      add(work, kind, action.subject, { reason = "asked for", rule = "action", origin = "actions" })
    end
  end
end

-- Members that a group word names join the groups of people whose groups are declared elsewhere.
local function merge_group_words(work)
  local wanted = work.declared.wanted
  for name, group in pairs(work.declared.groups) do
    work.declared.managed[name] = true
    for _, address in ipairs(group.members) do
      local row = wanted:find(email_room.fold(address))
      if row and select(3, wanted:row(row)) ~= nil then
        wanted:add_groups(row, { name })
      end
    end
  end
end

local function managed_groups(work)
  local only = work.declared.settings.only
  if only then
    work.only = {}
    for _, name in ipairs(only) do
      work.only[name] = true
    end
    return only
  end
  local names, seen = {}, {}
  for _, name in ipairs(work.declared.wanted:group_names()) do
    names[#names + 1], seen[name] = name, true
  end
  for name in pairs(work.declared.managed) do
    if not seen[name] then
      names[#names + 1] = name
    end
  end
  return names
end

local function place_of(step)
  return kinds.by_name[step.kind].place
end

--- Sorts steps into the order in which they are carried out, and numbers them.
---@param steps lastpass.plan.Step[]
---@return lastpass.plan.Step[] steps the same list
function M.number(steps)
  table.sort(steps, function(a, b)
    if place_of(a) ~= place_of(b) then
      return place_of(a) < place_of(b)
    end
    return a.subject < b.subject
  end)
  for number, step in ipairs(steps) do
    step.number = number
  end
  return steps
end

--- Compares.
---@param declared lastpass.plan.Declared
---@param snapshot lastpass.Snapshot
---@param pending_renames table<string, string> renames under way: old folded address to the new one
---@return table work steps (those held among them), held, problems, warnings, images, changes,
-- managed (names of groups), totals
function M.compute(declared, snapshot, pending_renames)
  local work = new_work(declared, snapshot)
  work.warnings, work.warned, work.left_alone = {}, {}, 0
  work.pending_renames = pending_renames or {}
  merge_group_words(work)
  work.managed = managed_groups(work)
  local matching = match.find(declared.wanted, declared.extras, work.rows, declared.settings)
  for _, problem in ipairs(matching.problems) do
    work.problems[#work.problems + 1] = {
      code = problem.code,
      subject = (declared.wanted:row(problem.row)),
      reason = problem.reason,
      origin = declared:origin(problem.row),
    }
  end
  local changes =
    core.diff(declared.wanted, work.rows, { managed = work.managed, matched = matching.pairs })
  work.changes, work.totals = changes, changes:totals()
  walk(work, changes, matching)
  removals(work, matching)
  renames(work, matching)
  exact_groups(work)
  actions(work)
  return work
end

return M

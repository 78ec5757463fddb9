--- Steps for people: those whom the comparison in the core found to differ, those nobody mentions, those to be
-- removed, and those whose address has changed.
-- @module lastpass.plan.steps.people
local characters = require "lastpass.text.characters"
local core = require "lastpass.core"
local email = require "lastpass.email"
local groups = require "lastpass.plan.steps.groups"
local prepared = require "lastpass.plan.steps.prepared"
local state = require "lastpass.plan.state"

local M = {}

local function has(bits, name)
  local bit = core.change_bits[name]
  return bits % (bit * 2) >= bit
end

-- What is not UTF-8 could not be written into a plan.
local function check_name(builder, row, address, fullname)
  if not fullname or characters.is_utf8(fullname) then
    return true
  end
  local origin = builder.declared:origin(row)
  builder:problem("bad_encoding", address, "the name is not valid UTF-8", origin)
  return false
end

local function create(builder, row)
  local address, fullname = builder.declared.desired:row(row)
  if not check_name(builder, row, address, fullname) then
    return
  end
  local extra = builder.declared.extras[row] or {}
  if prepared.take(builder, row, extra) then
    return
  end
  local attribute = builder.declared.settings.attribute
  local after = { fullname = fullname, groups = groups.of_new(builder, row) }
  if extra.employee_id and attribute then
    after.attribs = { [attribute] = extra.employee_id }
  end
  builder:add("create", address, builder:cause(row, "is not in the directory", nil, after))
end

local function same_name(before, after)
  if before == after then
    return true
  elseif not (before and after and (before .. after):find "[\128-\255]") then
    return false
  end
  return require("lastpass.unicode").same(before, after)
end

-- Whether a difference does nothing but take something away; then by what kind of step.
local function removal_of(bits)
  if has(bits, "disable") then
    return "disable"
  elseif
    has(bits, "leave") and not (has(bits, "join") or has(bits, "name") or has(bits, "enable"))
  then
    return "groups"
  end
  return nil
end

local function change_groups(builder, changes, position, row, subject)
  local join, leave = changes:groups(position)
  local before = { groups = builder:state_of(subject).groups }
  local after = { join = state.list(join), leave = state.list(leave) }
  builder:add("groups", subject, builder:cause(row, "has other groups", before, after))
end

local function change_user(builder, changes, position, row, user, bits)
  local subject = builder:address_of(user)
  local _, fullname = builder.declared.desired:row(row)
  if builder:is_gone(row) then
    return -- removed below, whatever else was declared
  end
  local removal = removal_of(bits)
  if removal and builder:is_beyond(removal, "user") then
    return
  end
  local before = builder:state_of(subject)
  if has(bits, "disable") then
    local kind = before.status == "invited" and "uninvite" or "disable"
    builder:add(kind, subject, builder:cause(row, "is declared inactive"))
    return
  end
  if has(bits, "enable") then
    builder:add("enable", subject, builder:cause(row, "is declared active"))
  end
  if
    has(bits, "name")
    and check_name(builder, row, subject, fullname)
    and not same_name(before.fullname, fullname)
  then
    local from, to = { fullname = before.fullname }, { fullname = fullname }
    builder:add("name", subject, builder:cause(row, "has another name", from, to))
  end
  if has(bits, "join") or has(bits, "leave") then
    change_groups(builder, changes, position, row, subject)
  end
end

local function remove_missing(builder, kind, address)
  if kind and not builder:is_beyond(kind, "missing") then
    builder:add(kind, address, { reason = "no source mentions them", rule = "missing" })
  end
end

local function missing_user(builder, user)
  local choice = builder.declared.settings.missing
  local status, kind = core.user_value(builder.rows, user, core.user_fields.status), nil
  if status == "invited" then
    kind = choice.invited == "withdraw" and "uninvite"
  elseif choice.users == "remove" then
    kind = "remove"
  elseif choice.users == "disable" and status ~= "disabled" then
    kind = "disable"
  end
  remove_missing(builder, kind, builder:address_of(user))
end

-- Of somebody who is only invited nothing but groups can be changed, and whether the directory shows
-- those is not documented (enterprise-api §4.8). So they are changed only when it does show some that
-- do not fit; else the same change would be planned every day until the invitation is accepted.
local function invited_groups(builder, changes, position, row)
  local _, leave = changes:groups(position)
  if #leave == 0 then
    builder.waiting = builder.waiting + 1
    return
  end
  change_groups(builder, changes, position, row, (builder.declared.desired:row(row)))
end

local DUPLICATE = "two users of the directory have this address, but for upper and lower case"

-- The server takes addresses that differ by case for the same, so nobody who has such a namesake is
-- touched, not even by exactly that address.
local function refuse_duplicates(builder, changes)
  for _, user in ipairs(builder.rows:duplicates()) do
    builder.declared:doubt(builder:address_of(user))
  end
  for position = 1, #changes do
    local row, user, bits = changes:at(position)
    if has(bits, "duplicate") then
      local address = user and builder:address_of(user) or builder.declared.desired:row(row)
      builder:problem("twin", address, DUPLICATE, row and builder.declared:origin(row))
    end
  end
end

-- Whether a difference is about somebody who is not certain to be who they seem.
local function is_doubtful(builder, row, user, invited)
  return row and builder:row_in_doubt(row)
    or user and builder:user_in_doubt(user)
    or invited and builder:in_doubt(invited)
end

local function is_mentioned(builder, address)
  builder.mentioned = builder.mentioned or groups.mentioned(builder)
  return builder.mentioned[email.fold(address)]
end

local function add_steps(builder, changes, position, row, user, bits, invited)
  if row and has(bits, "create") then
    create(builder, row)
  elseif row and user then
    change_user(builder, changes, position, row, user, bits)
  elseif row and has(bits, "uninvite") then
    if not builder:is_gone(row) then
      builder:add("uninvite", invited, builder:cause(row, "is declared inactive"))
    end
  elseif row then
    invited_groups(builder, changes, position, row)
  elseif has(bits, "missing") and not is_mentioned(builder, builder:address_of(user)) then
    missing_user(builder, user)
  elseif has(bits, "missing_invited") and not is_mentioned(builder, invited) then
    local withdraws = builder.declared.settings.missing.invited == "withdraw"
    remove_missing(builder, withdraws and "uninvite", invited)
  end
end

--- Goes through all differences.
---@param builder lastpass.plan.Builder
---@param changes userdata of core.diff
function M.walk(builder, changes)
  local missing = builder.declared.settings.missing
  local all_kept = missing.users == "keep" and missing.invited == "keep"
  refuse_duplicates(builder, changes)
  for position = 1, #changes do
    local row, user, bits, invited = changes:at(position)
    if row == nil and all_kept then
      break -- from here on there are only people whom nothing mentions
    elseif not is_doubtful(builder, row, user, invited) then
      add_steps(builder, changes, position, row, user, bits, invited)
    end
  end
end

--- People who are to be removed or deleted are named one by one, in whatever state they are.
---@param builder lastpass.plan.Builder
function M.removals(builder)
  local rows = {}
  for row, extra in pairs(builder.declared.extras) do
    if extra.state and not builder:row_in_doubt(row) then
      rows[#rows + 1] = row
    end
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    local address = builder:subject_of(row)
    local status = builder:state_of(address).status
    if status ~= "absent" then
      local kind = status == "invited" and "uninvite" or builder.declared.extras[row].state
      builder:add(kind, address, builder:cause(row, "is declared gone"))
    end
  end
end

local HELD_RENAME = 'an address is changed only when the playbook says rename "updateemail"; '
  .. 'rename "keep" keeps the old one'
local PENDING = "%s becomes %s when they log in with the old address once more"

--- Known people with another address.
---@param builder lastpass.plan.Builder
function M.renames(builder)
  local choice, renames = builder.declared.settings.rename, builder.matching.renames
  local rows = {}
  for row in pairs(renames) do
    -- a change of address ends with a log-in (enterprise-api §4.3), so not for who cannot log in
    if not builder:row_in_doubt(row) and select(4, builder.declared.desired:row(row)) ~= false then
      rows[#rows + 1] = row
    end
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    local from, to = renames[row].from, renames[row].to
    local pending = builder.pending_renames[email.fold(from)]
    if pending and email.fold(pending) == email.fold(to) then
      builder:warn(PENDING, from, to)
    elseif choice ~= "keep" then
      local reason = ("has another address, found by %s"):format(renames[row].rule)
      local cause = builder:cause(row, reason, { email = from }, { email = to }, "match")
      local step = builder:add("rename", from, cause)
      if choice == "hold" then
        builder:hold(step, "rename", HELD_RENAME)
      end
    end
  end
end

return M

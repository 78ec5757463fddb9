--- Steps for people whom the comparison in the core found to differ, and for those nobody mentions.
-- @module lastpass.plan.steps.people
local bits_of = require("lastpass.core").change_bits
local draft = require "lastpass.plan.steps.draft"
local groups_room = require "lastpass.plan.steps.groups"
local key_of = require("lastpass.email").fold
local letters = require "lastpass.plan.letters"

local M = {}

local add, cause, image_of, with = draft.add, draft.cause, draft.image_of, draft.with

local function has(bits, name)
  local bit = bits_of[name]
  return bits % (bit * 2) >= bit
end

-- What is no UTF-8 could not be written into a plan.
local function check_name(work, row, address, fullname)
  if not fullname or letters.is_utf8(fullname) then
    return true
  end
  draft.problem(
    work,
    "bad_encoding",
    address,
    "the name is not valid UTF-8",
    work.declared:origin(row)
  )
  return false
end

local function create(work, row)
  local address, fullname = work.declared.wanted:row(row)
  if not check_name(work, row, address, fullname) then
    return
  end
  local extra = work.declared.extras[row] or {}
  local attribute = work.declared.settings.attribute
  local after = { fullname = fullname, groups = groups_room.of_new(work, row) }
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

local function change(work, changes, place, row, user, bits)
  local subject = draft.address_of(work, user)
  local _, fullname = work.declared.wanted:row(row)
  if draft.is_gone(work, row) then
    return -- removed below, whatever else was declared
  end
  local removal = removal_of(bits)
  if removal and draft.is_beyond(work, removal, "user") then
    return
  end
  local before = image_of(work, subject)
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
  if
    has(bits, "name")
    and check_name(work, row, subject, fullname)
    and not same_name(before.fullname, fullname)
  then
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
        { join = draft.list(join), leave = draft.list(leave) }
      )
    )
  end
end

local function missing_user(work, user)
  local choice = work.declared.settings.missing
  local status, kind = draft.status_of(work, user), nil
  if status == "invited" then
    kind = choice.invited == "withdraw" and "uninvite"
  elseif choice.users == "remove" then
    kind = "remove"
  elseif choice.users == "disable" and status ~= "disabled" then
    kind = "disable"
  end
  if kind and not draft.is_beyond(work, kind, "missing") then
    local fields = { reason = "no source mentions them", rule = "missing" }
    add(work, kind, draft.address_of(work, user), fields)
  end
end

local function missing_invited(work, address)
  local withdraws = work.declared.settings.missing.invited == "withdraw"
  if withdraws and not draft.is_beyond(work, "uninvite", "missing") then
    add(work, "uninvite", address, { reason = "no source mentions them", rule = "missing" })
  end
end

-- Of somebody who is only invited nothing but groups can be changed, and whether the directory shows
-- those is not documented (enterprise-api §4.8). So they are changed only when it does show some that
-- do not fit; else the same change would be planned every day until the invitation is accepted.
local function invited_groups(work, changes, place, row)
  local join, leave = changes:groups(place)
  local subject = work.declared.wanted:row(row)
  if #leave == 0 then
    work.waiting = work.waiting + 1
    return
  end
  add(
    work,
    "groups",
    subject,
    with(
      cause(work, row, "has other groups"),
      { groups = image_of(work, subject).groups },
      { join = draft.list(join), leave = draft.list(leave) }
    )
  )
end

local TWIN = "two users of the directory have this address, but for upper and lower case"

-- The server takes addresses that differ by case for the same, so nobody who has such a namesake is
-- touched, not even by the address to the letter.
local function refuse_twins(work, changes)
  for _, user in ipairs(work.rows:twins()) do
    work.declared:doubt(draft.address_of(work, user))
  end
  for place = 1, #changes do
    local row, user, bits = changes:at(place)
    if has(bits, "twin") then
      local address = user and draft.address_of(work, user) or work.declared.wanted:row(row)
      draft.problem(work, "twin", address, TWIN, row and work.declared:origin(row))
    end
  end
end

-- Whether a difference is about somebody who is not certain to be who they seem.
local function is_doubtful(work, row, user, invited)
  return row and draft.row_in_doubt(work, row)
    or user and draft.user_in_doubt(work, user)
    or invited and draft.in_doubt(work, invited)
end

local function is_mentioned(work, address)
  work.mentioned = work.mentioned or groups_room.mentioned(work)
  return work.mentioned[key_of(address)]
end

local function settle(work, changes, place, row, user, bits, invited)
  if row and has(bits, "create") then
    create(work, row)
  elseif row and user then
    change(work, changes, place, row, user, bits)
  elseif row and has(bits, "uninvite") then
    if not draft.is_gone(work, row) then
      add(work, "uninvite", invited, cause(work, row, "is declared inactive"))
    end
  elseif row then
    invited_groups(work, changes, place, row)
  elseif has(bits, "missing") and not is_mentioned(work, draft.address_of(work, user)) then
    missing_user(work, user)
  elseif has(bits, "missing_invited") and not is_mentioned(work, invited) then
    missing_invited(work, invited)
  end
end

--- Goes through all differences.
---@param work table a draft
---@param changes userdata of core.diff
function M.walk(work, changes)
  local missing = work.declared.settings.missing
  local all_kept = missing.users == "keep" and missing.invited == "keep"
  refuse_twins(work, changes)
  for place = 1, #changes do
    local row, user, bits, invited = changes:at(place)
    if row == nil and all_kept then
      break -- from here on there are only people whom nothing mentions
    elseif not is_doubtful(work, row, user, invited) then
      settle(work, changes, place, row, user, bits, invited)
    end
  end
end

return M

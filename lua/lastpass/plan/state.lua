--- The state of a user as plans know it: what a step was computed from, what a step makes of it, what undo goes
-- back to, and how to see that somebody has changed it since.
-- @module lastpass.plan.state
local changes = require "lastpass.directory.changes"
local digest = require "lastpass.digest"
local json = require "lastpass.json"

local M = {}

--- Of a user, what plans change and guards ask about.
---@class lastpass.plan.State
---@field status "absent"|"active"|"disabled"|"invited" and, of who is in the REST API alone, "staged", "awaiting_approval",
-- "expired_invitation"
---@field fullname? string
---@field groups? string[] sorted
---@field admin? boolean nil where a change of the admin level has made it unknown
---@field admin_level? string where it was read

--- The state of somebody who is not in the directory.
---@return lastpass.plan.State
function M.absent()
  return { status = "absent" }
end

--- A copy of a list, which JSON writes as a list also when it is empty.
---@param list string[]|nil
---@return string[]
function M.list(list)
  local copy = json.list {}
  for index, name in ipairs(list or {}) do
    copy[index] = name
  end
  return copy
end

local function sorted(list)
  local copy = M.list(list)
  table.sort(copy)
  return copy
end

--- The state of a user object, or of nobody.
---@param user lastpass.User|nil
---@return lastpass.plan.State
function M.of(user)
  if not user then
    return M.absent()
  end
  return {
    status = user.status,
    fullname = user.fullname,
    groups = sorted(user.groups),
    admin = user.admin or false,
  }
end

-- By snapshot: what the REST API says beside it.
local accounts_of = setmetatable({}, { __mode = "k" })

--- Joins a snapshot with what the REST API says of the same people.
---@param snapshot lastpass.Snapshot
---@param accounts lastpass.directory.Accounts
function M.join(snapshot, accounts)
  accounts_of[snapshot] = accounts
end

--- What a snapshot was joined with.
---@param snapshot lastpass.Snapshot
---@return lastpass.directory.Accounts|nil
function M.accounts(snapshot)
  return accounts_of[snapshot]
end

--- The state of whoever has an address: of a user of the directory, of somebody whom the REST API alone shows, or of nobody.
---@param snapshot lastpass.Snapshot
---@param address string
---@return lastpass.plan.State
function M.at(snapshot, address)
  local now, accounts = M.of(snapshot:user(address)), accounts_of[snapshot]
  local account = accounts and accounts:of(address)
  if not account then
    return now
  elseif now.status == "absent" then
    now = { status = account.status, fullname = account.name, groups = M.list {}, admin = false }
  end
  now.admin_level = account.admin_level
  return now
end

-- Who is not in the company yet, though somebody has prepared it.
local NOT_YET = { absent = true, staged = true, awaiting_approval = true }

--- The SHA-256 of a state: the base of a step.
---@param state lastpass.plan.State
---@return string hex
function M.hash(state)
  return digest.hex(json.encode(state))
end

-- The names of a list that another one has, or has not.
local function select_names(list, other, is_wanted)
  local present, names = {}, json.list {}
  for _, name in ipairs(other or {}) do
    present[name] = true
  end
  for _, name in ipairs(list or {}) do
    if (present[name] or false) == is_wanted then
      names[#names + 1] = name
    end
  end
  return names
end

local function without(list, other)
  return select_names(list, other, false)
end

--- The state after a step.
---@param state lastpass.plan.State
---@param step lastpass.plan.Step
---@return lastpass.plan.State
function M.after(state, step)
  local status, after = changes.by_name[step.kind].status, step.after or {}
  if status == "absent" then
    return M.absent()
  elseif step.kind == "create" then
    return {
      status = status,
      fullname = after.fullname,
      groups = sorted(after.groups),
      admin = false,
    }
  end
  local new = {}
  for name, value in pairs(state) do
    new[name] = value
  end
  new.status = status or state.status
  if step.kind == "stage" then
    new = { status = status, fullname = after.fullname, groups = M.list {}, admin = false }
  elseif step.kind == "admin_level" then
    new.admin = nil -- which levels make an admin is not known
    new.admin_level = step.shown and after.level or nil
  end
  if step.kind == "name" then
    new.fullname = after.fullname or state.fullname
  elseif step.kind == "groups" then
    local groups = without(without(state.groups, after.leave), after.join)
    for _, name in ipairs(after.join or {}) do
      groups[#groups + 1] = name
    end
    new.groups = sorted(groups)
  end
  return new
end

--- The state after that part of a step which the directory shows: over SCIM a change of groups is a request for each
-- group.
---@param state lastpass.plan.State
---@param step lastpass.plan.Step
---@param now lastpass.plan.State
---@return lastpass.plan.State
function M.after_part(state, step, now)
  if step.kind ~= "groups" then
    return state
  end
  return M.after(state, {
    kind = "groups",
    after = {
      join = select_names(step.after.join, now.groups, true),
      leave = select_names(step.after.leave, now.groups, false),
    },
  })
end

local function describe(value)
  if value == nil or value == "" then
    return "nothing"
  end
  return tostring(value)
end

local titles = {
  status = "the state",
  fullname = "the name",
  admin = "admin",
  admin_level = "the admin level",
}

--- What differs between two states, in words.
---@param before lastpass.plan.State
---@param now lastpass.plan.State
---@return string[] differences empty when they are the same
function M.differences(before, now)
  local list = {}
  for _, name in ipairs { "status", "fullname", "admin", "admin_level" } do
    local is_known = name ~= "admin" or before.admin ~= nil
    if
      is_known
      and before[name] ~= now[name]
      and (name == "status" or before.status ~= "absent")
    then
      local text = "%s was %s and is %s"
      list[#list + 1] = text:format(titles[name], describe(before[name]), describe(now[name]))
    end
  end
  if before.status ~= "absent" and now.status ~= "absent" then
    for _, name in ipairs(without(now.groups, before.groups)) do
      list[#list + 1] = "is in " .. name .. " now"
    end
    for _, name in ipairs(without(before.groups, now.groups)) do
      list[#list + 1] = "is no longer in " .. name
    end
  end
  return list
end

--- Whether a state is as a step wants it.
---@param state lastpass.plan.State as the directory has it
---@param step lastpass.plan.Step
---@return boolean
function M.satisfies(state, step)
  local kind, after = step.kind, step.after or {}
  if kind == "create" then
    return not NOT_YET[state.status]
  elseif kind == "stage" then
    return state.status ~= "absent"
  elseif kind == "admin_level" then
    return state.admin_level ~= nil and state.admin_level == after.level
  elseif kind == "name" then
    return after.fullname == nil or state.fullname == after.fullname
  elseif kind == "groups" then
    return #without(after.join, state.groups) == 0
      and #without(after.leave, state.groups) == #(after.leave or {})
  end
  local change = changes.by_name[kind]
  return change ~= nil and change.status == state.status
end

--- What of a step the directory does not show, in words. The groups of a user who is only invited are never shown
-- (enterprise-api §4.8).
---@param state lastpass.plan.State as the directory has it
---@param step lastpass.plan.Step
---@return string[] missing empty when it shows all that it can
function M.missing(state, step)
  local kind, after, list = step.kind, step.after or {}, {}
  local function need(is_so, format, value)
    if not is_so then
      list[#list + 1] = format:format(describe(value))
    end
  end
  if kind == "create" then
    need(not NOT_YET[state.status], "is not in the company")
    if not NOT_YET[state.status] and state.status ~= "invited" then
      local is_named = after.fullname == nil or state.fullname == after.fullname
      need(is_named, "the name is %s", state.fullname)
    end
  elseif kind == "name" then
    need(M.satisfies(state, step), "the name is %s", state.fullname)
  elseif kind == "admin_level" then
    need(M.satisfies(state, step), "the admin level is %s", state.admin_level)
  elseif kind ~= "groups" then
    need(M.satisfies(state, step), "the state is %s", state.status)
  end
  if kind == "groups" or kind == "create" and state.status ~= "invited" and #list == 0 then
    for _, name in ipairs(without(after.join or after.groups, state.groups)) do
      need(false, "is not in %s", name)
    end
    for _, name in ipairs(after.leave or {}) do
      need(#without({ name }, state.groups) == 1, "is still in %s", name)
    end
  end
  return list
end

local function undo_name(step, before)
  local back, lost, after = {}, nil, step.after
  if after.fullname and (before.fullname or "") ~= "" then
    back.fullname = before.fullname
  elseif after.fullname then
    -- updateuser without a name changes nothing, and an empty one is not documented
    lost = "had no name before; a name cannot be taken away"
  end
  local duo = step.before and step.before.duousername
  if after.duousername and duo then
    back.duousername = duo
  elseif after.duousername or after.securidusername then
    lost = "has another name for Duo or SecurID; the old one is not known"
  end
  if next(back) == nil then
    return nil, lost
  end
  local present = { fullname = after.fullname, duousername = after.duousername }
  return { kind = "name", before = present, after = back }, lost
end

local function undo_groups(step, before, now)
  local join = select_names(step.after.leave, before.groups, true)
  local leave = select_names(step.after.join, before.groups, false)
  if #join + #leave == 0 then
    return nil
  end
  local present = { groups = M.list(now.groups) }
  return { kind = "groups", before = present, after = { join = join, leave = leave } }
end

local function undo_removal(step, before)
  local after = { fullname = before.fullname, groups = M.list(before.groups) }
  local lost = "is invited anew"
  if step.kind == "remove" then
    lost = "comes back as a new account, without the vault"
    if before.status == "disabled" then
      lost = lost .. ", and can log in, as they could not before"
    end
    lost = before.admin and lost .. ", and not as an admin" or lost
  end
  return { kind = "create", after = after }, lost
end

local NO_LEVEL = "has the admin level %s; the one before is not known, or there was none, and no "
  .. "documented call takes a level away"

local function undo_level(step)
  local back = step.before
  if not back or not back.level_id then
    return nil, NO_LEVEL:format(step.after.level)
  end
  return { kind = "admin_level", before = step.after, after = back }
end

--- The step that takes a step back.
---@param step lastpass.plan.Step that was done
---@param before lastpass.plan.State right before it
---@param now lastpass.plan.State
---@return table|nil inverse {kind, before, after}; nil when there is no way back, or nothing to do
---@return string? lost what does not come back, said of the user
function M.inverse(step, before, now)
  local kind = step.kind
  local lost = changes.by_name[kind].lost
  if lost then
    return nil, kind == "rename" and lost:format(step.after.email) or lost
  elseif kind == "enable" then
    return before.status == "disabled" and { kind = "disable" } or nil
  elseif kind == "disable" then
    return before.status == "active" and { kind = "enable" } or nil
  elseif kind == "name" then
    return undo_name(step, before)
  elseif kind == "groups" then
    return undo_groups(step, before, now)
  elseif kind == "admin_level" then
    return undo_level(step)
  elseif kind == "create" then
    return { kind = now.status == "invited" and "uninvite" or "remove" }
  end
  return undo_removal(step, before)
end

return M

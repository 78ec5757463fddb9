--- The guards of plans, for single writes that no playbook asks for: protected accounts, the last admin, addresses that
-- look like existing ones, names of groups in another spelling, limits of a plan and of a day.
-- @module lastpass.plan.guards.single
local builders = require "lastpass.plan.steps.builder"
local change_table = require "lastpass.directory.changes"
local declarations = require "lastpass.plan.declared"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local names_guard = require "lastpass.plan.guards.names"
local plan_guards = require "lastpass.plan.guards"
local state = require "lastpass.plan.state"

local M = {}

--- A change that is asked for.
---@class lastpass.plan.SingleChange
---@field kind string          of `lastpass.directory.changes`
---@field subject string       address
---@field after? table         what it sets
---@field user? lastpass.User  as it was read just now
---@field is_new? boolean      it was read just now that the directory has no such user

--- Checks the settings of the guards; errors raise.
---@param given table protect (addresses), limits
---@param where string for the errors
---@param level integer whose line an error names
function M.check_settings(given, where, level)
  for position, address in pairs(given.protect or {}) do
    if type(position) ~= "number" then
      errors.raise(
        level + 1,
        "%s: protect must be a list; it has a '%s'",
        where,
        tostring(position)
      )
    end
    local good, reason = email.check(type(address) == "string" and address or "")
    if not good then
      local text = "%s: protect[%d] is not an e-mail address: %s"
      errors.raise(level + 1, text, where, position, reason)
    end
  end
  limits.merge(where .. ": limits", limits.defaults(), given.limits or {}, level + 1)
  for name in pairs(limits.others) do
    if name ~= "look_alikes" and given.limits and given.limits[name] ~= nil then
      local text = "%s: limits: '%s' is about sources of people, which there are none of here"
      errors.raise(level + 1, text, where, name)
    end
  end
end

local function declare(settings, where)
  local declared = declarations.new()
  for _, address in ipairs(settings.protect or {}) do
    declared:protect(address, ("protected by the configuration of the %s"):format(where))
  end
  limits.merge(where .. ": limits", declared.settings.limits, settings.limits or {}, 2)
  return declared
end

local function is_active_admin(user)
  return user ~= nil and user.admin and user.status == "active" or false
end

local function list_admins(client)
  local snapshot, message, err = client:snapshot { admin = true }
  if not snapshot then
    return nil, message, err
  end
  local admins = { count = 0, by_key = {} }
  for user in snapshot:users() do
    if is_active_admin(user) then
      admins.count = admins.count + 1
      admins.by_key[email.fold(user.email)] = user
    end
  end
  return admins
end

-- Whether a change takes access from a user.
local function takes_access(change)
  local kind = change_table.by_name[change_table.step_kind(change.kind) or ""]
  return kind ~= nil and kind.removes == true
end

--- Whether changes take access from an active admin; then nothing else may take one until they are made, and
-- `read_admins` says who else there is. A user whom nobody has read just now may have become an admin since the
-- directory was read.
---@param client lastpass.Client
---@param snapshot lastpass.Snapshot
---@param changes lastpass.plan.SingleChange[]
---@return boolean|nil
---@return string? message
---@return lastpass.Error? err
function M.takes_an_admin(client, snapshot, changes)
  local admins, message, err
  for _, change in ipairs(changes) do
    local removes = takes_access(change)
    if removes and is_active_admin(change.user or snapshot:user(change.subject)) then
      return true
    elseif removes and not change.user then
      if not admins then
        admins, message, err = list_admins(client)
      end
      if not admins then
        return nil, message, err
      elseif admins.by_key[email.fold(change.subject)] then
        return true
      end
    end
  end
  return false
end

local NO_ADMINS =
  "LastPass names no active admin at all, so it is not known who would be the last one"

--- Reads who is an active admin now, for `ask`.
---@param client lastpass.Client
---@return table|nil admins count, and by_key: key of the address -> lastpass.User
---@return string? message
---@return lastpass.Error? err kind "guard", code "last_admin" when there is none: that cannot be
function M.read_admins(client)
  local admins, message, err = list_admins(client)
  if admins and admins.count == 0 then
    return errors.fail("guard", "last_admin", NO_ADMINS)
  end
  return admins, message, err
end

-- A user who was an admin when the directory was read, and is not any more.
local function without_admin(user)
  return {
    email = user.email,
    status = user.status,
    fullname = user.fullname,
    groups = user.groups,
    admin = false,
  }
end

-- Users as they were read just now, else as they are in the cached directory.
local function overlay(snapshot, changes, admins)
  local read_now = {}
  for _, change in ipairs(changes) do
    if change.user then
      read_now[email.fold(change.subject)] = change.user
    end
  end
  return {
    rows = function()
      return snapshot:rows()
    end,
    user = function(_, address)
      local key = email.fold(address)
      if admins and admins.by_key[key] then
        return admins.by_key[key]
      end
      local user = read_now[key] or snapshot:user(address)
      if admins and is_active_admin(user) then
        return without_admin(user)
      end
      return user
    end,
  }
end

local function sizes_after(snapshot, changes)
  return {
    group_sizes = function(_, names)
      local sizes = {}
      for _, name in ipairs(names) do
        sizes[name] = names_guard.group_size(snapshot:rows(), name)
      end
      for _, change in ipairs(changes) do
        for _, name in ipairs(change.after and (change.after.join or change.after.groups) or {}) do
          sizes[name] = sizes[name] and sizes[name] + 1
        end
      end
      return sizes
    end,
  }
end

local function after_of(change)
  local after = change.after or {}
  if change.kind == "groups" then
    return { join = state.list(after.join or {}), leave = state.list(after.leave or {}) }
  elseif change.kind == "create" then
    return { fullname = after.fullname, groups = state.list(after.groups or {}) }
  end
  return after
end

--- What changes count for each limit; "join" and "leave" in memberships.
---@param changes lastpass.plan.SingleChange[]
---@return table<string, integer> counts as of `limits.count`; those above 0
function M.count(changes)
  local steps = {}
  for _, change in ipairs(changes) do
    local kind = change_table.step_kind(change.kind)
    steps[#steps + 1] = kind and { kind = kind, after = after_of(change) }
  end
  local counts = {}
  for name, count in pairs(limits.count(steps)) do
    counts[name] = count > 0 and count or nil
  end
  return counts
end

local function builder_of(snapshot, changes, declared, admins)
  local builder = builders.new(declared, overlay(snapshot, changes, admins))
  builder.changes = sizes_after(snapshot, changes)
  for _, change in ipairs(changes) do
    local kind = change_table.step_kind(change.kind)
    if kind then
      local fields = { reason = "asked for", rule = "action", after = after_of(change) }
      builder:add(kind, change.subject, fields)
    end
  end
  return builder
end

local ALLOW = "limits = { %s = … } or limits = { per_day = { %s = … } } of the %s"

local function hint_of(refusal, where)
  local name = refusal.guard:gsub("_per_%a+$", "")
  return limits.by_name[name] and ALLOW:format(name, name, where) or nil
end

-- What a guard says of a step names the option of a playbook; there is a setting instead.
local function held_message(step, where)
  local why = step.held:gsub("limit ({ [%w_]+ = %d+ })", "limits = %1 of the " .. where)
  return ("%s: %s"):format(step.subject, why)
end

-- LastPass's batchadd changes an account that exists, its password too (unified-directory §6), so it must
-- be known that there is none.
local function creates_protected(builder, changes)
  for _, change in ipairs(changes) do
    if change.kind == "create" and not change.is_new then
      local entry = builder.declared.protected[email.fold(change.subject)]
      if entry then
        return change.subject, entry.why
      end
    end
  end
end

--- Asks the guards; if one of them objects, all changes are refused.
---@param snapshot lastpass.Snapshot the directory as it was read last
---@param changes lastpass.plan.SingleChange[]
---@param settings table protect, limits
---@param given table where (whose settings these are: "gateway", "connection"), admins (of `read_admins`, nil: those
-- of the snapshot), done_lately(name of a limit, span of `limits.spans`)
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard"
function M.ask(snapshot, changes, settings, given)
  local where = given.where
  local builder = builder_of(snapshot, changes, declare(settings, where), given.admins)
  local subject, why = creates_protected(builder, changes)
  if subject then
    return errors.fail("guard", "protected", ("%s: %s"):format(subject, why))
  end
  local size = plan_guards.size_of(snapshot)
  size.admins = given.admins and given.admins.count or size.admins
  local context = plan_guards.check(builder, {
    sources = json.list {},
    size = size,
    done_lately = given.done_lately,
    last_source = function() end,
  })
  local held, refusal = builder.held[1], context.refusals[1]
  if held then
    return errors.fail("guard", held.code, held_message(held, where))
  elseif refusal then
    local hint = hint_of(refusal, where)
    return errors.fail("guard", refusal.guard, refusal.message, { hint = hint })
  end
  return true
end

return M

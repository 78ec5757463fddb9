--- The guards of plans, for single writes: protected accounts, the last admin, addresses that look like existing
-- ones, names of groups in another spelling, limits of a plan and of a day; and the counts that the latter go by.
-- @module lastpass.nginx.gateway.guards
local builders = require "lastpass.plan.steps.builder"
local change_table = require "lastpass.directory.changes"
local declarations = require "lastpass.plan.declared"
local dicts = require "lastpass.nginx.dicts"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local plan_guards = require "lastpass.plan.guards"
local state = require "lastpass.plan.state"

local key_of = email.fold

local M = {}

--- Checks the settings of the guards; errors raise.
---@param given table protect (addresses), limits
---@param where string
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
      local text = "%s: limits: '%s' is about sources of people, which the gateway has none of"
      errors.raise(level + 1, text, where, name)
    end
  end
end

local function declare(settings)
  local declared = declarations.new()
  for _, address in ipairs(settings.protect or {}) do
    declared:protect(address, "protected by the gateway's configuration")
  end
  limits.merge("gateway: limits", declared.settings.limits, settings.limits or {}, 2)
  return declared
end

--- Whether a user is an admin who may log in.
---@param user lastpass.User
---@return boolean
function M.is_active_admin(user)
  return user.admin and user.status == "active" or false
end

--- The key that addresses are compared by.
M.key_of = key_of

--- Reads who is an active admin now.
---@param client lastpass.Client
---@return table|nil admins count, and by_key: key of the address -> lastpass.User
---@return string? message
---@return lastpass.Error? err
function M.read_admins(client)
  local snapshot, message, err = client:snapshot { admin = true }
  if not snapshot then
    return nil, message, err
  end
  local admins = { count = 0, by_key = {} }
  for user in snapshot:users() do
    if M.is_active_admin(user) then
      admins.count = admins.count + 1
      admins.by_key[key_of(user.email)] = user
    end
  end
  return admins
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
      read_now[key_of(change.subject)] = change.user
    end
  end
  return {
    rows = function()
      return snapshot:rows()
    end,
    user = function(_, address)
      local key = key_of(address)
      if admins and admins.by_key[key] then
        return admins.by_key[key]
      end
      local user = read_now[key] or snapshot:user(address)
      if admins and user and M.is_active_admin(user) then
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
        local group = snapshot:group(name)
        sizes[name] = group and #group:members() or 0
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
---@param changes lastpass.unified.Change[]
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

local function builder_of(snapshot, changes, settings, admins)
  local builder = builders.new(declare(settings), overlay(snapshot, changes, admins))
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

--- Whether a change takes access from a user.
---@param change lastpass.unified.Change
---@return boolean
function M.removes(change)
  local kind = change_table.by_name[change_table.step_kind(change.kind) or ""]
  return kind ~= nil and kind.removes == true
end

local ALLOW = "limits = { %s = … } or limits = { per_day = { %s = … } } of the gateway"

local function hint_of(refusal)
  local name = refusal.guard:gsub("_per_%a+$", "")
  return limits.by_name[name] and ALLOW:format(name, name) or nil
end

-- What a guard says of a step names the option of a playbook; the gateway has a setting instead.
local function held_message(step)
  local why = step.held:gsub("limit ({ [%w_]+ = %d+ })", "limits = %1 of the gateway")
  return ("%s: %s"):format(step.subject, why)
end

-- LastPass's batchadd changes an account that exists, its password too (unified-directory §6), so it must
-- be known that there is none.
local function creates_protected(builder, changes)
  for _, change in ipairs(changes) do
    if change.kind == "create" and not change.is_new then
      local entry = builder.declared.protected[key_of(change.subject)]
      if entry then
        return change.subject, entry.why
      end
    end
  end
end

--- Asks the guards; if one of them objects, all changes are refused.
---@param snapshot lastpass.Snapshot
---@param changes lastpass.unified.Change[]
---@param settings table protect, limits
---@param given table admins (of `read_admins`, nil: those of the snapshot),
-- done_lately(name of a limit, span of `limits.spans`)
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard"
function M.ask(snapshot, changes, settings, given)
  local builder = builder_of(snapshot, changes, settings, given.admins)
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
    return errors.fail("guard", held.code, held_message(held))
  elseif refusal then
    return errors.fail("guard", refusal.guard, refusal.message, { hint = hint_of(refusal) })
  end
  return true
end

local HOUR = 60 * 60
local DAY = 24 * HOUR

-- What was done is counted by hours and by days in a `lua_shared_dict`, so the oldest hour, or day, counts whole. Each
-- unit has the longest span that it is counted for.
local units = {
  { mark = "h", seconds = HOUR, longest = DAY },
  { mark = "d", seconds = DAY, longest = 31 * DAY },
}

local function count_key(tenant, name, unit, number)
  return ("done %s %s %s%d"):format(tenant, name, unit.mark, number)
end

local function subtract(dict, list)
  for _, one in ipairs(list) do
    dict:incr(one.key, -one.count)
  end
end

--- Counts changes that are about to be made.
---@param dict table of `ngx.shared`
---@param tenant string
---@param counts table<string, integer> of `count`
---@param now number epoch seconds
---@return table|nil reservation for `give_back`; nil when the dict is full: then nothing is counted
function M.reserve(dict, tenant, counts, now)
  local reserved = {}
  for name, count in pairs(counts) do
    for _, unit in ipairs(units) do
      local key = count_key(tenant, name, unit, math.floor(now / unit.seconds))
      if not dicts.count(dict, key, count, unit.longest + unit.seconds) then
        subtract(dict, reserved)
        return nil
      end
      reserved[#reserved + 1] = { key = key, count = count }
    end
  end
  return { dict = dict, reserved = reserved }
end

--- Subtracts changes again that were surely not made.
---@param reservation table
function M.give_back(reservation)
  subtract(reservation.dict, reservation.reserved)
end

--- How much of a limit was done within a span.
---@param dict table of `ngx.shared`
---@param tenant string
---@param name string of a limit
---@param seconds number of the span
---@param now number epoch seconds
---@return integer
function M.lately(dict, tenant, name, seconds, now)
  local unit = seconds <= units[1].longest and units[1] or units[2]
  local sum, last = 0, math.floor(now / unit.seconds)
  for back = 0, math.ceil(seconds / unit.seconds) do
    sum = sum + (dict:get(count_key(tenant, name, unit, last - back)) or 0)
  end
  return sum
end

return M

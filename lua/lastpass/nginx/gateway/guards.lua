--- The guards of plans, asked about single writes: protected accounts, the last admin, limits of a
-- plan and of a day, names of groups in another spelling.
-- @module lastpass.nginx.gateway.guards
local declarations = require "lastpass.plan.declared"
local draft = require "lastpass.plan.steps.draft"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local key_of = require("lastpass.email").fold
local kinds = require "lastpass.plan.kinds"
local limits = require "lastpass.plan.limits"
local plan_guards = require "lastpass.plan.guards"

local M = {}

-- What a wish is among the steps of plans.
local step_kinds = { deactivate = "disable" }

--- The kind of step that a wish is.
---@param wish lastpass.unified.Wish
---@return string|nil kind nil for what plans know nothing of
function M.kind_of(wish)
  local name = step_kinds[wish.kind] or wish.kind
  return kinds.by_name[name] and name
end

--- Checks what a configuration says of guards; mistakes raise.
---@param given table protect (addresses), limits
---@param where string
---@param level integer whose line is blamed
function M.check_settings(given, where, level)
  for place, address in pairs(given.protect or {}) do
    if type(place) ~= "number" then
      errors.raise(level + 1, "%s: protect must be a list; it has a '%s'", where, tostring(place))
    end
    local good, reason = email.check(type(address) == "string" and address or "")
    if not good then
      local text = "%s: protect[%d] is not an e-mail address: %s"
      errors.raise(level + 1, text, where, place, reason)
    end
  end
  limits.merge(where .. ": limits", limits.defaults(), given.limits or {}, level + 1)
  for name in pairs(limits.others) do
    if given.limits and given.limits[name] ~= nil then
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

--- Whether somebody is an admin who may log in.
---@param user lastpass.User
---@return boolean
function M.is_active_admin(user)
  return user.admin and user.status == "active" or false
end

--- The key that addresses are compared by.
M.key_of = key_of

--- Reads who is an active admin by now.
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

-- Somebody who was an admin when the directory was read, and is none by now.
local function no_admin(user)
  return {
    email = user.email,
    status = user.status,
    fullname = user.fullname,
    groups = user.groups,
    admin = false,
  }
end

-- People as they were read just now, else as they are in the directory that is kept.
local function overlay(snapshot, wishes, admins)
  local fresh = {}
  for _, wish in ipairs(wishes) do
    if wish.user then
      fresh[key_of(wish.subject)] = wish.user
    end
  end
  return {
    _rows = snapshot._rows,
    user = function(_, address)
      local key = key_of(address)
      if admins and admins.by_key[key] then
        return admins.by_key[key]
      end
      local user = fresh[key] or snapshot:user(address)
      if admins and user and M.is_active_admin(user) then
        return no_admin(user)
      end
      return user
    end,
  }
end

local function sizes_after(snapshot, wishes)
  return {
    group_sizes = function(_, names)
      local sizes = {}
      for _, name in ipairs(names) do
        local group = snapshot:group(name)
        sizes[name] = group and #group._members or 0
      end
      for _, wish in ipairs(wishes) do
        for _, name in ipairs(wish.after and (wish.after.join or wish.after.groups) or {}) do
          sizes[name] = sizes[name] and sizes[name] + 1
        end
      end
      return sizes
    end,
  }
end

local function after_of(wish)
  local after = wish.after or {}
  if wish.kind == "groups" then
    return { join = draft.list(after.join or {}), leave = draft.list(after.leave or {}) }
  elseif wish.kind == "create" then
    return { fullname = after.fullname, groups = draft.list(after.groups or {}) }
  end
  return after
end

--- What wishes count for each limit, "join" and "leave" in memberships.
---@param wishes lastpass.unified.Wish[]
---@return table<string, integer> counts as of `limits.count`; those above 0
function M.count(wishes)
  local steps = {}
  for _, wish in ipairs(wishes) do
    local kind = M.kind_of(wish)
    steps[#steps + 1] = kind and { kind = kind, after = after_of(wish) }
  end
  local counts = {}
  for name, count in pairs(limits.count(steps)) do
    counts[name] = count > 0 and count or nil
  end
  return counts
end

local function work_of(snapshot, wishes, settings, admins)
  local work = draft.new(declare(settings), overlay(snapshot, wishes, admins))
  work.rows, work.changes = snapshot._rows, sizes_after(snapshot, wishes)
  for _, wish in ipairs(wishes) do
    local kind = M.kind_of(wish)
    if kind then
      local fields = { reason = "asked for", rule = "action", after = after_of(wish) }
      draft.add(work, kind, wish.subject, fields)
    end
  end
  return work
end

--- Whether a wish takes anything from anybody.
---@param wish lastpass.unified.Wish
---@return boolean
function M.removes(wish)
  local kind = kinds.by_name[M.kind_of(wish) or ""]
  return kind ~= nil and kind.removes == true
end

local ALLOW = "limits = { %s = … } or limits = { per_day = { %s = … } } of the gateway"

local function hint_of(refusal)
  local name = refusal.guard:gsub("_per_%a+$", "")
  return limits.by_name[name] and ALLOW:format(name, name) or nil
end

-- LastPass's batchadd changes an account that exists, its password too (unified-directory §6), so it must
-- be known that there is none.
local function creates_protected(work, wishes)
  for _, wish in ipairs(wishes) do
    if wish.kind == "create" and not wish.is_new then
      local entry = work.declared.protected[key_of(wish.subject)]
      if entry then
        return wish.subject, entry.why
      end
    end
  end
end

--- Asks the guards; one that minds refuses all wishes.
---@param snapshot lastpass.Snapshot
---@param wishes lastpass.unified.Wish[]
---@param settings table protect, limits
---@param surroundings table admins (of `read_admins`, nil: those of the snapshot),
-- done_lately(name of a limit, span of `limits.spans`)
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard"
function M.ask(snapshot, wishes, settings, surroundings)
  local work = work_of(snapshot, wishes, settings, surroundings.admins)
  local subject, why = creates_protected(work, wishes)
  if subject then
    return errors.fail("guard", "protected", ("%s: %s"):format(subject, why))
  end
  local memberships, admins = snapshot._rows:census()
  local context = plan_guards.check(work, {
    sources = json.list {},
    people = snapshot:count() + snapshot:invited_count(),
    memberships = memberships,
    admins = surroundings.admins and surroundings.admins.count or admins,
    done_lately = surroundings.done_lately,
    last_source = function() end,
  })
  local held, refusal = work.held[1], context.refusals[1]
  if held then
    return errors.fail("guard", held.code, ("%s: %s"):format(held.subject, held.held))
  elseif refusal then
    return errors.fail("guard", refusal.guard, refusal.message, { hint = hint_of(refusal) })
  end
  return true
end

return M

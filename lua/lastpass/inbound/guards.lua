--- The guards of plans, asked about what an identity provider wants.
-- @module lastpass.inbound.guards
local errors = require "lastpass.error"
local limits = require "lastpass.plan.limits"
local plan_guards = require "lastpass.plan.guards"
local single = require "lastpass.plan.guards.single"

local M = {}

--- Nobody's approval lets a protected account lose something, or takes the last admin.
M.final_codes = { protected = true, last_admin = true }

local MOST = 2 ^ 52

local UNLIMITED = { look_alikes = MOST }
for name in pairs(limits.by_name) do
  UNLIMITED[name] = MOST
end

local function protected_addresses(endpoint)
  local list = {}
  for _, address in ipairs(endpoint.connection.protect) do
    list[#list + 1] = address
  end
  for _, address in ipairs(endpoint.client:option "protect" or {}) do
    list[#list + 1] = address
  end
  return list
end

local function unknown_amount()
  return nil -- days are counted with the intent, in one transaction
end

local function read_admins(endpoint, view, changes)
  local takes, message, err = single.takes_an_admin(endpoint.client, view.snapshot, changes)
  if takes == nil then
    return nil, message, err
  elseif not takes then
    return false
  end
  return single.read_admins(endpoint.client)
end

--- Asks the guards.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param changes table[]
---@param is_approved boolean only what nobody can approve counts
---@return true|nil
---@return boolean|string takes_admin or the message
---@return lastpass.Error? err kind "guard", or of reading who is an admin
function M.ask(endpoint, view, changes, is_approved)
  local admins, message, err = read_admins(endpoint, view, changes)
  if admins == nil then
    return nil, message, err
  end
  local settings = {
    protect = protected_addresses(endpoint),
    limits = is_approved and UNLIMITED or endpoint.connection.limits,
  }
  local ok
  ok, message, err = single.ask(view.snapshot, changes, settings, {
    where = "connection",
    admins = admins or nil,
    done_lately = unknown_amount,
  })
  if ok or is_approved and not M.final_codes[err.code] then
    return true, admins and true or false
  end
  return nil, message, err
end

local function settings_of(endpoint)
  if not endpoint.limit_settings then
    endpoint.limit_settings = limits.defaults()
    limits.merge("connection: limits", endpoint.limit_settings, endpoint.connection.limits, 1)
  end
  return endpoint.limit_settings
end

local function size_of(endpoint, view)
  if endpoint.sized ~= view.snapshot then
    endpoint.sized, endpoint.size = view.snapshot, plan_guards.size_of(view.snapshot)
  end
  return endpoint.size
end

--- What changes count, with what a day, a week and a month allow of each.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param changes table[]
---@param is_approved? boolean nothing is limited
---@return table[] amounts {name, amount, spans}
function M.amounts(endpoint, view, changes, is_approved)
  local list = {}
  for name, amount in pairs(single.count(changes)) do
    local spans = not is_approved
        and limits.allowed_in_spans(settings_of(endpoint), name, size_of(endpoint, view))
      or nil
    list[#list + 1] = { name = name, amount = amount, spans = spans }
  end
  return list
end

--- The answer to what no approval allows.
---@param message string
---@param err lastpass.Error of a guard
---@return nil
---@return string message
---@return lastpass.Error err
function M.refuse(message, err)
  return errors.fail("guard", err.code, message, { status = 409, hint = err.hint })
end

return M

--- The settings of the gateway: the option `gateway` of `lastpass.nginx.setup`.
-- @module lastpass.nginx.gateway.options
local errors = require "lastpass.error"
local guards = require "lastpass.plan.guards.single"
local second_factors = require "lastpass.nginx.gateway.second_factor"
local unified = require "lastpass.unified"

local M = {}

-- The settings beside those of `lastpass.unified`.
local own_settings = {
  -- addresses of accounts that nothing is taken from
  protect = "table",
  -- as in playbooks: { disable = "5%", per_day = { … } }
  limits = "table",
  -- where each write logs a line of JSON: path, or function; default nginx's log
  audit = { "string", "function" },
  -- what a second factor is needed for: see `lastpass.nginx.gateway.second_factor`
  second_factor = "table",
  -- by name of a tenant: settings that differ for it
  per_tenant = "table",
}

-- What may differ for a tenant: nothing that concerns the server.
local may_differ = {
  protect = true,
  limits = true,
  company_name = true,
  external_id_attribute = true,
  delete_action = true,
  never_logged_in_status = true,
  remote_data = true,
}

local function known_settings()
  local known = {}
  for name, expected in pairs(unified.known_settings) do
    known[name] = expected
  end
  for name, expected in pairs(own_settings) do
    known[name] = expected
  end
  return known
end

local function merge(given, special)
  local settings = {}
  for name, value in pairs(given) do
    settings[name] = value
  end
  for name, value in pairs(special or {}) do
    settings[name] = value
  end
  return settings
end

local function select_unified(settings)
  local chosen = {}
  for name, value in pairs(settings) do
    if unified.known_settings[name] ~= nil then
      chosen[name] = value
    end
  end
  return chosen
end

local function check_per_tenant(given, tenants, level)
  for name, special in pairs(given.per_tenant or {}) do
    if not tenants[name] then
      local hint = errors.did_you_mean(name, errors.names_of(tenants))
      local text = "gateway: per_tenant: there is no tenant '%s'%s"
      errors.raise(level + 1, text, tostring(name), hint)
    end
    local known = known_settings()
    for setting in pairs(known) do
      known[setting] = may_differ[setting] and known[setting] or nil
    end
    errors.check_options("gateway: per_tenant: " .. name, special, known, level + 1)
  end
end

-- The addresses of the gateway, and those of the company's own options.
local function protected_addresses(given, tenant)
  local list = {}
  for name, address in pairs(given or {}) do
    list[type(name) == "number" and #list + 1 or name] = address
  end
  for _, address in ipairs(tenant.protect or {}) do
    list[#list + 1] = address
  end
  return list
end

--- Reads the settings; errors raise.
---@param given table|nil
---@param tenants table<string, any> by name
---@param defaults table cursor_keys, redact, pause, wait
---@param level integer whose line an error names
---@return table settings audit, max_body, prefix, and by_tenant: name -> {unified, guards}
function M.read(given, tenants, defaults, level)
  given = errors.check_options("gateway", given, known_settings(), level + 1)
  check_per_tenant(given, tenants, level + 1)
  given = merge(defaults, given)
  local base = unified.settings(select_unified(given), level + 1, "gateway")
  local settings = {
    audit = given.audit,
    second_factor = given.second_factor and second_factors.read(given.second_factor, level + 1),
    max_body = base.max_body,
    prefix = base.prefix,
    by_tenant = {},
  }
  given.cursor_keys = base.cursor_keys
  for name, tenant in pairs(tenants) do
    local all = merge(given, given.per_tenant and given.per_tenant[name])
    local of_guards = { protect = protected_addresses(all.protect, tenant), limits = all.limits }
    guards.check_settings(of_guards, "gateway", level + 1)
    settings.by_tenant[name] = {
      unified = unified.settings(select_unified(all), level + 1, "gateway"),
      guards = of_guards,
    }
  end
  return settings
end

return M

--- The settings of the gateway: the option `gateway` of `lastpass.nginx.setup`.
-- @module lastpass.nginx.gateway.options
local errors = require "lastpass.error"
local guards = require "lastpass.nginx.gateway.guards"
local unified_settings = require "lastpass.unified.settings"

local M = {}

--- The one list of settings beside those of `lastpass.unified.settings`.
M.list = {
  { "protect", "addresses", "none", "accounts from which nothing is taken" },
  {
    "limits",
    "table",
    "those of plans",
    'as in playbooks: { disable = "5%", per_day = { … } }; counted by the day alone',
  },
  { "audit", "path or function", "nginx's log", "where each write leaves a line of JSON" },
  { "per_tenant", "table", "none", "by name of a tenant: settings that are others for it" },
}

local own = {
  protect = "table",
  limits = "table",
  audit = { "string", "function" },
  per_tenant = "table",
}

-- What a tenant may have for itself: nothing that concerns the server.
local of_tenants = {
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
  for name, expected in pairs(unified_settings.known) do
    known[name] = expected
  end
  for name, expected in pairs(own) do
    known[name] = expected
  end
  return known
end

local function merged(given, special)
  local settings = {}
  for name, value in pairs(given) do
    settings[name] = value
  end
  for name, value in pairs(special or {}) do
    settings[name] = value
  end
  return settings
end

local function of_unified(settings)
  local chosen = {}
  for name, value in pairs(settings) do
    if unified_settings.known[name] ~= nil then
      chosen[name] = value
    end
  end
  return chosen
end

local function check_special(given, tenants, level)
  for name, special in pairs(given.per_tenant or {}) do
    if not tenants[name] then
      local hint = errors.did_you_mean(name, errors.names_of(tenants))
      local text = "gateway: per_tenant: there is no tenant '%s'%s"
      errors.raise(level + 1, text, tostring(name), hint)
    end
    local known = known_settings()
    for setting in pairs(known) do
      known[setting] = of_tenants[setting] and known[setting] or nil
    end
    errors.check_options("gateway: per_tenant: " .. name, special, known, level + 1)
  end
end

-- Those of the gateway, and those that the company's own options name.
local function protected(given, tenant)
  local list = {}
  for name, address in pairs(given or {}) do
    list[type(name) == "number" and #list + 1 or name] = address
  end
  for _, address in ipairs(tenant.protect or {}) do
    list[#list + 1] = address
  end
  return list
end

--- Reads the settings; mistakes raise.
---@param given table|nil
---@param tenants table<string, any> by name
---@param defaults table settings of the house: cursor_keys, pause
---@param level integer whose line is blamed
---@return table settings audit, max_body, prefix, and by_tenant: name -> {unified, guards}
function M.read(given, tenants, defaults, level)
  given = errors.check_options("gateway", given, known_settings(), level + 1)
  check_special(given, tenants, level + 1)
  given = merged(defaults, given)
  local base = unified_settings.complete("gateway", of_unified(given), level + 1)
  local settings = {
    audit = given.audit,
    max_body = base.max_body,
    prefix = base.prefix,
    by_tenant = {},
  }
  given.cursor_keys = base.cursor_keys
  for name, tenant in pairs(tenants) do
    local all = merged(given, given.per_tenant and given.per_tenant[name])
    local of_guards = { protect = protected(all.protect, tenant), limits = all.limits }
    guards.check_settings(of_guards, "gateway", level + 1)
    settings.by_tenant[name] = {
      unified = unified_settings.complete("gateway", of_unified(all), level + 1),
      guards = of_guards,
    }
  end
  return settings
end

return M

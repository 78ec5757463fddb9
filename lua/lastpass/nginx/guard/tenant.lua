--- The company whose leavers lose what a guard has given them.
-- @module lastpass.nginx.guard.tenant
local errors = require "lastpass.error"

local M = {}

--- The company of a guard: the one that it names, or the only one of the site. Errors raise.
---@param guard "saml"|"mfa"
---@param settings table tenant (a name)
---@param site lastpass.nginx.Site|nil
---@param level integer whose line an error names
---@return lastpass.nginx.Tenant|nil
function M.of(guard, settings, site, level)
  local name = settings.tenant or site and site.tenant_names[2] == nil and site.tenant_names[1]
  if not name then
    return nil
  elseif not site or not site.tenants[name] then
    local text = site and "%s: there is no tenant '%s'%s"
      or "%s: 'tenant' (%s) needs the guard in lastpass.nginx.setup%s"
    local hint = site and errors.did_you_mean(name, site.tenant_names) or ""
    errors.raise(level + 1, text, guard, name, hint)
  end
  return site.tenants[name]
end

return M

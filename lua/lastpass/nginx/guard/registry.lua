--- The guards of one kind that a server has, by name: made when nginx begins, started in each worker, found by locations.
-- @module lastpass.nginx.guard.registry
local errors = require "lastpass.error"
local timers = require "lastpass.nginx.timers"

---@class lastpass.nginx.guard.Registry
local methods = {}
local registry_mt = { __index = methods, __name = "lastpass.nginx.guard.Registry" }

local M = {}

local SAME_HOST = "%s: the guards '%s' and '%s' are both of %s, and would take each other's "
  .. "cookies: one guard asks for different things in different places, by 'paths'"

--- Makes one.
---@param kind "saml"|"mfa"
---@param make fun(given: table, site: lastpass.nginx.Site|nil, level: integer): table makes a guard of settings
---@return lastpass.nginx.guard.Registry
function M.new(kind, make)
  return setmetatable({ kind = kind, make = make, by_name = {}, names = {} }, registry_mt)
end

--- Raises when a guard with these settings cannot be beside the others.
---@param settings table name, host
---@param level integer whose line an error names
function methods:check(settings, level)
  if self.by_name[settings.name] then
    local text = "%s: there is a guard '%s' already: give each a name"
    errors.raise(level + 1, text, self.kind, settings.name)
  end
  for name, other in pairs(self.by_name) do
    if other.settings.host:lower() == settings.host:lower() then
      errors.raise(level + 1, SAME_HOST, self.kind, name, settings.name, settings.host)
    end
  end
end

--- The company whose leavers lose what a guard has given them: the one that it names, or the only one of the site.
---@param settings table tenant (a name)
---@param site lastpass.nginx.Site|nil
---@param level integer whose line an error names
---@return lastpass.nginx.Tenant|nil
function methods:tenant(settings, site, level)
  local name = settings.tenant or site and site.tenant_names[2] == nil and site.tenant_names[1]
  if not name then
    return nil
  elseif not site or not site.tenants[name] then
    local text = site and "%s: there is no tenant '%s'%s"
      or "%s: 'tenant' (%s) needs the guard in lastpass.nginx.setup%s"
    local hint = site and errors.did_you_mean(name, site.tenant_names) or ""
    errors.raise(level + 1, text, self.kind, name, hint)
  end
  return site.tenants[name]
end

--- Makes a guard, of a site or without one.
---@param given table
---@param site lastpass.nginx.Site|nil
---@param level integer whose line an error names
---@return table guard
function methods:add(given, site, level)
  local guard = self.make(given, site, level + 1)
  local name = guard.settings.name
  self.by_name[name] = guard
  self.names[#self.names + 1] = name
  return guard
end

--- Makes a guard that belongs to no site. For init_by_lua.
---@param given table
---@param level integer whose line an error names
---@return table guard
function methods:setup(given, level)
  if not rawget(_G, "ngx") then
    local text = "lastpass.nginx.%s.setup: this is not nginx; it is for init_by_lua"
    errors.raise(level + 1, text, self.kind)
  end
  return self:add(given, nil, level + 1)
end

--- Makes the guards of a site: its option of that kind, one guard or a list of several.
---@param site lastpass.nginx.Site
---@param level integer whose line an error names
function methods:of_site(site, level)
  local given = site.options[self.kind]
  for _, one in ipairs(given[1] and given or { given }) do
    self:add(one, site, level + 1)
  end
end

--- Starts the timers of a worker, of all guards.
function methods:start()
  for _, guard in self:each() do
    guard.feed:start(timers.every)
  end
end

--- Goes through the guards in the order in which they were made.
---@return fun(): string|nil, table|nil name, guard
function methods:each()
  local place = 0
  return function()
    place = place + 1
    return self.names[place], self.by_name[self.names[place]]
  end
end

--- The guard of a name; the only one need not be named.
---@param name string|nil
---@param level integer whose line an error names
---@return table guard
function methods:of(name, level)
  local guard = self.by_name[name or self.names[1] or ""]
  if not guard or not name and #self.names > 1 then
    local text = guard and "%s: there are several guards: which one? (%s)"
      or "%s: there is no guard '%s'; it is made by setup, in init_by_lua"
    local shown = guard and table.concat(self.names, ", ") or name or "default"
    errors.raise(level + 1, text, self.kind, shown)
  end
  return guard
end

return M

--- The unified directory inside nginx or OpenResty: one `setup` for the whole server.
--
--     init_by_lua_block {
--       local lastpass = require "lastpass"
--       site = require("lastpass.nginx").setup {
--         tenants = {
--           acme = { cid = 8771312, provhash = assert(lastpass.secret.file "/etc/lastpass/acme.hash") },
--         },
--       }
--     }
--     init_worker_by_lua_block { site:start() }
--     location /unified/ { content_by_lua_block { site:gateway() } }
--     location = /healthz { content_by_lua_block { site:health() } }
--     location = /metrics { content_by_lua_block { site:metrics() } }
--     location /scim/ { content_by_lua_block { site:scim() } }
--     location /app/ { access_by_lua_block { require("lastpass.nginx.saml").guard() } … }
-- @module lastpass.nginx
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"
local metrics = require "lastpass.nginx.metrics"
local playbooks = require "lastpass.nginx.playbooks"
local signature = require "lastpass.signature"
local tenant = require "lastpass.nginx.tenant"
local threads = require "lastpass.transport.nginx"
local timers = require "lastpass.nginx.timers"

---@class lastpass.nginx.Site
---@field tenants table<string, lastpass.nginx.Tenant>
---@field tenant_names string[] sorted
---@field playbooks lastpass.nginx.Playbooks[]
---@field options table what `setup` was given
local methods = {}
local site_mt = { __name = "lastpass.nginx.Site", __index = methods }

local M = {}

local TICK = 1 -- seconds between checks of what is due
local LAG_EVERY = 60

local known = {
  -- companies by name: options of `lastpass.new`, and how their directory is cached; required
  tenants = "table",
  -- who may use the gateway: see `lastpass.nginx.gateway.tokens`
  tokens = "table",
  gateway = "table",
  dashboard = "table",
  -- { directory, tenant, apply = false, time_limit = 120 }, or a list of these
  playbooks = "table",
  -- connections of identity providers: see `lastpass.nginx.scim.options`
  scim = "table",
  -- the SAML guard: see `lastpass.nginx.saml.options`
  saml = "table",
  -- the second-factor guard: see `lastpass.nginx.mfa.options`
  mfa = "table",
  -- the name of nginx's thread_pool; default "lastpass"
  thread_pool = "string",
  -- seconds between checks of the folders of playbooks; default 2
  look_every = function(value)
    return type(value) == "number" and value >= 0.01 and value <= 3600, "seconds from 0.01 to 3600"
  end,
}

local known_of_playbooks = {
  directory = "string",
  tenant = "string",
  apply = "boolean",
  time_limit = function(value)
    return type(value) == "number" and value > 0, "seconds above 0"
  end,
}

local function read_tenants(given, pool, level)
  local tenants, names = {}, {}
  for name, options in pairs(given) do
    if type(name) ~= "string" or not name:match "^[%w_-]+$" then
      errors.raise(
        level + 1,
        "setup: the name of a tenant must be of letters, digits, - and _, not '%s'",
        tostring(name)
      )
    end
    names[#names + 1] = name
    tenants[name] = tenant.new(name, options, pool, level + 1)
  end
  if #names == 0 then
    errors.raise(level + 1, "setup: option 'tenants' names no company")
  end
  table.sort(names)
  return tenants, names
end

-- A single company does not have to be named.
local function tenant_of(entry, tenants, names, level)
  local name = entry.tenant or #names == 1 and names[1]
  if not name then
    errors.raise(level + 1, "setup: playbooks: option 'tenant' is missing")
  end
  if not tenants[name] then
    errors.raise(
      level + 1,
      "setup: playbooks: there is no tenant '%s'%s",
      name,
      errors.did_you_mean(name, names)
    )
  end
  return tenants[name]
end

local function read_playbooks(given, site, pool, level)
  local list = {}
  if given and given.directory then
    given = { given }
  end
  for position, entry in ipairs(given or {}) do
    errors.check_options("setup: playbooks", entry, known_of_playbooks, level + 1)
    if not entry.directory then
      errors.raise(level + 1, "setup: playbooks: option 'directory' is missing")
    end
    list[position] = playbooks.new {
      directory = entry.directory,
      apply = entry.apply,
      time_limit = entry.time_limit,
      look_every = site.look_every,
      tenant = tenant_of(entry, site.tenants, site.tenant_names, level + 1),
      pool = pool,
    }
  end
  if given and #list == 0 then
    errors.raise(level + 1, "setup: playbooks: option 'directory' is missing")
  end
  return list
end

-- Checks the options of `setup`, and makes what they describe.
local function read_options(given, level)
  if type(given) ~= "table" then
    errors.raise(level + 1, "setup: needs a table of options")
  end
  errors.check_options("setup", given, known, level + 1)
  if not given.tenants then
    errors.raise(level + 1, "setup: option 'tenants' is missing")
  end
  local site = {
    options = given,
    thread_pool = given.thread_pool or threads.POOL,
    look_every = given.look_every or 2,
  }
  site.tenants, site.tenant_names = read_tenants(given.tenants, site.thread_pool, level + 1)
  site.playbooks = read_playbooks(given.playbooks, site, site.thread_pool, level + 1)
  return site
end

--- Checks the configuration and makes the site. For init_by_lua: wrong options raise, so that
-- `nginx -t` finds them.
---@param given table tenants, tokens, gateway, dashboard, playbooks, scim, saml, mfa, thread_pool, look_every
---@return lastpass.nginx.Site
function M.setup(given)
  if not rawget(_G, "ngx") then
    errors.raise(2, "lastpass.nginx.setup: this is not nginx; it is for init_by_lua")
  end
  dicts.check(type(given) == "table" and given or {}, 2)
  local site = setmetatable(read_options(given, 2), site_mt)
  metrics.begin()
  if given.tokens then
    require("lastpass.nginx.gateway").of(site) -- checks tokens and settings
  end
  if given.dashboard then
    require("lastpass.nginx.dashboard").of(site)
  end
  if given.scim then
    require("lastpass.nginx.scim").of(site, 2)
  end
  if given.saml then
    require("lastpass.nginx.saml").of_site(site, 2)
  end
  if given.mfa then
    require("lastpass.nginx.mfa").of_site(site, 2)
  end
  return site
end

local function start_tenant(one)
  timers.every(TICK, "tenant " .. one.name, function(premature)
    if not premature then
      one:tick()
    end
  end)
  if one.event_cursor then
    timers.every(LAG_EVERY, "event lag of " .. one.name, function(premature)
      if not premature then
        one:measure_event_lag(LAG_EVERY)
      end
    end)
  end
end

local function start_playbooks(self, one)
  timers.every(self.look_every, "playbooks", function(premature)
    if premature then
      one:release()
    else
      one:tick()
    end
  end)
end

--- Starts the timers of a worker. For init_worker_by_lua.
function methods:start()
  for _, name in ipairs(self.tenant_names) do
    start_tenant(self.tenants[name])
  end
  for _, one in ipairs(self.playbooks) do
    start_playbooks(self, one)
  end
  if self.options.scim then
    require("lastpass.nginx.scim").of(self):start(timers.every)
  end
  if self.options.saml then
    require("lastpass.nginx.saml").start()
  end
  if self.options.mfa then
    require("lastpass.nginx.mfa").start()
  end
end

local function send(response)
  ngx.status = response.status
  for name, value in pairs(response.headers) do
    ngx.header[name] = value
  end
  ngx.header["Content-Length"] = #response.body
  ngx.print(response.body)
end

--- Answers with the health of the site. For content_by_lua.
function methods:health()
  send(require("lastpass.nginx.health").respond(self))
end

--- Answers with the metrics, for Prometheus. For content_by_lua.
function methods:metrics()
  local health = require("lastpass.nginx.health").report(self)
  metrics.set("lastpass_up", nil, health.status == "failing" and 0 or 1)
  for name, report in pairs(health.tenants) do
    if report.age then
      metrics.set("lastpass_directory_age_seconds", { tenant = name }, report.age)
    end
  end
  for _, connection in ipairs(health.scim or {}) do
    require("lastpass.nginx.scim.connection").measure(connection)
  end
  for _, guard in ipairs(health.saml or {}) do
    require("lastpass.nginx.saml.report").measure(guard)
  end
  for _, guard in ipairs(health.mfa or {}) do
    require("lastpass.nginx.mfa").measure(guard)
  end
  send {
    status = 200,
    headers = { ["Content-Type"] = metrics.CONTENT_TYPE, ["Cache-Control"] = "no-store" },
    body = metrics.render(),
  }
end

--- The unified directory and the proxy. For content_by_lua.
function methods:gateway()
  return require("lastpass.nginx.gateway").serve(self)
end

--- The dashboard. For content_by_lua.
function methods:dashboard()
  return require("lastpass.nginx.dashboard").serve(self)
end

--- The SCIM endpoint. For content_by_lua.
function methods:scim()
  return require("lastpass.nginx.scim").of(self):serve()
end

--- Answers with the status that nginx has chosen, as SCIM has it. For content_by_lua of the internal location that
-- `error_page` names.
function methods.scim_error(_)
  return require("lastpass.nginx.scim").error_page()
end

signature.declare("lastpass.nginx.", M, {
  setup = "options: table",
})

signature.declare("site:", methods, {
  start = "",
  health = "",
  metrics = "",
  gateway = "",
  dashboard = "",
  scim = "",
  scim_error = "",
})

return M

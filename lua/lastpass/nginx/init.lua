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
-- @module lastpass.nginx
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"
local metrics = require "lastpass.nginx.metrics"
local setup_options = require "lastpass.nginx.setup_options"
local signature = require "lastpass.signature"

---@class lastpass.nginx.Site
---@field tenants table<string, lastpass.nginx.Tenant>
---@field tenant_names string[] sorted
---@field playbooks lastpass.nginx.Playbooks[]
---@field options table what `setup` was given
local methods = {}
local site_mt = { __name = "lastpass.nginx.Site", __index = methods }

local M = {}

local TICK = 1 -- seconds between looks at what is due
local LAG_EVERY = 60

--- Checks the configuration and makes the site. For init_by_lua: wrong options raise, so that
-- `nginx -t` finds them.
---@param given table see `lastpass.nginx.setup_options`
---@return lastpass.nginx.Site
function M.setup(given)
  if not rawget(_G, "ngx") then
    errors.raise(2, "lastpass.nginx.setup: this is not nginx; it is for init_by_lua")
  end
  dicts.check(type(given) == "table" and given or {}, 2)
  local site = setmetatable(setup_options.read(given, 2), site_mt)
  metrics.begin()
  if given.tokens then
    require("lastpass.nginx.gateway").of(site) -- checks tokens and settings
  end
  if given.dashboard then
    require("lastpass.nginx.dashboard").of(site)
  end
  return site
end

local function every(seconds, what, fn)
  local function guarded(premature)
    local ok, message = pcall(fn, premature)
    if not ok then
      ngx.log(ngx.ERR, "lastpass: ", what, ": ", tostring(message))
    end
  end
  assert(ngx.timer.at(0, guarded))
  assert(ngx.timer.every(seconds, guarded))
end

local function start_tenant(self, tenant)
  every(TICK, "tenant " .. tenant.name, function(premature)
    if not premature then
      tenant:tick()
    end
  end)
  if tenant.event_cursor then
    local lag = require "lastpass.nginx.lag"
    every(LAG_EVERY, "event lag of " .. tenant.name, function(premature)
      if not premature then
        lag.measure(tenant, self.thread_pool, LAG_EVERY)
      end
    end)
  end
end

local function start_playbooks(self, playbooks)
  every(self.look_every, "playbooks", function(premature)
    if premature then
      playbooks:release()
    else
      playbooks:tick()
    end
  end)
end

--- Starts the timers of a worker. For init_worker_by_lua.
function methods:start()
  for _, name in ipairs(self.tenant_names) do
    start_tenant(self, self.tenants[name])
  end
  for _, playbooks in ipairs(self.playbooks) do
    start_playbooks(self, playbooks)
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

--- Answers how everything is. For content_by_lua.
function methods:health()
  send(require("lastpass.nginx.health").respond(self))
end

--- Answers with all that is counted, for Prometheus. For content_by_lua.
function methods:metrics()
  local health = require("lastpass.nginx.health").look(self)
  metrics.set("lastpass_up", nil, health.status == "failing" and 0 or 1)
  for name, tenant in pairs(health.tenants) do
    if tenant.age then
      metrics.set("lastpass_directory_age_seconds", { tenant = name }, tenant.age)
    end
  end
  local text = require "lastpass.nginx.metrics.text"
  send {
    status = 200,
    headers = { ["Content-Type"] = text.CONTENT_TYPE, ["Cache-Control"] = "no-store" },
    body = text.render(),
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

signature.declare("lastpass.nginx.", M, {
  setup = "options: table",
})

signature.declare("site:", methods, {
  start = "",
  health = "",
  metrics = "",
  gateway = "",
  dashboard = "",
})

return M

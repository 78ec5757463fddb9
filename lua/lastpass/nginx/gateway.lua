--- The gateway: the unified user directory and the proxy, for callers with a token. Nothing in it blocks;
-- everything but `serve` also runs without nginx.
-- @module lastpass.nginx.gateway
local adapter = require "lastpass.nginx.gateway.adapter"
local audit = require "lastpass.nginx.gateway.audit"
local batches = require "lastpass.nginx.gateway.batch"
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local idempotency = require "lastpass.nginx.gateway.idempotency"
local gateway_options = require "lastpass.nginx.gateway.options"
local problems = require "lastpass.unified.problems"
local proxy = require "lastpass.nginx.gateway.proxy"
local second_factors = require "lastpass.nginx.gateway.second_factor"
local thread = require "lastpass.nginx.thread"
local tokens = require "lastpass.nginx.gateway.tokens"
local unified = require "lastpass.unified"
local writers = require "lastpass.nginx.gateway.writer"

---@class lastpass.nginx.Gateway
local methods = {}
local gateway_mt = { __name = "lastpass.nginx.Gateway", __index = methods }

local M = {}

local KEY = "gateway cursor key"
local INTERVAL = 0.002 -- seconds between checks whether another request is done

-- Workers, and the processes after a reload, have to read each other's cursors.
local function shared_key(dict)
  dict:safe_add(KEY, digest.random(32))
  return dict:get(KEY) or digest.random(32)
end

local known = {
  tenants = "table",
  tokens = "table",
  settings = "table",
  counters = { "table", "userdata" },
  keys = { "table", "userdata" },
  locks = { "table", "userdata" },
  pause = "function",
  sleep = "function",
  now = "function",
}

local needed = { "tenants", "tokens", "counters", "keys", "locks" }

--- Makes a gateway; errors raise.
---@param given table tenants (by name), tokens, settings (see `lastpass.nginx.gateway.options`), counters,
-- keys and locks (of `ngx.shared`), pause, sleep, now
---@param level? integer whose line an error names; default the caller
---@return lastpass.nginx.Gateway
function M.new(given, level)
  level = (level or 1) + 1
  errors.check_options("gateway", given, known, level)
  for _, name in ipairs(needed) do
    if given[name] == nil then
      errors.raise(level, "gateway: option '%s' is missing", name)
    end
  end
  local defaults = {
    cursor_keys = { shared_key(given.counters) },
    redact = require("lastpass.export.redact").text,
    pause = given.pause,
    wait = given.sleep and function()
      given.sleep(INTERVAL)
    end,
  }
  local settings = gateway_options.read(given.settings, given.tenants, defaults, level)
  return setmetatable({
    _tenants = given.tenants,
    _tokens = tokens.read(given.tokens, given.tenants, level),
    _settings = settings,
    _counters = given.counters,
    _keys = given.keys,
    _locks = given.locks,
    _sleep = given.sleep or function() end,
    _pause = given.pause or function() end,
    _now = given.now or os.time,
    _audit = audit.open(settings.audit, given.counters),
  }, gateway_mt)
end

-- The check of a second factor, where the settings ask for one.
local function second_factor_of(self, request, token)
  local settings = self._settings.second_factor
  return settings
    and function(changes)
      local header = request.headers["x-second-factor"]
      return second_factors.check(settings, token.name, header or nil, changes)
    end
end

local function writer_of(self, request, tenant, token)
  return writers.new {
    second_factor = second_factor_of(self, request, token),
    tenant = tenant,
    token = token.name,
    request = request,
    settings = self._settings.by_tenant[tenant.name].guards,
    audit = self._audit,
    counters = self._counters,
    locks = self._locks,
    now = self._now,
    sleep = self._sleep,
  }
end

-- The command that a path names.
local function command_in(self, path)
  local front = self._settings.prefix .. "/proxy/"
  return path:sub(1, #front) == front and path:sub(#front + 1) or nil
end

local function new_grant(self, tenant, token, writer)
  return {
    name = token.name,
    scopes = token.scopes,
    settings = self._settings.by_tenant[tenant.name].unified,
    writer = writer,
  }
end

-- Requests that read share one.
local function grant_of(self, tenant, token, writer)
  if writer then
    return new_grant(self, tenant, token, writer)
  end
  token.grants = token.grants or {}
  local grant = token.grants[tenant.name] or new_grant(self, tenant, token)
  token.grants[tenant.name] = grant
  return grant
end

-- A page of the directory, or a command.
local function respond(self, request, tenant, token, writer)
  local command = command_in(self, request.path)
  if command then
    return proxy.respond(request, tenant, token, command, writer)
  end
  return unified.handle(request, tenant, grant_of(self, tenant, token, writer))
end

local reads = { GET = true, HEAD = true, OPTIONS = true }

-- The response to a request that is refused whatever its body is: the address or the method does not exist, or a
-- scope is missing.
local function refusal(self, request, tenant, token)
  local command = command_in(self, request.path)
  if command then
    return proxy.refusal(request, token, command)
  end
  return unified.refusal(request, grant_of(self, tenant, token))
end

-- Whatever happens, the writer is finished, so that other requests do not wait.
local function write(self, request, tenant, token)
  local refused = refusal(self, request, tenant, token)
  if refused then
    return refused
  end
  local writer = writer_of(self, request, tenant, token)
  local function execute()
    return respond(self, request, tenant, token, writer)
  end
  local function has_changed()
    return writer:has_changed()
  end
  local ok, response, problem
  local command = command_in(self, request.path)
  if not command or proxy.writes(command) then
    local owner = tenant.name .. "\0" .. token.name
    ok, response, problem =
      pcall(idempotency.once, self._keys, request, owner, execute, has_changed)
  else
    ok, response = pcall(execute)
  end
  writer:finish()
  request.has_changed = writer:has_changed()
  if not ok then
    error(response, 0)
  end
  return response, problem
end

local answer

local ALLOW = "POST, OPTIONS"

-- The response to a request of a batch, as if it had come alone.
local function answer_one(self, request, token)
  self._pause() -- a batch may be long, and other requests need this worker too
  local problem, response = tokens.count_request(self._counters, token, request.now), nil
  if not problem then
    response, problem = answer(self, request, token)
  end
  return response or problems.response(problem, request)
end

local function answer_batch(self, request, token)
  if request.method == "OPTIONS" then
    return { status = 204, headers = { allow = ALLOW }, body = "" }
  elseif request.method ~= "POST" then
    local text = "a batch is sent with POST"
    return problems.fail(405, text, { headers = { allow = ALLOW } })
  end
  local batch, problem = batches.read(request)
  if not batch then
    return nil, problem
  end
  local changed = false
  local function execute()
    return batches.respond(request, batch, self._settings.prefix, function(one)
      local response = answer_one(self, one, token)
      changed = changed or one.has_changed or false
      return response
    end)
  end
  if not token.scopes.write then
    return execute() -- it cannot write, so it needs no key
  end
  return idempotency.once(self._keys, request, "batch\0" .. token.name, execute, function()
    return changed
  end)
end

local function check_length(self, request)
  if #(request.body or "") <= self._settings.max_body then
    return nil
  end
  local text = "the body is longer than %d bytes"
  return select(2, problems.fail(413, text:format(self._settings.max_body)))
end

function answer(self, request, token)
  local too_long = check_length(self, request)
  if too_long then
    return nil, too_long
  elseif request.path == self._settings.prefix .. "/batch-request" then
    return answer_batch(self, request, token)
  end
  local tenant, problem = tokens.tenant_of(self._tenants, request, token)
  if not tenant then
    return nil, problem
  elseif reads[request.method] then
    return respond(self, request, tenant, token)
  end
  return write(self, request, tenant, token)
end

--- Answers a request.
---@param request lastpass.unified.Request
---@return lastpass.unified.Response
function methods:handle(request)
  local token, reason = tokens.find(self._tokens, request.headers.authorization)
  if not token then
    local _, problem = tokens.unauthorized(reason)
    return problems.response(problem, request), nil
  end
  local problem, headers = tokens.count_request(self._counters, token, request.now)
  local response
  if not problem then
    response, problem = answer(self, request, token)
  end
  response = response or problems.response(problem, request)
  for name, value in pairs(headers) do
    response.headers[name] = value
  end
  return response, token.name
end

-- An internal error is reported in the log, not to the caller.
local function on_error(message)
  return debug.traceback(tostring(message), 2)
end

--- Answers the current request of nginx. For content_by_lua.
function methods:serve()
  local started = ngx.now()
  local request = adapter.request(self._settings.max_body)
  -- LuaJIT's xpcall takes arguments; without a closure the request can be compiled
  local ok, response, name = xpcall(self.handle, on_error, self, request)
  if not ok then
    ngx.log(ngx.ERR, "lastpass gateway: ", response)
    local _, problem =
      problems.fail(500, "internal error of this server; its log has the request id")
    response = problems.response(problem, request)
  end
  adapter.respond(response, request.id)
  adapter.measure(request, response, name, started)
end

local of_sites = setmetatable({}, { __mode = "k" })

--- The gateway of a site. Made in init_by_lua, it is checked by `nginx -t`.
---@param site lastpass.nginx.Site
---@return lastpass.nginx.Gateway
function M.of(site)
  local gateway = of_sites[site]
  if not gateway then
    gateway = M.new({
      tenants = site.tenants,
      tokens = site.options.tokens or {},
      settings = site.options.gateway,
      counters = dicts.get "lastpass_counters",
      keys = dicts.get "lastpass_idempotency",
      locks = dicts.get "lastpass_locks",
      pause = thread.pause,
      sleep = function(seconds)
        ngx.sleep(seconds)
      end,
      now = ngx.now,
    }, 2)
    of_sites[site] = gateway
  end
  return gateway
end

--- Answers the current request of nginx, for a site. For content_by_lua.
---@param site lastpass.nginx.Site
function M.serve(site)
  return M.of(site):serve()
end

return M

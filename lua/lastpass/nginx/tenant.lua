--- A company as nginx serves it: its client, its directory in memory, and what threads need to know of it.
-- @module lastpass.nginx.tenant
local cache = require "lastpass.nginx.cache"
local enterprise_options = require "lastpass.enterprise.options"
local errors = require "lastpass.error"
local leases = require "lastpass.nginx.lease"
local limiter = require "lastpass.nginx.limiter"
local metrics = require "lastpass.nginx.metrics"
local store = require "lastpass.store"
local thread = require "lastpass.nginx.thread"
local transport = require "lastpass.transport"
local threads = require "lastpass.transport.nginx"

---@class lastpass.nginx.Tenant
---@field name string
---@field cid string
---@field timezone string
---@field timeout number  seconds that one call may take
---@field journal string|nil path or DSN
---@field has_scim boolean whether it has a client of LastPass's SCIM
---@field protect string[]|nil accounts that are protected whichever way they would be changed
local methods = {}
local tenant_mt = { __name = "lastpass.nginx.Tenant", __index = methods }

local M = {}

--- Seconds, where the setup says nothing else.
M.defaults = { refresh = 60, stale_after = 300, folders = 600, wait = 10 }

-- Options of clients that make no sense in nginx, or are set here.
local not_for_clients = { limiter = true, now = true }

local function seconds(value)
  return type(value) == "number" and value > 0 and value < 1e6, "a number of seconds above 0"
end

local function seconds_or_off(value)
  return value == false or seconds(value), "a number of seconds above 0, or false"
end

-- Options of a company beside those of its client.
local own_options = {
  refresh = seconds,
  stale_after = seconds,
  folders = seconds_or_off,
  wait = seconds,
  event_cursor = "string",
}

-- All options of a tenant.
local function known_names()
  local known = {}
  for key in pairs(own_options) do
    known[key] = true
  end
  for _, entry in ipairs(require "lastpass.enterprise.option_list") do
    known[entry[1]] = not not_for_clients[entry[1]] or nil
  end
  return known
end

local function split_options(name, given, level)
  local own, of_client = {}, {}
  local known = known_names()
  for key, value in pairs(given) do
    if own_options[key] then
      own[key] = value
    elseif not known[key] and not not_for_clients[key] then
      errors.raise(
        level + 1,
        "setup: tenant '%s': unknown option '%s'%s",
        name,
        tostring(key),
        errors.did_you_mean(key, errors.names_of(known))
      )
    elseif not_for_clients[key] then
      errors.raise(level + 1, "setup: tenant '%s': option '%s' is not for nginx", name, key)
    else
      of_client[key] = value
    end
  end
  errors.check_options(("setup: tenant '%s'"):format(name), own, own_options, level + 1)
  return own, of_client
end

--- Makes a company of its options; raises for wrong ones.
---@param name string as tokens and paths name it
---@param given table options of a client, and: refresh (60), folders (600, or false), stale_after (300),
-- wait (10), all in seconds; event_cursor (the export whose lag is measured)
---@param pool string name of nginx's thread_pool
---@param level integer whose line an error names
---@return lastpass.nginx.Tenant
function M.new(name, given, pool, level)
  if type(given) ~= "table" then
    errors.raise(level + 1, "setup: tenant '%s' must be a table of options", name)
  end
  local own, of_client = split_options(name, given, level + 1)
  local complete = enterprise_options.complete(of_client, level + 1)
  for key, value in pairs(M.defaults) do
    if own[key] == nil then
      own[key] = value
    end
  end
  local self = setmetatable({
    name = name,
    cid = ("%.0f"):format(tonumber(complete.cid)),
    timezone = complete.timezone,
    timeout = complete.timeout,
    journal = complete.journal,
    has_scim = complete.scim ~= nil,
    protect = complete.protect,
    event_cursor = own.event_cursor,
    _pool = pool,
    _client_options = of_client,
    _complete = complete,
  }, tenant_mt)
  self._cache = cache.new {
    tenant = name,
    refresh = own.refresh,
    folders = own.folders,
    stale_after = own.stale_after,
    wait = own.wait,
    pool = pool,
    client = function()
      return self:client()
    end,
    thread_order = type(of_client.transport) ~= "table" and function()
      return self:thread_order()
    end or nil,
  }
  return self
end

local function limiter_name(self)
  return ("%s %s"):format(self._complete.url, self.cid)
end

-- The transport in threads needs the name of the pool; others have none.
local function transport_of(self)
  local given, complete = self._client_options.transport, self._complete
  if self._pool == threads.POOL or given and given ~= "thread" then
    return given
  end
  local options = {
    ca_file = complete.ca_file,
    proxy = complete.proxy,
    connect_timeout = complete.connect_timeout,
    verify = complete.verify,
    http_version = complete.http_version,
  }
  if not given and transport.choose(options) ~= "thread" then
    return nil
  end
  options.pool = self._pool
  return transport.open("thread", options)
end

--- The client of the company: it yields inside nginx, and shares the company's rate with all workers.
---@return lastpass.Client
function methods:client()
  if not self._client then
    local options = {}
    for key, value in pairs(self._client_options) do
      options[key] = value
    end
    options.transport = transport_of(self)
    options.limiter = limiter.new(limiter_name(self))
    metrics.add_hooks(options, self.name)
    self._client = require("lastpass").new(options)
  end
  return self._client
end

--- The directory as it was read last; before the first reading it waits for it.
---@return lastpass.nginx.View|nil view
---@return string? message
---@return lastpass.Error? err with `retry_after`
function methods:directory()
  return self._cache:directory()
end

--- Asks for a new reading soon, after a write.
function methods:refresh()
  self._cache:refresh()
end

--- Reads what is due, unless another worker does. To be called in a timer.
function methods:tick()
  self._cache:tick()
end

--- Has a function called with the address of everybody whose access this nginx takes.
---@param fn fun(address: string)
function methods:on_removed(fn)
  self._on_removed = self._on_removed or {}
  table.insert(self._on_removed, fn)
end

--- Tells who was disabled or removed, or may have been.
---@param address string
function methods:removed(address)
  for _, fn in ipairs(self._on_removed or {}) do
    fn(address)
  end
end

--- The state of the company's directory, for /healthz.
---@return table
function methods:report()
  return self._cache:report()
end

--- The company as the journal names it.
---@return string
function methods:in_journal()
  local complete = self._complete
  return store.tenant {
    option = function(_, name)
      return complete[name]
    end,
  }
end

local plain = { string = true, number = true, boolean = true }

--- What a thread needs to make a client of its own.
---@return table order {tenant, client, secret, limiter}: plain values
function methods:thread_order()
  local client = {}
  for key, value in pairs(self._client_options) do
    if plain[type(value)] and key ~= "transport" then
      client[key] = value
    end
  end
  client.timezone = self.timezone
  client.protect = self.protect -- a list of strings
  return {
    tenant = self.name,
    client = client,
    secret = self._client_options.provhash:number(),
    limiter = limiter_name(self),
  }
end

--- Measures how far the export of the cursor `event_cursor` is behind, unless another worker has done so lately.
---@param interval number seconds between measurements
function methods:measure_event_lag(interval)
  if not leases.take("event lag of " .. self.name, interval - 1) then
    return
  end
  local order = self:thread_order()
  order.cursor = self.event_cursor
  local answer = thread.order(self._pool, "measure_lag", order)
  if answer.lag then
    local labels = { tenant = self.name, cursor = self.event_cursor }
    metrics.set("lastpass_event_lag_seconds", labels, answer.lag)
  elseif answer.outcome == "failed" then
    ngx.log(ngx.WARN, "lastpass: the event lag of ", self.name, ": ", answer.message)
  end
end

return M

--- The client of the LastPass Enterprise API (provisioning and reporting): its options, its transport
-- and the calls themselves. What a company is made of (users, groups, folders, events) is in
-- `lastpass.directory`.
-- @module lastpass.enterprise
local call = require "lastpass.enterprise.call"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local limiter = require "lastpass.limiter"
local client_options = require "lastpass.enterprise.options"
local signature = require "lastpass.signature"
local transport = require "lastpass.transport"

---@class lastpass.Client
local methods = {}
local client_mt = { __name = "lastpass.Client", __index = methods }

local M = { methods = methods }

--- Methods that packages of higher layers add: name to the module that has a function of that name.
-- The module `lastpass` fills it; this package does not know them.
---@type table<string, string>
M.extensions = {}

setmetatable(methods, {
  __index = function(_, name)
    local module = M.extensions[name]
    if not module then
      return nil
    end
    local method = require(module)[name]
    methods[name] = method
    return method
  end,
})

function client_mt.__tostring(client)
  return ("lastpass.Client (%s at %s)"):format(tostring(client._options.cid), client._options.url)
end

-- The options, complete. What stands in `scim`, `rest`, `mfa` and `approval` is checked by the package that knows them.
local function complete_options(options, level)
  local complete = client_options.complete(options, level + 1)
  local has_more = complete.scim or complete.rest or complete.mfa or complete.approval
  if has_more and M.extensions.scim then
    require(M.extensions.scim).check(complete, level + 1)
  end
  return complete
end

--- Makes a client. Nothing is sent.
---@param options table see `lastpass.enterprise.option_list`
---@param level? integer whose line is blamed for mistakes; default the caller
---@return lastpass.Client
function M.new(options, level)
  local complete = complete_options(options, (level or 1) + 1)
  return setmetatable({
    _options = complete,
    _transport = transport.open(complete.transport, {
      ca_file = complete.ca_file,
      proxy = complete.proxy,
      connect_timeout = complete.connect_timeout,
      verify = complete.verify,
      http_version = complete.http_version,
    }),
    _limiter = complete.limiter or limiter.of(complete.url, complete.cid, complete.journal),
    _headers = {
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json",
      ["User-Agent"] = "lastpass-lua/" .. require "lastpass.version",
    },
  }, client_mt)
end

--- Sends any command by its name: the way for what no method covers.
---@param command string one of the 17 commands, or a local alias
---@param data any as the command wants it; wrong data raise
---@return any|nil value the decoded reply; `value.warnings` when the server remarked something
---@return string? message
---@return lastpass.Error? err
function methods:call(command, data)
  return call.call(self, command, data, 2)
end

for _, command in ipairs(core.commands) do
  local name = command.name
  -- the core checks the data and names the position of what is wrong
  methods[name] = signature.check("client:" .. name, "data?: any", function(self, data)
    return call.call(self, name, data, 2)
  end)
end

for alias, name in pairs(call.aliases) do
  methods[alias] = methods[name]
end

--- An option the client was made with, or its default.
---@param name string see `lastpass.enterprise.option_list`; an unknown name raises
---@return any value nil for an option without a default that was not given
function methods:option(name)
  client_options.check_name("client:option", name, 2)
  return self._options[name]
end

--- The client's clock: the option `now`, else the computer's.
---@return number seconds UTC, since 1970
function methods:now()
  return (self._options.now or require("lastpass.time").now)()
end

--- The zone of the account's times; read on first use.
---@return lastpass.Zone
function methods:zone()
  if not self._zone then
    local zone, message = require("lastpass.time").zone(self._options.timezone)
    if not zone then
      error(message, 0)
    end
    self._zone = zone
  end
  return self._zone
end

--- A string without the provisioning hash: what came from elsewhere may repeat it.
---@param text string
---@return string
function methods:redact(text)
  return self._options.provhash:redact(text)
end

--- The body of a request, which holds the hash and is no Lua string. Nothing is sent.
---@param command string
---@param data any as the command wants it
---@return userdata|nil body
---@return string? message what is wrong with the data
function methods:request_body(command, data)
  return core[command](self._options, data)
end

-- What says whom the client speaks to, and how it connects, is the client's and its transport's.
local changeable = {
  timeout = true,
  retries = true,
  rate = true,
  max_bytes = true,
  page_size = true,
  chunk = true,
  in_flight = true,
  protect = true,
  journal = true,
  scim = true,
  now = true,
  on_request = true,
  on_wait = true,
  on_retry = true,
  on_reply = true,
  transport = true,
}

--- The same client with other options; limiter and connections are shared.
---@param options table as for `lastpass.new`, but account, host and secret stay; `transport` is an object
---@return lastpass.Client
function methods:with(options)
  local merged = {}
  for name, value in pairs(self._options) do
    merged[name] = value
  end
  for name, value in pairs(options) do
    client_options.check_name("client:with", name, 2)
    if not changeable[name] then
      errors.raise(2, "client:with: '%s' needs another client: use lastpass.new", name)
    end
    merged[name] = value
  end
  local copy = {}
  for name, value in pairs(self) do
    copy[name] = value
  end
  copy._options = complete_options(merged, 2)
  copy._transport = options.transport or self._transport
  return setmetatable(copy, client_mt)
end

--- What carries the client's requests.
---@return table transport with `send`
function methods:transport()
  return self._transport
end

signature.declare("lastpass.enterprise.", M, { new = "options: table, level?: integer" })

signature.declare("client:", methods, {
  call = "command: string, data?: any",
  option = "name: string",
  now = "",
  zone = "",
  redact = "text: string",
  request_body = "command: string, data?: any",
  with = "options: table",
  transport = "",
})

return M

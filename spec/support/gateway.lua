--- A gateway without nginx, over tenants of specs; and requests to it.
local gateway_room = require "lastpass.nginx.gateway"
local json = require "lastpass.json"
local query = require "lastpass.unified.query"
local shared_dict = require "spec.support.shared_dict"
local tokens = require "lastpass.nginx.gateway.tokens"

local M = {}

local methods = {}
local gateway_mt = { __index = methods }

--- Makes one. Every scope is given to the token "all", unless `tokens` says who there is.
---@param tenants table by name
---@param options? table settings, tokens (name -> {tenants, scopes, rate}), now, most (by name of a dict:
-- how many entries it has room for)
function M.start(tenants, options)
  options = options or {}
  local clock = { now = options.now or os.time() }
  local self = setmetatable({ clock = clock, lines = {}, intents = {}, texts = {} }, gateway_mt)
  local names, list = {}, {}
  for name in pairs(tenants) do
    names[#names + 1] = name
  end
  table.sort(names)
  local wanted = options.tokens or { all = { scopes = { "read", "write", "proxy" } } }
  for name, entry in pairs(wanted) do
    local text, hash = tokens.new()
    self.texts[name] = text
    list[#list + 1] = {
      name = name,
      hash = hash,
      tenants = entry.tenants or names,
      scopes = entry.scopes or { "read" },
      rate = entry.rate,
    }
  end
  local settings = {
    audit = function(line)
      local entry = assert(json.decode(line))
      table.insert(entry.outcome == "intent" and self.intents or self.lines, entry)
    end,
  }
  for name, value in pairs(options.settings or {}) do
    settings[name] = value
  end
  local function now()
    return clock.now
  end
  for _, name in ipairs { "counters", "keys", "locks" } do
    self[name] = shared_dict.new { now = now, most = options.most and options.most[name] }
  end
  self.gateway = gateway_room.new {
    tenants = tenants,
    tokens = list,
    settings = settings,
    counters = self.counters,
    keys = self.keys,
    locks = self.locks,
    now = now,
    sleep = function(seconds)
      clock.now = clock.now + seconds
    end,
  }
  return self
end

--- Sends a request; `options` has token (a name), headers, id.
---@return table response with `json`
function methods:send(method, path, body, options)
  options = options or {}
  local bare, rest = path:match "^([^?]*)%??(.*)$"
  local headers = { ["content-type"] = "application/json" }
  local token = options.token or "all"
  headers.authorization = token and "Bearer " .. (self.texts[token] or token)
  for name, value in pairs(options.headers or {}) do
    headers[name] = value or nil
  end
  local response = self.gateway:handle {
    method = method,
    path = bare,
    query = query.split(rest),
    headers = headers,
    body = type(body) == "table" and json.encode(body) or body,
    id = options.id or "req-1",
    remote_address = "192.0.2.9",
    now = self.clock.now,
  }
  if response.body ~= "" then
    local value, message = json.decode(response.body)
    assert(value ~= nil, message)
    response.json = value
  end
  return response
end

--- The same below /unified/user-directory/.
function methods:unified(method, path, body, options)
  return self:send(method, "/unified/user-directory/" .. path, body, options)
end

--- The last line of the audit.
function methods:last()
  return self.lines[#self.lines]
end

return M

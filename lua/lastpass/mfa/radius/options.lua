--- Options of a RADIUS client, and what a request takes.
-- @module lastpass.mfa.radius.options
local core = require "lastpass.core"
local errors = require "lastpass.error"
local lockout = require "lastpass.mfa.lockout"
local one_of = require("lastpass.option_kinds").one_of
local password = require "lastpass.mfa.radius.password"
local states = require "lastpass.state"
local times = require "lastpass.time"
local within = require("lastpass.mfa.options").within

local M = {}

local function text_of(most)
  return function(value)
    return type(value) == "string" and #value >= 1 and #value <= most and not value:find "%c",
      ("a string of 1 to %d bytes without control characters"):format(most)
  end
end

local is_name = text_of(253)

local function secret_or_text(value)
  return type(value) == "string" or core.secret.is(value), "a string or a secret"
end

local function is_secret(value)
  return core.secret.is(value), "a lastpass.secret"
end

-- servers: {host, port (default 1812), secret}, in the order in which they are asked.
-- server_mode: "sfa" (password and phone, default), "plp", "lp", as the proxy is set up (mfa §5).
-- separator: between the password and the method or the code.
-- timeout: seconds for the whole, all servers together; a person needs 60.
-- server_timeout: seconds after which a request that rings no phone goes to the next server.
-- retransmit: {first, max}, seconds until the first repetition, each pause twice as long, and how many; or false.
-- dead_time: seconds for which a server that did not answer is asked last.
-- state: of lastpass.state, where limits and lockouts are counted; default this program's memory.
-- limits: {per_5min, per_hour, cooldown} of requests that may ring a person's phone; false where a server rings nobody.
-- clock: function -> epoch seconds; timer: function -> seconds of a clock that is never set.
-- open: function(host, port) -> socket, as of lastpass.mfa.radius.udp.
local known = {
  servers = "table",
  server_mode = one_of(password.server_modes),
  mode = one_of { "pap", "chap" },
  separator = text_of(8),
  timeout = within(0.01, 300),
  server_timeout = within(0.01, 300),
  retransmit = { "table", "boolean" },
  dead_time = within(0, 86400),
  nas_identifier = text_of(253),
  on_event = "function",
  state = "table",
  limits = { "table", "boolean" },
  clock = "function",
  timer = "function",
  open = "function",
}

local defaults = {
  server_mode = "sfa",
  mode = "pap",
  separator = "*",
  timeout = 65,
  server_timeout = 10,
  dead_time = 60,
  nas_identifier = "lastpass",
}

local retransmit_known = { first = within(0.01, 60), max = within(0, 10, true) }
local limits_known = {
  per_5min = within(1, 100, true),
  per_hour = within(1, 1000, true),
  cooldown = within(0, 86400),
}
local server_known = { host = text_of(253), port = within(1, 65535, true), secret = is_secret }

local function complete_server(index, server)
  local where = ("mfa.radius.new: servers[%d]"):format(index)
  errors.check_options(where, server, server_known, 4)
  if not server.host or not server.secret then
    errors.raise(4, "%s: needs 'host' and 'secret', a lastpass.secret", where)
  end
  local port = server.port or 1812
  return {
    host = server.host,
    port = port,
    secret = server.secret,
    name = ("%s:%d"):format(server.host, port),
  }
end

local function complete_limits(given)
  if given == false then
    return false
  end
  local limits = { per_5min = 3, per_hour = 10, cooldown = 60 }
  if type(given) == "table" then
    errors.check_options("mfa.radius.new: limits", given, limits_known, 4)
    for name, value in pairs(given) do
      limits[name] = value
    end
  end
  return limits
end

--- The options with their defaults.
---@param options table
---@return table settings
function M.complete(options)
  errors.check_options("mfa.radius.new", options, known, 3)
  local settings = { servers = {} }
  for name, value in pairs(defaults) do
    settings[name] = value
  end
  for name, value in pairs(options) do
    if name ~= "servers" then
      settings[name] = value
    end
  end
  for index, server in ipairs(options.servers or {}) do
    settings.servers[index] = complete_server(index, server)
  end
  if not settings.servers[1] then
    errors.raise(3, "mfa.radius.new: needs 'servers': { { host =, port =, secret = } }")
  end
  settings.limits = complete_limits(options.limits)
  settings.state = settings.state or states.memory()
  settings.clock = settings.clock or times.now
  if settings.retransmit == nil or settings.retransmit == true then
    settings.retransmit = { first = 2, max = 3 }
  elseif settings.retransmit then
    errors.check_options("mfa.radius.new: retransmit", settings.retransmit, retransmit_known, 3)
    local given = settings.retransmit
    settings.retransmit = { first = given.first or 2, max = given.max or 3 }
  end
  return settings
end

local request_known = {
  user = "string",
  password = secret_or_text,
  method = one_of(password.methods),
  code = secret_or_text,
  ip = is_name,
  timeout = within(0.01, 300),
}

--- Checks what a request is given. A wrong type is the program's mistake; a name that RADIUS cannot carry is the user's.
---@param given table
---@return table|nil given
---@return string? message
---@return lastpass.Error? err code "bad_user"
function M.check_request(given)
  errors.check_options("radius:authenticate", given, request_known, 3)
  if not given.user then
    errors.raise(3, "radius:authenticate: needs 'user'")
  end
  local ok, expected = is_name(given.user)
  if not ok or not lockout.account(given.user) then
    return errors.fail("argument", "bad_user", "the user's name must be " .. expected)
  end
  return given
end

return M

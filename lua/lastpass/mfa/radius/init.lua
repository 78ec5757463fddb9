--- A client of RADIUS for LastPass's Universal Proxy, or any server: requests to a phone and codes (mfa §5.1).
-- @module lastpass.mfa.radius
local challenges = require "lastpass.mfa.radius.challenge"
local codec = require "lastpass.mfa.radius.codec"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local exchanges = require "lastpass.mfa.radius.exchange"
local guards = require "lastpass.mfa.radius.guards"
local options_of = require "lastpass.mfa.radius.options"
local outcomes = require "lastpass.mfa.outcomes"
local password = require "lastpass.mfa.radius.password"
local scheduler = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"

local M = {}

---@class lastpass.mfa.radius.Client
local methods = {}
local client_mt = { __name = "lastpass.mfa.radius.Client", __index = methods }

function client_mt.__tostring(self)
  return ("lastpass.mfa.radius.Client: %d servers"):format(#self._exchange.servers)
end

local attributes, codes = codec.attributes, codec.codes
local AUTHENTICATE_ONLY = "\0\0\0\8" -- Service-Type (RFC 2865 §5.6)

--- Makes a client. Nothing is sent.
---@param options table see `lastpass.mfa.radius.options`
---@return lastpass.mfa.radius.Client client wrong options raise
function M.new(options)
  local settings = options_of.complete(options)
  local counters = {}
  local exchange = {
    servers = settings.servers,
    clock = settings.timer or function()
      return scheduler.now()
    end,
    open = settings.open or require("lastpass.mfa.radius.udp").open,
    retransmit = settings.retransmit,
    server_timeout = settings.server_timeout,
    dead_time = settings.dead_time,
    dead_until = setmetatable({}, { __mode = "k" }),
  }
  function exchange.count(_, name)
    counters[name] = (counters[name] or 0) + 1
  end
  function exchange.report(_, event)
    if settings.on_event then
      settings.on_event(event)
    end
  end
  return setmetatable(
    { _settings = settings, _exchange = exchange, _counters = counters },
    client_mt
  )
end

-- What every request says of who asks.
local function common_attributes(self, user, ip)
  local list = {
    { attributes.user_name, user },
    { attributes.nas_identifier, self._settings.nas_identifier },
    { attributes.service_type, AUTHENTICATE_ONLY },
  }
  if ip then
    list[#list + 1] = { attributes.calling_station_id, ip }
  end
  return list
end

-- The password as the mode of the client says; an answer to a challenge is always in the clear for the server (RFC 2865 §2.2).
local function add_password(list, mode, server, authenticator, parts)
  if mode == "chap" then
    local challenge = digest.random(16)
    local identifier = digest.random(1)
    local unpack = table.unpack or unpack
    local arguments = { identifier, unpack(parts) }
    arguments[#arguments + 1] = challenge
    local made, message, code = core.md5(unpack(arguments))
    if not made then
      return errors.fail("argument", code, message)
    end
    list[#list + 1] = { attributes.chap_password, identifier .. made }
    list[#list + 1] = { attributes.chap_challenge, challenge }
    return list
  end
  local unpack = table.unpack or unpack
  local hidden, message, code = core.radius_hide(server.secret, authenticator, unpack(parts))
  if not hidden then
    return errors.fail("argument", code, message)
  end
  list[#list + 1] = { attributes.user_password, hidden }
  return list
end

-- ---- what a reply means ----

local by_code = {
  [codes.access_accept] = "approved",
  [codes.access_reject] = "denied",
  [codes.access_challenge] = "pending",
}

local function reply_message(packet)
  local text = table.concat(codec.values(packet, attributes.reply_message))
  return text ~= "" and core.clean(text, true) or nil
end

local function challenge_of(self, exchange, given, ends_at)
  return challenges.new {
    message = reply_message(exchange.packet),
    user = given.user,
    asked_method = given.method,
    ends = self._settings.clock() + ends_at - self._exchange.clock(),
    server = exchange.server.name,
    state = codec.values(exchange.packet, attributes.state)[1],
    ip = given.ip,
  }
end

local function result_of(self, exchange, given, ends_at)
  local fields = {
    user = given.user,
    asked_method = given.method,
    evidence = "asked",
    dropped = next(exchange.dropped) and exchange.dropped or nil,
  }
  local outcome = exchange.packet and by_code[exchange.packet.code]
  if not outcome then
    fields.err = exchanges.failure(exchange)
    if fields.err.kind == "cancelled" then
      return nil, fields.err.message, fields.err
    end
    outcome, fields.code, fields.evidence = "unreachable", fields.err.code, nil
  else
    fields.server, fields.raw = exchange.server.name, reply_message(exchange.packet)
    if outcome == "pending" then
      fields.challenge = challenge_of(self, exchange, given, ends_at)
    else
      fields.evidence = "answered"
    end
  end
  self._exchange:count(outcome)
  return outcomes.result(outcome, fields)
end

local function send(self, given, order)
  local ends_at = self._exchange.clock() + (given.timeout or self._settings.timeout)
  local exchange, message, err = exchanges.run(self._exchange, {
    code = codes.access_request,
    servers = order.servers,
    ends_at = ends_at,
    may_ring = order.may_ring,
    attributes = function(server, authenticator)
      local list = common_attributes(self, given.user, given.ip)
      if order.state then
        list[#list + 1] = { attributes.state, order.state }
      end
      return add_password(list, order.mode, server, authenticator, order.parts)
    end,
  })
  if not exchange then
    return nil, message, err
  end
  local result
  result, message, err = result_of(self, exchange, given, ends_at)
  return result, message, err, exchange.delivered
end

-- Counts before anything is sent, and again when it is known what came of it.
local function ask(self, given, order)
  local settings = self._settings
  local ticket, refusal, err = guards.begin(settings, given, order)
  if not ticket and type(refusal) == "table" then
    self._exchange:count(refusal.outcome)
    refusal.asked_method = given.method
    return refusal
  elseif not ticket then
    return nil, refusal, err
  end
  local result, message, failure, delivered = send(self, given, order)
  local outcome = result and result.outcome or "error"
  local ok, problem
  ok, problem, err = guards.finish(settings, ticket, given.user, outcome, delivered or false)
  if not ok then -- an approval that could not be counted would be a guess that costs nothing
    return nil, problem, err
  end
  return result, message, failure
end

--- Asks whether a user may come in, and waits for the answer.
---@param given table user, password (a string or a secret), method ("push", "call", "code"; default the proxy's), code,
-- ip (the user's address: for the server's log, and for limits), timeout (seconds)
---@return lastpass.mfa.Result|nil result with the outcome "pending" it has `challenge`, for `answer`
---@return string? message
---@return lastpass.Error? err what is wrong with what was given; what the check decides is a result
function methods:authenticate(given)
  local checked, message, err = options_of.check_request(given)
  if not checked then
    return nil, message, err
  end
  local parts
  parts, message, err = password.parts(self._settings, given)
  if not parts then
    return nil, message, err
  end
  return ask(self, given, {
    servers = self._exchange.servers,
    mode = self._settings.mode,
    parts = parts,
    may_ring = password.may_ring(self._settings, given),
    has_code = given.method == "code",
  })
end

-- Only the server that made a challenge knows its State.
local function server_of(self, challenge)
  local name = challenges.record(challenge).server
  for _, server in ipairs(self._exchange.servers) do
    if server.name == name then
      return server
    end
  end
  local message = ("the challenge is of the server %s, which this client does not know"):format(
    name
  )
  return errors.fail("argument", "no_such_server", message)
end

--- Answers a challenge with a code, once, to the server that made it.
---@param challenge lastpass.mfa.radius.Challenge
---@param code string|userdata what the user typed
---@return lastpass.mfa.Result|nil
---@return string? message
---@return lastpass.Error? err code "challenge_used", "no_such_server"; "empty_password", "password_too_long" or
-- "password_has_nul", of a code that cannot be sent: the challenge can still be answered; or those of the state
function methods:answer(challenge, code)
  local record = challenges.record(challenge)
  local server, message, err = server_of(self, challenge)
  if not server then
    return nil, message, err
  end
  local left = challenge.ends - self._settings.clock()
  if left <= 0 then
    return outcomes.result("timeout", { user = challenge.user, asked_method = "code" })
  end
  -- what no server could be sent does not use up the challenge
  local hidden
  hidden, message, err = add_password({}, "pap", server, digest.random(16), { code })
  if not hidden then
    return nil, message, err
  end
  local added
  added, message, err = self._settings.state:add("mfa:radius:" .. record.id, "answered", left + 1)
  if added == nil then
    return nil, message, err
  elseif not added then
    return errors.fail("conflict", "challenge_used", "this challenge has been answered already")
  end
  local given = { user = challenge.user, method = "code", ip = record.ip, timeout = left }
  return ask(self, given, {
    servers = { server },
    mode = "pap", -- also with CHAP (RFC 2865 §2.2)
    parts = { code },
    state = record.state,
    may_ring = false,
    has_code = true,
    challenge = record.id,
  })
end

--- Opens a challenge that another process has sealed (`challenge:export`).
---@param text string
---@param secret userdata the one it was sealed with
---@param user? string whom it has to be for
---@return lastpass.mfa.radius.Challenge|nil
---@return string? message
---@return lastpass.Error? err code "not_sealed_here", "wrong_user", "no_such_server"
function methods:import(text, secret, user)
  local challenge, message, err = challenges.import(text, secret)
  if not challenge then
    return nil, message, err
  elseif user and challenge.user ~= user then
    return errors.fail("refused", "wrong_user", "the challenge is for another user")
  end
  local server
  server, message, err = server_of(self, challenge)
  return server and challenge, message, err
end

--- The servers, in the order in which they are asked.
---@return {name: string, host: string, port: integer, secret: userdata}[]
function methods:servers()
  local list = {}
  for index, server in ipairs(self._exchange.servers) do
    list[index] =
      { name = server.name, host = server.host, port = server.port, secret = server.secret }
  end
  return list
end

--- Whether a server answers, by Status-Server (RFC 5997), which asks nobody anything. Not every server knows it.
---@param seconds? number how long to wait; default 5
---@return table[] rows one for each server: server, ok, seconds, err, dropped
function methods:ping(seconds)
  local rows, exchange = {}, self._exchange
  for index, server in ipairs(exchange.servers) do
    local began = exchange.clock()
    local answer, _, err = exchanges.run(exchange, {
      code = codes.status_server,
      servers = { server },
      ends_at = began + (seconds or 5),
      may_ring = false,
      attributes = function()
        return { { attributes.nas_identifier, self._settings.nas_identifier } }
      end,
    })
    local row = { server = server.name, ok = answer ~= nil and answer.packet ~= nil }
    if row.ok then
      row.seconds = exchange.clock() - began
    else
      row.err = err or exchanges.failure(answer)
    end
    row.dropped = answer and next(answer.dropped) and answer.dropped or nil
    rows[index] = row
  end
  return rows
end

--- How often what happened since the client was made: outcomes by their names, "radius_forged", "malformed", "stray",
-- "retransmitted", "failed_over".
---@return table<string, integer>
function methods:counters()
  local copy = {}
  for name, count in pairs(self._counters) do
    copy[name] = count
  end
  return copy
end

signature.declare("radius:", methods, {
  authenticate = "given: table",
  answer = "challenge: lastpass.mfa.radius.Challenge, code: string|userdata",
  import = "text: string, secret: userdata, user?: string",
  servers = "",
  ping = "seconds?: number",
  counters = "",
})

return signature.declare("mfa.radius.", M, { new = "options: table" })

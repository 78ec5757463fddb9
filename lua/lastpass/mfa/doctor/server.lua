--- A RADIUS server, looked at with a user that nobody is, so that no phone rings.
-- @module lastpass.mfa.doctor.server
local codec = require "lastpass.mfa.radius.codec"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local radius = require "lastpass.mfa.radius"
local scheduler = require "lastpass.transport.scheduler"
local udp = require "lastpass.mfa.radius.udp"

local M = {}

local LEAST_SECRET = 16 -- bytes (RFC 2865 §3)

local function check_secret(server)
  local row = {
    check = "length of the shared secret",
    place = server.name,
    state = "ok",
    expected = ("at least %d bytes"):format(LEAST_SECRET),
  }
  if server.secret:length() < LEAST_SECRET then
    row.state = "unsafe"
    row.problem = "whoever has one packet can try all such secrets"
    row.fix = "set a long random secret on both sides"
  end
  return row
end

-- What a client of ours makes of the server's answer to a user that nobody is.
local function check_reply(server, seconds)
  local client = radius.new {
    servers = { { host = server.host, port = server.port, secret = server.secret } },
    timeout = seconds,
    limits = false,
  }
  local user = "lastpass-doctor-" .. digest.to_hex(digest.random(8))
  local result, message = client:authenticate { user = user, password = user }
  local row = {
    check = "replies are signed",
    place = server.name,
    expected = "a valid Message-Authenticator in every reply",
  }
  if not result then
    row.state, row.problem = "skipped", message
  elseif result.outcome ~= "unreachable" then
    row.state, row.found = "ok", "a reply with one"
    if result.ok then
      row.state, row.problem =
        "unsafe", "the server lets in a user that nobody is, with a made-up password"
      row.fix = "look for a rule of the server that accepts everybody"
    end
  elseif result.code == "radius_forged" then
    row.state, row.problem, row.fix = "unsafe", result.err.message, result.err.hint
  else
    row.state, row.problem = "skipped", result.err.message
  end
  return row
end

-- A request as a client makes it that does not know of Message-Authenticator.
local function unsigned_request(server, user)
  local random = digest.random(17)
  local authenticator = random:sub(1, 16)
  local hidden, message, code = core.radius_hide(server.secret, authenticator, user)
  if not hidden then
    return errors.fail("argument", code, message)
  end
  local bytes = codec.write(codec.codes.access_request, random:byte(17), authenticator, {
    { codec.attributes.user_name, user },
    { codec.attributes.nas_identifier, "lastpass-doctor" },
    { codec.attributes.user_password, hidden },
  })
  return bytes, authenticator
end

local function is_answered(server, seconds)
  local user = "lastpass-doctor-" .. digest.to_hex(digest.random(8))
  local bytes, authenticator, err = unsigned_request(server, user)
  if not bytes then
    return nil, authenticator, err
  end
  local socket, message, failure = udp.open(server.host, server.port)
  if not socket then
    return nil, message, failure
  end
  local ends_at = scheduler.now() + seconds
  socket:send(bytes)
  local answered = false
  while not answered and scheduler.now() < ends_at and not scheduler.is_interrupted() do
    local reply, reason = socket:receive(ends_at - scheduler.now())
    local packet = reply and codec.read(reply)
    answered = packet ~= nil
      and packet.identifier == bytes:byte(2)
      and codec.has_authenticator(packet, authenticator, server.secret)
    if reason and reason ~= "timeout" then
      break
    end
  end
  socket:close()
  return answered
end

local function check_requests(server, seconds, is_reachable)
  local row = {
    check = "requests have to be signed",
    place = server.name,
    expected = "no answer to a request without Message-Authenticator",
  }
  if not is_reachable then
    row.state, row.problem = "skipped", "the server answered no signed request"
    return row
  end
  local answered, message = is_answered(server, seconds)
  if answered == nil then
    row.state, row.problem = "skipped", message
  elseif answered then
    row.state, row.found = "unsafe", "an answer"
    row.problem = "whoever stands on the way can have the server answer requests of their making"
    row.fix = "require Message-Authenticator for this client (FreeRADIUS: "
      .. "require_message_authenticator = yes)"
  else
    row.state, row.found = "ok", "no answer"
  end
  return row
end

--- Checks each server.
---@param options table servers, seconds
---@return lastpass.mfa.DoctorRow[]
function M.check(options)
  errors.check_options("mfa.doctor.server", options, {
    servers = "table",
    seconds = "number",
    on_row = "function",
  }, 3)
  local seconds, rows = options.seconds or 5, {}
  local function add(row)
    rows[#rows + 1] = row
    if options.on_row then
      options.on_row(row)
    end
    return row
  end
  for _, server in ipairs(radius.new({ servers = options.servers }):servers()) do
    add(check_secret(server))
    local reply = add(check_reply(server, seconds))
    add(check_requests(server, seconds, reply.state ~= "skipped"))
  end
  return rows
end

return M

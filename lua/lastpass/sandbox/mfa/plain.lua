--- The plain Authentication API (mfa §2.1): JSON with the company's MFA Login key.
-- @module lastpass.sandbox.mfa.plain
local calls = require "lastpass.sandbox.mfa.calls"
local json = require "lastpass.json"
local spoil = require "lastpass.sandbox.mfa.spoil"
local states = require "lastpass.sandbox.mfa.state"

local M = {}

local MOST_BODY = 64 * 1024

local function read(request)
  local given = #request.body <= MOST_BODY and json.decode(request.body)
  return type(given) == "table" and not json.is_list(given) and #given == 0 and given or nil
end

local function malformed()
  return { status = 400, body = "", class = "malformed" }
end

-- Makes the reply out of an envelope, as faults want it.
local function writer(effects)
  return function(envelope, status)
    envelope = spoil.envelope(envelope, effects)
    local class = status or (envelope.Succeeded and envelope.Value.AuthStatus) or "failed"
    return { status = 200, body = json.encode(envelope), class = spoil.class(class) }
  end
end

local function with_company(server, request, effects, run)
  local given = read(request)
  if not given then
    return malformed()
  end
  local write = writer(effects)
  local company = states.find(server, function(state)
    return type(given.APIKey) == "string" and given.APIKey == state.login_key
  end)
  if not company then
    return write(calls.failed "Invalid API key")
  end
  return run(server, company, given, write)
end

--- POST /auth/login
function M.login(server, request, effects)
  return with_company(server, request, effects, calls.login)
end

--- POST /auth/loginasync
function M.login_async(server, request, effects)
  return with_company(server, request, effects, calls.login_async)
end

--- POST /auth/CheckLoginToken: the token is all that it asks for.
function M.check(server, request, effects)
  local given = read(request)
  if not given then
    return malformed()
  end
  local write = writer(effects)
  local token, message = calls.read_token(given, server.first.settings)
  if not token then
    return write(calls.failed(message))
  end
  return calls.check(states.challenge(server, token), token, write)
end

return M

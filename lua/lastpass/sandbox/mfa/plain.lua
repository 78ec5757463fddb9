--- The plain Authentication API (mfa §2.1): JSON with the company's MFA Login key.
-- @module lastpass.sandbox.mfa.plain
local calls = require "lastpass.sandbox.mfa.calls"
local json = require "lastpass.json"
local spoil = require "lastpass.sandbox.mfa.spoil"
local states = require "lastpass.sandbox.mfa.state"

local M = {}

local MOST_BODY = 64 * 1024

--- The JSON object that a request is.
---@return table|nil
function M.read(request)
  local given = #request.body <= MOST_BODY and json.decode(request.body)
  return type(given) == "table" and not json.is_list(given) and #given == 0 and given or nil
end

--- The answer to what is none.
function M.malformed()
  return { status = 400, body = "", class = "malformed" }
end

-- Makes the reply out of an envelope, as faults want it.
local function writer(effects)
  return function(envelope, status)
    local class = spoil.class(envelope, status)
    envelope = spoil.envelope(envelope, effects, "outer_fails")
    return { status = 200, body = json.encode(envelope), class = class }
  end
end

--- Runs a call for the company whose key came.
---@param server table
---@param request table
---@param effects table|nil of faults
---@param run fun(server: table, company: table, given: table, write: function): table
---@param field? string that has the key; default "APIKey"
---@return table reply
function M.with_company(server, request, effects, run, field)
  local given = M.read(request)
  if not given then
    return M.malformed()
  end
  local write = writer(effects)
  local key = given[field or "APIKey"]
  local company = states.find(server, function(state)
    return type(key) == "string" and key == state.login_key
  end)
  if not company then
    return write(calls.failed "Invalid API key")
  end
  return run(server, company, given, write)
end

--- POST /auth/login
function M.login(server, request, effects)
  return M.with_company(server, request, effects, calls.login)
end

--- POST /auth/loginasync
function M.login_async(server, request, effects)
  return M.with_company(server, request, effects, calls.login_async)
end

--- POST /auth/CheckLoginToken: the token is all that it asks for.
function M.check(server, request, effects)
  local given = M.read(request)
  if not given then
    return M.malformed()
  end
  local write = writer(effects)
  local token, message = calls.read_token(given, server.first.settings)
  if not token then
    return write(calls.failed(message))
  end
  return calls.check(states.challenge(server, token), token, write)
end

return M

--- The calls of LastPass's Authentication API, whatever they come wrapped in (mfa §2.1): login, loginasync,
-- CheckLoginToken.
-- @module lastpass.sandbox.mfa.calls
local json = require "lastpass.json"
local keys = require "lastpass.sandbox.mfa.keys"
local phones = require "lastpass.sandbox.mfa.phone"
local schema = require "lastpass.sandbox.schema"
local states = require "lastpass.sandbox.mfa.state"

local M = {}

local text, list = { "string" }, { "strings" }

-- Fields of a login. The last ones are seen in LastPass's Java model alone, and nothing is known of what they do.
local login_fields = {
  APIKey = text,
  Username = { "string", required = true },
  IPAddress = { "string", required = true },
  BrowserId = text,
  DeviceName = text,
  FirstName = text,
  LastName = text,
  AuthenticationMethods = list,
  CallbackUrl = text,
  Command = text,
  DeviceOS = text,
  Display = text,
  WebAddress = text,
  ClientToken = text,
  WorkstationId = text,
}

local token_fields = { AsyncLoginToken = { "string", required = true }, Username = text }

local MOST_FIELD = 2048

local function check(fields, given, settings)
  local complaint = schema.object(fields, given, settings.strict)
  if complaint then
    return nil, complaint
  end
  for name, value in pairs(given) do
    if type(value) == "string" and #value > MOST_FIELD then
      return nil, "Field too long: " .. name
    end
  end
  return true
end

--- An envelope that says yes.
function M.succeeded(value)
  return { Succeeded = true, Message = "", Value = value }
end

--- An envelope that says no. The texts are invented.
function M.failed(message)
  return { Succeeded = false, Message = message, Value = json.null }
end

local function log_id(challenge)
  return keys.guid("log", challenge.company.cid, challenge.number)
end

local function answer(challenge, status)
  return M.succeeded {
    AuthStatus = status,
    Username = challenge.email,
    LogGUID = log_id(challenge),
  }
end

-- Somebody unknown whose name is given is made, without a phone yet (mfa §2.1: "used for auto-provisioning").
local function provision(company, phone, given)
  local names = (given.FirstName or "") ~= "" and (given.LastName or "") ~= ""
  if phone.state ~= "absent" or not names or not company.settings.mfa_provisioning then
    return phone
  end
  phones.set(company, given.Username, { state = "unpaired" })
  return phones.find(company, given.Username)
end

-- The request to a phone that a login makes, or what is answered at once.
local function begin(server, company, given)
  local ok, message = check(login_fields, given, company.settings)
  if not ok then
    return nil, M.failed(message)
  elseif given.Username == "" then
    return nil, M.failed "Missing field: Username"
  end
  local phone = provision(company, phones.find(company, given.Username), given)
  local status = phones.refusal(company, phone, given.IPAddress)
  if status then
    states.note(company, "refused", { email = phone.email, status = status })
    return nil, M.succeeded { AuthStatus = status, Username = phone.email }
  end
  return phones.ring(server, company, {
    key = phone.key,
    email = phone.email,
    device = given.DeviceName,
    ip = given.IPAddress,
    browser_id = given.BrowserId,
    methods = given.AuthenticationMethods,
    callback_url = given.CallbackUrl,
  })
end

-- Waits until the phone was answered or its time is over. `write` makes the reply out of an envelope.
local function wait_for(server, challenge, write)
  local function try()
    if not phones.is_known(server, challenge) then
      return { drop = true, class = "forgotten" }
    end
    local status = phones.outcome(challenge)
    if status then
      return write(answer(challenge, status), status)
    end
    return { wait = try, topic = challenge.number, delay = phones.next_due(challenge) }
  end
  return try()
end

--- The synchronous login: answers when the user has acted, or after 60 seconds.
---@param server table
---@param company table
---@param given table the fields
---@param write fun(envelope: table, status?: string): table makes the reply
---@return table reply
function M.login(server, company, given, write)
  local challenge, refusal = begin(server, company, given)
  if not challenge then
    return write(refusal)
  end
  return wait_for(server, challenge, write)
end

--- The asynchronous login: answers at once.
function M.login_async(server, company, given, write)
  local challenge, refusal = begin(server, company, given)
  if not challenge then
    return write(refusal)
  end
  return write(M.succeeded {
    AuthStatus = "WaitingForResponse",
    Username = challenge.email,
    AsyncLoginToken = challenge.token,
    LogGUID = log_id(challenge),
  })
end

--- What became of an asynchronous login.
---@param challenge table|nil
---@param token string
---@param write fun(envelope: table, status?: string): table
function M.check(challenge, token, write)
  if not challenge then
    return write(M.failed "Invalid token")
  end
  local status = phones.outcome(challenge)
  if status then
    return write(answer(challenge, status), status)
  end
  local envelope = answer(challenge, "WaitingForResponse")
  envelope.Value.AsyncLoginToken = token
  return write(envelope, "WaitingForResponse")
end

--- Reads the body of CheckLoginToken.
---@return string|nil token
---@return string? message
function M.read_token(given, settings)
  local ok, message = check(token_fields, given, settings)
  return ok and given.AsyncLoginToken, message
end

return M

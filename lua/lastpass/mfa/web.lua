--- A second factor by way of the browser: the user is sent to a page of LastPass, and the answer is asked for when they are
-- back (mfa §2.4). It is documented for the predecessor's host alone, so both paths are off until they are set.
-- @module lastpass.mfa.web
local address = require "lastpass.transport.address"
local answers = require "lastpass.mfa.answer"
local call = require "lastpass.mfa.call"
local email = require "lastpass.email"
local errors = require "lastpass.error"

local M = {}

local MOST = 2048 -- bytes of an address, and of a token

local known = {
  user = "string",
  success_url = "string",
  not_registered_url = "string",
  cancel_url = "string",
  workstation = "boolean",
}

-- The path, where the mode and the options allow it.
local function path_of(client, name)
  local path = client:option("endpoints")[name]
  if client:option "mode" ~= "plain" then
    local message = 'by way of the browser needs the mode "plain", with the LastPass MFA Login key'
    return errors.fail("argument", "unsupported", message)
  elseif not path then
    local message = ("by way of the browser is off until endpoints.%s is set"):format(name)
    return errors.fail("argument", "unsupported", message)
  end
  return path
end

local function is_url(text)
  return text ~= nil and #text <= MOST and address.parse(text) ~= nil
end

local function check(given)
  errors.check_options("mfa:web_start", given, known, 3)
  local user, reason = email.check(given.user or "")
  if not user then
    local message = "mfa:web_start: 'user' is not an e-mail address: " .. reason
    return errors.fail("argument", "bad_user", message)
  end
  for _, name in ipairs { "success_url", "not_registered_url", "cancel_url" } do
    if not is_url(given[name]) then
      local message = ("mfa:web_start: '%s' must begin with https://"):format(name)
      return errors.fail("argument", "bad_" .. name, message)
    end
  end
  return user
end

--- See `mfa:web_start`.
---@param client lastpass.mfa.Client
---@param given table
function M.start(client, given)
  local user, message, err = check(given)
  if not user then
    return nil, message, err
  end
  local path
  path, message, err = path_of(client, "web_start")
  if not path then
    return nil, message, err
  end
  local answer
  answer, message, err = call.send(client, {
    path = path,
    inner = {
      Username = user,
      SuccessUrl = given.success_url,
      NotRegisteredUrl = given.not_registered_url,
      CancelUrl = given.cancel_url,
      AuthType = given.workstation and "Workstation" or "Web",
    },
  })
  if not answer then
    return nil, message, err
  elseif not answer.succeeded then
    return call.refused(path, answer)
  end
  local value = type(answer.value) == "table" and answer.value or {}
  local url, token = value.RedirectUrl, value.Token
  local is_token = type(token) == "string" and token ~= "" and #token <= MOST
  if type(url) ~= "string" or not is_url(url) or not is_token then
    message = path .. ": the answer has no address or no token"
    return errors.fail("protocol", "unexpected_shape", message)
  end
  return { url = url, token = token, user = user }
end

--- See `mfa:web_check`.
---@param client lastpass.mfa.Client
---@param token string
---@param user string
function M.check(client, token, user)
  if token == "" or #token > MOST then
    return errors.fail("argument", "bad_token", "mfa:web_check: the token is none of web_start's")
  end
  local path, message, err = path_of(client, "web_check")
  if not path then
    return nil, message, err
  end
  local answer
  answer, message, err = call.send(client, {
    path = path,
    inner = { token = token },
    key_name = "apiKey",
  })
  local result
  if answer then
    result = answers.read_web(answer, user)
  elseif err.kind == "argument" then
    return nil, message, err
  else
    result = answers.of_failure(err, user)
  end
  client:record(result)
  return result
end

return M

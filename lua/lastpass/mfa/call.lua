--- One request to LastPass MFA: wrapped as the mode wants it, sent once, and what came read as far as the envelope.
-- @module lastpass.mfa.call
local characters = require "lastpass.text.characters"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limiter = require "lastpass.limiter"
local loop = require "lastpass.transport.scheduler"

local M = {}

local MOST_MESSAGE = 500 -- bytes of what a server says that go on into errors and results

--- What an answer says, whatever its mode.
---@class lastpass.mfa.Answer
---@field succeeded boolean both envelopes say so
---@field message? string
---@field value any

local HEADERS = {
  Accept = "application/json",
  ["Content-Type"] = "application/json",
  ["User-Agent"] = "lastpass-lua/" .. require "lastpass.version",
}

local hints = {
  auth_failed = "check api_key and private_key (Admin Console, Advanced Options, Keys), the mode, "
    .. "and this machine's clock",
  redirect = "redirects are not followed, so that the key goes nowhere else; check base_url",
  not_json = "check base_url and endpoints: this does not look like LastPass MFA",
}

local function fail(kind, code, path, message, fields)
  fields = fields or {}
  fields.command, fields.hint = path, fields.hint or hints[code]
  return errors.fail(kind, code, ("%s: %s"):format(path, message), fields)
end

local function fail_status(path, response)
  local status = response.status
  local wait = limiter.retry_after(response)
  local message = ("HTTP %d"):format(status)
  local fields = { status = status, retry_after = wait }
  if status == 429 or status == 503 and wait then
    return fail("throttled", "throttled", path, message, fields)
  elseif status == 401 or status == 403 then
    return fail("auth", "auth_failed", path, message, fields)
  elseif status >= 500 then
    return fail("transport", "http_status", path, message, fields)
  elseif status >= 300 and status < 400 then
    return fail("protocol", "redirect", path, message, fields)
  end
  return fail("refused", "http_status", path, message, fields)
end

local function read_envelope(path, text)
  local envelope, message, err = json.decode(text)
  if type(envelope) ~= "table" or json.is_list(envelope) then
    message = message or "the answer is no object"
    return fail("protocol", "not_json", path, message, { position = err and err.position })
  elseif type(envelope.Succeeded) ~= "boolean" then
    message = "the answer does not say whether it succeeded"
    return fail("protocol", "unexpected_shape", path, message)
  end
  return envelope
end

local function answer_of(envelope)
  local message, value = envelope.Message, envelope.Value
  if value == json.null then
    value = nil
  end
  if type(message) ~= "string" or message == "" then
    message = nil
  end
  return {
    succeeded = envelope.Succeeded,
    message = message and characters.beginning(message, MOST_MESSAGE),
    value = value,
  }
end

-- Where the outer envelope says no, there is nothing to decrypt (mfa §2.2).
local function read(client, path, response, is_secured)
  if response.status ~= 200 then
    return fail_status(path, response)
  end
  local envelope, message, err = read_envelope(path, client:redact(response.body))
  if not envelope then
    return nil, message, err
  elseif not is_secured or not envelope.Succeeded then
    return answer_of(envelope)
  end
  local text
  text, message, err = client:envelope():open(envelope.Value)
  if not text then
    return fail("protocol", err.code, path, message, { hint = err.hint })
  end
  envelope, message, err = read_envelope(path, client:redact(text))
  if not envelope then
    return nil, message, err
  end
  return answer_of(envelope)
end

-- The key comes first, so that it stands in locked memory alone.
local function plain_body(client, request)
  local text = json.encode(request.inner)
  local body, message = core.secret_text {
    before = ('{"%s":"'):format(request.key_name or "APIKey"),
    secret = client:option "api_key",
    after = '",' .. text:sub(2),
  }
  if not body then
    return errors.fail("argument", "bad_secret", "option api_key: " .. message)
  end
  return body
end

local function body_of(client, request)
  if request.secured then
    local envelope, message, err = client:envelope()
    if not envelope then
      return nil, message, err
    end
    return envelope[request.as_it_is and "seal_plain" or "seal"](envelope, request.inner)
  elseif request.keyless then
    return json.encode(request.inner)
  end
  return plain_body(client, request)
end

--- Sends a request, once.
---@param client lastpass.mfa.Client
---@param request table path, inner (the inner request), secured (whether it is wrapped), as_it_is (the payload is sent so),
-- keyless (a plain one without the key), key_name (of the key in a plain one), timeout (seconds)
---@return lastpass.mfa.Answer|nil
---@return string? message
---@return lastpass.Error? err with `sent` when the server may have got it
function M.send(client, request)
  local body, message, err = body_of(client, request)
  if not body then
    return nil, message, err
  end
  local response
  response, message, err = client:transport():send {
    method = "POST",
    url = client:option "base_url" .. request.path,
    headers = HEADERS,
    body = body,
    timeout = request.timeout or client:option "request_timeout",
    max_bytes = client:option "max_bytes",
  }
  if type(body) == "userdata" then
    body:close()
  end
  if not response then
    err.command = request.path
    err.message = client:redact(request.path .. ": " .. message)
    return nil, err.message, err
  end
  return read(client, request.path, response, request.secured)
end

--- What an answer that did not succeed is as a failure. What the server means stands in words alone.
---@param path string
---@param answer lastpass.mfa.Answer
---@return nil
---@return string message
---@return lastpass.Error err
function M.refused(path, answer)
  local said = answer.message or "refused without a reason"
  local words = said:lower()
  local is_key = words:find "key" or words:find "signature" or words:find "timestamp"
  if is_key then
    return fail("auth", "auth_failed", path, said)
  end
  return fail("refused", "refused", path, said)
end

--- Sends a request that only reads, and again while that may help.
---@param client lastpass.mfa.Client
---@param request table as of `send`
---@return lastpass.mfa.Answer|nil
---@return string? message
---@return lastpass.Error? err
function M.ask(client, request)
  local attempt = 0
  while true do
    attempt = attempt + 1
    local answer, message, err = M.send(client, request)
    if answer or attempt > client:option "retries" or not limiter.is_passing(err) then
      return answer, message, err
    end
    loop.sleep(err.retry_after or limiter.pause(attempt))
  end
end

return M

--- From what came to a result: approved only by the exact word, with success said everywhere, for the user who was asked
-- (mfa §2.1).
-- @module lastpass.mfa.answer
local characters = require "lastpass.text.characters"
local errors = require "lastpass.error"
local outcomes = require "lastpass.mfa.outcomes"

local M = {}

local MOST_RAW, MOST_ID = 200, 64 -- bytes
local MOST_TOKEN = 1024

-- What a phone has said, as far as a server can tell.
local evidence =
  { approved = "answered", denied = "answered", pending = "asked", timeout = "asked" }

local function text_of(value, most)
  return type(value) == "string" and value ~= "" and characters.beginning(value, most) or nil
end

-- The server may write an address in another case; letters beyond ASCII must be the same.
local function folded(address)
  return (address:gsub("[A-Z]", string.lower))
end

local function is_same_user(name, asked)
  return type(name) == "string" and folded(name) == folded(asked)
end

-- Another user's answer is nobody's; an approval has to name its user.
local function is_for_another(value, outcome, asked)
  local name = value.Username
  if name == nil then
    return outcome == "approved"
  end
  return not is_same_user(name, asked)
end

local function classify(answer, asked)
  local value = answer.value
  if type(value) ~= "table" then
    if answer.succeeded then
      return "denied", "unexpected_status"
    end
    return "error", "refused"
  end
  local outcome, code = outcomes.of_status(value.AuthStatus)
  if not answer.succeeded then
    -- a server that says no at one place and yes at another has not said yes
    if code or outcome == "approved" or outcome == "pending" then
      return "error", value.AuthStatus == nil and "refused" or "contradiction"
    end
    return outcome
  elseif is_for_another(value, outcome, asked) then
    return "denied", "wrong_user"
  end
  return outcome, code
end

--- Reads the answer about a request to a phone.
---@param answer lastpass.mfa.Answer
---@param asked string the user who was asked
---@return lastpass.mfa.Result
---@return string|nil token with "pending": what further questions name
function M.read(answer, asked)
  local outcome, code = classify(answer, asked)
  local value = type(answer.value) == "table" and answer.value or {}
  local raw = value.AuthStatus
  local result = outcomes.result(outcome, {
    raw = text_of(raw, MOST_RAW) or raw == nil and answer.message or nil,
    code = code,
    user = asked,
    log_id = text_of(value.LogGUID, MOST_ID),
    evidence = not code and evidence[outcome] or nil,
  })
  local token = value.AsyncLoginToken
  local is_token = type(token) == "string" and token ~= "" and #token <= MOST_TOKEN
  return result, is_token and token or nil
end

--- Reads what came of a sign-in by way of the browser (mfa §2.4): yes or no, and for whom.
---@param answer lastpass.mfa.Answer
---@param asked string
---@return lastpass.mfa.Result
function M.read_web(answer, asked)
  local value = type(answer.value) == "table" and answer.value or {}
  local fields = { user = asked, raw = answer.message }
  if not answer.succeeded then
    fields.code = "refused"
    return outcomes.result("error", fields)
  elseif value.IsAuthenticated == false then
    return outcomes.result("denied", fields)
  elseif value.IsAuthenticated ~= true then
    fields.code = "unexpected_status"
    return outcomes.result("denied", fields)
  elseif not is_same_user(value.Username, asked) then
    fields.code = "wrong_user"
    return outcomes.result("denied", fields)
  end
  fields.evidence = "answered"
  return outcomes.result("approved", fields)
end

-- Failures of the network and of the server's own. What the caller has set up wrongly is none of them: nobody is let in
-- for that.
local unreachable = errors.set_of {
  "unreachable",
  "unknown_host",
  "timeout",
  "connection_lost",
  "reply_cut",
  "tls_failed",
  "tls_certificate",
  "proxy_failed",
  "transfer_failed",
  "http_status",
}

--- What a failure comes to when nothing better is known: what could not be reached is apart from what refused, and neither
-- is a denial.
---@param err lastpass.Error
---@param asked string
---@return lastpass.mfa.Result
function M.of_failure(err, asked)
  local outcome = err.kind == "transport" and unreachable[err.code] and "unreachable"
    or err.kind == "throttled" and "throttled"
    or "error"
  return outcomes.result(outcome, {
    code = err.code,
    user = asked,
    retry_after = err.retry_after,
    err = err,
  })
end

local passing = errors.set_of { "transport", "throttled", "protocol" }

--- Whether the next question may be answered although this one was not.
---@param err lastpass.Error
---@return boolean
function M.may_pass(err)
  return passing[err.kind] == true
end

return M

--- What a second factor can come to: one closed set of names for requests to a phone, codes and RADIUS, with words for
-- the user and for the log, and what LastPass's own words for it are.
-- @module lastpass.mfa.outcomes
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

--- What came of asking for a second factor.
---@class lastpass.mfa.Result
---@field ok boolean            whether to let the user in
---@field outcome string        a name of `outcomes.list`
---@field raw? string           what the server said, word for word
---@field code? string          a stable name for the reason, where there is more to say: "unexpected_status"
---@field user? string          whom it is about
---@field log_id? string        the server's own number of the request
---@field method? string        which factor the user has shown; nil where nobody says so, as in LastPass's API
---@field asked_method? string  which one was asked for
---@field evidence? "asked"|"answered"|"proved" the user was asked; answered, which is all that a server says; or gave
-- what was checked here
---@field retry_after? number   seconds: with "throttled" and "locked"
---@field failed_open? boolean  let in without an answer (`fail_open`)
---@field err? lastpass.Error   what failed, with "unreachable" and "error"

--- The names. What the server or a limit prevents ("throttled", "unreachable") is never called "denied".
M.list = {
  "approved",
  "pending",
  "denied",
  "denied_by_policy",
  "timeout",
  "not_enrolled",
  "unknown_user",
  "locked",
  "throttled",
  "unreachable",
  "error",
}

-- Who guesses learns nothing: a wrong code, a used one, an unknown user and a phone that said no read the same.
local REFUSED = "The sign-in was not approved. Try again, or ask your administrator."

local words = {
  approved = { "The sign-in was approved.", "the user approved it" },
  pending = { "Waiting for an answer on your phone.", "the user has not answered yet" },
  denied = { REFUSED, "it was denied" },
  denied_by_policy = { REFUSED, "a policy of the company denied it" },
  timeout = { "There was no answer in time. Try again, or use a code.", "nobody answered in time" },
  not_enrolled = { REFUSED, "the user exists, and has no active phone or secret" },
  unknown_user = { REFUSED, "there is no such user" },
  locked = {
    "There were too many failed attempts. Try again later.",
    "locked after too many failed attempts",
  },
  throttled = {
    "Too many requests were sent. Wait a while, then try again.",
    "a limit of requests was reached; nobody was asked",
  },
  unreachable = {
    "The sign-in service cannot be reached. Try again later, or use a code.",
    "the service for the second factor could not be reached",
  },
  error = { "The sign-in could not be checked. Try again later.", "the answer could not be used" },
}

-- LastPass's constants for AuthStatus (mfa §2.1). What is not among them is denied.
local by_status = {
  Success = "approved",
  WaitingForResponse = "pending",
  Denied = "denied",
  ["Denied by Geofencing"] = "denied_by_policy",
  ["Denied by Policy"] = "denied_by_policy",
  ["No Location"] = "denied_by_policy",
  NoResponse = "timeout",
  NoResponseTimeout = "timeout",
  UnpairedUser = "not_enrolled",
  DoesNotExist = "unknown_user",
  InvalidUser = "unknown_user",
  LockedUser = "locked",
  Alert = "denied", -- probably the user reported the request
  Password = "error",
  Failure = "error",
  LogError = "error",
}

local function check_name(where, outcome)
  if not words[outcome] then
    errors.raise(
      3,
      "mfa.outcomes.%s: unknown outcome '%s'%s",
      where,
      outcome,
      errors.did_you_mean(outcome, M.list)
    )
  end
end

--- What a value of AuthStatus means. Only the exact word "Success" is an approval.
---@param status any as it came
---@return string outcome
---@return string? code "unexpected_status": the value is none of LastPass's, or no string
function M.of_status(status)
  local outcome = type(status) == "string" and by_status[status]
  if outcome then
    return outcome
  end
  return "denied", "unexpected_status"
end

--- Makes a result. It is `ok` with "approved" alone, or when an unreachable service may be passed over for once
-- (`failed_open`).
---@param outcome string
---@param fields? table further fields
---@return lastpass.mfa.Result
function M.result(outcome, fields)
  check_name("result", outcome)
  local result = {}
  for name, value in pairs(fields or {}) do
    result[name] = value
  end
  result.outcome = outcome
  result.ok = outcome == "approved" or outcome == "unreachable" and result.failed_open == true
  return result
end

--- The sentence for the user. It does not tell a wrong code from a used one, or a user who is unknown from one who said no.
---@param outcome string
---@return string
function M.for_user(outcome)
  check_name("for_user", outcome)
  return words[outcome][1]
end

--- A few words for the log.
---@param outcome string
---@return string
function M.for_log(outcome)
  check_name("for_log", outcome)
  return words[outcome][2]
end

--- Whether nothing more will come: all but "pending".
---@param outcome string
---@return boolean
function M.is_final(outcome)
  check_name("is_final", outcome)
  return outcome ~= "pending"
end

return signature.declare("mfa.outcomes.", M, {
  of_status = "status?: any",
  result = "outcome: string, fields?: table",
  for_user = "outcome: string",
  for_log = "outcome: string",
  is_final = "outcome: string",
})

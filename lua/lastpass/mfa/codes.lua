--- What TOTP and HOTP have in common: their options, what a user may type, and the one way to a result.
-- @module lastpass.mfa.codes
local core = require "lastpass.core"
local errors = require "lastpass.error"
local lockout = require "lastpass.mfa.lockout"
local outcomes = require "lastpass.mfa.outcomes"

local M = {}

--- Shorter keys can be found out by trying (RFC 4226, section 4, R6).
M.LEAST_KEY = 16
local MOST_KEY = 4095

-- A used code must stay used when a clock goes back, so a counter is kept as long as a state keeps anything.
local COUNTER_SECONDS = 366 * 86400

local MOST_TYPED = 64

M.algorithms = { SHA1 = 20, SHA256 = 32, SHA512 = 64 }

local function is_algorithm(value)
  return M.algorithms[value] ~= nil, "'SHA1', 'SHA256' or 'SHA512'"
end

local function is_digits(value)
  return value == 6 or value == 7 or value == 8, "6, 7 or 8"
end

local function is_secret(value)
  return type(value) == "string" or core.secret.is(value), "bytes, or a lastpass.secret"
end

--- A whole number of these.
---@param least integer
---@param most integer
---@return fun(value: any): boolean, string
function M.between(least, most)
  return function(value)
    return type(value) == "number" and value % 1 == 0 and value >= least and value <= most,
      ("a whole number from %d to %d"):format(least, most)
  end
end

--- Kinds of options, for `errors.check_options`.
---@param more table<string, any>
---@return table<string, any>
function M.option_kinds(more)
  local kinds = {
    secret = is_secret,
    digits = is_digits,
    algorithm = is_algorithm,
  }
  for name, kind in pairs(more) do
    kinds[name] = kind
  end
  return kinds
end

--- The same, of what is verified.
---@param more table<string, any>
---@return table<string, any>
function M.verify_kinds(more)
  local kinds = M.option_kinds {
    user = "string",
    code = "string",
    state = "table",
    challenge = "string",
    address = "string",
    limits = "table",
    time = "number",
  }
  for name, kind in pairs(more) do
    kinds[name] = kind
  end
  return kinds
end

--- Raises unless there is a key, which is long enough.
---@param where string
---@param key string|userdata|nil
function M.check_key(where, key)
  local length = key and (type(key) == "string" and #key or key:length())
  if not key then
    errors.raise(3, "%s: needs 'secret'", where)
  elseif length < M.LEAST_KEY or length > MOST_KEY then
    errors.raise(
      3,
      "%s: 'secret' must have %d to %d bytes, not %d",
      where,
      M.LEAST_KEY,
      MOST_KEY,
      length
    )
  end
end

--- A key from the system's source of random bytes.
---@param count integer
---@return string|nil bytes
---@return string? message
---@return lastpass.Error? err
function M.random_key(count)
  return require("lastpass.digest").random(count)
end

--- A failure of the core, as `nil, message, err`.
---@param value any
---@return any
---@return string? message
---@return lastpass.Error? err
function M.of_core(value, message, code)
  if value == nil then
    local hint = "apt install libssl3"
    return errors.fail("argument", code, message, { hint = hint })
  end
  return value
end

-- ASCII digits, of which users write some apart; nothing else is taken for one (mfa §7, 2).
local function typed_code(text, digits)
  if #text > MOST_TYPED then
    return nil
  end
  local code = text:gsub(" ", "")
  return #code == digits and code:find "^[0-9]+$" and code or nil
end

local function result_of(options, method, outcome, code, fields)
  local result = outcomes.result(outcome, fields)
  result.user, result.method, result.code = options.user, method, code
  result.evidence = outcome == "approved" and "proved" or nil
  return result
end

-- Takes the counter, which only one of several can do, and says what came of the attempt.
local function take(options, method, attempt, counter)
  local key, message, err = M.of_core(core.code_key(options.secret))
  if not key then
    return nil, message, err
  end
  local advanced
  advanced, message, err =
    options.state:advance("mfa:counter:" .. method .. ":" .. key, counter, COUNTER_SECONDS)
  if advanced == nil then
    return nil, message, err
  elseif not advanced then
    return false
  end
  -- Should this fail, the user has one attempt fewer for a while.
  attempt:succeeded()
  return true
end

--- Verifies a code. `first` and `count` are the counters that it may be of.
---@param method "totp"|"hotp"
---@param options table as the caller has them, checked
---@param first integer
---@param count integer
---@return lastpass.mfa.Result|nil result
---@return integer|string|nil counter of an approved code; else a message
---@return lastpass.Error? err
function M.verify(method, options, first, count)
  if not options.user:find "%S" then
    return result_of(options, method, "unknown_user")
  elseif not options.secret then
    return result_of(options, method, "not_enrolled")
  end
  local code = typed_code(options.code, options.digits or 6)
  if not code then
    return result_of(options, method, "denied", "malformed")
  end
  local attempt, message, err = lockout.begin {
    state = options.state,
    user = options.user,
    challenge = options.challenge,
    address = options.address,
    now = options.time,
    limits = options.limits,
  }
  if not attempt then
    return nil, message, err
  elseif attempt.refusal then
    attempt.refusal.method = method
    return attempt.refusal
  end
  local counter
  counter, message, err =
    M.of_core(core.match_code(options.secret, code, first, count, options.algorithm))
  if counter == nil then
    return nil, message, err
  end
  local taken = false
  if counter then
    taken, message, err = take(options, method, attempt, counter)
  end
  if taken == nil then
    return nil, message, err
  elseif taken then
    return result_of(options, method, "approved"), counter
  end
  local seconds
  seconds, message, err = attempt:failed()
  if not seconds then
    return nil, message, err
  end
  return result_of(options, method, "denied", counter and "used" or "wrong", {
    locked_for = seconds > 0 and seconds or nil,
  })
end

return M

--- What TOTP and HOTP have in common: their options, what a user may type, and the one way to a result.
-- @module lastpass.mfa.codes
local core = require "lastpass.core"
local errors = require "lastpass.error"
local lockout = require "lastpass.mfa.lockout"
local outcomes = require "lastpass.mfa.outcomes"

local M = {}

--- Shorter keys can be found out by trying (RFC 4226, section 4, R6).
M.LEAST_KEY = 16
M.MOST_KEY = 4095

--- A used code must stay used when a clock goes back, so that is kept as long as a state keeps anything.
M.LONG_SECONDS = 366 * 86400

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

--- What a caller may keep of a device whose clock is wrong: five minutes with the usual period.
M.MOST_DRIFT = 10

--- Whether this is a drift, in codes.
M.is_drift = M.between(-M.MOST_DRIFT, M.MOST_DRIFT)

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
  elseif length < M.LEAST_KEY or length > M.MOST_KEY then
    errors.raise(
      3,
      "%s: 'secret' must have %d to %d bytes, not %d",
      where,
      M.LEAST_KEY,
      M.MOST_KEY,
      length
    )
  end
end

--- Raises unless all of these are given.
---@param where string
---@param options table
---@param names string[]
function M.check_given(where, options, names)
  for _, name in ipairs(names) do
    if not options[name] then
      errors.raise(3, "%s: needs '%s'", where, name)
    end
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

--- What a user has typed: ASCII digits, of which some stand apart; nothing else is taken for one (mfa §7, 2).
---@param text string
---@param digits? integer default 6
---@return string|nil code
function M.typed(text, digits)
  if #text > MOST_TYPED then
    return nil
  end
  local code = text:gsub(" ", "")
  return #code == (digits or 6) and code:find "^[0-9]+$" and code or nil
end

--- The greatest counter, of those from `first` on, whose code this is.
---@param options table secret, algorithm
---@param code string
---@param first integer
---@param count integer
---@return integer|false|nil counter false: it is the code of none
---@return string? message
---@return lastpass.Error? err
function M.match(options, code, first, count)
  return M.of_core(core.match_code(options.secret, code, first, count, options.algorithm))
end

--- The key of a state under which the last used counter of a secret is.
---@param method "totp"|"hotp"
---@param secret string|userdata
---@return string|nil key
---@return string? message
---@return lastpass.Error? err
function M.counter_key(method, secret)
  local name, message, err = M.of_core(core.code_key(secret))
  return name and ("mfa:%s:%s"):format(method, name), message, err
end

--- Uses a counter up, and all before it. Of several that do so at once, one succeeds.
---@param method "totp"|"hotp"
---@param options table secret, state
---@param counter integer
---@return boolean|nil used false: it was used before
---@return string? message
---@return lastpass.Error? err
function M.use_counter(method, options, counter)
  local key, message, err = M.counter_key(method, options.secret)
  if not key then
    return nil, message, err
  end
  return options.state:advance(key, counter, M.LONG_SECONDS)
end

local function result_of(options, method, outcome, code)
  return outcomes.result(outcome, {
    user = options.user,
    method = method,
    code = code,
    evidence = outcome == "approved" and "proved" or nil,
  })
end

-- What comes of a code that was right or wrong.
local function finish(options, method, attempt, found, used)
  if used then
    -- should the state not take this, the user has an attempt fewer for a while
    attempt:succeeded()
    return result_of(options, method, "approved"), found
  end
  local seconds, message, err = attempt:failed()
  if not seconds then
    return nil, message, err
  end
  local result = result_of(options, method, "denied", found and "used" or "wrong")
  result.locked_for = seconds > 0 and seconds or nil
  return result
end

--- Verifies what was typed, as an attempt of this user, and uses it up.
---@param method string for the result
---@param options table as the caller has them, checked
---@param steps table `is_enrolled`; `typed`, what to look for: nil when it cannot be a code; `find(typed)`, what it is, or
-- false; `use_up(found)`, false when it was used before; both may fail
---@return lastpass.mfa.Result|nil result
---@return any what `find` gave, when it is approved; else a message
---@return lastpass.Error? err
function M.verify(method, options, steps)
  if not lockout.account(options.user) then
    return result_of(options, method, "unknown_user")
  elseif not steps.is_enrolled then
    return result_of(options, method, "not_enrolled")
  elseif not steps.typed then
    return result_of(options, method, "denied", "malformed")
  end
  lockout._check_names("mfa." .. method, options)
  local attempt, message, err = lockout._begin {
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
  local found, used
  found, message, err = steps.find(steps.typed)
  if found == nil then
    return nil, message, err
  elseif found then
    used, message, err = steps.use_up(found)
    if used == nil then
      return nil, message, err
    end
  end
  return finish(options, method, attempt, found, used)
end

return M

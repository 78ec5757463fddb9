--- Codes of a device that counts (RFC 4226). As with `mfa.totp`, to verify a code is to use it up.
-- @module lastpass.mfa.hotp
local codes = require "lastpass.mfa.codes"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

-- How far the device may be ahead: a user presses its button without signing in (RFC 4226, section 7.4).
local LOOK_AHEAD, MOST_AHEAD = 10, 100
local RESYNC_AHEAD, MOST_RESYNC = 100, 900

local MOST_COUNTER = 2 ^ 53 - 1000

local is_counter = codes.between(0, MOST_COUNTER)

local code_kinds = codes.option_kinds { counter = is_counter }

local verify_kinds = codes.verify_kinds {
  counter = is_counter,
  look_ahead = codes.between(0, MOST_AHEAD),
}

local resync_kinds = codes.verify_kinds {
  counter = is_counter,
  codes = "table",
  look_ahead = codes.between(0, MOST_RESYNC),
}
resync_kinds.code = nil

--- The code of a counter.
---@param options table secret (bytes or a lastpass.secret), counter, digits (6 to 8; default 6), algorithm
---@return string|nil code
---@return string? message
---@return lastpass.Error? err
function M.code(options)
  errors.check_options("mfa.hotp.code", options, code_kinds)
  codes.check_given("mfa.hotp.code", options, { "counter" })
  codes.check_key("mfa.hotp.code", options.secret)
  local code, message, err =
    core.code(options.secret, options.counter, options.digits or 6, options.algorithm)
  return codes.of_core(code, message, err)
end

-- The counter that is expected next: the caller's, or the one after that which was used last, whichever is greater. What
-- decides in the end is that a counter can be used once.
local function next_counter(options)
  if not options.secret then
    return 0
  end
  local key, message, err = codes.counter_key("hotp", options.secret)
  if not key then
    return nil, message, err
  end
  local last
  last, message, err = options.state:get(key)
  if last == nil and message then
    return nil, message, err
  end
  return math.max(options.counter, last and last + 1 or 0)
end

local function verify(options, typed, find)
  local first, message, err = next_counter(options)
  if not first then
    return nil, message, err
  end
  local result, counter
  result, counter, err = codes.verify("hotp", options, {
    is_enrolled = options.secret ~= nil,
    typed = typed,
    find = function(code)
      return find(code, first)
    end,
    use_up = function(found)
      return codes.use_counter("hotp", options, found)
    end,
  })
  if not result then
    return nil, counter, err
  elseif result.ok then
    result.counter, result.ahead = counter, counter - first
  end
  return result
end

--- Verifies a code and uses it up, with all before it. Approved results have `counter`: keep it plus 1 beside the secret, for
-- a state forgets after a year; and `ahead`, how many codes were passed over.
---@param options table user, secret (bytes or a lastpass.secret; nil: not enrolled), code, state, counter (the one that is
-- expected next); look_ahead (so many further ones, at most 100; default 10), digits, algorithm, challenge, address,
-- limits, time: see `totp.verify`
---@return lastpass.mfa.Result|nil result
---@return string? message
---@return lastpass.Error? err of the state: refuse
function M.verify(options)
  errors.check_options("mfa.hotp.verify", options, verify_kinds)
  codes.check_given("mfa.hotp.verify", options, { "user", "code", "state", "counter" })
  if options.secret then
    codes.check_key("mfa.hotp.verify", options.secret)
  end
  local count = (options.look_ahead or LOOK_AHEAD) + 1
  return verify(options, codes.typed(options.code, options.digits), function(code, first)
    return codes.match(options, code, first, count)
  end)
end

-- The counter of the second of two codes that follow each other. All are tried.
local function find_pair(options, typed, first)
  local found = false
  for counter = first, first + (options.look_ahead or RESYNC_AHEAD) do
    local one, message, err = codes.match(options, typed[1], counter, 1)
    local other = one ~= nil and codes.match(options, typed[2], counter + 1, 1)
    if one == nil then
      return nil, message, err
    elseif one and other then
      found = other
    end
  end
  return found
end

--- Finds a device again that is too far ahead, by two codes that follow each other (RFC 4226, section 7.4); both are used
-- up. It counts as one attempt.
---@param options table as of `verify`, with codes (two strings) in place of code; look_ahead: at most 900, default 100
---@return lastpass.mfa.Result|nil result
---@return string? message
---@return lastpass.Error? err of the state: refuse
function M.resynchronise(options)
  local where = "mfa.hotp.resynchronise"
  errors.check_options(where, options, resync_kinds)
  codes.check_given(where, options, { "user", "codes", "state", "counter" })
  local two = options.codes
  if #two ~= 2 or type(two[1]) ~= "string" or type(two[2]) ~= "string" then
    errors.raise(2, "%s: 'codes' must be a list of two strings", where)
  elseif options.secret then
    codes.check_key(where, options.secret)
  end
  local one, other = codes.typed(two[1], options.digits), codes.typed(two[2], options.digits)
  return verify(options, one and other and { one, other }, function(typed, first)
    return find_pair(options, typed, first)
  end)
end

return signature.declare("mfa.hotp.", M, {
  code = "options: table",
  verify = "options: table",
  resynchronise = "options: table",
})

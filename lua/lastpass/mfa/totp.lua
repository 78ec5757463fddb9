--- Codes of an app that change with time (RFC 6238). The only way to verify one is to use it up: of several that show the
-- same code at once, one is let in.
-- @module lastpass.mfa.totp
local codes = require "lastpass.mfa.codes"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

local PERIOD = 30
local MOST_BYTES = 128

-- At most so many codes before and after the current one (RFC 6238, section 5.2 recommends one).
local MOST_WINDOW = 2

local function is_window(value)
  local is_one = codes.between(0, MOST_WINDOW)
  if type(value) ~= "table" then
    return is_one(value), "0, 1 or 2, or a table with past and future"
  end
  for name in pairs(value) do
    if name ~= "past" and name ~= "future" then
      return false, "0, 1 or 2, or a table with past and future"
    end
  end
  return is_one(value.past or 1) and is_one(value.future or 1), "a table of 0, 1 or 2"
end

local is_period = codes.between(1, 3600)

local code_kinds = codes.option_kinds { period = is_period, time = "number" }

local verify_kinds = codes.verify_kinds {
  period = is_period,
  window = is_window,
  drift = codes.is_drift,
}

local enrol_kinds = {
  user = "string",
  issuer = "string",
  account = "string",
  algorithm = code_kinds.algorithm,
  digits = code_kinds.digits,
  period = is_period,
  bytes = codes.between(codes.LEAST_KEY, MOST_BYTES),
}

local use_up_kinds = {
  secret = code_kinds.secret,
  state = "table",
  time = "number",
  period = is_period,
  drift = codes.is_drift,
}

local NEEDED = { "user", "code", "state" }

local function step_of(where, options)
  local time = options.time or os.time()
  if not (time >= 0 and time < 2 ^ 52) then
    errors.raise(3, "%s: 'time' must be epoch seconds from 0 on", where)
  end
  return math.floor(time / (options.period or PERIOD))
end

--- A new secret: bytes from the system's random source. Store them encrypted.
---@param options? table bytes (at least 16; default those of the digest: 20, 32 or 64), algorithm
---@return string bytes
function M.generate_secret(options)
  options = errors.check_options("mfa.totp.generate_secret", options, {
    bytes = enrol_kinds.bytes,
    algorithm = enrol_kinds.algorithm,
  })
  return codes.random_key(options.bytes or codes.algorithms[options.algorithm or "SHA1"])
end

--- The code of a time.
---@param options table secret (bytes or a lastpass.secret), time (epoch seconds; default now), digits (6 to 8; default 6),
-- period (seconds; default 30), algorithm ("SHA1", "SHA256" or "SHA512"; default SHA1, as many apps know no other)
---@return string|nil code
---@return string? message
---@return lastpass.Error? err
function M.code(options)
  errors.check_options("mfa.totp.code", options, code_kinds)
  codes.check_key("mfa.totp.code", options.secret)
  local step = step_of("mfa.totp.code", options)
  return codes.of_core(core.code(options.secret, step, options.digits or 6, options.algorithm))
end

local function verify(where, options)
  errors.check_options(where, options, verify_kinds, 3)
  codes.check_given(where, options, NEEDED)
  if options.secret then
    codes.check_key(where, options.secret)
  end
  local window = options.window or 1
  local past = type(window) == "table" and (window.past or 1) or window
  local future = type(window) == "table" and (window.future or 1) or window
  local current = step_of(where, options)
  local first = math.max(current + (options.drift or 0) - past, 0)
  local last = math.max(current + (options.drift or 0) + future, first)
  local result, step, err = codes.verify("totp", options, {
    is_enrolled = options.secret ~= nil,
    typed = codes.typed(options.code, options.digits),
    find = function(code)
      return codes.match(options, code, first, last - first + 1)
    end,
    use_up = function(counter)
      return codes.use_counter("totp", options, counter)
    end,
  })
  if not result then
    return nil, step, err
  elseif result.ok then
    -- what `verify` takes the next time; the window reaches the rest
    local most = codes.MOST_DRIFT
    result.step, result.drift = step, math.max(math.min(step - current, most), -most)
  end
  return result
end

--- Verifies a code and uses it up. A wrong one, one that was used and one of another time are all `denied`; `code` of the
-- result has the reason for the log: "wrong", "used", "malformed". Approved results have `step`, and `drift`, by how many
-- codes the device's clock differs: keep it and give it the next time.
---@param options table user, secret (bytes or a lastpass.secret; nil: not enrolled), code, state (a lastpass.state, one for
-- all machines); time, digits, period, algorithm as of `code`, window (0, 1, 2 or {past, future}; default 1), drift,
-- challenge, address, limits: see `lockout.begin`
---@return lastpass.mfa.Result|nil result
---@return string? message
---@return lastpass.Error? err of the state: refuse
function M.verify(options)
  return verify("mfa.totp.verify", options)
end

--- A new secret for a user, and the address by which an app learns it. Keep the secret aside, encrypted, until `confirm`
-- was approved.
---@param options table user, issuer (how the app shows whose code it is); account (default the user), algorithm, digits,
-- period, bytes (of the secret)
---@return table|nil enrolment secret (bytes), key (Base32, to be typed), uri (for `mfa.qr`)
---@return string? message
---@return lastpass.Error? err code "bad_name"
function M.enrol(options)
  errors.check_options("mfa.totp.enrol", options, enrol_kinds)
  codes.check_given("mfa.totp.enrol", options, { "user", "issuer" })
  local secret = M.generate_secret { bytes = options.bytes, algorithm = options.algorithm }
  local uri, message, err = require("lastpass.mfa.uri").write {
    secret = secret,
    issuer = options.issuer,
    account = options.account or options.user,
    algorithm = options.algorithm,
    digits = options.digits,
    period = options.period,
  }
  if not uri then
    return nil, message, err
  end
  return { secret = secret, key = require("lastpass.text.base32").encode(secret), uri = uri }
end

--- Verifies the first code of a new secret. It is used up by that: whoever has seen it cannot sign in with it.
---@param options table as of `verify`
---@return lastpass.mfa.Result|nil result
---@return string? message
---@return lastpass.Error? err of the state
function M.confirm(options)
  return verify("mfa.totp.confirm", options)
end

--- Uses up the codes of now, those of a window included: after a sign-in by other means (mfa §7, 4).
---@param options table secret, state; time, period, drift (as `verify` gave it: of a device whose clock is ahead)
---@return true|nil
---@return string? message
---@return lastpass.Error? err of the state
function M.use_up(options)
  errors.check_options("mfa.totp.use_up", options, use_up_kinds)
  codes.check_given("mfa.totp.use_up", options, { "secret", "state" })
  codes.check_key("mfa.totp.use_up", options.secret)
  local ahead = math.max(options.drift or 0, 0)
  local last = step_of("mfa.totp.use_up", options) + ahead + MOST_WINDOW
  local used, message, err = codes.use_counter("totp", options, last)
  if used == nil then
    return nil, message, err
  end
  return true
end

return signature.declare("mfa.totp.", M, {
  generate_secret = "options?: table",
  code = "options: table",
  verify = "options: table",
  enrol = "options: table",
  confirm = "options: table",
  use_up = "options: table",
})

--- Recovery codes: shown once, for the day on which the phone is lost (mfa §7). They are kept as HMACs, and each is
-- accepted once.
-- @module lastpass.mfa.recovery
local base32 = require "lastpass.text.base32"
local codes = require "lastpass.mfa.codes"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local lockout = require "lastpass.mfa.lockout"
local signature = require "lastpass.signature"

local M = {}

local COUNT, MOST_COUNT = 10, 50
local BYTES = 10 -- 80 bits: 16 characters of Base32
local CHARACTERS = 16
local MOST_TYPED = 64

local key_kind = codes.option_kinds({}).secret

local generate_kinds = { user = "string", key = key_kind, count = codes.between(1, MOST_COUNT) }

local verify_kinds = codes.verify_kinds {
  key = key_kind,
  hashes = "table",
  period = codes.between(1, 3600),
  drift = codes.is_drift,
}
verify_kinds.digits, verify_kinds.algorithm = nil, nil

local function check_hashes(where, hashes)
  if #hashes > MOST_COUNT then
    errors.raise(3, "%s: 'hashes' has more than %d entries", where, MOST_COUNT)
  end
  for position, hash in pairs(hashes) do
    local is_place = type(position) == "number" and position <= #hashes
    if not is_place or type(hash) ~= "string" then
      errors.raise(3, "%s: 'hashes' must be a list of strings", where)
    end
  end
end

-- With the user in it: a hash that is moved to another user is worth nothing there.
local function hash_of(options, code)
  local text = "lastpass recovery code\0" .. email.fold(options.user) .. "\0" .. code
  if type(options.key) == "string" then
    return digest.to_hex(digest.hmac(options.key, text))
  end
  return codes.of_core(core.hmac(options.key, text))
end

--- New recovery codes. Show `codes` once, and keep `hashes` with the user; the old ones are worth nothing once they are gone
-- from there.
---@param options table user, key (bytes, at least 16, or a lastpass.secret: the same for `verify`), count (default 10)
---@return table|nil set codes ("ABCD-EFGH-IJKL-MNOP", …) and hashes, in the same order
---@return string? message
---@return lastpass.Error? err code "bad_user": `verify` would know nobody of that name
function M.generate(options)
  errors.check_options("mfa.recovery.generate", options, generate_kinds)
  codes.check_given("mfa.recovery.generate", options, { "user", "key" })
  codes.check_key("mfa.recovery.generate", options.key)
  if not lockout.account(options.user) then
    return errors.fail("argument", "bad_user", "mfa.recovery.generate: nobody has this name")
  end
  local set = { codes = {}, hashes = {} }
  for index = 1, options.count or COUNT do
    local code = base32.encode(codes.random_key(BYTES))
    local hash, message, err = hash_of(options, code)
    if not hash then
      return nil, message, err
    end
    set.codes[index] = code:gsub("....", "%0-"):sub(1, -2)
    set.hashes[index] = hash
  end
  return set
end

-- Case, spaces and hyphens do not matter.
local function typed_code(text)
  if #text > MOST_TYPED then
    return nil
  end
  local code = text:gsub("[ -]", ""):upper()
  return #code == CHARACTERS and code:find "^[A-Z2-7]+$" and code or nil
end

local function find_hash(options, code)
  local hash, message, err = hash_of(options, code)
  if not hash then
    return nil, message, err
  end
  local found = false
  for _, one in ipairs(options.hashes) do
    if digest.same(one, hash) then
      found = one
    end
  end
  return found
end

local function use_up(options, hash)
  local used, message, err = options.state:add("mfa:recovery:" .. hash, "used", codes.LONG_SECONDS)
  if not used or not options.secret then
    return used, message, err
  end
  local moved
  moved, message, err = require("lastpass.mfa.totp").use_up {
    secret = options.secret,
    state = options.state,
    time = options.time,
    period = options.period,
    drift = options.drift,
  }
  return moved, message, err
end

--- Verifies a recovery code and uses it up. Approved results have `hash`: remove it from the user's, for a state forgets
-- after a year; `left`, how many the user has then; and the codes of the app that are valid now are used up as well, when
-- its secret is given.
---@param options table user, code, state, key, hashes (nil: not enrolled); secret, period and drift (of the user's `totp`),
-- challenge, address, limits, time: see `totp.verify`
---@return lastpass.mfa.Result|nil result
---@return string? message
---@return lastpass.Error? err of the state: refuse
function M.verify(options)
  local where = "mfa.recovery.verify"
  errors.check_options(where, options, verify_kinds)
  codes.check_given(where, options, { "user", "code", "state", "key" })
  codes.check_key(where, options.key)
  if options.secret then
    codes.check_key(where, options.secret)
  end
  check_hashes(where, options.hashes or {})
  local result, hash, err = codes.verify("recovery", options, {
    is_enrolled = options.hashes ~= nil,
    typed = typed_code(options.code),
    find = function(code)
      return find_hash(options, code)
    end,
    use_up = function(found)
      return use_up(options, found)
    end,
  })
  if not result then
    return nil, hash, err
  elseif result.ok then
    result.hash, result.left = hash, #options.hashes - 1
  end
  return result
end

return signature.declare("mfa.recovery.", M, {
  generate = "options: table",
  verify = "options: table",
})

--- Too many wrong codes: whatever entry point they come through, they are counted here, before a code is looked at, so
-- that a thousand guesses at once are as few as one after the other (mfa §7, 6).
-- @module lastpass.mfa.lockout
local email = require "lastpass.email"
local errors = require "lastpass.error"
local outcomes = require "lastpass.mfa.outcomes"
local signature = require "lastpass.signature"

local M = {}

--- The limits, unless others are asked for. `failures` in `seconds` lock a user for `seconds`, the next time for twice as
-- long, up to `most_seconds`. One address locks `users_per_address` in `address_seconds`; what it tries beyond them is
-- counted for the address and the user together, and locks nobody else out.
M.limits = {
  failures = 5,
  seconds = 900,
  most_seconds = 86400,
  users_per_address = 5,
  address_seconds = 3600,
}

-- How often a user was locked is forgotten a day after the first time.
local LEVEL_SECONDS = 86400
local CHALLENGE_SECONDS = 86400
-- What the longest address of an account has; a state takes keys of 512 bytes.
local MOST_USER, MOST_CHALLENGE, MOST_ADDRESS = 320, 320, 100

-- A counter of a locked user is at the end of the lock in epoch seconds, times this: above any number of attempts.
local STRIDE = 1000000

local TRIES = "mfa:tries:"

-- Addresses that have locked their share have, all together, so many times the failures of a user in so many seconds.
local MOST_APART, APART_SECONDS = 10, 86400

local function at_least_one(value)
  return type(value) == "number" and value >= 1 and value % 1 == 0, "a whole number from 1 on"
end

local limit_kinds = {}
for name in pairs(M.limits) do
  limit_kinds[name] = at_least_one
end

local known = {
  state = "table",
  user = "string",
  challenge = "string",
  address = "string",
  now = "number",
  limits = "table",
}

---@class lastpass.mfa.Attempt
---@field refusal? lastpass.mfa.Result do not look at the code: this is the answer
local methods = {}
local attempt_mt = { __index = methods, __name = "lastpass.mfa.Attempt" }

local function limits_of(given)
  if not given then
    return M.limits
  end
  errors.check_options("mfa.lockout: limits", given, limit_kinds)
  local limits = {}
  for name, value in pairs(M.limits) do
    limits[name] = given[name] or value
  end
  return limits
end

-- Names that the caller makes; a user comes from outside, and one that is too long is unknown.
function M._check_names(where, options)
  if options.challenge and #options.challenge > MOST_CHALLENGE then
    errors.raise(3, "%s: 'challenge' has more than %d bytes", where, MOST_CHALLENGE)
  elseif options.address and #options.address > MOST_ADDRESS then
    errors.raise(3, "%s: 'address' has more than %d bytes", where, MOST_ADDRESS)
  end
end

local function refused(user, outcome, code, retry_after)
  return {
    refusal = outcomes.result(outcome, { user = user, code = code, retry_after = retry_after }),
  }
end

-- Of an address that has locked its share: a user who is locked is so for it too, and what all such addresses may try on
-- one user in a day is limited, for each of them counts on its own.
local function counter_apart(self, user)
  self.is_apart = true
  local number, message, err = self.state:get(TRIES .. user)
  if number == nil and message then
    return nil, message, err
  elseif number and number >= STRIDE then
    return TRIES .. user
  end
  number, message, err = self.state:increment("mfa:apart:" .. user, 1, APART_SECONDS)
  if not number then
    return nil, message, err
  elseif number > self.limits.failures * MOST_APART then
    self.is_over = true
  end
  return TRIES .. user .. "\0" .. self.address
end

-- The counter that the attempt goes to: the user's, or that of the user and an address that has locked its share.
local function counter_of(self)
  local user = self.account
  if not self.address then
    return TRIES .. user
  end
  local locked, message, err = self.state:get("mfa:address:" .. self.address)
  if locked == nil and message then
    return nil, message, err
  elseif locked and locked >= self.limits.users_per_address then
    return counter_apart(self, user)
  end
  return TRIES .. user
end

-- Beyond the attempts of one challenge there is no waiting: it is over.
local function over(self)
  if not self.challenge then
    return false
  end
  local count, message, err =
    self.state:increment("mfa:challenge:" .. self.challenge, 1, CHALLENGE_SECONDS)
  if not count then
    return nil, message, err
  end
  return count > self.limits.failures
end

--- What the attempts of a user are counted under, whatever the spelling; it may be longer than what was typed.
---@param user string
---@return string|nil account nil for what no user can be called: blanks, and what is too long
function M.account(user)
  local account = #user <= MOST_USER and email.fold(user) or ""
  return account ~= "" and #account <= MOST_USER and account or nil
end

-- What `begin` does when its options are known to be right; the attempt is made of them.
function M._begin(self)
  self.account = M.account(self.user)
  if not self.account then
    return refused(self.user, "unknown_user")
  end
  self.now = self.now or os.time()
  self.limits = limits_of(self.limits)
  local is_over, message, err = over(self)
  if is_over == nil then
    return nil, message, err
  elseif is_over then
    return refused(self.user, "locked", "challenge_over")
  end
  self.key, message, err = counter_of(self)
  if not self.key then
    return nil, message, err
  elseif self.is_over then
    return refused(self.user, "locked", nil, self.limits.seconds)
  end
  self.count, message, err = self.state:increment(self.key, 1, self.limits.seconds)
  if not self.count then
    return nil, message, err
  elseif self.count > self.limits.failures then
    local ends = math.floor(self.count / STRIDE)
    local retry_after = ends > 0 and math.max(ends - self.now, 1) or self.limits.seconds
    return refused(self.user, "locked", nil, math.ceil(retry_after))
  end
  return setmetatable(self, attempt_mt)
end

--- Counts an attempt, as a failed one until it is known better. What no user can be called is counted
-- nowhere.
---@param options table state, user; challenge (a name of this sign-in), address (where it comes from), now (epoch seconds),
-- limits (in place of some of `lockout.limits`)
---@return lastpass.mfa.Attempt|nil attempt with `refusal`, or with the methods `succeeded` and `failed`
---@return string? message
---@return lastpass.Error? err of the state: refuse
function M.begin(options)
  errors.check_options("mfa.lockout.begin", options, known)
  if not options.state or not options.user then
    errors.raise(2, "mfa.lockout.begin: needs 'state' and 'user'")
  end
  M._check_names("mfa.lockout.begin", options)
  local self = {}
  for name, value in pairs(options) do
    self[name] = value
  end
  return M._begin(self)
end

-- The counter may have ended meanwhile, or another attempt taken the same back: nobody has attempts to spare then.
local function take_back(self, attempts)
  local state, seconds = self.state, self.limits.seconds
  local count, message, err = state:increment(self.key, -attempts, seconds)
  if count and count < 0 then
    count, message, err = state:increment(self.key, -count, seconds)
  end
  return count and true, message, err
end

--- The code was right: what was counted up to this attempt is taken back. A lock that began meanwhile stays.
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:succeeded()
  return take_back(self, self.count)
end

--- Nobody has looked at the code: this attempt was none.
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:withdraw()
  return take_back(self, 1)
end

-- Another user that an address would lock beyond its share: the lock is for the address alone.
local function lock_key(self)
  if not self.address or self.is_apart then
    return self.key
  end
  local locked, message, err =
    self.state:increment("mfa:address:" .. self.address, 1, self.limits.address_seconds)
  if not locked then
    return nil, message, err
  elseif locked <= self.limits.users_per_address then
    return self.key
  end
  local released
  released, message, err = self:succeeded()
  return released and self.key .. "\0" .. self.address, message, err
end

--- The code was wrong, or used before. The last failure that the limit allows locks.
---@return integer|nil seconds how long the user is locked from now on; 0: not yet
---@return string? message
---@return lastpass.Error? err
function methods:failed()
  if self.count < self.limits.failures then
    return 0
  end
  local key, message, err = lock_key(self)
  if not key then
    return nil, message, err
  end
  local level
  level, message, err = self.state:increment("mfa:level:" .. key, 1, LEVEL_SECONDS)
  if not level then
    return nil, message, err
  end
  local limits = self.limits
  local seconds = math.min(limits.seconds * 2 ^ math.min(level - 1, 30), limits.most_seconds)
  seconds = math.floor(math.max(seconds, limits.seconds))
  local advanced
  advanced, message, err =
    self.state:advance(key, (math.floor(self.now) + seconds) * STRIDE, seconds)
  if advanced == nil then
    return nil, message, err
  end
  return seconds
end

signature.declare("mfa.attempt:", methods, { succeeded = "", withdraw = "", failed = "" })

return signature.declare("mfa.lockout.", M, {
  account = "user: string",
  begin = "options: table",
})

--- Codes of apps and recovery codes of a person, whose secrets a store of factors has.
-- @module lastpass.nginx.mfa.codes
local digest = require "lastpass.digest"
local metrics = require "lastpass.nginx.metrics"
local outcomes = require "lastpass.mfa.outcomes"
local recovery = require "lastpass.mfa.recovery"
local requests = require "lastpass.nginx.guard.request"
local totp = require "lastpass.mfa.totp"

---@class lastpass.nginx.mfa.Codes
local methods = {}
local codes_mt = { __name = "lastpass.nginx.mfa.Codes", __index = methods }

local M = {}

--- Makes the codes of a guard.
---@param options table settings, factors (the store), state (fun(): lastpass.state.State)
---@return lastpass.nginx.mfa.Codes
function M.new(options)
  return setmetatable({
    _settings = options.settings,
    _factors = options.factors,
    _state = options.state,
  }, codes_mt)
end

--- The factors of a person.
---@param person lastpass.nginx.mfa.Person
---@return table[]|nil list {id, kind = "totp" or "recovery", label, secret, …}
---@return string? message
---@return lastpass.Error? err
function methods:list(person)
  return self._factors:list(person.account)
end

--- Whether the store takes factors that people add.
---@return boolean
function methods:can_change()
  local store = self._factors
  return store.add ~= nil and store.remove ~= nil and store.replace ~= nil
end

--- The store.
---@return table
function methods:factors()
  return self._factors
end

local function note(self, result, by)
  metrics.count(
    "lastpass_mfa_results_total",
    { guard = self._settings.name, by = by, outcome = result.outcome }
  )
  local level = result.outcome == "error" and ngx.ERR or ngx.NOTICE
  local reason = result.err and result.err.message or result.code
  ngx.log(
    level,
    "lastpass mfa: ",
    self._settings.name,
    ": ",
    by,
    ": ",
    result.outcome,
    " (",
    outcomes.for_log(result.outcome),
    reason and "; " .. reason or "",
    "); request ",
    ngx.var.request_id
  )
  return result, by
end

--- A result of `nil, message, err`: what cannot be checked lets nobody in.
local function of_failure(message, err)
  return outcomes.result("error", { err = err or { message = tostring(message) } })
end

-- Where an attempt comes from; nil when connections are those of a proxy and say nothing.
local function address_of(self)
  local bytes = requests.address(self._settings.behind_proxy)
  return bytes and digest.to_hex(bytes)
end

local function choose(list, id)
  local first
  for _, factor in ipairs(list) do
    if factor.kind == "totp" then
      first = first or factor
      if factor.id == id then
        return factor
      end
    end
  end
  return first
end

-- Who shows a recovery code has an app no more, and nobody knows which: what any of them shows now opens nothing.
local function use_up_apps(self, list, now)
  for _, factor in ipairs(list) do
    if factor.kind == "totp" then
      local ok, message, err = totp.use_up {
        secret = factor.secret,
        period = factor.period,
        state = self._state(),
        time = now,
      }
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

-- A recovery code that works is removed from the store: of several that show it at once, whoever removes it is let in.
local function use_recovery(self, person, list, options)
  local hashes, ids = {}, {}
  for _, factor in ipairs(list) do
    if factor.kind == "recovery" then
      hashes[#hashes + 1], ids[factor.hash], options.key = factor.hash, factor.id, factor.key
    end
  end
  if not hashes[1] then
    return outcomes.result("not_enrolled", { user = person.account })
  end
  options.hashes = hashes
  local result, message, err = recovery.verify(options)
  if not result or not result.ok then
    return result, message, err
  end
  local ok
  ok, message, err = use_up_apps(self, list, options.time)
  if not ok then
    return nil, message, err
  end
  local removed
  removed, message, err = self._factors:remove(person.account, ids[result.hash])
  if removed == nil then
    return nil, message, err
  elseif not removed then
    return outcomes.result("denied", { user = person.account, code = "used" })
  end
  return result
end

--- Verifies what somebody has typed, and uses it up.
---@param person lastpass.nginx.mfa.Person
---@param fields table code, factor (id)
---@param given table by (set of what the page takes), challenge, now
---@return lastpass.mfa.Result result
---@return string by "code" or "recovery"
function methods:verify(person, fields, given)
  local by = fields.code:find "%a" and "recovery" or "code" -- codes of apps are digits
  local list, message, err = self:list(person)
  if not list then
    return note(self, of_failure(message, err), by)
  elseif not given.by[by] then
    return note(self, outcomes.result("denied", { code = "not_taken_here" }), by)
  end
  local options = {
    user = person.account,
    code = fields.code,
    state = self._state(),
    challenge = given.challenge,
    address = address_of(self),
    limits = self._settings.limits,
    time = given.now,
  }
  local result
  if by == "recovery" then
    result, message, err = use_recovery(self, person, list, options)
  else
    local factor = choose(list, fields.factor) or {}
    options.secret, options.period = factor.secret, factor.period
    options.digits, options.algorithm = factor.digits, factor.algorithm
    result, message, err = totp.verify(options)
  end
  return note(self, result or of_failure(message, err), by)
end

--- Verifies the first code of an app that a person adds; it counts as used.
---@param person lastpass.nginx.mfa.Person
---@param secret string bytes
---@param code string
---@param now number
---@return lastpass.mfa.Result|nil
---@return string? message
---@return lastpass.Error? err
function methods:confirm(person, secret, code, now)
  return totp.verify {
    user = person.account,
    secret = secret,
    code = code,
    state = self._state(),
    address = address_of(self),
    limits = self._settings.limits,
    time = now,
  }
end

return M

--- Codes of apps of a person, whose secrets a store of factors has.
-- @module lastpass.nginx.mfa.codes
local metrics = require "lastpass.nginx.metrics"
local outcomes = require "lastpass.mfa.outcomes"
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

--- Verifies what somebody has typed, and uses it up.
---@param person lastpass.nginx.mfa.Person
---@param fields table code, factor (id)
---@param given table by (set of what the page takes), challenge, now
---@return lastpass.mfa.Result result
---@return string by "code"
function methods:verify(person, fields, given)
  local by = "code"
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
    address = ngx.var.remote_addr,
    limits = self._settings.limits,
    time = given.now,
  }
  local factor = choose(list, fields.factor) or {}
  options.secret = factor.secret
  options.digits, options.period = factor.digits, factor.period
  options.algorithm = factor.algorithm
  local result
  result, message, err = totp.verify(options)
  return note(self, result or of_failure(message, err), by)
end

return M

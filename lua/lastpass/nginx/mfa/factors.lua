--- The store of factors that is ready: in the journal, sealed for the person and the factor, so that neither who reads the
-- database nor who changes it can sign anybody in.
--
-- An application may give a store of its own. It has `list(account)`, which gives factors {id, kind = "totp" or "recovery",
-- label, secret (bytes), digits, period, algorithm, hash and key (of a recovery code)}; and, where people may change them
-- here, `add(account, factor)`, `remove(account, id)` (true for one of several at once) and
-- `replace(account, kind, factors)`. All give nil, message, err when they fail.
-- @module lastpass.nginx.mfa.factors
local base64 = require "lastpass.text.base64"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local methods = {}
local factors_mt = { __name = "lastpass.nginx.mfa.Factors", __index = methods }

local M = {}

--- Apps of one person.
M.MOST = 5

--- Makes the store.
---@param options table keys (`lastpass.nginx.guard.keys`), journal (fun(): lastpass.store.Journal)
function M.new(options)
  return setmetatable({ _keys = options.keys, _journal = options.journal }, factors_mt)
end

local function person_of(account)
  return digest.hex("mfa factors of " .. email.fold(account), 32)
end

local function purpose(account, row)
  return ("factor\0%s\0%s\0%s"):format(email.fold(account), row.kind, row.id)
end

local function seal(self, account, factor)
  local text = json.encode {
    label = factor.label,
    secret = factor.secret and base64.encode(factor.secret),
    hash = factor.hash,
    key = factor.key and base64.encode(factor.key),
    digits = factor.digits,
    period = factor.period,
    algorithm = factor.algorithm,
  }
  return {
    id = factor.id,
    kind = factor.kind,
    sealed = self._keys:seal(purpose(account, factor), text),
  }
end

local function open(self, account, row)
  local text = self._keys:open(purpose(account, row), row.sealed)
  local factor = text and json.decode(text)
  if not factor then
    return nil
  end
  factor.id, factor.kind, factor.created_at = row.id, row.kind, row.created_at
  factor.secret = factor.secret and base64.decode(factor.secret)
  factor.key = factor.key and base64.decode(factor.key)
  return factor
end

--- The factors of an account.
---@param account string
---@return table[]|nil
---@return string? message
---@return lastpass.Error? err code "factor_not_opened": none of the keys has sealed it
function methods:list(account)
  local rows, message, err = self._journal():factors(person_of(account))
  if not rows then
    return nil, message, err
  end
  local list = {}
  for position, row in ipairs(rows) do
    local factor = open(self, account, row)
    if not factor then
      return errors.fail(
        "protocol",
        "factor_not_opened",
        "a factor in the journal was sealed with another key, or was changed",
        { hint = "put the key that sealed it behind the others of 'factor_keys'" }
      )
    end
    list[position] = factor
  end
  return list
end

--- Adds a factor.
---@param account string
---@param factor table
---@return boolean|nil added false: the account has as many as it may
---@return string? message
---@return lastpass.Error? err
function methods:add(account, factor)
  return self._journal():add_factor(person_of(account), seal(self, account, factor), M.MOST)
end

--- Puts factors in place of all of a kind.
---@param account string
---@param kind string
---@param list table[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:replace(account, kind, list)
  local sealed = {}
  for position, factor in ipairs(list) do
    sealed[position] = seal(self, account, factor)
  end
  return self._journal():replace_factors(person_of(account), kind, sealed)
end

--- Removes a factor.
---@param account string
---@param id string
---@return boolean|nil removed
---@return string? message
---@return lastpass.Error? err
function methods:remove(account, id)
  return self._journal():remove_factor(person_of(account), id)
end

return M

--- What a running sandbox offers of LastPass MFA, from the outside: its keys, and its people's phones.
-- @module lastpass.sandbox.mfa.methods
local errors = require "lastpass.error"
local keys = require "lastpass.sandbox.mfa.keys"
local percent = require "lastpass.text.percent"
local secret = require "lastpass.secret"

local M = {}

local methods = {}

--- Methods of a sandbox.
M.methods = methods

--- Signatures of the methods.
M.signatures = {
  mfa_client = "options?: table",
  phone = "settings: table",
  phone_pending = "options?: table",
  phone_answer = "press: table",
  phone_auto = "rule?: table|boolean",
  phone_journal = "options?: table",
}

-- Fields that are there when they are first asked for: making an RSA key takes longer than starting a sandbox.
local of_pair = { private_key = true, public_key = true }

local function fetch_pair(box, access)
  local answer, message = box:control("POST", "mfa_keys", {})
  if not answer then
    errors.raise(4, "sandbox.mfa: %s", message)
  end
  rawset(access, "private_key", assert(secret.value(answer.private_key)))
  rawset(access, "public_key", answer.public_key)
end

--- Gives a sandbox the field `mfa`: where LastPass MFA is, and the keys for it (mfa §2): `url` (the base of all paths),
-- `phone_url` (a page on which people answer), `login_key` (of the plain API), `key` (the Generic key, of the secured
-- API), `private_key` (a secret) and `public_key` (PEM).
---@param box table
---@return table box
function M.attach(box)
  box.mfa = setmetatable({
    url = box.origin,
    phone_url = box.origin .. "/mfa/phone",
    login_key = keys.guid("login", box.cid),
    key = keys.guid("generic", box.cid),
  }, {
    __index = function(access, name)
      if of_pair[name] then
        fetch_pair(box, access)
      end
      return rawget(access, name)
    end,
  })
  return box
end

local function query_of(options)
  local parts = {}
  for name, value in pairs(options) do
    parts[#parts + 1] = name
      .. "="
      .. (type(value) == "number" and ("%.0f"):format(value) or percent.encode(value))
  end
  return parts[1] and "?" .. table.concat(parts, "&") or ""
end

local of_person = { email = "string", cid = "number" }

--- A client of LastPass MFA bound to this sandbox.
---@param options? table options of `lastpass.mfa.new`; what is given goes before the sandbox's own. `mode` is "secured"
-- unless given; keys and clock are the sandbox's
---@return lastpass.mfa.Client|nil client
---@return string? message
---@return lastpass.Error? err
function methods:mfa_client(options)
  local given = {}
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  given.base_url = given.base_url or self.mfa.url
  given.ca_file = given.ca_file or self.ca_file
  given.mode = given.mode or "secured"
  local is_secured = given.mode == "secured"
  given.api_key = given.api_key or secret.value(is_secured and self.mfa.key or self.mfa.login_key)
  if is_secured and not given.private_key then
    given.private_key, given.public_key = self.mfa.private_key, self.mfa.public_key
  end
  if not given.clock then
    given.clock = function()
      return self:clock().now
    end
  end
  return require("lastpass").mfa.new(given)
end

--- Sets somebody's phone up, or shows it.
---@param settings table `email`; `state` ("paired", "unpaired", "locked", "absent"), `methods` (of "fingerprint", "face",
-- "pattern", the first is the usual one), `policy` (`geofence`, `ip_allow`: lists of networks, `hours`: "08:00-18:00");
-- with `email` alone nothing is changed
---@return table|nil phone `email`, `state`, `methods`, `policy`, `rings`: how often it rang
---@return string? message
---@return lastpass.Error? err
function methods:phone(settings)
  return self:control("POST", "mfa_phones", settings)
end

--- Phones that ring, the oldest first.
---@param options? table `email`, `cid`
---@return table[]|nil pending each with `token`, `number`, `email`, `device`, `ip`, `methods`, `since`, `ends`
---@return string? message
---@return lastpass.Error? err
function methods:phone_pending(options)
  options = errors.check_options("sandbox:phone_pending", options, of_person)
  local answer, message, err = self:control("GET", "mfa_pending" .. query_of(options))
  if not answer then
    return nil, message, err
  end
  return answer.pending
end

--- Presses a button of a phone that rings.
---@param press table `email`, `token` or `number`: of which; `action` ("approve", "deny", "alert", "ignore", "geofence",
-- "policy", "no_location") or `status` (any word that LastPass might answer); `method`; `after_ms` (of the sandbox's clock)
---@return table|nil answered `number`, `email`, `status` (nil while it is not due)
---@return string? message
---@return lastpass.Error? err
function methods:phone_answer(press)
  return self:control("POST", "mfa_answer", press)
end

--- What phones do by themselves when they ring: one rule for everybody, and one for each person.
---@param rule? table|boolean `email` (default everybody), `action` or `status`, `method`, `after_ms`, `count` (default
-- always); false: take all rules away; nothing: show them
---@return table[]|nil rules
---@return string? message
---@return lastpass.Error? err
function methods:phone_auto(rule)
  local method = rule == nil and "GET" or rule and "POST" or "DELETE"
  local answer, message, err = self:control(method, "mfa_auto", rule or nil)
  if not answer then
    return nil, message, err
  end
  return answer.rules
end

--- What happened to phones, oldest first: "ring", "answer", "timeout", "refused".
---@param options? table `email`, `cid`
---@return table[]|nil entries
---@return string? message
---@return lastpass.Error? err
function methods:phone_journal(options)
  options = errors.check_options("sandbox:phone_journal", options, of_person)
  local answer, message, err = self:control("GET", "mfa_journal" .. query_of(options))
  if not answer then
    return nil, message, err
  end
  return answer.entries
end

return M

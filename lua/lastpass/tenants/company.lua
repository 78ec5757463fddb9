--- One company of a set: the only holder of what belongs to it (settings, secret, client, limiter, zone, what is
-- known of its last run). Nothing about a company is stored anywhere else, so that nothing of one can be used
-- for another.
-- @module lastpass.tenants.company
local errors = require "lastpass.error"
local gates = require "lastpass.tenants.gate"
local secret = require "lastpass.secret"
local signature = require "lastpass.signature"

---@class lastpass.tenants.Company
---@field name string          the profile's
---@field cid integer|nil
---@field groups string[]      those that its profile names
---@field where string         the file or the parent that it is of
---@field last_good number|nil when something was last read of it, UTC
---@field last_seconds number|nil how long that took
local methods = {}
local company_mt = { __name = "lastpass.tenants.Company", __index = methods }

local M = {}

function company_mt.__tostring(company)
  return ("lastpass.tenants.Company (%s)"):format(company.name)
end

--- Makes a company. No secret is read, nothing is sent.
---@param fields table name, cid, groups, where; seats() gives those paid
-- for and billed, where that is known; settings as `lastpass.new` takes them, with `provhash` as
-- {kind, value}, or `problem` = {message, err} when there are none; connect(settings) gives a client
---@return lastpass.tenants.Company
function M.new(fields)
  local company = setmetatable({
    name = fields.name,
    cid = fields.cid,
    groups = fields.groups or {},
    where = fields.where,
    _settings = fields.settings,
    _problem = fields.problem,
    _connect = fields.connect,
    _seats = fields.seats,
  }, company_mt)
  company._gate = gates.new(company)
  return company
end

-- A secret of the environment is the process's own, whoever asks; the others are this company's.
local function open_secret(company, description)
  local value, message, err = secret[description.kind](description.value)
  if value and description.kind ~= "env" then
    company._secret = value
  end
  return value, message, err
end

-- What `lastpass.new` raises is a mistake in what a person has set.
local function connect(company, hash)
  local settings = {}
  for name, value in pairs(company._settings) do
    settings[name] = value
  end
  local message, err
  if hash then
    settings.provhash = hash
  else
    settings.provhash, message, err = open_secret(company, settings.provhash)
  end
  if not settings.provhash then
    return nil, message, err
  end
  settings.limiter = company._gate:limiter()
  local ok, client = pcall(company._connect, settings)
  if ok then
    return company._gate:around(client)
  end
  message = tostring(client):gsub("^[^:]*:%d+: ", ""):gsub("^lastpass%.new: ", "")
  return errors.fail("argument", "bad_option", message)
end

--- The client of this company, made at its first use and after `release`.
---@return lastpass.Client|nil
---@return string? message
---@return lastpass.Error? err
function methods:client()
  if self._problem then
    return nil, self._problem[1], self._problem[2]
  elseif not self._client then
    local client, message, err = connect(self)
    if not client then
      self:release()
      return nil, message, err
    end
    self._client = client
  end
  return self._client
end

--- A client with another hash than the company's, to try it; it is not stored.
---@param hash userdata
---@return lastpass.Client|nil
---@return string? message
---@return lastpass.Error? err
function methods:client_with(hash)
  if self._problem then
    return nil, self._problem[1], self._problem[2]
  end
  return connect(self, hash)
end

--- Where the company's hash comes from; it is not read.
---@return table|nil source {kind = "file", "env" or "command", value}
function methods:hash_source()
  local source = self._settings and self._settings.provhash
  return source and { kind = source.kind, value = source.value }
end

--- Why nothing can be asked of the company: its profile is not complete.
---@return string|nil message nil when it is
---@return lastpass.Error? err
function methods:problem()
  if self._problem then
    return self._problem[1], self._problem[2]
  end
  return nil
end

--- What the company is called in the journal: no secret is read.
---@return string|nil tenant
---@return string? message
---@return lastpass.Error? err
function methods:tenant()
  if self._problem then
    return nil, self._problem[1], self._problem[2]
  end
  return (require("lastpass.store").tenant(self))
end

--- A setting of the company, as its client would have it. What a journal needs to know of a client, it can ask the
-- company itself, without a secret.
---@param name string
---@return any
function methods:option(name)
  local settings = self._settings or {}
  if name == "url" then
    return settings.url or require("lastpass.enterprise.options").DEFAULT_URL
  elseif name == "provhash" then
    return nil
  end
  return settings[name]
end

--- Seats that are paid for, and those of the last bill; the company that manages this one knows them.
---@return integer|nil paid nil when it is not known
---@return integer|nil billed
function methods:seats()
  if self._seats then
    return self._seats()
  end
  return nil
end

--- What stands between the company's client and the network.
---@return lastpass.tenants.Gate
function methods:gate()
  return self._gate
end

--- Gives back what a run took: client, connections, secret. The next `client()` makes them again.
function methods:release()
  self._client = nil
  self._gate:finish()
  if self._secret then
    self._secret:close()
    self._secret = nil
  end
end

signature.declare("company:", methods, {
  client = "",
  client_with = "hash: userdata",
  hash_source = "",
  problem = "",
  tenant = "",
  option = "name: string",
  gate = "",
  release = "",
  seats = "",
})

return M

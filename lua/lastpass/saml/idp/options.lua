--- Options of an identity provider, and the settings that hold for one service provider.
-- @module lastpass.saml.idp.options
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local keys = require "lastpass.saml.keys"
local mapping = require "lastpass.saml.idp.mapping"
local names = require "lastpass.saml.names"
local option_kinds = require "lastpass.option_kinds"
local time = require "lastpass.time"

local M = {}

local one_of, within = option_kinds.one_of, option_kinds.within

-- What holds for all service providers, or for one.
local settings = {
  sign = one_of { "assertion", "response", "both" },
  algorithm = one_of {
    "rsa-sha1",
    "rsa-sha256",
    "rsa-sha384",
    "rsa-sha512",
    "ecdsa-sha256",
    "ecdsa-sha384",
    "ecdsa-sha512",
  },
  encrypt = "boolean",
  encryption_algorithm = one_of { "aes128-gcm", "aes192-gcm", "aes256-gcm" },
  lifetime = within(10, 3600),
  name_id = mapping.is_source,
  name_id_format = "string",
  attributes = { "table", "function" },
  authn_context = "string",
  relay = "string",
  require_signed = "boolean",
}

local defaults = {
  sign = "assertion",
  encrypt = false,
  encryption_algorithm = "aes256-gcm",
  lifetime = 300,
  name_id = "email",
  authn_context = names.context.password,
}

local known = {
  entity_id = "string",
  sso_url = { "string", "table" },
  bindings = function(value)
    local ok = type(value) == "table" and value[1] ~= nil
    for _, name in ipairs(ok and value or {}) do
      ok = ok and (name == "redirect" or name == "post")
    end
    return ok, '{ "redirect", "post" } or one of them'
  end,
  slo_url = "string",
  key = { "userdata", "table" },
  cert = { "string", "table" },
  sps = { "table", "function" },
  store = "table",
  clock = "function",
  skew = within(0, 300),
  max_age = within(60, 86400),
  allow_sha1 = "boolean",
  min_rsa_bits = within(1024, 16384),
}
for name, kind in pairs(settings) do
  known[name] = kind
end

local known_of_sp = { metadata = "table" }
for name, kind in pairs(settings) do
  known_of_sp[name] = kind
end

local function check_attributes(where, attributes)
  if type(attributes) ~= "table" then
    return
  end
  for name, source in pairs(attributes) do
    local ok, expected = mapping.is_source(source)
    if type(name) ~= "string" or not ok then
      errors.raise(4, "%s: attribute '%s' must be %s", where, tostring(name), expected)
    end
  end
end

-- Metadata, or a table with it and settings.
local function read_sp(where, given)
  local own = given.entity_id and { metadata = given } or given
  errors.check_options(where, own, known_of_sp, 4)
  check_attributes(where, own.attributes)
  local entity = own.metadata
  if type(entity) ~= "table" or not entity.sp then
    errors.raise(4, "%s: needs the metadata of a service provider (saml.metadata.read)", where)
  end
  return own
end

-- The settings of one, completed by those of all; an SP that wants signed assertions gets them.
local function complete(self, own)
  local sp = { entity = own.metadata }
  for name in pairs(settings) do
    sp[name] = own[name]
    if sp[name] == nil then
      sp[name] = self[name]
    end
  end
  if sp.require_signed == nil then
    sp.require_signed = sp.entity.sp.authn_requests_signed or false
  end
  if sp.sign == "response" and sp.entity.sp.want_assertions_signed then
    sp.sign = "both"
  end
  return sp
end

--- The settings for a service provider.
---@param self lastpass.saml.Idp
---@param entity_id string
---@return table|nil settings with `entity`
---@return string? message
---@return lastpass.Error? err code "unknown_sp"
function M.sp(self, entity_id)
  local own
  if self.find_sp then
    own = self.find_sp(entity_id)
    own = own and read_sp("saml.idp.new: what sps gave", own)
  else
    own = self.sps[entity_id]
  end
  if not own or own.metadata.entity_id ~= entity_id then
    return checks.fail("unknown_sp", { detail = entity_id })
  end
  return complete(self, own)
end

local function check(where, options)
  errors.check_options(where, options, known, 3)
  for _, name in ipairs { "entity_id", "sso_url", "key", "cert", "sps" } do
    if options[name] == nil then
      errors.raise(3, "%s: option '%s' is missing", where, name)
    end
  end
  if options.slo_url and not options.store then
    errors.raise(3, "%s: with 'slo_url' the option 'store' is needed (lastpass.state)", where)
  end
  check_attributes(where, options.attributes)
end

--- Reads the options of `saml.idp.new`; wrong ones raise.
---@param where string
---@param options table
---@return table|nil self
---@return string? message
---@return lastpass.Error? err
function M.read(where, options)
  check(where, options)
  local self = {
    entity_id = options.entity_id,
    sso_url = options.sso_url,
    bindings = options.bindings or { "redirect", "post" },
    slo_url = options.slo_url,
    store = options.store,
    clock = options.clock or time.now,
    skew = options.skew or 60,
    max_age = options.max_age or 600,
    allow = { sha1 = options.allow_sha1, min_rsa_bits = options.min_rsa_bits },
    find_sp = type(options.sps) == "function" and options.sps or nil,
    sps = {},
  }
  for name in pairs(settings) do
    self[name] = options[name]
    if self[name] == nil then
      self[name] = defaults[name]
    end
  end
  for position, given in ipairs(self.find_sp and {} or options.sps) do
    local own = read_sp(("%s: sps[%d]"):format(where, position), given)
    local entity_id = own.metadata.entity_id
    if self.sps[entity_id] then
      errors.raise(3, "%s: sps has '%s' twice", where, entity_id)
    end
    self.sps[entity_id] = own
  end
  local message, err
  self.certificates, message, err = keys.certificates(options.cert)
  if self.certificates then
    self.private_key, message, err = keys.private(options.key, self.certificates[1])
  end
  if not self.private_key then
    return nil, message, err
  end
  return self
end

return M

--- Options of a service provider. Wrong ones raise; what files and keys have in them is a failure.
-- @module lastpass.saml.sp.options
local address = require "lastpass.transport.address"
local errors = require "lastpass.error"
local keys = require "lastpass.saml.keys"
local option_kinds = require "lastpass.option_kinds"
local providers = require "lastpass.saml.sp.providers"
local relay = require "lastpass.saml.relay"
local time = require "lastpass.time"

local M = {}

local DEFAULT_SKEW, MOST_SKEW = 60, 300
local REQUEST_LIFETIME = 1800

local one_of, within = option_kinds.one_of, option_kinds.within

local function url(value)
  return type(value) == "string" and address.parse(value) ~= nil and not value:find("#", 1, true),
    "an address with https (http on loopback), as browsers see it"
end

local function text(value)
  return type(value) == "string" and value ~= "" and #value <= 1024, "a string of 1 to 1024 bytes"
end

local known = {
  entity_id = text,
  acs_url = url,
  slo_url = url,
  idp = { "table", "function" },
  key = { "userdata", "table" },
  cert = "string",
  previous_keys = "table",
  store = "table",
  clock = "function",
  want = one_of { "assertion", "response", "either", "both" },
  want_encrypted = "boolean",
  skew = within(0, MOST_SKEW),
  allow_unsolicited = "boolean",
  allow_sha1 = "boolean",
  allow_cbc = "boolean",
  allow_advice = "boolean",
  allow_ecdsa = "boolean",
  min_rsa_bits = within(1024, 16384),
  check_certificate_dates = "boolean",
  name_id_format = text,
  name_qualifier = text,
  sp_name_qualifier = text,
  name_id_attribute = text,
  unique_attributes = "boolean",
  max_auth_age = within(1, 366 * 86400),
  authn_context = { "string", "table" },
  relay = "table",
  request_lifetime = within(60, 86400),
  slo = one_of { "saml", "redirect", "none" },
  logout_url = url,
  sign_requests = "boolean",
  algorithm = "string",
  limits = "table",
  on_event = "function",
  watch = "table",
}

local function check(where, options)
  errors.check_options(where, options, known, 3)
  for _, name in ipairs { "entity_id", "acs_url", "idp", "store" } do
    if options[name] == nil then
      errors.raise(3, "%s: option '%s' is missing", where, name)
    end
  end
  if (options.key == nil) ~= (options.cert == nil) then
    errors.raise(3, "%s: options 'key' and 'cert' go together", where)
  end
  for _, name in ipairs { "slo_url", "sign_requests", "previous_keys" } do
    if options[name] and not options.key then
      errors.raise(3, "%s: option '%s' needs 'key' and 'cert'", where, name)
    end
  end
  if options.slo == "saml" and not options.slo_url then
    errors.raise(3, "%s: slo = \"saml\" needs 'slo_url'", where)
  end
end

-- The first pair signs; all decrypt, so that a roll-over needs no outage.
local function read_keys(self, options)
  self.keys, self.certificates = {}, {}
  local list = { options.key and { key = options.key, cert = options.cert } or nil }
  for _, given in ipairs(options.previous_keys or {}) do
    local has_parts = type(given) == "table" and given.key ~= nil
    list[#list + 1] = has_parts and given or { key = given }
    errors.check_options("saml.sp.new: previous_keys", list[#list], {
      key = { "userdata", "table" },
      cert = "string",
    }, 4)
  end
  for index, pair in ipairs(list) do
    local certificates, message, err = keys.certificates(pair.cert or {})
    local key
    if certificates then
      key, message, err = keys.private(pair.key, certificates[1])
    end
    if not key then
      return nil, message, err
    end
    self.keys[index] = key
    self.certificates[#self.certificates + 1] = certificates[1]
  end
  return true
end

local function list_of(value)
  return type(value) == "string" and { value } or value
end

-- Without somebody who listens, what must be seen goes to where programs report.
local function report(event)
  if event.kind == "sha1_accepted" then
    io.stderr:write("lastpass: ", event.message, "\n")
  end
end

-- As they are, for the steps of `saml.response`.
local copied = {
  "entity_id",
  "acs_url",
  "slo_url",
  "store",
  "want_encrypted",
  "allow_unsolicited",
  "allow_cbc",
  "allow_advice",
  "check_certificate_dates",
  "name_id_format",
  "name_qualifier",
  "sp_name_qualifier",
  "name_id_attribute",
  "unique_attributes",
  "max_auth_age",
  "slo",
  "logout_url",
  "sign_requests",
  "algorithm",
  "limits",
  "watch",
}

--- Reads the options of `saml.sp.new`.
---@param where string
---@param options table
---@return table|nil settings
---@return string? message
---@return lastpass.Error? err
function M.read(where, options)
  check(where, options)
  local self = {
    clock = options.clock or time.now,
    want = options.want or "either",
    skew = options.skew or DEFAULT_SKEW,
    request_lifetime = options.request_lifetime or REQUEST_LIFETIME,
    authn_context = list_of(options.authn_context),
    relay = relay.rules(where, options.relay),
    on_event = options.on_event or report,
    allow = {
      sha1 = options.allow_sha1 or false,
      ecdsa = options.allow_ecdsa ~= false,
      min_rsa_bits = options.min_rsa_bits,
    },
  }
  for _, name in ipairs(copied) do
    self[name] = options[name]
  end
  self.providers = providers.new(where, options.idp)
  function self.find_idp(entity_id)
    return self.providers:find(entity_id)
  end
  local ok, message, err = read_keys(self, options)
  if not ok then
    return nil, message, err
  end
  return self
end

return M

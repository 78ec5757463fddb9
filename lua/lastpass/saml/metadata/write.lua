--- Writes metadata (saml §4): an entity in the order of elements that the schema prescribes.
-- @module lastpass.saml.metadata.write
local errors = require "lastpass.error"
local names = require "lastpass.saml.names"
local times = require "lastpass.time"
local xml = require "lastpass.saml.write"

local M = {}

local element = xml.element

local known = {
  entity_id = "string",
  valid_until = "number",
  cache_duration = "number",
  idp = "table",
  sp = "table",
  sign = "table",
  algorithm = "string",
  -- what only `read` knows; an entity that was read can be written
  signed = "boolean",
  lastpass = "string",
  notes = "table",
}

local function with_common(own)
  own.certificates, own.name_id_formats, own.slo, own.logout_url =
    "table", "table", "table", "string"
  return own
end

local known_of_role = {
  IDPSSODescriptor = with_common { sso = "table", want_authn_requests_signed = "boolean" },
  SPSSODescriptor = with_common {
    acs = "table",
    authn_requests_signed = "boolean",
    want_assertions_signed = "boolean",
  },
}

local known_of_certificates = { signing = "table", encryption = "table" }

local known_of_endpoint = {
  binding = "string",
  location = "string",
  response_location = "string",
  index = "number",
  default = "boolean",
}

-- What an identity provider may encrypt with (saml §3.18), said so that it need not guess.
local ENCRYPTION = { "aes256-gcm", "aes128-gcm", "rsa-oaep" }

-- ------------------------------------------------------------------ keys

local function certificate_of(certificate)
  if type(certificate) ~= "string" then
    return certificate
  end
  local read, message, code = require("lastpass.xmldsig").certificate(certificate)
  if not read then
    return errors.fail("argument", code, "a certificate of the metadata: " .. message)
  end
  return read
end

local function base64_of(given)
  local certificate, message, err = certificate_of(given)
  if not certificate then
    return nil, message, err
  end
  return certificate:fields().base64
end

local function key_descriptor(use, base64)
  local methods = {}
  if use ~= "signing" then
    for index, algorithm in ipairs(ENCRYPTION) do
      methods[index] = element("md:EncryptionMethod", { Algorithm = names.algorithm[algorithm] })
    end
  end
  local certificate = element("ds:X509Certificate", nil, base64)
  return element(
    "md:KeyDescriptor",
    { use = use or false },
    element("ds:KeyInfo", nil, element("ds:X509Data", nil, certificate)),
    methods
  )
end

-- A certificate for both uses comes once, without `use`. The order of each use is kept as far as it can be: what
-- signs first stands first.
local function key_descriptors(certificates)
  local list, uses, order = {}, {}, {}
  for _, use in ipairs { "signing", "encryption" } do
    for _, certificate in ipairs(certificates and certificates[use] or {}) do
      local base64, message, err = base64_of(certificate)
      if not base64 then
        return nil, message, err
      end
      if not uses[base64] then
        uses[base64] = {}
        order[#order + 1] = base64
      end
      uses[base64][use] = true
    end
  end
  for index, base64 in ipairs(order) do
    local both = uses[base64].signing and uses[base64].encryption
    list[index] = key_descriptor(not both and next(uses[base64]) or nil, base64)
  end
  return list
end

-- ------------------------------------------------------------------ roles

local function endpoints(name, list, is_indexed)
  local elements = {}
  for position, endpoint in ipairs(list or {}) do
    errors.check_options("saml.metadata.write: " .. name, endpoint, known_of_endpoint, 5)
    local attributes = {
      Binding = endpoint.binding or names.binding.post,
      Location = endpoint.location,
      ResponseLocation = endpoint.response_location or false,
    }
    if is_indexed then
      attributes.index = endpoint.index or position - 1
      local default = endpoint.default
      if default == nil and position == 1 then
        default = true
      end
      attributes.isDefault = default and "true" or false
    end
    elements[position] = element("md:" .. name, attributes)
  end
  return elements
end

local function formats(list)
  local elements = {}
  for index, format in ipairs(list or {}) do
    elements[index] = element("md:NameIDFormat", nil, format)
  end
  return elements
end

local function flag(value)
  return value and "true" or "false"
end

-- The schema prescribes the order: keys, logout, formats, then what the role is for.
local function role_element(name, attributes, role, last)
  local where = "saml.metadata.write: " .. name
  errors.check_options(where, role, known_of_role[name], 4)
  errors.check_options(where .. ": certificates", role.certificates, known_of_certificates, 4)
  local keys, message, err = key_descriptors(role.certificates)
  if not keys then
    return nil, message, err
  end
  attributes.protocolSupportEnumeration = names.PROTOCOL
  return element(
    "md:" .. name,
    attributes,
    keys,
    endpoints("SingleLogoutService", role.slo),
    formats(role.name_id_formats),
    last
  )
end

local function idp_element(role)
  return role_element(
    "IDPSSODescriptor",
    { WantAuthnRequestsSigned = flag(role.want_authn_requests_signed) },
    role,
    endpoints("SingleSignOnService", role.sso)
  )
end

local function sp_element(role)
  return role_element("SPSSODescriptor", {
    AuthnRequestsSigned = flag(role.authn_requests_signed),
    WantAssertionsSigned = flag(role.want_assertions_signed),
  }, role, endpoints("AssertionConsumerService", role.acs, true))
end

-- ------------------------------------------------------------------ the whole

local function duration(seconds)
  return ("PT%.0fS"):format(seconds)
end

-- A new ID each time: metadata is read from files and caches, where two versions can meet.
local function new_id()
  return "_" .. require("lastpass.digest").to_hex(require("lastpass.digest").random(20))
end

local function sign(text, description, id)
  local given = errors.check_options("saml.metadata.write: sign", description.sign, {
    key = "userdata",
    certificate = { "userdata", "string" },
  }, 4)
  if not given.key then
    errors.raise(4, "saml.metadata.write: option 'sign' needs a key")
  end
  local certificate, problem, err = certificate_of(given.certificate)
  if problem then
    return nil, problem, err
  end
  local signed, message, code = require("lastpass.xmldsig").sign(text, {
    key = given.key,
    certificate = certificate,
    id = id,
    algorithm = description.algorithm or "rsa-sha256",
  })
  if not signed then
    return errors.fail("argument", code, "the metadata was not signed: " .. tostring(message))
  end
  return signed
end

--- Writes the metadata of an entity.
---@param description table as `lastpass.saml.Entity`
---@return string|nil xml
---@return string? message
---@return lastpass.Error? err
function M.entity(description)
  errors.check_options("saml.metadata.write", description, known, 3)
  if not description.entity_id or not (description.idp or description.sp) then
    errors.raise(3, "saml.metadata.write: needs entity_id, and idp or sp")
  end
  local roles = {}
  for _, one in ipairs { { "idp", idp_element }, { "sp", sp_element } } do
    if description[one[1]] then
      local role, message, err = one[2](description[one[1]])
      if not role then
        return nil, message, err
      end
      roles[#roles + 1] = role
    end
  end
  local id = description.sign and new_id()
  local text, message, err = xml.document(element("md:EntityDescriptor", {
    entityID = description.entity_id,
    ID = id or false,
    validUntil = description.valid_until and times.iso(description.valid_until) or false,
    cacheDuration = description.cache_duration and duration(description.cache_duration) or false,
  }, roles))
  if text and description.sign then
    return sign(text, description, id)
  end
  return text, message, err
end

return M

--- What the metadata of one entity says of its roles: addresses, certificates, formats (saml §4).
-- @module lastpass.saml.metadata.roles
local address = require "lastpass.transport.address"
local checks = require "lastpass.saml.checks"
local names = require "lastpass.saml.names"

local M = {}

local MD, DS = names.ns.metadata, names.ns.dsig

-- The bindings that are used here; addresses of other bindings (SOAP, Artifact, PAOS) are never sent to.
local used = { [names.binding.redirect] = true, [names.binding.post] = true }

--- The children of an element that have this name.
---@param element table of `document:tree()`
---@param ns string
---@param name string
---@return table[]
function M.children(element, ns, name)
  local list = {}
  for _, child in ipairs(element.children) do
    if child.name == name and child.ns == ns then
      list[#list + 1] = child
    end
  end
  return list
end

local function trimmed(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

-- ------------------------------------------------------------------ values

local booleans = { ["true"] = true, ["1"] = true, ["false"] = false, ["0"] = false }

local function boolean_of(element, name)
  local text = element.attributes[name]
  if text == nil then
    return false
  end
  local value = booleans[trimmed(text)]
  if value == nil then
    local detail = ('%s of %s is "%s", neither true nor false'):format(name, element.name, text)
    return checks.fail("metadata_value", { detail = detail })
  end
  return value
end

--- What is wrong with an address that browsers are sent to.
---@param location string
---@param allow_http? boolean http on loopback is allowed
---@return string|nil problem nil when it is good
function M.location_problem(location, allow_http)
  if #location > 2048 then
    return "is longer than 2,048 bytes"
  elseif location:find("#", 1, true) then
    return "has a fragment"
  end
  local parsed, message = address.parse(location)
  if not parsed then
    return location:find "^https?://[^/?#]*@" and "names a user" or message
  elseif parsed.scheme == "http" and not allow_http then
    return "is not https"
  end
  return nil
end

local function check_location(element, attribute, options)
  local location = element.attributes[attribute]
  if not location then
    return nil
  end
  local problem = M.location_problem(location, options.allow_http)
  if problem then
    local detail = ("%s of %s, %s: %s"):format(
      attribute,
      element.name,
      location:sub(1, 200),
      problem
    )
    return checks.fail("metadata_location", { detail = detail })
  end
  return location
end

local function index_of(element)
  local text = element.attributes.index
  local index = text and tonumber(text:match "^%s*(%d+)%s*$")
  if text and (not index or index > 65535) then
    return checks.fail(
      "metadata_value",
      { detail = ('index="%s" of %s'):format(text, element.name) }
    )
  end
  return index
end

-- Only addresses of assertion consumers have a number, and one that is the default.
local function read_index(element)
  local index, message, err = index_of(element)
  local default
  if not message and element.attributes.isDefault then
    default, message, err = boolean_of(element, "isDefault")
  end
  if message then
    return nil, message, err
  end
  return { index = index, default = default }
end

local function read_endpoint(element, options)
  local location, message, err = check_location(element, "Location", options)
  if not location then
    if not message then
      return checks.fail("metadata_location", { detail = element.name .. " has no Location" })
    end
    return nil, message, err
  end
  local response_location
  response_location, message, err = check_location(element, "ResponseLocation", options)
  local endpoint
  if not message and element.name == "AssertionConsumerService" then
    endpoint, message, err = read_index(element)
  end
  if message then
    return nil, message, err
  end
  endpoint = endpoint or {}
  endpoint.binding, endpoint.location = element.attributes.Binding, location
  endpoint.response_location = response_location
  return endpoint
end

local function read_endpoints(role, name, options)
  local list = {}
  for _, element in ipairs(M.children(role, MD, name)) do
    if used[element.attributes.Binding] then
      local endpoint, message, err = read_endpoint(element, options)
      if not endpoint then
        return nil, message, err
      end
      list[#list + 1] = endpoint
    else
      local binding = element.attributes.Binding
      options.note(
        "%s with the binding %s is not used",
        name,
        binding and names.short(binding) or "missing"
      )
    end
  end
  return list
end

-- ------------------------------------------------------------------ keys

local uses = { signing = { "signing" }, encryption = { "encryption" } }
local BOTH = { "signing", "encryption" }

-- The first certificate of an X509Data is the entity's; what follows is the chain above it, which nobody here believes.
local function certificates_of(key, options)
  local list = {}
  for _, info in ipairs(M.children(key, DS, "KeyInfo")) do
    for _, data in ipairs(M.children(info, DS, "X509Data")) do
      local found = M.children(data, DS, "X509Certificate")
      if #found > 1 then
        options.note(
          "a KeyDescriptor has a chain of %d certificates: only the first counts",
          #found
        )
      end
      if found[1] then
        list[#list + 1] = found[1].text
      end
    end
  end
  return list
end

local function add_certificate(certificates, list, seen, text)
  local certificate, message, code = require("lastpass.xmldsig").certificate(trimmed(text))
  if not certificate then
    return checks.fail("metadata_value", { detail = "a certificate: " .. message, reason = code })
  end
  local fields = certificate:fields()
  if not fields.not_before or not fields.not_after then
    return checks.fail("metadata_value", { detail = "a certificate whose dates are none" })
  end
  local sha256 = fields.sha256
  for _, use in ipairs(list) do
    if not seen[use .. sha256] then
      seen[use .. sha256] = true
      table.insert(certificates[use], certificate)
    end
  end
  return true
end

-- A KeyDescriptor without `use` is for both.
local function read_certificates(role, options)
  local certificates, seen = { signing = {}, encryption = {} }, {}
  for _, key in ipairs(M.children(role, MD, "KeyDescriptor")) do
    local use = key.attributes.use
    local list = use == nil and BOTH or uses[use]
    if not list then
      local detail = ('use="%s" of a KeyDescriptor is neither signing nor encryption'):format(use)
      return checks.fail("metadata_value", { detail = detail })
    end
    local texts = certificates_of(key, options)
    if #texts == 0 then
      options.note("a KeyDescriptor without a certificate is not used")
    end
    for _, text in ipairs(texts) do
      local ok, message, err = add_certificate(certificates, list, seen, text)
      if not ok then
        return nil, message, err
      end
    end
  end
  return certificates
end

local function read_formats(role)
  local list = {}
  for _, element in ipairs(M.children(role, MD, "NameIDFormat")) do
    list[#list + 1] = trimmed(element.text)
  end
  return list
end

-- ------------------------------------------------------------------ roles

-- Of each role: element, lists of addresses, flags, what it must have.
local kinds = {
  idp = {
    element = "IDPSSODescriptor",
    endpoints = { sso = "SingleSignOnService", slo = "SingleLogoutService" },
    flags = { want_authn_requests_signed = "WantAuthnRequestsSigned" },
    needs = "sso",
  },
  sp = {
    element = "SPSSODescriptor",
    endpoints = { acs = "AssertionConsumerService", slo = "SingleLogoutService" },
    flags = {
      authn_requests_signed = "AuthnRequestsSigned",
      want_assertions_signed = "WantAssertionsSigned",
    },
    needs = "acs",
  },
}

local function supports_saml2(role)
  for word in (role.attributes.protocolSupportEnumeration or ""):gmatch "%S+" do
    if word == names.PROTOCOL then
      return true
    end
  end
  return false
end

local function find_role(entity, kind)
  local found
  for _, role in ipairs(M.children(entity, MD, kind.element)) do
    if supports_saml2(role) then
      if found then
        return checks.fail("metadata_duplicate", { detail = "two " .. kind.element })
      end
      found = role
    end
  end
  return found
end

local function fill(role, element, kind, options)
  for field, name in pairs(kind.endpoints) do
    local list, message, err = read_endpoints(element, name, options)
    if not list then
      return nil, message, err
    end
    role[field] = list
  end
  for field, name in pairs(kind.flags) do
    local value, message, err = boolean_of(element, name)
    if message then
      return nil, message, err
    end
    role[field] = value
  end
  if #role[kind.needs] == 0 then
    return checks.fail("metadata_endpoint", { detail = kind.endpoints[kind.needs] })
  end
  return role
end

--- Reads one role of an entity.
---@param entity table the element EntityDescriptor
---@param which "idp"|"sp"
---@param options table allow_http, note (takes a format and values), check_validity(element)
---@return table|nil role nil without a message when the entity does not play it
---@return string? message
---@return lastpass.Error? err
function M.read(entity, which, options)
  local kind = kinds[which]
  local element, message, err = find_role(entity, kind)
  if not element then
    return nil, message, err
  end
  local ok
  ok, message, err = options.check_validity(element)
  if not ok then
    return nil, message, err
  end
  local role = { name_id_formats = read_formats(element) }
  role.certificates, message, err = read_certificates(element, options)
  if not role.certificates then
    return nil, message, err
  elseif which == "idp" and #role.certificates.signing == 0 then
    return checks.fail("metadata_keys")
  end
  return fill(role, element, kind, options)
end

return M

--- Writes responses: the assertion, its signature, its encryption, the response around it and that one's signature.
-- @module lastpass.saml.idp.response
local binding = require "lastpass.saml.binding"
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local messages = require "lastpass.saml.message"
local names = require "lastpass.saml.names"
local time = require "lastpass.time"
local write = require "lastpass.saml.write"

local M = {}

local element = write.element

-- Seconds by which an assertion begins before it was made, for clocks that are behind ours.
local EARLY = 30

local function xmldsig()
  return require "lastpass.xmldsig"
end

local function subject(about)
  local name_id = about.name_id
  return element(
    "saml:Subject",
    nil,
    element("saml:NameID", {
      Format = name_id.format,
      NameQualifier = name_id.name_qualifier,
      SPNameQualifier = name_id.sp_name_qualifier,
    }, name_id.value),
    element(
      "saml:SubjectConfirmation",
      { Method = names.confirmation.bearer },
      element("saml:SubjectConfirmationData", {
        InResponseTo = about.in_response_to,
        NotOnOrAfter = time.iso(about.expires),
        Recipient = about.acs_url,
      })
    )
  )
end

local function conditions(about)
  local audience = element("saml:Audience", nil, about.audience)
  return element("saml:Conditions", {
    NotBefore = time.iso(about.now - EARLY),
    NotOnOrAfter = time.iso(about.expires),
  }, element("saml:AudienceRestriction", nil, audience))
end

local function authn_statement(about)
  local ends = about.session_not_on_or_after
  return element(
    "saml:AuthnStatement",
    {
      AuthnInstant = time.iso(about.authn_instant),
      SessionIndex = about.session_index,
      SessionNotOnOrAfter = ends and time.iso(ends) or false,
    },
    element(
      "saml:AuthnContext",
      nil,
      element("saml:AuthnContextClassRef", nil, about.authn_context)
    )
  )
end

local function attribute_statement(attributes)
  if not attributes[1] then
    return nil
  end
  local list = {}
  for position, attribute in ipairs(attributes) do
    local values = {}
    for at, value in ipairs(attribute.values) do
      values[at] = element("saml:AttributeValue", nil, value)
    end
    list[position] = element("saml:Attribute", {
      Name = attribute.name,
      NameFormat = attribute.name_format,
      FriendlyName = attribute.friendly_name or false,
    }, values)
  end
  return element("saml:AttributeStatement", nil, list)
end

local function sign(text, id, about)
  local signed, message, code = xmldsig().sign(text, {
    key = about.key,
    certificate = about.certificate,
    id = id,
    after = { names.ns.assertion, "Issuer" },
    algorithm = about.algorithm,
    allow = binding.signing(about.algorithm),
  })
  if not signed then
    return errors.fail("argument", code or "cannot_sign", message)
  end
  return signed
end

-- The first certificate that a key can be wrapped for: RSA.
local function encryption_certificate(certificates)
  for _, certificate in ipairs(certificates or {}) do
    if certificate:fields().key == "rsa" then
      return certificate
    end
  end
  return nil
end

local function encrypt(text, about)
  local certificate = encryption_certificate(about.encryption_certificates)
  if not certificate then
    return checks.fail("encryption_key_missing", { detail = about.audience })
  end
  local encrypted, message, code = xmldsig().encrypt(text, {
    certificate = certificate,
    algorithm = about.encryption_algorithm,
  })
  if not encrypted then
    return errors.fail("argument", code or "cannot_encrypt", message)
  end
  return write.document(element("saml:EncryptedAssertion", nil, write.raw(encrypted)))
end

-- The assertion is a document of its own, so that it can be signed and encrypted before it is put into the response.
local function assertion(about)
  local text, message, err = write.document(
    element(
      "saml:Assertion",
      { ID = about.assertion_id, Version = "2.0", IssueInstant = time.iso(about.now) },
      element("saml:Issuer", nil, about.issuer),
      subject(about),
      conditions(about),
      authn_statement(about),
      attribute_statement(about.attributes)
    )
  )
  if text and about.sign ~= "response" then
    text, message, err = sign(text, about.assertion_id, about)
  end
  if text and about.encrypt then
    text, message, err = encrypt(text, about)
  end
  return text, message, err
end

local function response(about, status, content)
  return write.document(messages.element("Response", {
    id = about.id,
    now = about.now,
    issuer = about.issuer,
    destination = about.acs_url,
    attributes = { InResponseTo = about.in_response_to },
  }, element("samlp:Status", nil, status), content))
end

--- A response with an assertion.
---@param about table `issuer`, `audience`, `acs_url`, `in_response_to`, `now`, `expires`, `name_id`, `attributes`,
-- `authn_context`, `authn_instant`, `session_index`, `session_not_on_or_after`; `sign`, `key`, `certificate`, `algorithm`;
-- `encrypt`, `encryption_certificates`, `encryption_algorithm`
---@return string|nil xml
---@return string? message
---@return lastpass.Error? err
function M.success(about)
  about.id, about.assertion_id = messages.new_id(), messages.new_id()
  local content, xml, message, err
  content, message, err = assertion(about)
  if not content then
    return nil, message, err
  end
  local status = element("samlp:StatusCode", { Value = names.status.success })
  xml, message, err = response(about, status, write.raw(content))
  if xml and about.sign ~= "assertion" then
    return sign(xml, about.id, about)
  end
  return xml, message, err
end

--- A response that says no; it is signed.
---@param about table as of `success`, and `status` ({first code, second code}), `status_message`
---@return string|nil xml
---@return string? message
---@return lastpass.Error? err
function M.failure(about)
  about.id = messages.new_id()
  local second = about.status[2] and element("samlp:StatusCode", { Value = about.status[2] })
  local status = {
    element("samlp:StatusCode", { Value = about.status[1] }, second),
    about.status_message and element("samlp:StatusMessage", nil, about.status_message),
  }
  local xml, message, err = response(about, status, nil)
  if not xml then
    return nil, message, err
  end
  return sign(xml, about.id, about)
end

return M

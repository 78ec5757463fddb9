--- The first steps of reading a response: how it came, its XML, and what is where in it. Nothing is believed yet, so
-- these steps can only refuse (saml §3.1 to §3.9, §3.17).
-- @module lastpass.saml.response.received
local binding = require "lastpass.saml.binding"
local checks = require "lastpass.saml.checks"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"
local sender = require "lastpass.saml.response.sender"

local ASSERTION, PROTOCOL = names.ns.assertion, names.ns.protocol
local FORM = "application/x-www-form-urlencoded"

local function check_method(c)
  if c.method ~= nil and c.method ~= "POST" then
    return checks.fail("wrong_method", { detail = c.method })
  end
  return true
end

local function check_content_type(c)
  local given = c.content_type
  if given ~= nil and given:match("^%s*([^;%s]*)"):lower() ~= FORM then
    return checks.fail("wrong_content_type", { detail = given })
  end
  return true
end

local function decode(c)
  local received, message, err = binding.read_form(c.form, "SAMLResponse")
  if not received then
    return nil, message, err
  end
  c.xml, c.relay_state = received.xml, received.relay
  return true
end

--- Parses a document of a message. Reading closes it at its end.
---@param c table
---@param text string
---@return table|nil document
---@return string? message
---@return lastpass.Error? err
local function parse(c, text)
  local document, message, code = require("lastpass.xmldsig").parse(text, c.settings.limits)
  if not document then
    return checks.fail_xml(code, message)
  end
  c.documents[#c.documents + 1] = document
  return document
end

local function parse_message(c)
  local document, message, err = parse(c, c.xml)
  if not document then
    return nil, message, err
  end
  c.document = document
  return true
end

-- As deep as a response names its request: an assertion is read from what was signed, and from there alone.
local LEVELS = 4

local function check_root(c)
  local ns, name = c.document:root()
  if ns ~= PROTOCOL or name ~= "Response" then
    return checks.fail("wrong_root", { detail = name })
  end
  c.response = c.document:tree(LEVELS)
  return true
end

local function check_version(c)
  local version = c.response.attributes.Version
  if version ~= "2.0" then
    return checks.fail("wrong_version", { detail = version })
  end
  return true
end

local function check_id(c)
  if not c.response.attributes.ID then
    return checks.fail("bad_id", { detail = "Response has no ID" })
  end
  return true
end

-- Directly in the response: {plain = …, encrypted = …}.
local function direct_assertions(response)
  local plain, encrypted = 0, 0
  for _, child in ipairs(response.children) do
    if child.ns == ASSERTION and child.name == "Assertion" then
      plain = plain + 1
    elseif child.ns == ASSERTION and child.name == "EncryptedAssertion" then
      encrypted = encrypted + 1
    end
  end
  return plain, encrypted
end

-- A response without an assertion says why in its status; that it says so is true or not, it fails in any case.
local function check_presence(c)
  local document = c.document
  c.plain = document:count(ASSERTION, "Assertion")
  c.encrypted = document:count(ASSERTION, "EncryptedAssertion")
  if c.plain + c.encrypted == 0 then
    local ok, message, err = sender.check_status(c.response)
    if not ok then
      return nil, message, err
    end
    return checks.fail("assertion_missing")
  end
  return true
end

local function check_count(c)
  if c.plain > 1 or c.encrypted > 1 then
    return checks.fail("several_assertions")
  end
  return true
end

local function check_beside(c)
  if c.plain > 0 and c.encrypted > 0 then
    return checks.fail("encrypted_beside_plain")
  end
  return true
end

local function check_position(c)
  local plain, encrypted = direct_assertions(c.response)
  if plain ~= c.plain or encrypted ~= c.encrypted then
    return checks.fail("assertion_misplaced")
  end
  return true
end

local function check_advice(c)
  if not c.settings.allow_advice and c.document:count(ASSERTION, "Advice") > 0 then
    return checks.fail("advice")
  end
  return true
end

local function check_encrypted_parts(c)
  for _, name in ipairs { "EncryptedID", "EncryptedAttribute", "NewEncryptedID" } do
    if c.document:count(ASSERTION, name) > 0 then
      return checks.fail("encrypted_part", { detail = name })
    end
  end
  return true
end

-- Directly in the response or in its assertion, one each.
local function check_signatures(c)
  local response, assertion = 0, 0
  for _, one in ipairs(c.document:signatures()) do
    if one.depth == 0 then
      response = response + 1
    elseif one.depth == 1 and one.parent_ns == ASSERTION and one.parent_name == "Assertion" then
      assertion = assertion + 1
    else
      return checks.fail("signature_misplaced", { detail = ("in %s"):format(one.parent_name) })
    end
  end
  if response > 1 or assertion > 1 then
    return checks.fail("signature_misplaced", { detail = "two in one element" })
  end
  c.response_signed, c.assertion_signed = response == 1, assertion == 1
  return true
end

local function check_signed(c)
  if not c.response_signed and not c.assertion_signed and c.encrypted == 0 then
    return checks.fail("signature_missing")
  end
  return true
end

local function check_encryption_wanted(c)
  if c.settings.want_encrypted and c.encrypted == 0 then
    return checks.fail("encryption_required")
  end
  return true
end

local PATH = { "Assertion", "Subject", "SubjectConfirmation", "SubjectConfirmationData" }

-- An answer has to name its request in both places; one that names it only here is refused with that reason.
local function request_in_subject(element)
  for _, name in ipairs(PATH) do
    local found
    for _, child in ipairs(element.children) do
      found = found or child.ns == ASSERTION and child.name == name and child
    end
    if not found then
      return nil
    end
    element = found
  end
  return element.attributes.InResponseTo
end

-- Which request it answers, as it says, decides whose certificates are tried; after the signature it is read again.
local function peek(c)
  local issuer, message, err = read.text_of(c.response, ASSERTION, "Issuer")
  if err then
    return nil, message, err
  end
  c.claimed_issuer = issuer
  c.claimed_request = c.response.attributes.InResponseTo or request_in_subject(c.response)
  return true
end

return {
  parse = parse,
  check_advice = check_advice,
  check_encrypted_parts = check_encrypted_parts,
  steps = {
    { name = "method", check = 1, run = check_method },
    { name = "content_type", check = 1, run = check_content_type },
    { name = "decode", check = 2, run = decode },
    { name = "parse", check = 3, run = parse_message },
    { name = "root", check = 7, run = check_root },
    { name = "version", check = 7, run = check_version },
    { name = "id", check = 7, run = check_id },
    { name = "presence", check = 8, run = check_presence },
    { name = "count", check = 8, run = check_count },
    { name = "beside", check = 17, run = check_beside },
    { name = "position", check = 8, run = check_position },
    { name = "signatures", check = 9, run = check_signatures },
    { name = "advice", check = 8, run = check_advice },
    { name = "encrypted_parts", check = 18, run = check_encrypted_parts },
    { name = "signed", check = 9, run = check_signed },
    { name = "encryption_wanted", check = 17, run = check_encryption_wanted },
    { name = "peek", check = 22, run = peek },
  },
}

--- What all messages have in common, requests and those of logout: who sent it, by which signature, where to, when.
-- Responses of a sign-on have more to check and are read by `lastpass.saml.sp`.
-- @module lastpass.saml.message
local binding = require "lastpass.saml.binding"
local checks = require "lastpass.saml.checks"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"
local time = require "lastpass.time"
local write = require "lastpass.saml.write"

local M = {}

--- A message that was opened.
---@class lastpass.saml.Opened
---@field id string
---@field name string of its root: "AuthnRequest", "LogoutRequest", "LogoutResponse"
---@field issuer string
---@field issued integer epoch seconds
---@field peer table what `find` gave for the issuer
---@field root table the verified tree, when it is signed
---@field signed boolean
---@field destination? string

local function xmldsig()
  return require "lastpass.xmldsig"
end

--- A new ID: 160 random bits (saml §3.29).
---@return string
function M.new_id()
  return "_" .. digest.to_hex(digest.random(20))
end

-- ---- writing ----

--- The attributes and the Issuer that every message begins with.
---@param name string element of the protocol, such as "AuthnRequest"
---@param about table `id`, `now`, `issuer`, `destination`; `attributes` further ones
---@param ... any what follows the Issuer
---@return table element
function M.element(name, about, ...)
  local attributes = {
    ID = about.id,
    Version = "2.0",
    IssueInstant = time.iso(about.now),
    Destination = about.destination,
  }
  for key, value in pairs(about.attributes or {}) do
    attributes[key] = value
  end
  local issuer = write.element("saml:Issuer", nil, about.issuer)
  return write.element("samlp:" .. name, attributes, issuer, ...)
end

--- Writes a message and puts it into an address or a form; signed by what belongs to the binding, when there is a key.
---@param message table `element`, `id`, `kind` ("SAMLRequest", "SAMLResponse"), `endpoint` (of metadata), `relay`,
-- `key`, `certificate` (goes into the signature as a hint), `algorithm`
---@return {id: string, url: string|nil, form: string|nil, binding: string, location: string}|nil
---@return string? text
---@return lastpass.Error? err
function M.send(message)
  local xml, text, err = write.document(message.element)
  if not xml then
    return nil, text, err
  end
  local is_redirect = message.endpoint.binding == names.binding.redirect
  if message.key and not is_redirect then
    local code
    xml, text, code = xmldsig().sign(xml, {
      key = message.key,
      certificate = message.certificate,
      id = message.id,
      after = { names.ns.assertion, "Issuer" },
      algorithm = message.algorithm,
      allow = binding.signing(message.algorithm),
    })
    if not xml then
      return errors.fail("argument", code or "cannot_sign", text)
    end
  end
  local location = message.kind == "SAMLResponse" and message.endpoint.response_location
    or message.endpoint.location
  local sent
  sent, text, err = (is_redirect and binding.redirect or binding.form) {
    location = location,
    kind = message.kind,
    xml = xml,
    relay = message.relay,
    key = is_redirect and message.key or nil,
    algorithm = is_redirect and message.algorithm or nil,
  }
  if not sent then
    return nil, text, err
  end
  return {
    id = message.id,
    url = is_redirect and sent or nil,
    form = not is_redirect and sent or nil,
    binding = message.endpoint.binding,
    location = location,
  }
end

--- The endpoint of a list that is preferred.
---@param list lastpass.saml.Endpoint[]|nil
---@param preferred? string a binding; default the list's order
---@return lastpass.saml.Endpoint|nil
function M.endpoint(list, preferred)
  for _, endpoint in ipairs(list or {}) do
    if endpoint.binding == preferred then
      return endpoint
    end
  end
  return list and list[1]
end

-- ---- reading ----

local function parse(xml)
  local document, message, code = xmldsig().parse(xml)
  if not document then
    return checks.fail_xml(code, message)
  end
  return document
end

-- A signature may only stand directly in the root, once; with Redirect nowhere, for there it is in the query.
local function has_signature(document, received)
  local list = document:signatures()
  local root_ns, root_name = document:root()
  for _, one in ipairs(list) do
    local is_root = one.depth == 0 and one.parent_ns == root_ns and one.parent_name == root_name
    if not is_root or #list > 1 or received.binding == "redirect" then
      return checks.fail("signature_misplaced")
    end
  end
  return #list == 1
end

local function verify_query(received, certificates, allow)
  local signed = received.signed
  local index, message, code =
    xmldsig().verify_octets(certificates, signed.octets, signed.signature, signed.algorithm, allow)
  if not index then
    return checks.fail_xml(code, message)
  end
  return true
end

-- What a signature covers is parsed anew, and only that is read (saml §3.14).
local function verify_document(document, certificates, allow)
  local octets, info, code = document:verify {
    certificates = certificates,
    allow = allow,
  }
  if not octets then
    return checks.fail_xml(code, info)
  end
  return parse(octets)
end

-- Root, Version, ID, Issuer: before the signature they say whose certificates to take, after it they are read again, and
-- all else with them.
local function identify(document, expected, levels)
  local ns, name = document:root()
  if ns ~= names.ns.protocol or not expected[name] then
    return checks.fail("wrong_root", { detail = name })
  end
  local root = document:tree(levels)
  if root.attributes.Version ~= "2.0" then
    return checks.fail("wrong_version")
  elseif not root.attributes.ID then
    return checks.fail("bad_id")
  end
  local issuer, message, err = read.child(root, names.ns.assertion, "Issuer")
  if err then
    return nil, message, err
  elseif not issuer or issuer.text == "" then
    return checks.fail("issuer_missing")
  end
  local format = issuer.attributes.Format
  if format and format ~= names.format.entity then
    return checks.fail("issuer_format")
  end
  return { root = root, name = name, issuer = issuer.text, id = root.attributes.ID }
end

local function check_destination(opened, own)
  local destination = opened.root.attributes.Destination
  if destination == nil or destination == "" then
    if opened.signed then
      return checks.fail("destination_missing")
    end
    return true
  end
  for _, url in ipairs(type(own) == "table" and own or { own }) do
    if destination == url then
      return true
    end
  end
  return checks.fail("wrong_destination", { detail = destination })
end

local function check_time(opened, options)
  local issued, message, err = read.time(opened.root, "IssueInstant")
  if not issued then
    return nil, message, err
  elseif issued > options.now + options.skew then
    return read.refuse_time("issued_early", issued, options.now, options.skew)
  end
  opened.issued = issued
  return true
end

-- The document whose content counts: the verified one, or, where nothing is signed, the received one.
local function verify(received, document, certificates, options)
  local is_signed, message, err = has_signature(document, received)
  if err then
    return nil, message, err
  elseif not is_signed and not received.signed then
    return document, false
  elseif not certificates or #certificates == 0 then
    return checks.fail("certificates_missing")
  elseif received.signed then
    local ok
    ok, message, err = verify_query(received, certificates, options.allow)
    if not ok then
      return nil, message, err
    end
    return document, true
  end
  document, message, err = verify_document(document, certificates, options.allow)
  if not document then
    return nil, message, err
  end
  return document, true
end

local ISSUER_LEVEL = 1

local function open(received, options, documents)
  local document, message, err = parse(received.xml)
  if not document then
    return nil, message, err
  end
  documents[1] = document
  local claimed
  claimed, message, err = identify(document, options.roots, ISSUER_LEVEL)
  if not claimed then
    return nil, message, err
  end
  local peer, certificates, problem = options.find(claimed.issuer)
  if not peer then
    return nil, certificates, problem
  end
  local content, signed
  content, signed, err = verify(received, document, certificates, options)
  if not content then
    return nil, signed, err
  end
  documents[2] = content
  if not signed and options.must_sign(peer) then
    return checks.fail(options.must_sign(peer))
  end
  local opened
  opened, message, err = identify(content, options.roots)
  if not opened then
    return nil, message, err
  elseif opened.issuer ~= claimed.issuer then
    return checks.fail("wrong_issuer")
  end
  opened.signed, opened.peer = signed, peer
  local ok
  ok, message, err = check_destination(opened, options.destination)
  if ok then
    ok, message, err = check_time(opened, options)
  end
  if not ok then
    return nil, message, err
  end
  return opened
end

--- Opens a message: parses it, finds the peer whose it claims to be, verifies the signature with that peer's
-- certificates and reads what was signed.
---@param received lastpass.saml.Received
---@param options table `roots` (set of names), `find` (issuer -> peer, certificates; or nil, message, err),
-- `destination` (own address, or a list), `now`, `skew`, `allow` (algorithms), `must_sign` (function(peer) -> code of the
-- refusal or nil)
---@return lastpass.saml.Opened|nil
---@return string? message
---@return lastpass.Error? err
function M.open(received, options)
  local documents = {}
  local opened, message, err = open(received, options, documents)
  for _, document in ipairs(documents) do
    document:close()
  end
  return opened, message, err
end

return M

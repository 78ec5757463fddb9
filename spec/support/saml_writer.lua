--- SAML responses for specs, written by templates that are in canonical form already (exclusive C14N: namespaces where
-- they are first used, attributes in order, no empty tags), so that a signature needs no canonicalisation and what
-- signs is independent of what verifies. Each part can be replaced by text.
local keys = require "spec.support.saml_keys"

local M = {}

local SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
local SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
local DSIG = "http://www.w3.org/2000/09/xmldsig#"
local EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
local STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
M.SAML, M.SAMLP, M.DSIG, M.EXC = SAML, SAMLP, DSIG, EXC
M.SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
M.RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

--- The same moment in all specs: 2026-11-30T10:00:00Z.
M.NOW = 1796032800

M.SP = "https://app.example/saml"
M.ACS = "https://app.example/saml/acs"
M.IDP = "https://idp.example/saml"
M.SSO = "https://idp.example/sso"
M.SLO = "https://idp.example/slo"
M.SP_SLO = "https://app.example/saml/slo"
M.PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

local escapes = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["\r"] = "&#xD;" }

--- Text content in canonical form.
function M.escape(text)
  return (text:gsub("[&<>\r]", escapes))
end

--- An xs:dateTime so many seconds from NOW.
---@param seconds number
---@return string
function M.at(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", M.NOW + seconds)
end

-- ' a="…" b="…"' of pairs whose value is not false, in the order given.
local function attributes(list)
  local parts = {}
  for _, pair in ipairs(list) do
    if pair[2] then
      parts[#parts + 1] = (' %s="%s"'):format(pair[1], pair[2])
    end
  end
  return table.concat(parts)
end

-- An element of text; "" for false.
local function element(open, value)
  if not value then
    return ""
  end
  return ("<%s>%s</%s>"):format(open, value, open:match "^%S+")
end

local function issuer(value, declares)
  if value and value:find "^<" then
    return value
  end
  return element("saml:Issuer" .. (declares and (' xmlns:saml="%s"'):format(SAML) or ""), value)
end

-- ---- the parts of an assertion ----

--- The defaults of an assertion: what a good one has. `false` leaves a part out.
---@param request string|false the ID of the request
---@return table
function M.assertion(request)
  return {
    id = "_a1",
    issue_instant = M.at(-5),
    version = "2.0",
    issuer = M.IDP,
    name_id = "ann@x.example",
    name_id_format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    method = "urn:oasis:names:tc:SAML:2.0:cm:bearer",
    recipient = M.ACS,
    in_response_to = request,
    confirm_until = M.at(300),
    confirm_from = false,
    not_before = M.at(-60),
    not_on_or_after = M.at(300),
    audiences = { M.SP },
    authn_instant = M.at(-10),
    session_index = "_s1",
    session_until = false,
    authn_context = M.PASSWORD,
    attributes = { { "mail", "ann@x.example" }, { "groups", "Staff", "Admins" } },
  }
end

local function subject(a)
  if a.subject then
    return a.subject
  end
  local name = a.name_id
    and (
      a.name_id:find "^<" and a.name_id
      or ("<saml:NameID%s>%s</saml:NameID>"):format(
        attributes { { "Format", a.name_id_format } },
        a.name_id
      )
    )
  local data = attributes {
    { "Address", a.address },
    { "InResponseTo", a.in_response_to },
    { "NotBefore", a.confirm_from },
    { "NotOnOrAfter", a.confirm_until },
    { "Recipient", a.recipient },
  }
  local confirmation = a.method
    and ('<saml:SubjectConfirmation Method="%s">'):format(a.method)
      .. ("<saml:SubjectConfirmationData%s></saml:SubjectConfirmationData>"):format(data)
      .. "</saml:SubjectConfirmation>"
  return element("saml:Subject", (name or "") .. (a.confirmations or confirmation or ""))
end

local function conditions(a)
  if a.conditions ~= nil then
    return a.conditions or ""
  end
  local parts = {}
  if a.audiences then
    for _, audience in ipairs(a.audiences) do
      local list = type(audience) == "table" and audience or { audience }
      for index, one in ipairs(list) do
        list[index] = one:find "^<" and one or element("saml:Audience", one)
      end
      parts[#parts + 1] = element("saml:AudienceRestriction", table.concat(list))
    end
  end
  return ("<saml:Conditions%s>%s%s</saml:Conditions>"):format(
    attributes { { "NotBefore", a.not_before }, { "NotOnOrAfter", a.not_on_or_after } },
    table.concat(parts),
    a.more_conditions or ""
  )
end

local function statement(a)
  if a.statement ~= nil then
    return a.statement or ""
  end
  return "<saml:AuthnStatement"
    .. attributes {
      { "AuthnInstant", a.authn_instant },
      { "SessionIndex", a.session_index },
      { "SessionNotOnOrAfter", a.session_until },
    }
    .. ">"
    .. element(
      "saml:AuthnContext",
      a.authn_context and element("saml:AuthnContextClassRef", a.authn_context)
    )
    .. "</saml:AuthnStatement>"
end

local function attribute_statement(a)
  if a.attribute_statement ~= nil then
    return a.attribute_statement or ""
  end
  local parts = {}
  for index, one in ipairs(a.attributes or {}) do
    local values = {}
    for at = 2, #one do
      values[at - 1] = element("saml:AttributeValue", one[at])
    end
    parts[index] = ("<saml:Attribute%s>%s</saml:Attribute>"):format(
      attributes { { "Name", one[1] } },
      table.concat(values)
    )
  end
  return parts[1] and element("saml:AttributeStatement", table.concat(parts)) or ""
end

--- An assertion as text.
---@param a table as `assertion()` makes it; `advice`, `more`: text further inside
---@return string
function M.assertion_text(a)
  local head = attributes {
    { "ID", a.id },
    { "IssueInstant", a.issue_instant },
    { "Version", a.version },
  }
  return table.concat {
    ('<saml:Assertion xmlns:saml="%s"%s>'):format(a.namespace or SAML, head),
    issuer(a.issuer),
    subject(a),
    conditions(a),
    a.advice or "",
    statement(a),
    attribute_statement(a),
    a.more or "",
    "</saml:Assertion>",
  }
end

-- ---- the response ----

--- The defaults of a response.
---@param request string|false
---@return table
function M.response(request)
  return {
    id = "_r1",
    issue_instant = M.at(-5),
    version = "2.0",
    destination = M.ACS,
    in_response_to = request,
    issuer = M.IDP,
    status = ('<samlp:StatusCode Value="%sSuccess"></samlp:StatusCode>'):format(STATUS),
  }
end

--- A status that is not success.
function M.status(top, second, message)
  return ('<samlp:StatusCode Value="%s%s">%s</samlp:StatusCode>%s'):format(
    STATUS,
    top,
    second and ('<samlp:StatusCode Value="%s%s"></samlp:StatusCode>'):format(STATUS, second) or "",
    message and element("samlp:StatusMessage", message) or ""
  )
end

--- A response as text.
---@param r table as `response()` makes it; `extensions`, `more`: text
---@param inside string its assertions
---@return string
function M.response_text(r, inside)
  local head = attributes {
    { "Destination", r.destination },
    { "ID", r.id },
    { "InResponseTo", r.in_response_to },
    { "IssueInstant", r.issue_instant },
    { "Version", r.version },
  }
  return table.concat {
    ('<samlp:Response xmlns:samlp="%s"%s>'):format(r.namespace or SAMLP, head),
    issuer(r.issuer, true),
    r.extensions or "",
    element("samlp:Status", r.status),
    inside,
    r.more or "",
    "</samlp:Response>",
  }
end

-- ---- signatures ----

local function method(name, algorithm, inside)
  return ('<ds:%s Algorithm="%s">%s</ds:%s>'):format(name, algorithm, inside or "", name)
end

--- The transforms of a reference.
function M.transforms(list)
  local parts = {}
  for index, one in ipairs(list) do
    parts[index] = one:find "^<" and one or method("Transform", one)
  end
  return element("ds:Transforms", table.concat(parts))
end

M.TRANSFORMS = { DSIG .. "enveloped-signature", EXC }

--- A ds:Signature over octets.
---@param octets string the canonical form of what is signed
---@param id string of the element
---@param o? table `key` (a pair of saml_keys), `algorithm`, `digest`, `c14n`: URIs; `uri`, `transforms`, `key_info`:
-- text; `secret` of an HMAC; `signed_info`, `value`, `whole`: functions that change the text of SignedInfo (before it is
-- signed), of SignatureValue, and of all; `object`: text at its end; `prefix` of Signature's attributes
---@return string
function M.signature(octets, id, o)
  o = o or {}
  local digest = o.digest or M.SHA256
  local uri = o.uri == nil and "#" .. id or o.uri
  local reference = ("<ds:Reference%s>"):format(attributes { { "URI", uri } })
    .. (o.transforms or M.transforms(M.TRANSFORMS))
    .. method("DigestMethod", digest)
    .. element("ds:DigestValue", keys.base64(keys.digest(digest, octets)))
    .. "</ds:Reference>"
  local algorithm = o.algorithm or M.RSA_SHA256
  local info = method("CanonicalizationMethod", o.c14n or EXC)
    .. method("SignatureMethod", algorithm)
    .. reference
  if o.signed_info then
    info = o.signed_info(info)
  end
  local canonical = ('<ds:SignedInfo xmlns:ds="%s">%s</ds:SignedInfo>'):format(DSIG, info)
  local pair = o.key or keys.of "idp"
  local value = keys.base64(keys.sign(algorithm, pair, canonical, o.secret))
  if o.value then
    value = o.value(value)
  end
  local text = ('<ds:Signature xmlns:ds="%s">%s%s%s%s</ds:Signature>'):format(
    DSIG,
    element("ds:SignedInfo", info),
    element("ds:SignatureValue", value),
    o.key_info or "",
    o.object or ""
  )
  return o.whole and o.whole(text) or text
end

--- A KeyInfo with a certificate.
function M.key_info(pair)
  return element("ds:KeyInfo", element("ds:X509Data", element("ds:X509Certificate", pair.base64)))
end

--- The text with its signature, after the first Issuer (at the beginning, where there is none).
---@param text string in canonical form
---@param o? table as for `signature`; `id`: of the element, else its own; `octets`: what is digested, else the text
---@return string
function M.sign(text, o)
  o = o or {}
  local id = o.id or text:match '^<[^>]- ID="([^"]*)"' or ""
  local signature = M.signature(o.octets or text, id, o)
  local _, last = text:find("</saml:Issuer>", 1, true)
  if not last or o.first then
    _, last = text:find(">", 1, true)
  end
  return text:sub(1, last) .. signature .. text:sub(last + 1)
end

--- A message of parts: `response`, `assertion` (tables), `sign` ("assertion", "response", "both", "none"),
-- `assertion_signature`, `response_signature` (options of `sign`), `encrypt` (false, or options of saml_keys.encrypt),
-- `edit_assertion`, `edit_inside`, `edit` (functions over the text: after the assertion is signed, before the response
-- is, and at the end).
---@param o table
---@return string
function M.build(o)
  local text = M.assertion_text(o.assertion)
  if o.sign == "assertion" or o.sign == "both" then
    text = M.sign(text, o.assertion_signature)
  end
  if o.edit_assertion then
    text = o.edit_assertion(text)
  end
  if o.encrypt then
    text = ('<saml:EncryptedAssertion xmlns:saml="%s">%s</saml:EncryptedAssertion>'):format(
      SAML,
      keys.encrypt(text, o.encrypt)
    )
  end
  if o.edit_inside then
    text = o.edit_inside(text)
  end
  text = M.response_text(o.response, text)
  if o.sign == "response" or o.sign == "both" then
    text = M.sign(text, o.response_signature)
  end
  return o.edit and o.edit(text) or text
end

--- The parts of a good message.
---@param request string|false
---@param sign? "assertion"|"response"|"both"|"none" default "assertion"
---@return table
function M.parts(request, sign)
  return {
    response = M.response(request),
    assertion = M.assertion(request),
    sign = sign or "assertion",
  }
end

--- The fields of the form that a browser posts.
function M.form(text)
  return { SAMLResponse = keys.base64(text) }
end

return M

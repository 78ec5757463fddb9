--- What the root element of a document is and says, as rows of words. Nothing here was verified.
-- @module lastpass.saml.inspect.words
local checks = require "lastpass.saml.checks"
local differences = require "lastpass.saml.metadata.diff"
local lastpass = require "lastpass.saml.lastpass"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.metadata.read"
local roles = require "lastpass.saml.metadata.roles"
local text = require "lastpass.text"
local times = require "lastpass.time"
local warnings = require "lastpass.saml.metadata.warnings"

local M = {}

local SAML, DS, MD, ENC = names.ns.assertion, names.ns.dsig, names.ns.metadata, names.ns.enc

local function only(element, ns, name)
  return element and roles.children(element, ns, name)[1]
end

local function text_of(element, ns, name)
  local child = only(element, ns, name)
  return child and child.text or nil
end

local function attribute(element, name)
  return element and element.attributes[name] or nil
end

local function short(name)
  return name and (names.short(name) or name)
end

-- Collects rows; what is absent has none.
local function new_report(kind, what)
  local report = { kind = kind, what = what, rows = {}, warnings = {} }
  function report.add(name, value)
    if value ~= nil and value ~= "" then
      report.rows[#report.rows + 1] = { name = name, value = tostring(value) }
    end
  end
  function report.warn(format, ...)
    report.warnings[#report.warnings + 1] = select("#", ...) > 0 and format:format(...) or format
  end
  return report
end

-- ------------------------------------------------------------------ signatures and encryption

local by_uri = {}
for name, uri in pairs(names.algorithm) do
  by_uri[uri] = name
end

local function algorithm_of(element, ns, name)
  local uri = attribute(only(element, ns, name), "Algorithm")
  return uri and (by_uri[uri] or uri) or "unknown"
end

-- "signed (rsa-sha256, sha256)", or "not signed".
local function signature_of(element)
  local ds = only(element, DS, "Signature")
  if not ds then
    return "not signed"
  end
  local info = only(ds, DS, "SignedInfo")
  local reference = only(info, DS, "Reference")
  return ("signed (%s, %s), which is not verified here"):format(
    algorithm_of(info, DS, "SignatureMethod"),
    algorithm_of(reference, DS, "DigestMethod")
  )
end

local function warn_of_algorithm(report, element)
  local info = only(only(element, DS, "Signature"), DS, "SignedInfo")
  local method = info and algorithm_of(info, DS, "SignatureMethod") or ""
  if method == "rsa-sha1" then
    report.warn("the signature uses SHA-1: %s", checks.of("sha1_refused").hint)
  elseif info and not method:find "^%a+%-sha%d+$" then
    report.warn("the algorithm of the signature is refused: %s", method)
  end
end

local function encryption_of(element)
  local data = only(element, ENC, "EncryptedData")
  local key = only(only(data, DS, "KeyInfo"), ENC, "EncryptedKey")
    or only(element, ENC, "EncryptedKey")
  local how = algorithm_of(data, ENC, "EncryptionMethod")
  return key and how .. ", key by " .. algorithm_of(key, ENC, "EncryptionMethod") or how
end

-- ------------------------------------------------------------------ messages

local function sender(element)
  local issuer = text_of(element, SAML, "Issuer")
  local generation = issuer and lastpass.generation_of(issuer)
  return issuer,
    generation and ("%s (%s)"):format(issuer, lastpass.generations[generation].title) or issuer
end

-- A report of a message: `what` has a "%s" for who sent it.
local function new_message(kind, what, element)
  return new_report(kind, what:format(sender(element) or "an unnamed sender"))
end

-- How it is signed: in the query of a Redirect, or in itself. Whether it is at all.
local function add_signature(report, title, element, decoded)
  local is_in_query = decoded and decoded.signed
  report.add(
    title,
    is_in_query and "signed in the address, which is not verified here" or signature_of(element)
  )
  warn_of_algorithm(report, element)
  return is_in_query or only(element, DS, "Signature")
end

local function add_head(report, element, decoded)
  local _, issuer = sender(element)
  report.add("issuer", issuer)
  report.add("ID", attribute(element, "ID"))
  report.add("issued", attribute(element, "IssueInstant"))
  report.add("destination", attribute(element, "Destination"))
  report.add("answers the request", attribute(element, "InResponseTo"))
  report.add("RelayState", decoded.relay)
end

local function name_id(element)
  local id = only(element, SAML, "NameID")
  local format = id and id.attributes.Format
  return id and ("%s (%s)"):format(id.text, format and short(format) or "no format")
end

-- Parts of a vault's key come as attributes (saml §2): they are secrets.
local function attribute_value(element)
  local name = element.attributes.Name or ""
  if name:lower():find("keypart", 1, true) then
    return "(a secret, not shown)"
  end
  local values = {}
  for index, value in ipairs(roles.children(element, SAML, "AttributeValue")) do
    values[index] = value.text
  end
  return table.concat(values, ", ")
end

local function add_conditions(report, conditions, now)
  local first, last = attribute(conditions, "NotBefore"), attribute(conditions, "NotOnOrAfter")
  if not conditions then
    return report.warn "the assertion has no conditions"
  end
  report.add("valid", ("%s to %s"):format(first or "?", last or "?"))
  local ends = last and require("lastpass.saml.read").utc(last)
  if ends and ends <= now then
    report.warn("the assertion was valid until %s; it is %s", last, times.iso(now))
  end
  for _, restriction in ipairs(roles.children(conditions, SAML, "AudienceRestriction")) do
    for _, audience in ipairs(roles.children(restriction, SAML, "Audience")) do
      report.add("for the service", audience.text)
    end
  end
end

local function add_assertion(report, assertion, now)
  local is_signed = add_signature(report, "assertion", assertion)
  local subject = only(assertion, SAML, "Subject")
  report.add("user", name_id(subject))
  local confirmation =
    only(only(subject, SAML, "SubjectConfirmation"), SAML, "SubjectConfirmationData")
  report.add("recipient", attribute(confirmation, "Recipient"))
  add_conditions(report, only(assertion, SAML, "Conditions"), now)
  local statement = only(assertion, SAML, "AuthnStatement")
  report.add("signed in", attribute(statement, "AuthnInstant"))
  report.add(
    "signed in by",
    short(text_of(only(statement, SAML, "AuthnContext"), SAML, "AuthnContextClassRef"))
  )
  report.add("session", attribute(statement, "SessionIndex"))
  for _, list in ipairs(roles.children(assertion, SAML, "AttributeStatement")) do
    for _, one in ipairs(roles.children(list, SAML, "Attribute")) do
      report.add("attribute " .. (one.attributes.Name or "?"), attribute_value(one))
    end
  end
  return is_signed
end

local function add_status(report, element)
  local status = only(element, names.ns.protocol, "Status")
  local code = only(status, names.ns.protocol, "StatusCode")
  local second = only(code, names.ns.protocol, "StatusCode")
  local value = short(attribute(code, "Value"))
  report.add(
    "status",
    second and ("%s, %s"):format(value, short(attribute(second, "Value"))) or value
  )
  report.add("status message", text_of(status, names.ns.protocol, "StatusMessage"))
  return value == "Success"
end

local function describe_response(decoded, root, now)
  local assertions = roles.children(root, SAML, "Assertion")
  local encrypted = roles.children(root, SAML, "EncryptedAssertion")
  local what = "a response of %s: what an identity provider says about a user who signs in"
  local report = new_message("response", what, root)
  add_head(report, root, decoded)
  local is_success = add_status(report, root)
  local is_signed = add_signature(report, "response", root)
  for _, assertion in ipairs(assertions) do
    is_signed = add_assertion(report, assertion, now) or is_signed
  end
  for _, one in ipairs(encrypted) do
    report.add("assertion", ("encrypted (%s)"):format(encryption_of(one)))
  end
  local count = #assertions + #encrypted
  if is_success and count ~= 1 then
    report.warn("there are %d assertions directly in the response, and one is allowed", count)
  end
  if count == 1 and assertions[1] and not is_signed then
    report.warn("nothing in it is signed: %s", checks.of("signature_missing").hint)
  end
  return report
end

local function describe_request(decoded, root)
  local report = new_message("authn_request", "a request of %s to sign a user in", root)
  add_head(report, root, decoded)
  report.add("answer to", attribute(root, "AssertionConsumerServiceURL"))
  report.add("answer by", short(attribute(root, "ProtocolBinding")))
  report.add("asks again", attribute(root, "ForceAuthn"))
  report.add("without asking", attribute(root, "IsPassive"))
  local policy = only(root, names.ns.protocol, "NameIDPolicy")
  report.add("NameID format", short(attribute(policy, "Format")))
  local context = only(root, names.ns.protocol, "RequestedAuthnContext")
  report.add("authentication", short(text_of(context, SAML, "AuthnContextClassRef")))
  add_signature(report, "request", root, decoded)
  return report
end

local function describe_logout(decoded, root, kind)
  local what = kind == "logout_request" and "a request of %s to end sessions"
    or "the answer of %s to a request to end sessions"
  local report = new_message(kind, what, root)
  add_head(report, root, decoded)
  report.add("user", name_id(root))
  report.add("session", text_of(root, names.ns.protocol, "SessionIndex"))
  report.add("until", attribute(root, "NotOnOrAfter"))
  if kind == "logout_response" then
    add_status(report, root)
  end
  if not add_signature(report, "message", root, decoded) then
    report.warn "logout messages that are not signed are refused"
  end
  return report
end

local function describe_assertion(_, root, now)
  local _, shown = sender(root)
  local what = "an assertion of %s, by itself: sign-on needs it in a response"
  local report = new_message("assertion", what, root)
  report.add("issuer", shown)
  report.add("ID", attribute(root, "ID"))
  add_assertion(report, root, now)
  return report
end

-- ------------------------------------------------------------------ metadata

local function add_endpoints(report, title, list)
  for _, endpoint in ipairs(list or {}) do
    report.add(("%s (%s)"):format(title, short(endpoint.binding)), endpoint.location)
  end
end

local function add_certificates(report, certificates)
  for _, use in ipairs { "signing", "encryption" } do
    for _, certificate in ipairs(certificates[use]) do
      report.add("key for " .. use, differences.key_in_words(certificate:fields()))
    end
  end
end

local function add_role(report, title, role)
  report.add("role", title)
  add_endpoints(report, "sign-on", role.sso)
  add_endpoints(report, "ACS", role.acs)
  add_endpoints(report, "logout", role.slo)
  report.add("logout (a plain GET)", role.logout_url)
  add_certificates(report, role.certificates)
  for _, format in ipairs(role.name_id_formats) do
    report.add("NameID format", short(format))
  end
  report.add("wants signed requests", role.want_authn_requests_signed and "yes" or nil)
  report.add("signs its requests", role.authn_requests_signed and "yes" or nil)
  report.add("wants signed assertions", role.want_assertions_signed and "yes" or nil)
end

local function title_of(entity)
  local parts = {}
  parts[1] = entity.idp and "an identity provider" or nil
  parts[#parts + 1] = entity.sp and "a service provider" or nil
  local title = table.concat(parts, " and ")
  local generation = entity.lastpass and lastpass.generations[entity.lastpass]
  return generation and ("%s, %s"):format(title, generation.title) or title
end

-- Rows for an entity whose metadata was read.
function M.of_entity(entity, root, now)
  local report = new_report("metadata", ("the metadata of %s"):format(title_of(entity)))
  report.add("entity ID", entity.entity_id)
  report.add("valid until", entity.valid_until and times.iso(entity.valid_until))
  report.add("read again after", entity.cache_duration and text.duration(entity.cache_duration))
  report.add("metadata", root and signature_of(root))
  if entity.idp then
    add_role(report, "identity provider", entity.idp)
  end
  if entity.sp then
    add_role(report, "service provider", entity.sp)
  end
  for _, note in ipairs(entity.notes or {}) do
    report.warn("%s", note)
  end
  for _, warning in ipairs(warnings.of(entity, now)) do
    report.warn("%s", warning.text)
  end
  return report
end

local function describe_federation(root)
  local report = new_report("federation", "the metadata of many: name one by its entity ID")
  report.add("name", attribute(root, "Name"))
  report.add("valid until", attribute(root, "validUntil"))
  report.add("metadata", signature_of(root))
  local count, shown = 0, {}
  for _, child in ipairs(root.children) do
    if child.ns == MD and child.name == "EntityDescriptor" then
      count = count + 1
      shown[#shown + 1] = count <= 10 and child.attributes.entityID or nil
    end
  end
  report.add("entities", count)
  for _, entity_id in ipairs(shown) do
    report.add("entity", entity_id)
  end
  report.add("entity", count > #shown and ("and %d more"):format(count - #shown) or nil)
  return report
end

local function describe_metadata(_, root, now, options)
  if root.name == "EntitiesDescriptor" and not options.entity_id then
    return describe_federation(root)
  end
  -- what is over is described all the same; the warnings say that it is
  local entity, message, err = read.from_root(root, {
    entity_id = options.entity_id,
    allow_http = options.allow_http,
    now = -math.huge,
  })
  if not entity then
    return nil, message, err
  end
  return M.of_entity(entity, root, now)
end

-- ------------------------------------------------------------------ which of them

local describers = {
  [names.ns.protocol .. " Response"] = describe_response,
  [names.ns.protocol .. " AuthnRequest"] = describe_request,
  [names.ns.protocol .. " LogoutRequest"] = function(decoded, root)
    return describe_logout(decoded, root, "logout_request")
  end,
  [names.ns.protocol .. " LogoutResponse"] = function(decoded, root)
    return describe_logout(decoded, root, "logout_response")
  end,
  [SAML .. " Assertion"] = describe_assertion,
  [MD .. " EntityDescriptor"] = describe_metadata,
  [MD .. " EntitiesDescriptor"] = describe_metadata,
}

--- Describes a document.
---@param decoded lastpass.saml.Decoded
---@param root table of `document:tree()`
---@param options table entity_id, now, allow_http
---@return lastpass.saml.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.of(decoded, root, options)
  local describe = describers[root.ns .. " " .. root.name]
  if not describe then
    local ns = root.ns ~= "" and root.ns or "no namespace"
    local detail = ("the root element is %s of %s"):format(root.name, ns)
    return checks.fail(
      "wrong_root",
      { detail = detail, hint = "this is XML, and no SAML 2.0 that is known here" }
    )
  end
  return describe(decoded, root, options.now or times.now(), options)
end

return M

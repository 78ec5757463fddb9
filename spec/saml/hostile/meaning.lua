--- What a verified message says: status, issuer, destination, request, subject, conditions, authentication (saml §3.19 to
-- §3.26).
local cases = require "spec.support.saml_cases"
local keys = require "spec.support.saml_keys"
local writer = require "spec.support.saml_writer"

local list, add = cases.list()
local at = writer.at

-- Changes of one field: these can be combined (hostile_spec).
local function assertion(name, code, fields, more)
  more = more or {}
  more.combines = true
  add(name, code, cases.assertion(fields), more)
end

local function response(name, code, fields, more)
  more = more or {}
  more.combines = true
  add(name, code, cases.response(fields), more)
end

-- ---- §3.19 status ----

response(
  "status Responder",
  "status",
  { status = writer.status("Responder", "AuthnFailed", "no\nluck") }
)
response("status Requester", "status", { status = writer.status "Requester" })
response("status NoPassive at the top", "status", { status = writer.status "NoPassive" })
response(
  "status Success below Responder",
  "status",
  { status = writer.status("Responder", "Success") }
)
response("a status of another case", "status", { status = writer.status "success" })
response("a status with a blank", "status", { status = writer.status "Success " })
response("no Status", "status_missing", { status = false })
response("a Status without a code", "status_missing", { status = "" })
response("a StatusCode without a value", "status", {
  status = "<samlp:StatusCode></samlp:StatusCode>",
})

-- ---- §3.20 issuer ----

assertion("another issuer", "wrong_issuer", { issuer = "https://other.example/saml" })
assertion("an issuer with a slash more", "wrong_issuer", { issuer = writer.IDP .. "/" })
assertion("an issuer in capitals", "wrong_issuer", { issuer = writer.IDP:upper() })
assertion("an issuer with a blank", "wrong_issuer", { issuer = writer.IDP .. " " })
assertion("no issuer", "issuer_missing", { issuer = false })
assertion("an empty issuer", "issuer_missing", { issuer = "<saml:Issuer></saml:Issuer>" })
assertion("an issuer that is a person", "issuer_format", {
  issuer = '<saml:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">'
    .. writer.IDP
    .. "</saml:Issuer>",
})
assertion("an issuer that is an entity", "accepted", {
  issuer = '<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">'
    .. writer.IDP
    .. "</saml:Issuer>",
})
response(
  "another issuer of the response",
  "wrong_issuer",
  { issuer = "https://other.example/saml" }
)
response("no issuer of the response", "accepted", { issuer = false })

add("unsolicited, by an identity provider that is not known", "unknown_idp", function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
  parts.response.issuer, parts.assertion.issuer = "https://x.example", "https://x.example"
end, { options = { allow_unsolicited = true } })

-- ---- §3.21 destination ----

response("another destination", "wrong_destination", { destination = "https://evil.example/acs" })
response(
  "a destination with a slash more",
  "wrong_destination",
  { destination = writer.ACS .. "/" }
)
response("a destination with a query", "wrong_destination", { destination = writer.ACS .. "?x=1" })
response(
  "a destination of http",
  "wrong_destination",
  { destination = writer.ACS:gsub("^https", "http") }
)
response("a destination with the port", "wrong_destination", {
  destination = "https://app.example:443/saml/acs",
})
response("an empty destination", "wrong_destination", { destination = "" })
response(
  "no destination, the response signed",
  "destination_missing",
  { destination = false },
  { sign = "response" }
)
response("no destination, only the assertion signed", "accepted", { destination = false })

-- ---- §3.22 request ----

add("unsolicited", "unsolicited", function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end)
for _, target in ipairs {
  "//evil.example",
  "/\\evil.example",
  "https://evil.example/",
  "javascript:alert(1)",
} do
  add("unsolicited, which is allowed, on to " .. target, "relay_refused", nil, {
    options = { allow_unsolicited = true },
    send = function()
      local message = writer.build(writer.parts(false))
      return { SAMLResponse = keys.base64(message), RelayState = target }
    end,
  })
end
add("unsolicited, which is allowed", "accepted", function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end, { options = { allow_unsolicited = true } })
for _, allowed in ipairs { false, true } do
  add(
    "an unknown request" .. (allowed and ", and unsolicited is allowed" or ""),
    "request_unknown",
    function(parts)
      parts.response.in_response_to, parts.assertion.in_response_to = "_nobody", "_nobody"
    end,
    { options = { allow_unsolicited = allowed } }
  )
end
response("no request in the response", "request_mismatch", { in_response_to = false })
assertion("no request in the assertion", "request_mismatch", { in_response_to = false })
assertion("another request in the assertion", "request_mismatch", { in_response_to = "_nobody" })
response("another request in the response", "request_unknown", { in_response_to = "_nobody" })
add("a request of another browser", "other_browser", function() end, { browser = "other" })
add("a request without a browser", "other_browser", function() end, { browser = "none" })
add("a request that was answered before", "request_unknown", function() end, { answered = true })
add("a request that is over", "request_expired", function(parts)
  for _, field in ipairs { "confirm_until", "not_on_or_after" } do
    parts.assertion[field] = at(86400)
  end
end, { later = 1900 })

-- ---- §3.23 subject confirmation ----

assertion("another recipient", "wrong_recipient", { recipient = "https://evil.example/acs" })
assertion("no recipient", "recipient_missing", { recipient = false })
assertion("a confirmation without an end", "confirmation_unbounded", { confirm_until = false })
assertion("a confirmation that is over", "confirmation_expired", { confirm_until = at(-61) })
assertion("a confirmation that ends now, within the skew", "accepted", { confirm_until = at(-59) })
assertion(
  "a confirmation that ends at the end of the skew",
  "confirmation_expired",
  { confirm_until = at(-60) }
)
assertion("a confirmation with NotBefore", "confirmation_not_before", { confirm_from = at(-60) })
assertion("a confirmation by a key", "confirmation_missing", {
  method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
})
assertion("a confirmation by sender-vouches", "confirmation_missing", {
  method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches",
})
assertion("no confirmation", "confirmation_missing", { method = false })
assertion("no subject", "confirmation_missing", { subject = "" })

local BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
local function confirmation(request, recipient)
  return ('<saml:SubjectConfirmation Method="%s">'):format(BEARER)
    .. ('<saml:SubjectConfirmationData InResponseTo="%s" NotOnOrAfter="%s" '):format(
      request,
      at(300)
    )
    .. ('Recipient="%s"></saml:SubjectConfirmationData></saml:SubjectConfirmation>'):format(
      recipient
    )
end

add("two confirmations, the second for us", "accepted", function(parts, s)
  parts.assertion.confirmations = confirmation(s.request, "https://evil.example/")
    .. confirmation(s.request, writer.ACS)
end)
add("two confirmations, none for us", "wrong_recipient", function(parts, s)
  parts.assertion.confirmations = confirmation(s.request, "https://evil.example/")
    .. confirmation(s.request, "https://other.example/")
end)
add("a confirmation without data", "recipient_missing", function(parts)
  parts.assertion.confirmations = ('<saml:SubjectConfirmation Method="%s">'):format(BEARER)
    .. "</saml:SubjectConfirmation>"
end)

assertion(
  "a confirmation for another address of the browser",
  "wrong_address",
  { address = "192.0.2.1" },
  {
    context = { address = "192.0.2.2" },
  }
)
assertion("a confirmation for this address of the browser", "accepted", { address = "192.0.2.1" }, {
  context = { address = "192.0.2.1" },
})
assertion(
  "a confirmation for an address, which nobody asks for",
  "accepted",
  { address = "192.0.2.1" }
)

-- ---- §3.24 conditions ----

assertion("no conditions", "conditions_missing", { conditions = false })
assertion("not yet valid", "conditions_early", { not_before = at(61) })
assertion("not yet valid, within the skew", "accepted", { not_before = at(60) })
assertion("over", "conditions_expired", { not_before = at(-300), not_on_or_after = at(-60) })
assertion("over, within the skew", "accepted", { not_on_or_after = at(-59) })
assertion(
  "over before it begins",
  "conditions_window",
  { not_before = at(10), not_on_or_after = at(-10) }
)
assertion(
  "a window of nothing",
  "conditions_window",
  { not_before = at(10), not_on_or_after = at(10) }
)
assertion("conditions without an end", "conditions_unbounded", { not_on_or_after = false })
assertion("conditions without a beginning", "conditions_unbounded", { not_before = false })
assertion("no audience", "audience_missing", { audiences = false })
assertion("another audience", "wrong_audience", { audiences = { "https://other.example/saml" } })
assertion("an audience with a slash more", "wrong_audience", { audiences = { writer.SP .. "/" } })
assertion("an audience in capitals", "wrong_audience", { audiences = { writer.SP:upper() } })
assertion(
  "an audience that begins like ours",
  "wrong_audience",
  { audiences = { writer.SP .. ".evil.example" } }
)
assertion(
  "an empty audience",
  "wrong_audience",
  { audiences = { "<saml:Audience></saml:Audience>" } }
)
assertion("a restriction to nobody", "wrong_audience", { audiences = { {} } })
assertion("two restrictions, one not to us", "wrong_audience", {
  audiences = { writer.SP, "https://other.example/saml" },
})
assertion("a restriction to us or others", "accepted", {
  audiences = { { "https://other.example/saml", writer.SP } },
})
assertion("a condition that nobody knows", "unknown_condition", {
  more_conditions = '<x:Condition xmlns:x="urn:x"></x:Condition>',
})
assertion("a saml:Condition with a type of its own", "unknown_condition", {
  more_conditions = '<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    .. 'xsi:type="x"></saml:Condition>',
})
assertion("OneTimeUse", "accepted", { more_conditions = "<saml:OneTimeUse></saml:OneTimeUse>" })
assertion("ProxyRestriction", "accepted", {
  more_conditions = '<saml:ProxyRestriction Count="0"></saml:ProxyRestriction>',
})

-- ---- §3.25 authentication ----

assertion("no AuthnStatement", "authn_statement_missing", { statement = false })
assertion("a session that is over", "session_over", { session_until = at(-60) })
assertion("a session that ends later", "accepted", { session_until = at(600) }, {
  identity = function(identity)
    return identity.session_not_on_or_after == writer.NOW + 600
  end,
})
assertion("authenticated in the future", "authn_early", { authn_instant = at(61) })
assertion("authenticated too long ago", "authn_too_old", { authn_instant = at(-961) }, {
  options = { max_auth_age = 900 },
  login = { force_authn = true },
})
assertion("authenticated just now", "accepted", { authn_instant = at(-59) }, {
  options = { max_auth_age = 900 },
  login = { force_authn = true },
})
assertion("another context than the one asked for", "wrong_authn_context", {}, {
  login = { authn_context = { "https://refeds.org/profile/mfa" } },
})
assertion("no context, where one is asked for", "wrong_authn_context", { authn_context = false }, {
  login = { authn_context = { "https://refeds.org/profile/mfa" } },
})
assertion(
  "the context that is asked for",
  "accepted",
  { authn_context = "https://refeds.org/profile/mfa" },
  {
    login = { authn_context = { "https://refeds.org/profile/mfa" } },
  }
)

-- ---- §3.26 subject ----

assertion("the user by an attribute", "accepted", { name_id = false }, {
  options = { name_id_attribute = "mail" },
})
assertion("the user by an attribute that is not there", "name_id_missing", { name_id = false }, {
  options = { name_id_attribute = "uid" },
})

assertion("no NameID", "name_id_missing", { name_id = false })
assertion("an empty NameID", "name_id_empty", { name_id = "" })
assertion("a NameID of blanks", "name_id_empty", { name_id = "  \n " })
assertion("a NameID of another format", "wrong_name_id_format", {
  name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
}, { options = { name_id_format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" } })
assertion("the other spelling of the format of addresses", "accepted", {
  name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:emailAddress",
}, { options = { name_id_format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" } })
assertion("a NameID of another name space", "wrong_name_qualifier", {
  name_id = '<saml:NameID NameQualifier="https://x.example">ann@x.example</saml:NameID>',
}, { options = { name_qualifier = "https://idp.example/saml" } })
assertion("a NameID of another name space of service providers", "wrong_name_qualifier", {
  name_id = '<saml:NameID SPNameQualifier="https://x.example">ann@x.example</saml:NameID>',
}, { options = { sp_name_qualifier = writer.SP } })
local TWICE = { { "mail", "ann@x.example" }, { "mail", "root@x.example" } }
assertion(
  "an attribute twice, where that is not wanted",
  "duplicate_attribute",
  { attributes = TWICE },
  {
    options = { unique_attributes = true },
  }
)
assertion("an attribute in two parts", "accepted", { attributes = TWICE }, {
  identity = function(identity)
    return #identity.attributes.mail == 2
  end,
})
assertion("an attribute without a name", "attribute_unnamed", {
  attribute_statement = "<saml:AttributeStatement><saml:Attribute></saml:Attribute>"
    .. "</saml:AttributeStatement>",
})
assertion("no attributes", "accepted", { attributes = {} })
assertion("a BaseID in place of the NameID", "name_id_missing", {
  name_id = "<saml:BaseID></saml:BaseID>",
})

return list

--- What a verified message says: status, issuer, destination, request, subject, conditions, authentication, times
-- (saml §3.19 to §3.28).
local cases = require "spec.support.saml_cases"
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
response("a Status without a code", { "status_missing", "status" }, { status = "" })
response("a StatusCode without a value", { "status_missing", "status" }, {
  status = "<samlp:StatusCode></samlp:StatusCode>",
})

-- ---- §3.20 issuer ----

assertion("another issuer", "wrong_issuer", { issuer = "https://other.example/saml" })
assertion("an issuer with a slash more", "wrong_issuer", { issuer = writer.IDP .. "/" })
assertion("an issuer in capitals", "wrong_issuer", { issuer = writer.IDP:upper() })
assertion("an issuer with a blank", "wrong_issuer", { issuer = writer.IDP .. " " })
assertion("no issuer", "issuer_missing", { issuer = false })
assertion(
  "an empty issuer",
  { "issuer_missing", "wrong_issuer" },
  { issuer = "<saml:Issuer></saml:Issuer>" }
)
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
response(
  "an empty destination",
  { "wrong_destination", "destination_missing" },
  { destination = "" }
)
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
response(
  "no request in the response",
  { "request_mismatch", "accepted" },
  { in_response_to = false }
)
assertion(
  "no request in the assertion",
  { "request_mismatch", "unsolicited" },
  { in_response_to = false }
)
assertion("another request in the assertion", "request_mismatch", { in_response_to = "_nobody" })
response(
  "another request in the response",
  { "request_unknown", "request_mismatch" },
  { in_response_to = "_nobody" }
)
add("a request of another browser", "other_browser", function() end, { browser = "other" })
add("a request without a browser", "other_browser", function() end, { browser = "none" })
add("a request that was answered before", "request_unknown", function() end, { answered = true })
add("a request that is over", { "request_expired", "request_unknown" }, function(parts)
  for _, field in ipairs { "confirm_until", "not_on_or_after" } do
    parts.assertion[field] = at(86400)
  end
end, { later = 7200 })

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
assertion("no subject", { "confirmation_missing", "name_id_missing" }, { subject = "" })

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
add("a confirmation without data", { "confirmation_missing", "recipient_missing" }, function(parts)
  parts.assertion.confirmations = ('<saml:SubjectConfirmation Method="%s">'):format(BEARER)
end)

-- ---- §3.24 conditions ----

assertion("no conditions", "conditions_missing", { conditions = false })
assertion("not yet valid", "conditions_early", { not_before = at(61) })
assertion("not yet valid, within the skew", "accepted", { not_before = at(60) })
assertion("over", "conditions_expired", { not_on_or_after = at(-60) })
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
assertion(
  "conditions without a beginning",
  { "conditions_unbounded", "accepted" },
  { not_before = false }
)
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
assertion(
  "a restriction to nobody",
  { "wrong_audience", "audience_missing" },
  { audiences = { {} } }
)
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
assertion("authenticated just now", "accepted", { authn_instant = at(-100) }, {
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

assertion("no NameID", "name_id_missing", { name_id = false })
assertion("an empty NameID", "name_id_empty", { name_id = "" })
assertion("a NameID of blanks", "name_id_empty", { name_id = "  \n " })
assertion("a NameID of another format", "wrong_name_id_format", {
  name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
}, { options = { name_id_format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" } })
assertion("the other spelling of the format of addresses", "accepted", {
  name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:emailAddress",
}, { options = { name_id_format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" } })
assertion("an attribute without a name", "attribute_unnamed", {
  attribute_statement = "<saml:AttributeStatement><saml:Attribute></saml:Attribute>"
    .. "</saml:AttributeStatement>",
})
assertion("no attributes", "accepted", { attributes = {} })
assertion("a BaseID in place of the NameID", "name_id_missing", {
  name_id = "<saml:BaseID></saml:BaseID>",
})

-- ---- §3.27 times ----

for _, field in ipairs {
  "issue_instant",
  "confirm_until",
  "not_before",
  "not_on_or_after",
  "authn_instant",
  "session_until",
} do
  assertion(
    ("the time %s with a zone"):format(field),
    "bad_time",
    { [field] = "2026-11-30T11:04:00+01:00" }
  )
end
for _, time in ipairs {
  "",
  "2026-11-30",
  "2026-11-30T10:04:00",
  "2026-11-30 10:04:00Z",
  "2026-11-30T10:04Z",
  "2026-11-30T10:04:00z",
  "2026-11-30t10:04:00Z",
  "2026-11-31T10:04:00Z",
  "2026-02-29T10:04:00Z",
  "2026-13-01T10:04:00Z",
  "2026-00-10T10:04:00Z",
  "2026-11-30T25:04:00Z",
  "2026-11-30T10:60:00Z",
  "2026-11-30T10:04:61Z",
  "2026-11-30T10:04:00.Z",
  "+2026-11-30T10:04:00Z",
  "-2026-11-30T10:04:00Z",
  "12026-11-30T10:04:00Z",
  " 2026-11-30T10:04:00Z",
  "2026-11-30T10:04:00Z ",
  "1796033040",
  "tomorrow",
  "2026-11-30T10:04:00ZZ",
} do
  assertion(("the time %q"):format(time), "bad_time", { not_on_or_after = time })
end
for _, fraction in ipairs { ".5Z", ".123456789Z" } do
  local time = at(240):gsub("Z$", fraction)
  assertion("a time that ends in " .. fraction, "accepted", { not_on_or_after = time })
end
response("the response was issued in the future", "issued_early", { issue_instant = at(61) })
assertion("the assertion was issued in the future", "issued_early", { issue_instant = at(61) })
response(
  "the response's time with a zone",
  "bad_time",
  { issue_instant = "2026-11-30T10:00:00+00:00" }
)
response("the response without a time", "bad_time", { issue_instant = false })
assertion("the assertion without a time", "bad_time", { issue_instant = false })
assertion("no AuthnInstant", "bad_time", { authn_instant = false })

-- ---- §3.28 replay ----

add(
  "the same response again, for another request",
  "request_unknown",
  function() end,
  { again = true }
)
add("the same assertion again, unsolicited", "replayed", function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end, { again = true, options = { allow_unsolicited = true } })
add("the same assertion in another response", "replayed", function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end, {
  again = function(parts)
    parts.response.in_response_to, parts.assertion.in_response_to = false, false
    parts.response.id = "_r2"
  end,
  options = { allow_unsolicited = true },
})
add("a store that fails", { "state_failed", "replay_failed" }, function() end, { store = "fails" })
add("a store that is full", { "state_failed", "replay_failed" }, function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end, { store = "full", options = { allow_unsolicited = true } })

return list

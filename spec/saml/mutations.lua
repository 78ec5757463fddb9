-- The checks of saml §3, each with how it is taken out and with messages that only it stands against: with all checks they
-- are refused with `code`, without this one they are accepted. Of each mutation:
--   check   its number; `code` of the refusal
--   out     steps that are taken out (spec.support.saml_mutant), or a function that does something else to the reader
--   change  of the parts of a good message (spec.support.saml_writer), or `form`, of the form that is posted;
--           `sign`, `options` of the service provider, `context` of the call, `record` of the request, `before`
--   covers  codes of other checks that are part of what is taken out
local lax = require "spec.support.saml_lax"
local writer = require "spec.support.saml_writer"

local at = writer.at

local function assertion(fields)
  return function(parts)
    for name, value in pairs(fields) do
      parts.assertion[name] = value
    end
  end
end

local function response(fields)
  return function(parts)
    for name, value in pairs(fields) do
      parts.response[name] = value
    end
  end
end

local function edit(pattern, replacement)
  return function(parts)
    parts.edit = function(text)
      local edited, count = text:gsub(pattern, replacement, 1)
      assert(count == 1, pattern)
      return edited
    end
  end
end

-- A change inside the assertion, before it is signed.
local function inside(pattern, replacement)
  return function(parts)
    parts.before_signing = { pattern, replacement }
  end
end

local function signature(options)
  return function(parts)
    parts.assertion_signature = options
  end
end

local function unchanged() end

local MORE = "http://www.w3.org/2001/04/xmldsig-more#"
local WEAK = { algorithm = writer.DSIG .. "rsa-sha1", digest = writer.DSIG .. "sha1" }
local XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"

local M = {}

local function add(check, code, out, change, more)
  local mutation = { check = check, code = code, out = out, change = change }
  for name, value in pairs(more or {}) do
    mutation[name] = value
  end
  M[#M + 1] = mutation
end

-- ---- how it came, and its XML ----

add(1, "wrong_method", { "method" }, unchanged, { context = { method = "GET" } })
add(1, "wrong_content_type", { "content_type" }, unchanged, {
  context = { content_type = "text/plain" },
})
add(1, "duplicate_parameter", lax.decode, unchanged, {
  form = function(form)
    return { SAMLResponse = { form.SAMLResponse, form.SAMLResponse } }
  end,
})
add(2, "message_too_large", lax.size, unchanged, {
  form = function(form)
    return { SAMLResponse = form.SAMLResponse .. ("\n"):rep(256 * 1024) }
  end,
})
add(2, "bad_base64", lax.base64, unchanged, {
  form = function(form)
    return { SAMLResponse = "-" .. form.SAMLResponse }
  end,
})
add(3, "bad_xml", lax.parse "bad_xml", edit("$", "<more></more>"))
add(3, "bad_encoding", lax.parse "bad_encoding", edit("<saml:Issuer xmlns", "\255%0"))
add(4, "doctype", lax.parse "doctype", edit("^", '<!DOCTYPE Response [<!ENTITY a "b">]>'))
add(
  5,
  "processing_instruction",
  lax.parse "processing_instruction",
  edit("<samlp:Status>", "<?php x?>%0")
)
add(6, "text_among_elements", lax.text, inside("<saml:Subject>", "%0evil"))
add(7, "wrong_root", lax.root, function(parts)
  parts.edit = function(text)
    return (text:gsub("samlp:Response", "x:Response"):gsub(" ", ' xmlns:x="urn:x" ', 1))
  end
end)
add(7, "wrong_version", { "version" }, response { version = "1.1" })
add(7, "bad_id", { "id" }, response { id = false })
add(7, "xml_id", lax.parse "xml_id", edit("<samlp:Status>", '<samlp:Status xml:id="x">'))
add(7, "duplicate_id", lax.parse "duplicate_id", edit("<samlp:Status>", '<samlp:Status Id="_a1">'))

-- ---- what is in it, and signatures ----

add(8, "advice", { "advice" }, assertion { advice = "<saml:Advice></saml:Advice>" })
add(8, "assertion_misplaced", lax.elsewhere, function(parts)
  parts.edit = function(text)
    local own = text:match "<saml:Assertion.*</saml:Assertion>"
    return (
      text:gsub("<saml:Assertion.*</saml:Assertion>", ""):gsub("<samlp:Status>", function(found)
        return ("<samlp:Extensions>%s</samlp:Extensions>%s"):format(own, found)
      end)
    )
  end
end)
add(8, "several_assertions", lax.first, function(parts)
  parts.edit = function(text)
    local own = text:match "<saml:Assertion.*</saml:Assertion>"
    local forged = own:gsub("<ds:Signature.*</ds:Signature>", ""):gsub("_a1", "_a2")
    return (text:gsub("</samlp:Response>", function(found)
      return forged .. found
    end))
  end
end)
add(9, "signature_misplaced", lax.strays, function(parts)
  parts.response.extensions = "<samlp:Extensions>"
    .. writer.signature("x", "_r1")
    .. "</samlp:Extensions>"
end)
add(9, "signature_missing", lax.unsigned, unchanged, { sign = "none" })
add(9, "response_unsigned", { "wanted" }, unchanged, { options = { want = "both" } })
add(10, "reference_uri", lax.verify "reference_uri", signature { uri = "#_r1" })
add(
  10,
  "signature_shape",
  lax.verify "signature_shape",
  signature {
    object = "<ds:Object></ds:Object>",
  }
)
add(
  11,
  "transform_refused",
  lax.verify "transform_refused",
  signature {
    transforms = writer.transforms { writer.DSIG .. "enveloped-signature", XPATH },
  }
)
add(12, "sha1_refused", lax.allow { sha1 = true }, signature(WEAK))
add(
  12,
  "algorithm_refused",
  lax.verify "algorithm_refused",
  signature {
    algorithm = MORE .. "hmac-sha256",
  }
)
add(12, "key_too_small", lax.allow { min_rsa_bits = 1024 }, function(parts)
  parts.assertion_signature = { key = require("spec.support.saml_keys").of "small" }
end, { certificates = { "small" } })
add(13, "signature_invalid", lax.verify "signature_invalid", function(parts)
  parts.assertion_signature = { key = require("spec.support.saml_keys").of "other" }
end)
add(13, "certificate_expired", { "certificate_dates" }, unchanged, {
  options = { check_certificate_dates = true },
  certificate_over = true,
})
add(14, "signed_octets", { "octets" }, unchanged, { sign = "response", other_octets = true })
add(15, "canonicalisation", lax.verify "canonicalisation", function(parts)
  parts.edit = function(text)
    return (text:gsub("<saml:Subject>", '<saml:Subject xmlns:x="relative">', 1))
  end
end)
add(16, "signature_values", lax.verify "signature_values", function(parts)
  parts.edit = function(text)
    return (text:gsub("<ds:DigestValue>", "%0-", 1))
  end
end)

-- ---- encryption ----

local function encrypted(options)
  return function(parts)
    parts.encrypt = options
  end
end

add(17, "encrypted_unsigned", { "authentic" }, encrypted {}, { sign = "none" })
add(17, "encryption_required", { "encryption_wanted" }, unchanged, {
  options = { want_encrypted = true },
})
add(
  18,
  "encryption_refused",
  lax.allow_cbc,
  encrypted {
    algorithm = "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
  }
)
add(
  18,
  "encrypted_part",
  { "encrypted_parts" },
  assertion {
    more = "<saml:AttributeStatement><saml:EncryptedAttribute></saml:EncryptedAttribute>"
      .. "</saml:AttributeStatement>",
  }
)

-- ---- who says it, and to whom ----

add(19, "status", { "status" }, response { status = writer.status("Responder", "AuthnFailed") })
add(20, "wrong_issuer", { "issuer" }, assertion { issuer = "https://other.example" })
add(20, "wrong_issuer", { "response_issuer" }, response { issuer = "https://other.example" })
add(
  20,
  "issuer_format",
  lax.issuer_format,
  assertion {
    issuer = ('<saml:Issuer Format="urn:x">%s</saml:Issuer>'):format(writer.IDP),
  }
)
add(21, "wrong_destination", { "destination" }, response { destination = writer.ACS .. "/" })
add(21, "destination_missing", { "destination_present" }, response { destination = false }, {
  sign = "response",
})

-- ---- which request it answers ----

add(22, "unsolicited", { "solicited" }, function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end)
add(22, "request_unknown", lax.request, unchanged, { record = false })
add(22, "other_browser", { "browser" }, unchanged, { context = { browser = ("0"):rep(40) } })
add(22, "request_expired", { "request_time" }, unchanged, { record = { expires = writer.NOW } })
add(22, "request_mismatch", { "request_match" }, response { in_response_to = false })
add(22, "request_mismatch", { "confirmation_request" }, assertion { in_response_to = false })

-- ---- for whom, how long ----

add(23, "wrong_recipient", { "recipient" }, assertion { recipient = writer.ACS .. "/" })
add(23, "confirmation_unbounded", { "confirmation_bound" }, assertion { confirm_until = false })
add(23, "confirmation_expired", { "confirmation_end" }, assertion { confirm_until = at(-60) })
add(23, "confirmation_not_before", { "confirmation_begin" }, assertion { confirm_from = at(-5) })
add(23, "wrong_address", { "address" }, assertion { address = "192.0.2.1" }, {
  context = { address = "192.0.2.2" },
})
add(23, "confirmation_missing", { "confirmations" }, assertion { method = "urn:x" }, {
  covers = { request_mismatch = true },
})
add(24, "conditions_unbounded", { "conditions_bounds" }, assertion { not_before = false })
add(
  24,
  "conditions_window",
  { "conditions_window" },
  assertion {
    not_before = at(20),
    not_on_or_after = at(10),
  }
)
add(24, "conditions_early", { "conditions_begin" }, assertion { not_before = at(61) })
add(
  24,
  "conditions_expired",
  { "conditions_end" },
  assertion {
    not_before = at(-300),
    not_on_or_after = at(-60),
  }
)
add(24, "audience_missing", { "audience_present" }, assertion { audiences = false })
add(24, "wrong_audience", { "audience" }, assertion { audiences = { "https://other.example" } })
add(
  24,
  "wrong_audience",
  { "audience" },
  assertion {
    audiences = { writer.SP, "https://other.example" },
  }
)
add(
  24,
  "unknown_condition",
  { "conditions_known" },
  assertion {
    more_conditions = '<x:Condition xmlns:x="urn:x"></x:Condition>',
  }
)

-- ---- how the user was authenticated, who it is ----

add(25, "session_over", { "session_end" }, assertion { session_until = at(-60) })
add(25, "authn_early", { "authn_begin" }, assertion { authn_instant = at(61) })
add(25, "authn_too_old", { "authn_age" }, assertion { authn_instant = at(-961) }, {
  options = { max_auth_age = 900 },
})
add(25, "authn_too_old", { "authn_age" }, assertion { authn_instant = at(-71) }, {
  record = { force_authn = true },
})
add(25, "wrong_authn_context", { "authn_context" }, unchanged, {
  record = { authn_context = { "https://refeds.org/profile/mfa" } },
})
add(
  26,
  "name_id_empty",
  { "name_id_text" },
  assertion {
    name_id = "<saml:NameID> </saml:NameID>",
  }
)
add(26, "wrong_name_id_format", { "name_id_format" }, unchanged, {
  options = { name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" },
})
add(26, "wrong_name_qualifier", { "name_qualifiers" }, unchanged, {
  options = { name_qualifier = "x" },
})
add(27, "issued_early", { "issued" }, response { issue_instant = at(61) })
add(27, "issued_early", { "issued" }, assertion { issue_instant = at(61) })
add(27, "bad_time", lax.times, assertion { not_on_or_after = "2026-11-30T10:05:00" }, {
  covers = { conditions_unbounded = true },
})

-- ---- once ----

add(28, "replayed", { "replay" }, unchanged, { before = "used" })
add(28, "replay_failed", { "replay" }, unchanged, { before = "full" })
add(
  28,
  "conditions_too_long",
  { "lifetime" },
  assertion {
    confirm_until = "2027-03-01T00:00:00Z",
    not_on_or_after = "2027-03-01T00:00:00Z",
  }
)
add(22, "request_unknown", { "use_request" }, unchanged, { before = "taken" })

return M

--- Signatures: who must sign, their shape, keys and values (saml §3.9, §3.10, §3.13 to §3.16).
local cases = require "spec.support.saml_cases"
local edit = require "spec.support.saml_edit"
local keys = require "spec.support.saml_keys"
local writer = require "spec.support.saml_writer"

local list, add = cases.list()
local signature, late, replacing = cases.signature, cases.late, edit.replacing

local DSIG = writer.DSIG

-- ---- who signs ----

add("signed by nobody", "signature_missing", function() end, { sign = "none" })
add("only the response, where the assertion must be", "assertion_unsigned", function() end, {
  sign = "response",
  options = { want = "assertion" },
})
add("only the assertion, where the response must be", "response_unsigned", function() end, {
  options = { want = "response" },
})
add("only the assertion, where both must be", "response_unsigned", function() end, {
  options = { want = "both" },
})
add("only the response, where both must be", "assertion_unsigned", function() end, {
  sign = "response",
  options = { want = "both" },
})
add("both, where both must be", "accepted", function() end, {
  sign = "both",
  options = { want = "both" },
})
add(
  "a signature of another namespace",
  "signature_missing",
  late(function(text)
    return (text:gsub(DSIG:gsub("%p", "%%%0"), DSIG .. "x"))
  end)
)

-- ---- shape ----

local function whole(change)
  return signature { whole = change }
end

local function signed_info(change)
  return signature { signed_info = change }
end

local function doubled(name)
  return function(text)
    local element = edit.take(text, name)
    return edit.replace(text, element, element .. element)
  end
end

local function without(name)
  return function(text)
    local _, rest = edit.take(text, name)
    return rest
  end
end

for _, name in ipairs { "ds:SignedInfo", "ds:SignatureValue" } do
  add("two of " .. name, "signature_shape", whole(doubled(name)))
  add("no " .. name, "signature_shape", whole(without(name)))
end
for _, name in ipairs {
  "ds:Reference",
  "ds:CanonicalizationMethod",
  "ds:SignatureMethod",
  "ds:DigestMethod",
  "ds:DigestValue",
  "ds:Transforms",
} do
  add("two of " .. name, "signature_shape", signed_info(doubled(name)))
end
for _, name in ipairs {
  "ds:Reference",
  "ds:CanonicalizationMethod",
  "ds:SignatureMethod",
  "ds:DigestMethod",
  "ds:DigestValue",
} do
  add("no " .. name, "signature_shape", signed_info(without(name)))
end
add(
  "a forged SignedInfo before the signed one",
  "signature_shape",
  whole(function(text)
    local info = edit.take(text, "ds:SignedInfo")
    local forged =
      info:gsub("<ds:DigestValue>[^<]*", "<ds:DigestValue>" .. keys.base64(("\0"):rep(32)))
    return edit.replace(text, info, forged .. info)
  end)
)
add(
  "SignatureValue before SignedInfo",
  "signature_shape",
  whole(function(text)
    local value, rest = edit.take(text, "ds:SignatureValue")
    return edit.replace(rest, "<ds:SignedInfo>", value .. "<ds:SignedInfo>")
  end)
)
add("an Object", "signature_shape", signature { object = "<ds:Object></ds:Object>" })
add(
  "a Manifest in an Object",
  "signature_shape",
  signature {
    object = "<ds:Object><ds:Manifest></ds:Manifest></ds:Object>",
  }
)
add(
  "two KeyInfos",
  "signature_shape",
  signature {
    key_info = "<ds:KeyInfo></ds:KeyInfo><ds:KeyInfo></ds:KeyInfo>",
  }
)
add(
  "an element that nobody knows in the signature",
  "signature_shape",
  signature {
    key_info = '<x:y xmlns:x="urn:x"></x:y>',
  }
)
add(
  "an element that nobody knows in SignedInfo",
  "signature_shape",
  signed_info(function(text)
    return text .. '<x:y xmlns:x="urn:x"></x:y>'
  end)
)
add(
  "a second reference, to the response",
  "signature_shape",
  signed_info(function(text)
    local reference = edit.take(text, "ds:Reference")
    return text .. edit.replace(reference, "#_a1", "#_r1")
  end)
)
add(
  "HMACOutputLength",
  "signature_shape",
  signed_info(
    replacing(
      "</ds:SignatureMethod>",
      "<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>"
    )
  )
)
add(
  "text in the signature",
  "accepted",
  whole(replacing("<ds:SignatureValue>", "\n<ds:SignatureValue>"))
)

-- ---- keys ----

local function other_key(more)
  return function(parts)
    parts.assertion_signature = { key = keys.of "other" }
    for name, value in pairs(more or {}) do
      parts.assertion_signature[name] = type(value) == "function" and value() or value
    end
  end
end

add("another key", "signature_invalid", other_key())
add(
  "another key, with its certificate",
  "signature_invalid",
  other_key {
    key_info = function()
      return writer.key_info(keys.of "other")
    end,
  }
)
add(
  "another key, with the right certificate",
  "signature_invalid",
  other_key {
    key_info = function()
      return writer.key_info(keys.of "idp")
    end,
  }
)
add(
  "another key, with its KeyValue",
  "signature_invalid",
  other_key {
    key_info = "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus>"
      .. "<ds:Exponent>AQAB</ds:Exponent>"
      .. "</ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>",
  }
)
add(
  "another key, with an address to fetch one from",
  "signature_invalid",
  other_key {
    key_info = '<ds:KeyInfo><ds:RetrievalMethod URI="http://127.0.0.1:9/key">'
      .. "</ds:RetrievalMethod></ds:KeyInfo>",
  }
)
add(
  "another key, with a name that is a file",
  "signature_invalid",
  other_key {
    key_info = "<ds:KeyInfo><ds:KeyName>/etc/passwd</ds:KeyName></ds:KeyInfo>",
  }
)
add(
  "the service provider's own key",
  "signature_invalid",
  other_key {
    key = function()
      return keys.of "sp"
    end,
  }
)
add(
  "a key of the identity provider that is only for encryption",
  "signature_invalid",
  function(parts)
    parts.assertion_signature = { key = keys.of "next" }
  end
)
add("the identity provider's second key", "accepted", function(parts)
  parts.assertion_signature = { key = keys.of "next" }
end, { certificates = { "idp", "next" } })
add("the right key, with another certificate", "accepted", function(parts)
  parts.assertion_signature = { key_info = writer.key_info(keys.of "other") }
end)
add(
  "the right key, with a certificate that is none",
  "accepted",
  signature {
    key_info = "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>x</ds:X509Certificate></ds:X509Data>"
      .. "</ds:KeyInfo>",
  }
)

add(
  "no certificate of the identity provider that may sign",
  "certificates_missing",
  function() end,
  {
    certificates = {},
  }
)
local function by_old_key(parts)
  parts.assertion_signature = {
    key = keys.of "old",
    algorithm = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
  }
end
add("a key whose certificate is over", "accepted", by_old_key, { certificates = { "old" } })
add("a key whose certificate is over, where dates count", "certificate_expired", by_old_key, {
  certificates = { "old" },
  options = { check_certificate_dates = true },
})

-- ---- what was signed ----

add("changed NameID", "signature_invalid", late(replacing("ann@", "root@")))
add("changed attribute", "signature_invalid", late(replacing("Staff", "Admin")))
add(
  "added attribute",
  "signature_invalid",
  late(
    edit.before(
      "</saml:AttributeStatement>",
      '<saml:Attribute Name="role"><saml:AttributeValue>admin</saml:AttributeValue>'
        .. "</saml:Attribute>"
    )
  )
)
add(
  "changed time",
  "signature_invalid",
  late(replacing('NotOnOrAfter="2026', 'NotOnOrAfter="2036'))
)
add("a blank more", "signature_invalid", late(edit.before("</saml:NameID>", " ")))
add(
  "a prefix renamed",
  "signature_invalid",
  late(function(text)
    return (text:gsub("saml:", "s:"):gsub("xmlns:saml=", "xmlns:s="))
  end)
)
add("a digest of nothing", "signature_invalid", signature { octets = "" })
add("a namespace that is relative", "canonicalisation", function(parts)
  parts.assertion.more = '<x:y xmlns:x="relative"></x:y>'
end)
add("a namespace that is relative, and the digest of nothing", "canonicalisation", function(parts)
  parts.assertion.more = '<x:y xmlns:x="relative"></x:y>'
  parts.assertion_signature = { octets = "" }
end)
add("a comment in DigestValue", "accepted", late(edit.before("</ds:DigestValue>", "<!-- x -->")))
add(
  "the forged digest in a comment of DigestValue",
  "signature_invalid",
  late(function(text)
    local forged = text:gsub("ann@", "root@")
    local octets = select(2, edit.take(edit.take(forged, "saml:Assertion"), "ds:Signature"))
    local digest = keys.base64(keys.digest(writer.SHA256, octets))
    return edit.replace(forged, "<ds:DigestValue>", "<ds:DigestValue><!--" .. digest .. "-->")
  end)
)
add(
  "the forged digest before the signed one in DigestValue",
  "signature_values",
  late(function(text)
    local forged = text:gsub("ann@", "root@")
    local octets = select(2, edit.take(edit.take(forged, "saml:Assertion"), "ds:Signature"))
    local digest = keys.base64(keys.digest(writer.SHA256, octets))
    return edit.replace(forged, "<ds:DigestValue>", "<ds:DigestValue>" .. digest .. "<!---->")
  end)
)
add("a second DigestValue elsewhere", "signature_shape", function(parts)
  parts.assertion_signature = {
    whole = edit.after("</ds:SignatureValue>", "<ds:DigestValue>AAAA</ds:DigestValue>"),
  }
end)

-- ---- values ----

for _, one in ipairs {
  { "that is empty", "", "signature_values" },
  { "with a foreign character", "!", "signature_values" },
  { "with an element in it", '<x xmlns="urn:x"></x>', "signature_values" },
  { "that is too short", "QUFB", "signature_invalid" },
} do
  local function text()
    return one[2]
  end
  add("SignatureValue " .. one[1], one[3], signature { value = text })
  local function replace_digest(info)
    return (info:gsub("(<ds:DigestValue>)[^<]*", "%1" .. one[2]))
  end
  -- a digest has one length only
  add("DigestValue " .. one[1], "signature_values", signed_info(replace_digest))
end
add(
  "SignatureValue in lines",
  "accepted",
  signature {
    value = function(text)
      return (text:gsub(("."):rep(64), "%0\n"))
    end,
  }
)
add(
  "bytes after the signature's",
  "signature_invalid",
  signature {
    value = function(text)
      return keys.base64(keys.from_base64(text) .. "\0")
    end,
  }
)

return list

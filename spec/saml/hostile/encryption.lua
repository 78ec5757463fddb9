--- Encrypted assertions (saml §3.17, §3.18).
local cases = require "spec.support.saml_cases"
local edit = require "spec.support.saml_edit"
local keys = require "spec.support.saml_keys"
local writer = require "spec.support.saml_writer"

local list, add = cases.list()

local ENC = "http://www.w3.org/2001/04/xmlenc#"
local ENC11 = "http://www.w3.org/2009/xmlenc11#"

local function encrypted(options, more)
  return function(parts, scenario)
    parts.encrypt = options
    if more then
      more(parts, scenario)
    end
  end
end

for _, name in ipairs { "aes128-gcm", "aes192-gcm", "aes256-gcm" } do
  add("encrypted by " .. name, "accepted", encrypted { algorithm = ENC11 .. name })
end
add("encrypted, in a signed response", "accepted", encrypted {}, { sign = "response" })
add("encrypted, both signed", "accepted", encrypted {}, { sign = "both" })
add("encrypted as xenc:Content", "decryption_failed", encrypted { type = ENC .. "Content" })
add(
  "encrypted for the key before",
  "accepted",
  encrypted { pair = keys.of "other" },
  { previous_key = "other" }
)

-- ---- encryption is not authentication ----

add("encrypted and signed by nobody", "encrypted_unsigned", encrypted {}, { sign = "none" })
add(
  "encrypted, and signed by another key",
  "signature_invalid",
  encrypted({}, function(parts)
    parts.assertion_signature = { key = keys.of "other" }
  end)
)
add(
  "encrypted beside a plain one that is signed",
  "encrypted_beside_plain",
  encrypted({}, function(parts, s)
    parts.edit_inside = function(text)
      local plain = writer.assertion(s.request)
      plain.id = "_a2"
      return text .. writer.sign(writer.assertion_text(plain))
    end
  end)
)
add(
  "encrypted beside a plain one that is not",
  "encrypted_beside_plain",
  encrypted({}, function(parts, s)
    parts.edit_inside = function(text)
      local plain = writer.assertion(s.request)
      plain.id = "_a2"
      return writer.assertion_text(plain) .. text
    end
  end)
)
add(
  "two encrypted assertions",
  "several_assertions",
  encrypted({}, function(parts)
    parts.edit_inside = function(text)
      return text .. text
    end
  end)
)
add("plain, where it must be encrypted", "encryption_required", function() end, {
  options = { want_encrypted = true },
})

-- ---- what is inside ----

local function inside(name, code, change, more)
  add("encrypted: " .. name, code, encrypted({}, change), more)
end

local function edited(change)
  return function(parts)
    parts.edit_assertion = change
  end
end

local function framed(text)
  return ('<saml:EncryptedAssertion xmlns:saml="%s">%s</saml:EncryptedAssertion>'):format(
    writer.SAML,
    keys.encrypt(text)
  )
end

inside(
  "two assertions",
  "bad_xml",
  edited(function(text)
    return text .. text
  end)
)
inside(
  "text before the assertion",
  "bad_xml",
  edited(function(text)
    return "x" .. text
  end)
)
inside(
  "a DOCTYPE",
  "doctype",
  edited(function(text)
    return "<!DOCTYPE saml:Assertion>" .. text
  end)
)
inside(
  "an entity that is a file",
  "doctype",
  edited(function(text)
    return '<!DOCTYPE a [<!ENTITY n SYSTEM "file:///etc/passwd">]>'
      .. edit.replace(text, "ann@", "&n;@")
  end)
)
inside(
  "a processing instruction",
  "processing_instruction",
  edited(edit.replacing("ann@", "ann<?a b?>@"))
)
inside("a comment in the NameID", "accepted", edited(edit.replacing("ann@", "ann<!-- -->@")), {
  identity = function(identity)
    return identity.name_id == "ann@x.example"
  end,
})
inside(
  "not XML",
  "bad_xml",
  edited(function()
    return "ann@x.example"
  end)
)
inside(
  "nothing",
  "decryption_failed",
  edited(function()
    return ""
  end)
)
inside("a NUL", "bad_encoding", edited(edit.replacing("ann@", "ann\0@")))
inside("a byte that is not UTF-8", "bad_encoding", edited(edit.replacing("ann@", "ann\255@")))
inside(
  "another element",
  "assertion_missing",
  edited(function()
    return '<a xmlns="urn:x" ID="_a1"></a>'
  end)
)
inside("a response", "assertion_misplaced", function(parts, s)
  parts.edit_assertion = function()
    return writer.build(writer.parts(s.request))
  end
end)
inside("an encrypted assertion", "assertion_missing", edited(framed))
inside("an assertion in an Advice", "several_assertions", function(parts, s)
  local inner = writer.assertion(s.request)
  inner.id = "_inner"
  parts.assertion.advice = "<saml:Advice>"
    .. writer.assertion_text(inner):gsub(' xmlns:saml="[^"]*"', "")
    .. "</saml:Advice>"
end)
inside("the ID of the response, which is another document", "accepted", function(parts)
  parts.assertion.id = parts.response.id
end)
inside("an empty Advice", "advice", function(parts)
  parts.assertion.advice = "<saml:Advice></saml:Advice>"
end)
inside("an EncryptedID", "encrypted_part", function(parts)
  parts.assertion.name_id = "<saml:EncryptedID>"
    .. keys.encrypt "<saml:NameID>ann@x.example</saml:NameID>"
    .. "</saml:EncryptedID>"
end)
inside("a forged assertion around the signed one", "several_assertions", function(parts, s)
  parts.edit_assertion = function(text)
    local evil = writer.assertion(s.request)
    evil.id, evil.name_id = "_evil", "root@x.example"
    return edit.replace(
      writer.assertion_text(evil),
      "</saml:Assertion>",
      text .. "</saml:Assertion>"
    )
  end
end)

-- ---- keys and bytes: one error for all ----

local function flipped(at)
  return function(bytes)
    local index = at < 0 and #bytes + 1 + at or at
    return bytes:sub(1, index - 1)
      .. string.char((bytes:byte(index) + 1) % 256)
      .. bytes:sub(index + 1)
  end
end

local function cut(count)
  return function(bytes)
    return bytes:sub(1, count)
  end
end

local function broken(name, options)
  add("encrypted: " .. name, "decryption_failed", encrypted(options))
end

broken("for another key", { pair = keys.of "other" })
broken("a bit of its nonce flipped", { break_text = flipped(1) })
broken("a bit of its text flipped", { break_text = flipped(40) })
broken("a bit of its tag flipped", { break_text = flipped(-1) })
broken("without its tag", {
  break_text = function(bytes)
    return bytes:sub(1, -17)
  end,
})
broken("only a nonce", { break_text = cut(12) })
broken("three bytes", { break_text = cut(3) })
broken("no bytes", { break_text = cut(0) })
broken("a bit of its key flipped", { break_key = flipped(-1) })
broken("a key that is too short", { break_key = cut(100) })
broken("no key", { break_key = cut(0) })
broken("a byte after its key", {
  break_key = function(bytes)
    return bytes .. "\0"
  end,
})
add(
  "encrypted: no EncryptedKey",
  "decryption_failed",
  encrypted({}, function(parts)
    parts.edit_inside = function(text)
      return select(2, edit.take(text, "xenc:EncryptedKey"))
    end
  end)
)
add(
  "encrypted: a CipherReference",
  "decryption_failed",
  encrypted({}, function(parts)
    parts.edit_inside = function(text)
      local _, rest = edit.take(text:reverse():reverse(), "xenc:CipherValue")
      return edit.replace(
        rest,
        "<xenc:CipherData></xenc:CipherData>",
        '<xenc:CipherData><xenc:CipherReference URI="file:///etc/passwd"></xenc:CipherReference>'
          .. "</xenc:CipherData>"
      )
    end
  end)
)
add("encrypted, where there is no key", "decryption_key_missing", encrypted {}, { no_key = true })

-- ---- algorithms ----

for _, name in ipairs {
  ENC .. "aes128-cbc",
  ENC .. "aes256-cbc",
  ENC .. "tripledes-cbc",
  ENC .. "rsa-1_5",
  "aes256-gcm",
  "urn:x",
  "",
} do
  add(
    ("encryption algorithm %q"):format(name),
    "encryption_refused",
    encrypted { algorithm = name }
  )
end
for _, name in ipairs { ENC .. "rsa-1_5", ENC .. "kw-aes128", "rsa-oaep", "urn:x", "" } do
  add(("key transport %q"):format(name), "encryption_refused", encrypted { transport = name })
end
for _, name in ipairs { ENC .. "aes128-cbc", ENC .. "aes256-cbc" } do
  add(
    ("encryption algorithm %q that is allowed"):format(name),
    "accepted",
    encrypted { algorithm = name },
    {
      options = { allow_cbc = true },
    }
  )
end
add(
  "encryption by 3DES where CBC is allowed",
  "encryption_refused",
  encrypted { algorithm = ENC .. "tripledes-cbc" },
  {
    options = { allow_cbc = true },
  }
)
add(
  "key transport by RSA 1.5 where CBC is allowed",
  "encryption_refused",
  encrypted { transport = ENC .. "rsa-1_5" },
  {
    options = { allow_cbc = true },
  }
)
add(
  "CBC that is allowed, and a padding that is wrong",
  "decryption_failed",
  encrypted {
    algorithm = ENC .. "aes128-cbc",
    break_text = flipped(-17),
  },
  { options = { allow_cbc = true } }
)

-- ---- parts that are encrypted by themselves ----

add("an EncryptedID in place of the NameID", "encrypted_part", function(parts)
  parts.assertion.name_id = "<saml:EncryptedID>"
    .. keys.encrypt "<saml:NameID>ann@x.example</saml:NameID>"
    .. "</saml:EncryptedID>"
end)
add("an EncryptedAttribute", "encrypted_part", function(parts)
  parts.assertion.attribute_statement = "<saml:AttributeStatement><saml:EncryptedAttribute>"
    .. keys.encrypt "<saml:Attribute></saml:Attribute>"
    .. "</saml:EncryptedAttribute></saml:AttributeStatement>"
end)

return list

--- Signatures and encryption: from here on only what was signed is read, as the octets that were digested (saml §3.9 to
-- §3.18). What the response says outside of a signed assertion can only make things fail.
-- @module lastpass.saml.response.verified
local checks = require "lastpass.saml.checks"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"
local received = require "lastpass.saml.response.received"
local time = require "lastpass.time"

local ASSERTION = names.ns.assertion
local IN_RESPONSE = { ASSERTION, "Assertion" }
local ENCRYPTED = { ASSERTION, "EncryptedAssertion" }

local function check_certificates(c)
  c.certificates = c.idp.idp.certificates.signing
  if not c.certificates[1] then
    return checks.fail("certificates_missing", { detail = c.idp.entity_id })
  end
  return true
end

-- The verified octets of an element as a document of their own.
local function verify(c, document, element)
  local octets, info, code = document:verify {
    element = element,
    certificates = c.certificates,
    allow = c.settings.allow,
  }
  if not octets then
    return checks.fail_xml(code, info)
  end
  c.signers[#c.signers + 1] = info
  local parsed, message, err = received.parse(c, octets)
  if not parsed then
    return checks.fail("signed_octets", { detail = message, cause = err })
  end
  c.octets = octets
  return parsed
end

local function verify_response(c)
  if not c.response_signed then
    return true
  end
  local document, message, err = verify(c, c.document, nil)
  if not document then
    return nil, message, err
  end
  c.document, c.response = document, document:tree()
  return true
end

-- Where the verified octets are what was sent, they have all that was counted in it before.
local function check_octets(c)
  local _, name = c.document:root()
  local plain = c.document:count(ASSERTION, "Assertion")
  local encrypted = c.document:count(ASSERTION, "EncryptedAssertion")
  if name ~= "Response" or plain ~= c.plain or encrypted ~= c.encrypted then
    return checks.fail("signed_octets")
  end
  return true
end

local function check_key(c)
  if c.encrypted > 0 and not c.settings.keys[1] then
    return checks.fail("decryption_key_missing")
  end
  return true
end

-- The plaintext is a document like any other: the same limits and rules, one assertion, signed only as a whole.
local function check_plaintext(c)
  if c.encrypted == 0 then
    return true
  end
  local ns, name = c.document:root()
  local count = c.document:count(ASSERTION, "Assertion")
  if count ~= 1 then
    local code = count == 0 and "assertion_missing" or "several_assertions"
    return checks.fail(code, { detail = "in the decrypted text" })
  elseif ns ~= ASSERTION or name ~= "Assertion" then
    return checks.fail("assertion_misplaced", { detail = "in the decrypted text" })
  elseif c.document:count(ASSERTION, "EncryptedAssertion") > 0 then
    return checks.fail("assertion_misplaced", { detail = "in the decrypted text" })
  end
  local signatures = c.document:signatures()
  if signatures[2] or signatures[1] and signatures[1].depth ~= 0 then
    return checks.fail("signature_misplaced", { detail = "in the decrypted text" })
  end
  c.assertion_signed = signatures[1] ~= nil
  return true
end

-- One key after the other, so that it is known which of them is still in use; all failures are the same.
local function decrypt_by_keys(c)
  local text, message, code
  for _, key in ipairs(c.settings.keys) do
    text, message, code = c.document:decrypt {
      element = ENCRYPTED,
      keys = { key },
      allow = { cbc = c.settings.allow_cbc },
    }
    if text then
      c.decrypted_by = key
      break
    elseif code ~= "decryption_failed" then
      break
    end
  end
  return text, message, code
end

local function decrypt(c)
  if c.encrypted == 0 then
    return true
  end
  local text, message, code = decrypt_by_keys(c)
  if not text then
    return checks.fail_xml(code, code ~= "decryption_failed" and message or nil)
  end
  local document, reason, err = received.parse(c, text)
  if not document and c.settings.allow_cbc then
    -- CBC proves nothing of the text: how far it could be read would tell it, byte by byte (saml §3.18)
    return checks.fail("decryption_failed")
  elseif not document then
    return nil, reason, err
  end
  c.document, c.octets = document, text
  return true
end

-- Encryption proves nothing about the sender.
local function check_authentic(c)
  if c.encrypted > 0 and not c.response_signed and not c.assertion_signed then
    return checks.fail("encrypted_unsigned")
  end
  return true
end

local function verify_assertion(c)
  if not c.assertion_signed then
    return true
  end
  local element = c.encrypted == 0 and IN_RESPONSE or nil
  local document, message, err = verify(c, c.document, element)
  if not document then
    return nil, message, err
  end
  c.document = document
  return true
end

local function check_wanted(c)
  local want = c.settings.want
  if (want == "assertion" or want == "both") and not c.assertion_signed then
    return checks.fail("assertion_unsigned")
  elseif (want == "response" or want == "both") and not c.response_signed then
    return checks.fail("response_unsigned")
  end
  return true
end

local function check_certificate_dates(c)
  if not c.settings.check_certificate_dates then
    return true
  end
  for _, info in ipairs(c.signers) do
    local fields = c.certificates[info.certificate]:fields()
    if c.now < fields.not_before or c.now > fields.not_after then
      return checks.fail("certificate_expired", {
        detail = ("%s to %s"):format(time.iso(fields.not_before), time.iso(fields.not_after)),
      })
    end
  end
  return true
end

-- The assertion, from the octets that were signed.
local function take_assertion(c)
  local _, name = c.document:root()
  local message, err
  if name == "Assertion" then
    c.assertion = c.document:tree()
  elseif c.response_signed and not c.assertion_signed then
    c.assertion, message, err = read.child(c.response, ASSERTION, "Assertion")
  end
  if c.assertion then
    return true
  elseif err then
    return nil, message, err
  end
  return checks.fail("signed_octets")
end

-- A check of the message, for the decrypted text.
local function inside(check)
  return function(c)
    if c.encrypted == 0 then
      return true
    end
    return check(c)
  end
end

return {
  steps = {
    { name = "certificates", check = 13, run = check_certificates },
    { name = "response_signature", check = 10, run = verify_response },
    { name = "octets", check = 14, run = check_octets },
    { name = "key", check = 18, run = check_key },
    { name = "decrypt", check = 18, run = decrypt },
    { name = "plaintext", check = 17, run = check_plaintext },
    { name = "advice_inside", check = 8, run = inside(received.check_advice) },
    { name = "encrypted_parts_inside", check = 18, run = inside(received.check_encrypted_parts) },
    { name = "authentic", check = 17, run = check_authentic },
    { name = "assertion_signature", check = 10, run = verify_assertion },
    { name = "wanted", check = 9, run = check_wanted },
    { name = "certificate_dates", check = 13, run = check_certificate_dates },
    { name = "assertion", check = 14, run = take_assertion },
  },
}

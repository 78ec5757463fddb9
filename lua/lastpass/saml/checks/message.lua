--- Reasons to refuse a message before anything in it is believed: how it came, its XML, its signatures, its
-- encryption (saml §3.1 to §3.18). Of each: section, code, title, sentence, hint.
-- @module lastpass.saml.checks.message
local SIGN = "LastPass's Admin Console, Applications > SSO apps > the app > Set up app > Advanced: "
local ANY_SIZE = "the identity provider sends more than any sign-in needs; look at its attributes"
local BROKEN = "the message was changed or cut on its way, or its sender does not write SAML"

return {
  -- ---- how it came ----
  {
    "3.1",
    "wrong_method",
    "POST only",
    "a response came by another method than POST",
    "the address that the identity provider has for responses (ACS) must be of the binding "
      .. "HTTP-POST",
  },
  {
    "3.1",
    "wrong_content_type",
    "form",
    "the body is not of the type application/x-www-form-urlencoded",
    "only the identity provider's form is taken here",
  },
  { "3.1", "message_missing", "one message", "the form has no SAML message", BROKEN },
  {
    "3.1",
    "duplicate_parameter",
    "one message",
    "a parameter comes twice",
    "no identity provider does this; somebody tries something",
  },
  {
    "3.1",
    "mixed_messages",
    "one message",
    "SAMLRequest and SAMLResponse come together",
    "no identity provider does this; somebody tries something",
  },
  { "3.2", "message_too_large", "size", "the message is larger than the limit", ANY_SIZE },
  { "3.2", "inflated_too_large", "size", "the message inflates beyond the limit", ANY_SIZE },
  { "3.2", "bad_base64", "base64", "the message is not valid Base64", BROKEN },
  { "3.2", "bad_deflate", "deflate", "the message is not one whole DEFLATE stream", BROKEN },
  { "3.3", "bad_encoding", "UTF-8", "the message is not valid UTF-8, or holds a NUL", BROKEN },
  { "3.3", "bad_xml", "well-formed", "the message is not well-formed XML", BROKEN },
  -- ---- its XML ----
  {
    "3.4",
    "doctype",
    "no DOCTYPE",
    "the message has a DOCTYPE or an entity",
    "no identity provider sends one; somebody tries something",
  },
  {
    "3.5",
    "processing_instruction",
    "no processing instructions",
    "the message has a processing instruction",
    "no identity provider sends one; somebody tries something",
  },
  {
    "3.6",
    "text_among_elements",
    "one reading",
    "there is text where SAML has only elements",
    "two readers could understand this differently, so nobody should",
  },
  { "3.7", "xml_too_deep", "limits", "elements are nested deeper than the limit", ANY_SIZE },
  {
    "3.7",
    "xml_too_many",
    "limits",
    "there are more elements or attributes than the limit",
    ANY_SIZE,
  },
  {
    "3.7",
    "wrong_root",
    "root element",
    "the root element is not the message that belongs here",
    "the address in the identity provider's settings is of another service",
  },
  { "3.7", "wrong_version", "version", "the Version is not 2.0", "SAML 1.1 is not supported" },
  { "3.7", "bad_id", "ID", "the ID is missing or is not an XML name", BROKEN },
  {
    "3.7",
    "duplicate_id",
    "ID",
    "two elements have the same ID",
    "a signature could mean either of them; somebody tries something",
  },
  {
    "3.7",
    "xml_id",
    "ID",
    "there is an attribute xml:id",
    "no identity provider sends one; somebody tries something",
  },
  {
    "3.7",
    "repeated_element",
    "one of each",
    "an element that SAML has once is there twice",
    BROKEN,
  },
  -- ---- what is in it ----
  { "3.8", "assertion_missing", "one assertion", "the response has no assertion", BROKEN },
  {
    "3.8",
    "several_assertions",
    "one assertion",
    "there is more than one assertion",
    "an identity provider sends one for a sign-in; more are a known forgery",
  },
  {
    "3.8",
    "assertion_misplaced",
    "one assertion",
    "an assertion stands elsewhere than directly in the response",
    "this is a known forgery (signature wrapping)",
  },
  {
    "3.8",
    "advice",
    "no Advice",
    "the assertion has an Advice",
    "the option allow_advice ignores it; an assertion inside of it stays refused",
  },
  -- ---- signatures ----
  {
    "3.9",
    "signature_missing",
    "signed",
    "neither the response nor the assertion is signed",
    SIGN .. "tick Sign assertion or Sign response",
  },
  {
    "3.9",
    "assertion_unsigned",
    "signed",
    "the assertion is not signed, and the option `want` asks for it",
    SIGN .. "tick Sign assertion",
  },
  {
    "3.9",
    "response_unsigned",
    "signed",
    "the response is not signed, and the option `want` asks for it",
    SIGN .. "tick Sign response",
  },
  {
    "3.9",
    "signature_misplaced",
    "no stray signatures",
    "a signature stands elsewhere than directly in the response or its assertion, or one has two",
    "this is a known forgery (signature wrapping)",
  },
  {
    "3.10",
    "signature_shape",
    "shape",
    "the signature is not of the form that SAML prescribes",
    BROKEN,
  },
  {
    "3.10",
    "reference_uri",
    "reference",
    "the signature is of another element than the one that it stands in",
    "this is a known forgery (signature wrapping)",
  },
  {
    "3.11",
    "transform_refused",
    "transforms",
    "the signature has transforms other than enveloped-signature and exclusive canonicalisation",
    "the identity provider must use exclusive canonicalisation (exc-c14n)",
  },
  {
    "3.12",
    "sha1_refused",
    "SHA-256",
    "the signature uses SHA-1",
    SIGN
      .. "tick SHA256 as SAML signature method and untick SHA1. For an app that cannot do more "
      .. "there is the "
      .. "option allow_sha1, which is logged at each use",
  },
  {
    "3.12",
    "algorithm_refused",
    "algorithms",
    "an algorithm of the signature is not allowed",
    SIGN .. "tick SHA256 as SAML signature method",
  },
  {
    "3.12",
    "key_too_small",
    "key size",
    "the key that signed is too small",
    "the identity provider needs an RSA key of 2048 bits or more; the option min_rsa_bits "
      .. "allows less",
  },
  {
    "3.13",
    "signature_invalid",
    "signature",
    "the signature does not verify with any of the certificates of this identity provider",
    "download the certificate again (LastPass's Admin Console, Applications > SSO apps > the "
      .. "app > Set up app) and put "
      .. "it beside the old one; the one inside the message is never believed",
  },
  {
    "3.13",
    "certificates_missing",
    "certificates",
    "no certificate of this identity provider is known that may sign",
    "load its metadata again",
  },
  {
    "3.13",
    "certificate_expired",
    "certificates",
    "the certificate that signed is over or not yet valid, and the option "
      .. "check_certificate_dates asks for it",
    "ask the identity provider for its next certificate",
  },
  {
    "3.14",
    "signed_octets",
    "what was signed",
    "the octets that were signed are not the message that was sent",
    "this is a known forgery (signature wrapping)",
  },
  {
    "3.15",
    "canonicalisation",
    "canonical form",
    "the signed element has no canonical form",
    BROKEN,
  },
  {
    "3.16",
    "signature_values",
    "signature values",
    "a digest or signature value is not plain Base64",
    "this is a known forgery",
  },
  -- ---- encryption ----
  {
    "3.17",
    "encrypted_unsigned",
    "signed, not only encrypted",
    "the assertion is encrypted, and neither it nor the response is signed",
    SIGN .. "tick Sign assertion",
  },
  {
    "3.17",
    "encrypted_beside_plain",
    "one assertion",
    "there is an encrypted assertion and a plain one",
    "this is a known forgery",
  },
  {
    "3.17",
    "encryption_required",
    "encrypted",
    "the assertion is not encrypted, and the option want_encrypted asks for it",
    SIGN .. "tick Encrypt assertion, and upload this service's certificate",
  },
  {
    "3.18",
    "decryption_key_missing",
    "decryption",
    "the assertion is encrypted, and this service has no key",
    "give the option key; or, " .. SIGN .. "untick Encrypt assertion",
  },
  {
    "3.18",
    "decryption_failed",
    "decryption",
    "the assertion cannot be decrypted",
    SIGN .. "upload the certificate that this service's metadata has now",
  },
  {
    "3.18",
    "encryption_refused",
    "encryption algorithms",
    "the assertion is encrypted by an algorithm that is not allowed",
    "the identity provider must use AES-GCM with RSA-OAEP; the option allow_cbc allows AES-CBC",
  },
  {
    "3.18",
    "encrypted_part",
    "encryption",
    "a part of the assertion is encrypted by itself (EncryptedID or EncryptedAttribute)",
    "encrypt the assertion as a whole",
  },
}

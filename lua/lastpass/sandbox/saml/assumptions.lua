--- What the sandbox had to invent about SAML: rows for lastpass.sandbox.assumptions, with sections of
-- docs/saml-protocol.md.
-- @module lastpass.sandbox.saml.assumptions
return {
  {
    name = "saml_generation",
    values = { "current", "legacy" },
    section = "1.1",
    what = "apps are of identity.lastpass.com; legacy makes them apps of lastpass.com/saml: "
      .. "other entity ID, other addresses, and logout messages",
    why = "both exist; an app says which one it is of by its setting generation",
  },
  {
    name = "saml_mfa",
    default = false,
    values = "boolean",
    section = "1.2",
    what = "only apps with step_up ask for LastPass MFA; true asks at every sign-on",
    why = "the step-up of an app is documented; policies of an account are another matter",
  },
  {
    name = "saml_mfa_context",
    default = "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
    values = "string",
    section = "1.2",
    what = "after MFA the AuthnContextClassRef is MobileTwoFactorContract, without it "
      .. "PasswordProtectedTransport",
    why = "no assertion of LastPass is public",
  },
  {
    name = "saml_unsigned_requests",
    default = true,
    values = "boolean",
    section = "1.2",
    what = "unsigned requests are answered unless the app has sign_request; false refuses them",
    why = "no public source says it",
  },
  {
    name = "saml_post_requests",
    default = true,
    values = "boolean",
    section = "1.2",
    what = "requests may come by POST too, and the metadata says so",
    why = "unknown; only the redirect is seen in the field",
  },
  {
    name = "saml_logout",
    values = { "known", "messages", "none" },
    section = "1.2",
    what = "apps of the current generation have a logout address that takes a plain GET, those "
      .. "of the legacy one take logout messages; messages: both do; none: neither",
    why = "only the logout address is documented for the current one",
  },
  {
    name = "saml_lifetime",
    default = 300,
    values = "integer",
    range = { 10, 3600 },
    section = "1.2",
    what = "an assertion can be used for 300 s",
    why = "no public source says it",
  },
  {
    name = "saml_secondary_email",
    default = "home.example",
    values = "string",
    section = "1.2",
    what = "the secondary e-mail address is the name of the first one at this domain; empty: "
      .. "nobody has one",
    why = "no interface shows the secondary address",
  },
  {
    name = "saml_signature_methods",
    section = "1.2",
    what = "with SHA1 and SHA256 both ticked signatures use SHA256",
    why = "what both ticks mean is not documented",
  },
  {
    name = "saml_encryption",
    section = "1.2",
    what = "assertions are encrypted by AES-256-GCM with RSA-OAEP",
    why = "the algorithms are unknown",
  },
  {
    name = "saml_lists",
    section = "1.2",
    what = "as Identifier, groups and roles are one text with commas between",
    why = "no public source says it",
  },
  {
    name = "saml_unsigned_apps",
    section = "1.2",
    what = "an app has to have Sign assertion or Sign response",
    why = "whether both can be left empty is unknown",
  },
  {
    name = "saml_everybody",
    section = "1.2",
    what = "everybody in the company has every app; disabled and invited people cannot sign on",
    why = "the assignment of apps is in no interface",
  },
}

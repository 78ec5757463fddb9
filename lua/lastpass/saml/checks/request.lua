--- Reasons to refuse how a message came beyond those of responses, and what a request of a service provider says
-- (saml §2.1). Of each: section, code, title, sentence, hint.
-- @module lastpass.saml.checks.request
local BROKEN = "the service provider does not write SAML as it is specified"
local METADATA = "load the service provider's metadata again"

return {
  {
    "3.1",
    "bad_form",
    "form",
    "the form or query is not encoded as forms are",
    "the message was changed or cut on its way",
  },
  {
    "3.1",
    "parameter_name",
    "one message",
    "a parameter that looks like one of SAML's is not spelled so, or is not supported",
    "another program on the way could read it otherwise; somebody tries something",
  },
  {
    "5",
    "relay_bytes",
    "target",
    "RelayState has a control character, or is not UTF-8",
    "nothing that a form carries unchanged has these",
  },
  {
    "2.1",
    "unknown_sp",
    "service provider",
    "the message is of a service provider that is not known here",
    "add its metadata to the option sps",
  },
  {
    "2.1",
    "request_unsigned",
    "signed request",
    "the request is not signed, and it is agreed that this service provider signs",
    "sign requests there, or change AuthnRequestsSigned in its metadata",
  },
  {
    "2.1",
    "request_old",
    "times",
    "the request was issued too long ago",
    "begin the sign-in again; the page was open for too long, or a clock is wrong",
  },
  { "2.1", "request_incomplete", "request", "the request lacks what every request has", BROKEN },
  {
    "2.1",
    "request_unsupported",
    "request",
    "the request asks for something that is not supported, and that must not be ignored",
    "change what the service provider asks for",
  },
  {
    "2.1",
    "wrong_acs",
    "address of the response",
    "the request names an address for the response that is not in the service provider's metadata",
    METADATA .. "; an answer only goes where its metadata says",
  },
  {
    "2.1",
    "wrong_subject",
    "subject",
    "the request is about another user than the one who is signed in",
    "sign in as that user",
  },
  {
    "2.1",
    "encryption_key_missing",
    "encryption",
    "the service provider's metadata has no certificate to encrypt the assertion for",
    METADATA .. ", or give the option encrypt = false",
  },
  {
    "2.1",
    "no_name_id",
    "NameID",
    "the user has no value for the NameID that is configured",
    "change the option name_id, or fill that field of the user",
  },
  {
    "2.1",
    "invalid_name_id_policy",
    "NameID",
    "the request asks for a NameID of another format than the one that is configured",
    "change the format that the service provider asks for, or the option name_id_format",
  },
  {
    "2.1",
    "no_authn_context",
    "authentication",
    "the request asks for another way to authenticate than the user was authenticated by",
    "authenticate the user as asked, and give it as authn_context",
  },
  {
    "2.1",
    "account_disabled",
    "account",
    "the user's account is disabled",
    "enable the account at LastPass",
  },
}

--- Reasons to refuse what a verified message says (saml §3.19 to §3.30), and those of metadata (§4), addresses (§5) and
-- logout (§6). Of each: section, code, title, sentence, hint.
-- @module lastpass.saml.checks.meaning
local APP = "LastPass's Admin Console, Applications > SSO apps > the app > Set up app: "
local CLOCK =
  "set the clocks by NTP, here and at the identity provider; the option skew allows up to 300 s"
local AGAIN = "begin the sign-in again; the page was open for too long, or was loaded twice"
local BROKEN = "the identity provider does not write SAML as it is specified"
local WRAPPED = "this is not what an identity provider sends; somebody tries something"

return {
  -- ---- status, sender, recipient ----
  {
    "3.19",
    "status",
    "status",
    "the identity provider did not sign the user in",
    "its status says why; in LastPass, see whether the user has the app (Users, or the app's "
      .. "Users and groups)",
  },
  { "3.19", "status_missing", "status", "the response has no status", BROKEN },
  { "3.20", "issuer_missing", "issuer", "the assertion does not name its issuer", BROKEN },
  {
    "3.20",
    "wrong_issuer",
    "issuer",
    "the message is of another identity provider than the one that was asked",
    "compare the entity ID in the identity provider's metadata with the one given here; "
      .. "LastPass has two "
      .. "generations (saml §1.1)",
  },
  { "3.20", "issuer_format", "issuer", "the issuer's Format is not that of an entity", BROKEN },
  {
    "3.20",
    "unknown_idp",
    "identity provider",
    "the message is of an identity provider that is not known here",
    "add its metadata to the option idp",
  },
  {
    "3.21",
    "destination_missing",
    "destination",
    "the signed message does not say where it is sent",
    BROKEN,
  },
  {
    "3.21",
    "wrong_destination",
    "destination",
    "the message was sent to another address",
    APP
      .. "ACS must be this service's address to the letter, behind a proxy the one that "
      .. "browsers see",
  },
  -- ---- which request it answers ----
  {
    "3.22",
    "unsolicited",
    "asked for",
    "the response answers no request, and only asked-for responses are taken",
    "begin at this service; or give the option allow_unsolicited, so that users can begin at "
      .. "the identity "
      .. "provider",
  },
  {
    "3.22",
    "request_unknown",
    "asked for",
    "the response answers a request that is not known here, or was answered before",
    AGAIN,
  },
  {
    "3.22",
    "request_mismatch",
    "asked for",
    "the response and its assertion answer different requests",
    WRAPPED,
  },
  {
    "3.22",
    "request_expired",
    "asked for",
    "the response answers a request that is over",
    AGAIN,
  },
  {
    "3.22",
    "other_browser",
    "same browser",
    "the request was begun in another browser",
    "the cookie of the request did not come back: the sign-in must begin and end on the same "
      .. "scheme, host and "
      .. "port; a link that somebody sent does not sign in",
  },
  {
    "3.22",
    "state_failed",
    "asked for",
    "it cannot be found out whether the request is known",
    "the store of requests is full or cannot be reached",
  },
  -- ---- for whom, and how long ----
  {
    "3.23",
    "confirmation_missing",
    "subject confirmation",
    "the assertion has no subject confirmation of the method bearer",
    BROKEN,
  },
  { "3.23", "recipient_missing", "recipient", "the subject confirmation has no Recipient", BROKEN },
  {
    "3.23",
    "wrong_recipient",
    "recipient",
    "the assertion is for another address",
    APP .. "ACS must be this service's address to the letter",
  },
  {
    "3.23",
    "confirmation_unbounded",
    "subject confirmation",
    "the subject confirmation has no end (NotOnOrAfter)",
    BROKEN,
  },
  {
    "3.23",
    "confirmation_expired",
    "subject confirmation",
    "the subject confirmation is over",
    CLOCK,
  },
  {
    "3.23",
    "confirmation_not_before",
    "subject confirmation",
    "the subject confirmation has a NotBefore, which the profile forbids",
    BROKEN,
  },
  {
    "3.23",
    "wrong_address",
    "address",
    "the assertion is for a browser of another address",
    "behind a proxy, leave the browser's address out",
  },
  { "3.24", "conditions_missing", "conditions", "the assertion has no conditions", BROKEN },
  { "3.24", "conditions_window", "conditions", "the conditions end before they begin", BROKEN },
  { "3.24", "conditions_early", "conditions", "the assertion is not yet valid", CLOCK },
  { "3.24", "conditions_expired", "conditions", "the assertion is over", CLOCK },
  {
    "3.24",
    "conditions_unbounded",
    "conditions",
    "the conditions have no beginning or no end",
    BROKEN,
  },
  {
    "3.24",
    "audience_missing",
    "audience",
    "the assertion does not say for which service it is",
    APP .. "enter this service's entity ID as Entity ID",
  },
  {
    "3.24",
    "wrong_audience",
    "audience",
    "the assertion is for another service",
    APP .. "Entity ID must be this service's to the letter, a slash at the end included",
  },
  {
    "3.24",
    "unknown_condition",
    "conditions",
    "the assertion has a condition that is not understood",
    "what is not understood cannot be kept",
  },
  -- ---- how the user was authenticated ----
  {
    "3.25",
    "authn_statement_missing",
    "authentication",
    "the assertion does not say that the user was authenticated",
    BROKEN,
  },
  {
    "3.25",
    "session_over",
    "session",
    "the session at the identity provider is over",
    "sign in there again",
  },
  {
    "3.25",
    "wrong_authn_context",
    "step-up",
    "the user was authenticated in another way than the one asked for",
    APP .. "tick the step-up (LastPass MFA at the start of the app)",
  },
  {
    "3.25",
    "authn_too_old",
    "fresh authentication",
    "the user was authenticated too long ago",
    "the identity provider ignores ForceAuthn; in LastPass, tick the step-up of the app",
  },
  { "3.25", "authn_early", "authentication", "the user was authenticated in the future", CLOCK },
  -- ---- who it is ----
  {
    "3.26",
    "name_id_missing",
    "NameID",
    "the assertion does not name the user",
    APP .. "choose an Identifier, such as Email",
  },
  {
    "3.26",
    "name_id_empty",
    "NameID",
    "the user's NameID is empty",
    APP .. "choose another Identifier",
  },
  {
    "3.26",
    "wrong_name_id_format",
    "NameID",
    "the user's NameID is of another format than the one asked for",
    APP .. "choose the Identifier that fits, or change the option name_id_format",
  },
  {
    "3.26",
    "wrong_name_qualifier",
    "NameID",
    "the user's NameID is of another name space than the one asked for",
    "compare the options name_qualifier and sp_name_qualifier",
  },
  {
    "3.26",
    "duplicate_attribute",
    "attributes",
    "an attribute comes twice, and the option unique_attributes is set",
    APP .. "remove one of the custom attributes of that name",
  },
  { "3.26", "attribute_unnamed", "attributes", "an attribute has no name", BROKEN },
  { "3.27", "bad_time", "times", "a time is not of the form 2026-11-30T10:00:00Z", BROKEN },
  { "3.27", "issued_early", "times", "the message was issued in the future", CLOCK },
  -- ---- once ----
  {
    "3.28",
    "conditions_too_long",
    "replay",
    "the assertion is valid for longer than used ones are remembered",
    "set the identity provider's lifetime of assertions to minutes",
  },
  {
    "3.28",
    "replayed",
    "replay",
    "the assertion was used before",
    "begin the sign-in again; a page that was sent twice (back button) does this too",
  },
  {
    "3.28",
    "replay_failed",
    "replay",
    "it cannot be found out whether the assertion was used before",
    "the store is full or cannot be reached",
  },
  {
    "3.29",
    "random_failed",
    "request ID",
    "no request can be made, because the system gives no random bytes",
    "see whether luaossl is installed",
  },
  {
    "3.30",
    "identity_incomplete",
    "identity",
    "what was verified does not make an identity",
    BROKEN,
  },
  -- ---- metadata ----
  {
    "4",
    "metadata_kind",
    "metadata",
    "this is not SAML 2.0 metadata",
    "load EntityDescriptor or EntitiesDescriptor",
  },
  {
    "4",
    "metadata_entity",
    "metadata",
    "the metadata is of another entity",
    "compare the entity ID",
  },
  {
    "4",
    "metadata_ambiguous",
    "metadata",
    "the metadata has several entities, and none was asked for",
    "name one by the option entity_id",
  },
  {
    "4",
    "metadata_duplicate",
    "metadata",
    "the metadata has the entity twice",
    "ask whoever publishes it",
  },
  { "4", "metadata_expired", "metadata", "the metadata is over (validUntil)", "load it again" },
  {
    "4",
    "metadata_role",
    "metadata",
    "the entity does not play this role in SAML 2.0",
    "this may be the metadata of a service provider, or of SAML 1.1",
  },
  {
    "4",
    "metadata_keys",
    "metadata",
    "the metadata has no key that may sign",
    "an identity provider needs a KeyDescriptor with use signing, or without use",
  },
  {
    "4",
    "metadata_value",
    "metadata",
    "the metadata has a value that is none",
    "ask whoever publishes it",
  },
  {
    "4",
    "metadata_location",
    "metadata",
    "an address in the metadata cannot be used",
    "addresses must be https; the option allow_http allows http on loopback",
  },
  {
    "4",
    "metadata_endpoint",
    "metadata",
    "the entity has no address of a binding that is supported",
    "HTTP-Redirect and HTTP-POST are supported",
  },
  -- ---- addresses to go on to ----
  {
    "5",
    "relay_refused",
    "target",
    "the address to go on to is not allowed",
    "allow it by the option relay; a path of this site begins with one slash",
  },
  {
    "5",
    "relay_too_long",
    "target",
    "RelayState is longer than the limit",
    "80 bytes are allowed",
  },
  -- ---- logout ----
  {
    "6",
    "logout_unsigned",
    "signed logout",
    "the logout message is not signed",
    "the identity provider must sign logout messages; anybody could end sessions otherwise",
  },
  {
    "6",
    "logout_signature_order",
    "signed logout",
    "the signed query has no SigAlg or no Signature",
    BROKEN,
  },
  { "6", "logout_expired", "logout", "the logout request is over", CLOCK },
  { "6", "logout_replayed", "logout", "the logout message was used before", AGAIN },
  {
    "6",
    "logout_unknown",
    "logout",
    "the answer is to a logout that was not begun here, or has ended",
    AGAIN,
  },
  {
    "6",
    "logout_status",
    "logout",
    "the identity provider did not end all sessions",
    "the session here has ended in any case; some elsewhere may go on",
  },
  {
    "6",
    "logout_not_supported",
    "logout",
    "this identity provider takes no logout messages",
    'for LastPass use slo = "redirect"',
  },
}

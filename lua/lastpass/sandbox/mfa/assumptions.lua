--- What the sandbox had to invent about LastPass MFA: rows for lastpass.sandbox.assumptions, with sections
-- of docs/mfa-protocol.md.
-- @module lastpass.sandbox.mfa.assumptions
return {
  {
    name = "mfa_enrolled",
    values = { "lastpassauth", "everybody" },
    section = "2.3",
    what = "users whose multifactor is lastpassauth have a paired phone, all others are "
      .. "unknown to LastPass MFA; everybody gives each user of the company one",
    why = "how the two directories hang together is not documented",
  },
  {
    name = "mfa_disabled",
    values = { "locked", "ignored" },
    section = "2.1",
    what = "a login of somebody whose account is disabled is LockedUser; ignored lets "
      .. "the phone ring",
    why = "what LastPass MFA makes of a disabled account is not documented",
  },
  {
    name = "mfa_provisioning",
    default = true,
    values = "boolean",
    section = "2.1",
    what = "an unknown user with FirstName and LastName is made and is UnpairedUser; false "
      .. "makes nobody",
    why = "the fields are documented as used for auto-provisioning, not what the answer then is",
  },
  {
    name = "mfa_timeout",
    values = { "NoResponse", "NoResponseTimeout" },
    section = "2.1",
    what = "after 60 seconds without an answer AuthStatus is NoResponse",
    why = "both words are among LastPass's constants",
  },
  {
    name = "mfa_token_seconds",
    default = 60,
    values = "integer",
    range = { 0, 86400 },
    section = "3",
    what = "an AsyncLoginToken can be asked about, as often as one likes, until so many "
      .. "seconds after the phone's 60; then Succeeded is false",
    why = "how long a token lives is not known",
  },
  {
    name = "mfa_methods",
    section = "2.1",
    what = "a user who approves in a way that AuthenticationMethods does not name is Denied; "
      .. "Default stands for any, FaceLive and FaceVoice for face",
    why = "the list is documented as preferred methods; what the app makes of it is unknown",
  },
  {
    name = "mfa_refusals",
    section = "2.1",
    what = "whoever has no active phone, is locked, unknown or kept out by a policy is answered "
      .. "at once, by both logins, with Succeeded true and without a token",
    why = "only the words are known, not when they come",
  },
  {
    name = "mfa_policies",
    section = "5",
    what = "ip_allow and hours are Denied by Policy, geofence is Denied by Geofencing, and No "
      .. "Location when IPAddress is empty; places are told from addresses",
    why = "policies live in the portal; the API shows their effect only",
  },
  {
    name = "mfa_second",
    section = "3",
    what = "a second login for the same user rings as well; the first one stays open",
    why = "whether a second request ends the first is not known",
  },
  {
    name = "mfa_window",
    default = 300,
    values = "integer",
    range = { 1, 86400 },
    section = "3",
    what = "a Timestamp that is more than 5 minutes from the sandbox's clock and from the "
      .. "machine's is refused",
    why = "the allowed difference is not known",
  },
  {
    name = "mfa_replay",
    values = { "refuse", "accept" },
    section = "3",
    what = "a Signature that came to the same path before, within that window, is refused",
    why = "whether LastPass refuses it is not known",
  },
  {
    name = "mfa_outer",
    section = "2.2",
    what = "what the envelope of a request lacks (key, time, signature) is said by the outer "
      .. "Succeeded; everything else, and so that a user does not exist, by the inner one",
    why = "samples look at both; which failure is where is not known",
  },
  {
    name = "mfa_items",
    section = "2.3",
    what = "Items of GetUsers have the fields of AddUser, and Status: Active, Pending (no phone "
      .. "yet), Suspended; those of GetGroups Id, Name, OrganizationalUnit",
    why = "only the Items of GetRoles are known",
  },
  {
    name = "mfa_sizes",
    section = "2.3",
    what = "Size is from 1 to 1000, and Offset counts from 0",
    why = "nothing is documented",
  },
  {
    name = "mfa_lists",
    section = "2.3",
    what = "LastPass MFA has no groups and roles until they are made there; AssignToRole adds "
      .. "to what a role has",
    why = "how the two directories hang together is not documented",
  },
  {
    name = "mfa_web",
    section = "2.4",
    what = "the phone rings when the browser comes to RedirectUrl; whoever has no active phone is "
      .. "sent to NotRegisteredUrl, every other refusal to CancelUrl; a login lives 10 minutes",
    why = "only the fields are known, of the predecessor's host",
  },
  {
    name = "mfa_callback",
    section = "3",
    what = "CallbackUrl is shown with the pending request and is not called",
    why = "what the call carries is not known, and the sandbox connects to nobody",
  },
  {
    name = "mfa_texts",
    section = "2.1",
    what = "every Message",
    why = "no text is public",
  },
}

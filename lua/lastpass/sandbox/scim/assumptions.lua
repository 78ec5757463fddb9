--- What the sandbox had to invent about SCIM: rows for lastpass.sandbox.assumptions, with sections of
-- docs/scim-protocol.md.
-- @module lastpass.sandbox.scim.assumptions
return {
  {
    name = "scim_mode",
    values = { "lastpass", "rfc" },
    section = "1.7",
    what = "what is known of LastPass's endpoint and the other settings of SCIM; rfc has "
      .. "everything that the standard has (sorting, ETags, cursors, bulk, .search, all "
      .. "attributes, groups in groups) instead",
    why = "nothing public says which parts of the standard there are",
  },
  {
    name = "scim_minimal",
    default = false,
    values = "boolean",
    section = "1.5",
    what = "lists, filters, attribute selection, PATCH and discovery; true has only what "
      .. "no identity provider does without: one eq on userName, externalId or "
      .. "displayName, no discovery, no PUT of groups",
    why = "the set-ups that are documented need that much; more is not known",
  },
  {
    name = "scim_link",
    values = { 201, 200, 409 },
    section = "1.4",
    what = "a POST of the address of a user, or of the name of a group, that nobody has "
      .. "linked answers 201 with the id that exists; 409 refuses it. What is linked "
      .. "answers 409 uniqueness",
    why = "the existing account is linked; the status is not documented",
  },
  {
    name = "scim_rename",
    values = { "mutability", "ignore", "allow" },
    section = "1.4",
    what = "a change of userName is refused with 400 mutability",
    why = "it is not supported; the answer is not documented",
  },
  {
    name = "scim_delete",
    values = { "hard", "disable" },
    section = "1.4",
    what = "DELETE of a user deletes the account; disable only disables it, and it stays "
      .. "readable",
    why = "the deletion is documented for Entra ID; a status for it is not",
  },
  {
    name = "scim_attributes",
    values = { "few", "all" },
    section = "1.3",
    what = "userName, name, displayName, active, externalId and one e-mail address, which "
      .. "is userName, are stored; others are accepted and forgotten",
    why = "the list is in no public page",
  },
  {
    name = "scim_ids",
    section = "1.7",
    what = "ids are decimal numbers, never used again; somebody who is created again has a "
      .. "new one",
    why = "one small number was printed in an example",
  },
  {
    name = "scim_members",
    section = "1.7",
    what = "members of groups are users; another id is 400 invalidValue and changes " .. "nothing",
    why = "groups are flat; the answer is not documented",
  },
  {
    name = "scim_mails",
    section = "1.4",
    what = "every POST of a user sends a mail (invitation) and makes the events User "
      .. "provisioned and Employee invited, also when it links; an invited person becomes "
      .. "a user",
    why = "the activation code is always sent; what linking does is not documented",
  },
  {
    name = "scim_names",
    section = "1.6",
    what = "the full name is name.formatted, else givenName and familyName, else "
      .. "displayName; read back, the last word is the family name unless SCIM wrote both",
    why = "the Enterprise API has one name only",
  },
  {
    name = "scim_seats",
    section = "1.4",
    what = "with the setting licences a POST beyond them answers 403; disabled people take "
      .. "no seat",
    why = "disabling frees the seat; what a POST without a free one answers is not "
      .. "documented",
  },
  {
    name = "scim_patch_status",
    section = "2.4",
    what = "PATCH of a user answers 200 with the user, PATCH of a group 204",
    why = "both are right; Entra ID wants 204 for groups",
  },
}

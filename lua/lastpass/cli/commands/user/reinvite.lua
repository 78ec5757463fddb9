--- `lastpass user reinvite`.
-- @module lastpass.cli.commands.user.reinvite
return require("lastpass.cli.writing").of_addresses {
  name = "user reinvite",
  verb = "reinvite",
  summary = "Send invitations again",
  description = "Each person gets an e-mail.",
  examples = { { "lastpass user reinvite cleo@acme.com --yes", "without the question" } },
}

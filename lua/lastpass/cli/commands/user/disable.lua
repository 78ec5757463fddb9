--- `lastpass user disable`.
-- @module lastpass.cli.commands.user.disable
return require("lastpass.cli.writing").of_addresses {
  name = "user disable",
  verb = "disable",
  summary = "Block the log-in of users",
  description = "Vault, groups and licence stay; `user enable` takes it back.",
  examples = { { "lastpass user disable bob@acme.com --yes", "without the question" } },
}

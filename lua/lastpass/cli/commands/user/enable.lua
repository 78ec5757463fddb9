--- `lastpass user enable`.
-- @module lastpass.cli.commands.user.enable
return require("lastpass.cli.writing").of_addresses {
  name = "user enable",
  verb = "enable",
  summary = "Let disabled users log in again",
  description = "Who may log in already is left as they are.",
  examples = { { "lastpass user enable bob@acme.com", "takes `user disable` back" } },
}

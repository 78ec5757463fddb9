--- `lastpass user reset-password`.
-- @module lastpass.cli.commands.user.reset_password
return require("lastpass.cli.writing").of_addresses {
  name = "user reset-password",
  verb = "reset-password",
  summary = "Send e-mails for resetting the master password",
  description = "The password stays as it is until the person changes it.",
  examples = { { "lastpass user reset-password bob@acme.com", "asks first" } },
}

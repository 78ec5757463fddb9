--- `lastpass user reset-mfa`.
-- @module lastpass.cli.commands.user.reset_mfa
return require("lastpass.cli.writing").of_addresses {
  name = "user reset-mfa",
  verb = "reset-mfa",
  summary = "Switch multifactor authentication off, for people who lost the device",
  description = "They can set it up again at the next log-in.",
  examples = { { "lastpass user reset-mfa bob@acme.com", "asks first" } },
}

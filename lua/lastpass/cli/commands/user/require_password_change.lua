--- `lastpass user require-password-change`.
-- @module lastpass.cli.commands.user.require_password_change
return require("lastpass.cli.writing").of_addresses {
  name = "user require-password-change",
  verb = "require-password-change",
  summary = "Ask for a new master password at the next log-in",
  description = "Nothing takes it back but the person, who sets a new one.",
  examples = { { "lastpass user require-password-change bob@acme.com", "asks first" } },
}

--- `lastpass user delete`.
-- @module lastpass.cli.commands.user.delete
return require("lastpass.cli.writing").of_addresses {
  name = "user delete",
  verb = "delete",
  summary = "Delete accounts and all that is in them, for good",
  description = "Nothing brings them back. The address, or the number of people, has to be typed.",
  examples = { { "lastpass user delete bob@acme.com --dry-run", "who it would be" } },
}

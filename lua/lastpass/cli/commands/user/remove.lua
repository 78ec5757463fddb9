--- `lastpass user remove`.
-- @module lastpass.cli.commands.user.remove
return require("lastpass.cli.writing").of_addresses {
  name = "user remove",
  verb = "remove",
  summary = "Remove users from the company",
  description = "The account lives on as a personal one; an invitation that was not accepted is "
    .. "withdrawn.",
  examples = {
    { "lastpass user remove bob@acme.com --confirm bob@acme.com", "without typing the address" },
  },
}

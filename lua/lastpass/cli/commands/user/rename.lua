--- `lastpass user rename`.
-- @module lastpass.cli.commands.user.rename
local verbs = require "lastpass.cli.verbs"

return require("lastpass.cli.writing").command {
  name = "user rename",
  verb = "rename",
  summary = "Start a change of address",
  description = "It is done when the user logs in with the old address once more.",
  arguments = {
    { "email", "address of the user", names = "users" },
    { "new-email", "the new address" },
  },
  examples = { { "lastpass user rename ann@acme.com ann.lee@acme.com", "asks first" } },
  items = function(options)
    return { verbs.item("rename", { email = options.email, new_email = options.new_email }) }
  end,
}

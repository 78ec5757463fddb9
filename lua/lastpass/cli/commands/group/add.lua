--- `lastpass group add`.
-- @module lastpass.cli.commands.group.add
local verbs = require "lastpass.cli.verbs"

return require("lastpass.cli.writing").command {
  name = "group add",
  verb = "group-add",
  summary = "Add users to a group",
  arguments = {
    { "group", "name of the group, exactly as it is written", names = "groups" },
    { "email", "address; several are possible", args = "+", names = "users" },
  },
  examples = { { "lastpass group add Finance ann@acme.com bob@acme.com", "two people" } },
  items = function(options)
    local items = {}
    for place, address in ipairs(options.email) do
      items[place] = verbs.item("group-add", { email = address, group = options.group })
    end
    return items
  end,
}

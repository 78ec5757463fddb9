--- `lastpass group add`.
-- @module lastpass.cli.commands.group.add
local verbs = require "lastpass.cli.verbs"

return require("lastpass.cli.writing").command {
  name = "group add",
  verb = "group-add",
  summary = "Add users to a group",
  description = "A group that is not there yet is asked about; --yes makes it.",
  arguments = {
    { "group", "name of the group, exactly as it is written", names = "groups" },
    { "email", "address; several are possible", args = "+", names = "users" },
  },
  examples = { { "lastpass group add Finance ann@acme.com bob@acme.com", "two people" } },
  items = function(options)
    local ok, message, err = verbs.check_texts(options, { "group" })
    if not ok then
      return nil, message, err
    end
    local items = {}
    for place, address in ipairs(options.email) do
      items[place] = verbs.item("group-add", { email = address, group = options.group })
    end
    return items
  end,
}

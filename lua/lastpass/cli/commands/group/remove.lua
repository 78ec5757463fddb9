--- `lastpass group remove`.
-- @module lastpass.cli.commands.group.remove
local verbs = require "lastpass.cli.verbs"

return require("lastpass.cli.writing").command {
  name = "group remove",
  verb = "group-remove",
  summary = "Take users out of a group",
  arguments = {
    { "group", "name of the group, exactly as it is written", names = "groups" },
    { "email", "address; several are possible", args = "+", names = "users" },
  },
  examples = { { "lastpass group remove Finance ann@acme.com bob@acme.com", "two people" } },
  items = function(options)
    local ok, message, err = verbs.check_texts(options, { "group" })
    if not ok then
      return nil, message, err
    end
    local items = {}
    for place, address in ipairs(options.email) do
      items[place] = verbs.item("group-remove", { email = address, group = options.group })
    end
    return items
  end,
}

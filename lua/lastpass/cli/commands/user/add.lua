--- `lastpass user add`.
-- @module lastpass.cli.commands.user.add
local verbs = require "lastpass.cli.verbs"

return require("lastpass.cli.writing").command {
  name = "user add",
  verb = "add",
  summary = "Create users and invite them",
  description = "Each person gets an e-mail. Who is there already is left as they are; a group "
    .. "that is not there yet is asked about.",
  arguments = { { "email", "address; several are possible", args = "+" } },
  options = {
    { "--name", "full name, when it is one person", value = "NAME" },
    { "--group", "group to be in; may be given several times", value = "GROUP", many = true },
  },
  examples = {
    {
      'lastpass user add ann@acme.com --name "Ann Lee" --group Finance --group Berlin',
      "one person in two groups",
    },
  },
  items = function(options)
    local ok, message, err = verbs.check_texts(options, { "name", "group" })
    if not ok then
      return nil, message, err
    end
    local items = {}
    for place, address in ipairs(options.email) do
      items[place] = verbs.item("add", {
        email = address,
        fullname = options.name,
        groups = #options.group > 0 and options.group or nil,
      })
    end
    return items
  end,
}

--- `lastpass user update`.
-- @module lastpass.cli.commands.user.update
local errors = require "lastpass.error"
local verbs = require "lastpass.cli.verbs"

return require("lastpass.cli.writing").command {
  name = "user update",
  verb = "update",
  summary = "Change a user's full name, or the names for Duo and SecurID",
  arguments = { { "email", "address of the user", names = "users" } },
  options = {
    { "--name", "full name", value = "NAME" },
    { "--duo", "user name for Duo", value = "NAME" },
    { "--securid", "user name for SecurID", value = "NAME" },
  },
  examples = { { 'lastpass user update ann@acme.com --name "Ann Lee-Smith"', "a new name" } },
  items = function(options)
    if not options.name and not options.duo and not options.securid then
      return errors.fail("argument", "usage", "user update: say what: --name, --duo or --securid")
    end
    local ok, message, err = verbs.check_texts(options, { "name", "duo", "securid" })
    if not ok then
      return nil, message, err
    end
    return {
      verbs.item("update", {
        email = options.email,
        fullname = options.name,
        duousername = options.duo,
        securidusername = options.securid,
      }),
    }
  end,
}

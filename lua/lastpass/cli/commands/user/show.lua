--- `lastpass user show`.
-- @module lastpass.cli.commands.user.show
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

return {
  name = "user show",
  summary = "Show one user",
  connects = true,
  rows = true,
  arguments = { { "email", "address of the user", names = "users" } },
  examples = { { "lastpass user show ann@acme.com --json", "everything known of her" } },
  topics = { "output" },
  lua = function(options)
    return ("print(assert(client:user(%s)))"):format(lua_text.value(options.email))
  end,
  run = function(session, options)
    local user, message, err = session:client():user(options.email)
    if not user then
      return nil, message, err
    end
    session:show_one(views.users, user)
    return 0
  end,
}

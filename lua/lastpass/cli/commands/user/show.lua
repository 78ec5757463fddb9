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
      if err.code == "no_such_user" and not err.hint then
        local part = options.email:lower():match "^[%w._-]*"
        err.hint = ([[lastpass users --where 'u.email:find("%s", 1, true)' looks for it]]):format(
          part
        )
      end
      return nil, message, err
    end
    session:show_one(views.users, user)
    return 0
  end,
}

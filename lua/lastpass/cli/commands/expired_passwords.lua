--- `lastpass expired-passwords`.
-- @module lastpass.cli.commands.expired_passwords
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

return {
  name = "expired-passwords",
  summary = "List users whose master password has expired",
  connects = true,
  rows = true,
  ends_with_reader = true,
  examples = { { "lastpass expired-passwords --fields email --csv", "their addresses" } },
  topics = { "output" },
  lua = function()
    return lua_text.loop("expired", "expired_passwords", {}, "expired.email")
  end,
  run = function(session)
    session:show(views.expired_passwords, session:client():expired_passwords())
    return 0
  end,
}

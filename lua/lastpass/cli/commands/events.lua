--- `lastpass events`.
-- @module lastpass.cli.commands.events
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

local function filter_of(options)
  return {
    from = options.from,
    to = options.to,
    user = options.user,
    search = options.search,
    admin = options.admin,
  }
end

return {
  name = "events",
  summary = "List audit events, oldest first",
  connects = true,
  rows = true,
  options = {
    { "--from", "since when; default -24h", value = "TIME" },
    { "--to", "until when; default now", value = "TIME" },
    { "--user", "only those of this user", value = "EMAIL" },
    { "--search", "only those in which LastPass finds this text", value = "TEXT" },
    { "--admin", "only those of admins" },
  },
  examples = {
    {
      "lastpass events --from -7d --where 'u.action == \"Failed Login Attempt\"'",
      "a week of them",
    },
    { 'lastpass events --from "2026-03-01 10:00" --to "2026-03-01 11:00" --ndjson', "one hour" },
  },
  topics = { "output", "where" },
  lua = function(options)
    return lua_text.loop("event", "events", filter_of(options))
  end,
  run = function(session, options)
    session:show(views.events, session:client():events(filter_of(options)))
    return 0
  end,
}

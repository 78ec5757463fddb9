--- `lastpass users`.
-- @module lastpass.cli.commands.users
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

local function filter_of(options)
  local filter = { status = options.status }
  if options.admin then
    filter.admin = true
  end
  return filter
end

return {
  name = "users",
  summary = "List users",
  description = "The directory is read to its end, and shown only when nothing of it was lost.",
  connects = true,
  rows = true,
  ends_with_reader = true,
  options = {
    {
      "--status",
      "only those",
      value = "STATUS",
      choices = { "active", "disabled", "invited" },
    },
    { "--admin", "only admins" },
  },
  examples = {
    { "lastpass users --where 'u.admin and not u.mfa'", "admins without a second factor" },
    {
      'lastpass users --where \'u.status == "active" and (u.last_login or 0) < ago "90d"\' --csv',
      "who has not been there for three months",
    },
    { "lastpass users --ndjson | jq -r .email", "every address" },
  },
  topics = { "output", "where" },
  lua = function(options)
    return lua_text.loop("user", "users", filter_of(options), "user.email, user.status")
  end,
  run = function(session, options)
    local client, filter = session:client(), filter_of(options)
    if next(filter) then
      session:show(views.users, client:users(filter))
      return 0
    end
    local snapshot, message, err = client:snapshot()
    if not snapshot then
      return nil, message, err
    end
    session:show(views.users, snapshot)
    return 0
  end,
}

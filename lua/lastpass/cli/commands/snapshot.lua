--- `lastpass snapshot`.
-- @module lastpass.cli.commands.snapshot
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local views = require "lastpass.cli.views"

local function keep(session)
  local client = session:client()
  local snapshot, message, err = client:snapshot()
  if not snapshot then
    return nil, message, err
  end
  local id
  id, message, err = client:keep_snapshot(snapshot)
  if not id then
    return nil, message, err
  end
  local kept
  kept, message, err = client:kept_snapshots(1)
  if not kept then
    return nil, message, err
  end
  session:show_one(views.snapshots, kept[1])
  return 0
end

local function list(session)
  local kept, message, err = session:client():kept_snapshots(session.options.limit or 20)
  if not kept then
    return nil, message, err
  end
  session:show(views.snapshots, kept)
  return 0
end

return {
  name = "snapshot",
  summary = "Keep the directory as it is now, list what is kept, or show it as it was",
  description = "Without an option it lists what is kept. Completions of users and groups come "
    .. "from the newest one.",
  connects = true,
  rows = true,
  options = {
    { "--keep", "read the directory and keep it in the journal" },
    { "--as-of", "show the users as they were kept at that time", value = "TIME" },
    { "--limit", "how many are listed; default 20", value = "COUNT", number = true },
  },
  examples = {
    { "lastpass snapshot --keep", "from cron, every night" },
    { "lastpass snapshot --as-of 2026-03-31 --csv", "who was there at the end of March" },
  },
  topics = { "output" },
  lua = function(options)
    if options.keep then
      return "print(assert(client:keep_snapshot()))"
    elseif options.as_of then
      return ("local kept = assert(client:snapshot{ as_of = %s })\n"):format(
        lua_text.value(options.as_of)
      ) .. "for user in kept:users() do print(user.email) end"
    end
    return "for _, kept in ipairs(assert(client:kept_snapshots())) do print(kept.read_at) end"
  end,
  run = function(session, options)
    if options.keep and options.as_of then
      return errors.fail("argument", "usage", "--keep and --as-of do not go together")
    elseif options.keep then
      return keep(session)
    elseif not options.as_of then
      return list(session)
    end
    local client = session:client()
    local record, message, err = mistakes.call(client.kept_snapshot, client, options.as_of)
    if not record then
      return nil, message, err
    end
    session:show(views.kept_users, record:users())
    return 0
  end,
}

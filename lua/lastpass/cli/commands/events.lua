--- `lastpass events`.
-- @module lastpass.cli.commands.events
local errors = require "lastpass.error"
local exporting = require "lastpass.cli.exporting"
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

local options = {}
for _, list in ipairs {
  exporting.which,
  { exporting.format_option "rows, or text with --follow and --cursor" },
  exporting.how,
} do
  for _, option in ipairs(list) do
    options[#options + 1] = option
  end
end

local function filter_of(given)
  return {
    from = given.from,
    to = given.to,
    user = given.user,
    search = given.search,
    admin = given.admin,
  }
end

local streaming = { "format", "follow", "every", "cursor", "overlap", "pseudonymise_key_file" }

-- The option that makes it an export, if one does.
local function stream_option(given)
  for _, name in ipairs(streaming) do
    if given[name] then
      return name
    end
  end
  return nil
end

local other_ways = {
  ndjson = "write --format ndjson",
  csv = "write --format csv",
  template = "--format text is a line for each event",
  fields = "--format csv has every field; cut what is not wanted",
  sort = "events come in the order of time",
  where = "--user, --search and --admin choose events; or filter what --format ndjson gives",
}

-- Rows have their own options, and events in a format have none of them.
local function check(given, stream)
  for _, name in ipairs(errors.names_of(other_ways)) do
    if given[name] then
      return errors.fail(
        "argument",
        "usage",
        ("--%s is for rows and does not go with --%s"):format(name, (stream:gsub("_", "-"))),
        { hint = other_ways[name] }
      )
    end
  end
  return true
end

return {
  name = "events",
  summary = "List audit events, oldest first, or follow them",
  description = "With --follow, --cursor or --format it is `lastpass export` to standard output.",
  connects = true,
  rows = true,
  ends_with_reader = true,
  options = options,
  examples = {
    {
      "lastpass events --from -7d --where 'u.action == \"Failed Login Attempt\"'",
      "a week of them",
    },
    { 'lastpass events --from "2026-03-01 10:00" --to "2026-03-01 11:00" --ndjson', "one hour" },
    { "lastpass events --follow --from -1h", "what happens, as it happens" },
  },
  topics = { "output", "where", "sinks" },
  lua = function(given)
    if stream_option(given) then
      return exporting.lua(given, false, "text")
    end
    return lua_text.loop("event", "events", filter_of(given))
  end,
  run = function(session, given)
    local stream = stream_option(given)
    if stream then
      local ok, message, err = check(given, stream)
      if not ok then
        return nil, message, err
      end
      return exporting.run(session, false, "text")
    end
    session:show(views.events, session:client():events(filter_of(given)))
    return 0
  end,
}

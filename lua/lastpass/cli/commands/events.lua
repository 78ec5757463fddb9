--- The commands about audit events.
-- @module lastpass.cli.commands.events
local errors = require "lastpass.error"
local formats = require "lastpass.export.formats"
local lua_text = require "lastpass.cli.lua_text"
local sinks = require "lastpass.cli.sinks"
local values = require "lastpass.cli.values"

local function exporting()
  return require "lastpass.cli.exporting"
end

local must = require("lastpass.cli.failure").must

-- ------------------------------------------------------------------ options

local which = {
  { "--from", "since when; default -24h; with --cursor, when it is new", value = "TIME" },
  { "--to", "until when, not included; default now", value = "TIME" },
  { "--user", "only those of this user", value = "EMAIL" },
  { "--search", "only those in which LastPass finds this text", value = "TEXT" },
  { "--admin", "only those of admins" },
}

local how = {
  { "--follow", "continue with what happens from now on, until Ctrl-C" },
  { "--every", "pause between two reads: 30s, 5m; default 60s", value = "TIME" },
  { "--cursor", "a name: continue where the last export of this name ended", value = "NAME" },
  { "--overlap", "read again that far back for late events; default 15m", value = "TIME" },
  {
    "--pseudonymise-key-file",
    "people become hashes (HMAC); file with the key, mode 600",
    value = "FILE",
  },
  { "-q --quiet", "no progress, and no line with the result" },
}

local function format_option(default)
  return {
    "--format",
    ("how events are written; default %s"):format(default),
    value = "FORMAT",
    choices = formats.names,
  }
end

-- ------------------------------------------------------------------ events

local function filter_of(options)
  return {
    from = options.from,
    to = options.to,
    user = options.user,
    search = options.search,
    admin = options.admin,
  }
end

local streaming = { "format", "follow", "every", "cursor", "overlap", "pseudonymise_key_file" }

-- The option that makes it an export, if one does.
local function stream_option(options)
  for _, name in ipairs(streaming) do
    if options[name] then
      return name
    end
  end
  return nil
end

local other_ways = {
  ndjson = "write --format ndjson",
  csv = "write --format csv",
  template = "--format text is a line for each event",
  fields = "--format csv has every field; cut the columns you need",
  sort = "events come in the order of time",
  where = "--user, --search and --admin choose events; or filter the output of --format ndjson",
}

-- Rows have their own options, and events in a format have none of them.
local function refuse_row_options(options, stream)
  for _, name in ipairs(errors.names_of(other_ways)) do
    if options[name] then
      must(
        values.usage(
          ("--%s is for rows and does not go with --%s"):format(name, (stream:gsub("_", "-"))),
          other_ways[name]
        )
      )
    end
  end
end

-- Rows over many companies; what is written in a format is an export.
local function event_settings(_, options)
  local stream = stream_option(options)
  if stream then
    must(
      values.usage(
        ("--%s does not go with --tenants"):format((stream:gsub("_", "-"))),
        "lastpass export --tenants writes events in a format"
      )
    )
  end
  return filter_of(options)
end

local function show_events(session, options)
  local stream = stream_option(options)
  if stream then
    refuse_row_options(options, stream)
    return exporting().run(session, false, "text")
  end
  session:show(require("lastpass.cli.views").events, session:client():events(filter_of(options)))
  return 0
end

-- What was exported of each company: as rows where no events are on standard output.
local function show_exports(session, run, set)
  local options = session.options
  if options.file or options.syslog or options.webhook then
    local view = require("lastpass.cli.views").exports
    view = require("lastpass.cli.tenants").view(view, run:result(), not options.json and set or nil)
    return session:show(view, run)
  end
  for _ in run:each() do
    session.streams:flush()
  end
end

-- ------------------------------------------------------------------ cursors

local function show_cursors(session, options)
  local client = session:client()
  if options.forget then
    must(client:forget_cursor(options.forget))
    session:say("forgot the cursor %s", options.forget)
  else
    session:show(require("lastpass.cli.views").cursors, must(client:cursors()))
  end
  return 0
end

return {
  {
    name = "events",
    summary = "List audit events, oldest first, or follow them",
    description = "With --follow, --cursor or --format it is `lastpass export` to standard output.",
    connects = true,
    rows = true,
    ends_with_reader = true,
    options = values.join(which, { format_option "rows, or text with --follow and --cursor" }, how),
    examples = {
      {
        "lastpass events --from -7d --where 'u.action == \"Failed Login Attempt\"'",
        "a week of them",
      },
      {
        'lastpass events --from "2026-03-01 10:00" --to "2026-03-01 11:00" --ndjson',
        "one hour",
      },
      { "lastpass events --follow --from -1h", "what happens, as it happens" },
    },
    topics = { "output", "where", "sinks" },
    tenants = { kind = "events", view = "events", settings = event_settings },
    lua = function(options)
      if stream_option(options) then
        return exporting().lua(options, false, "text")
      end
      return lua_text.loop("event", "events", filter_of(options))
    end,
    run = show_events,
  },
  {
    name = "export",
    summary = "Export audit events: to standard output, a file, a syslog server, a webhook",
    description = "With --cursor the next export continues where this one ended: nothing is lost, "
      .. "and in a file nothing is doubled, whenever it is killed. Passwords and keys in events "
      .. "are replaced. On standard error it says how many events were exported, how many were "
      .. "seen before, and which names of actions it does not know.",
    connects = true,
    ends_with_reader = true,
    options = values.join(which, {
      format_option "ndjson",
      { "--no-guard", "with --format csv: no ' before what a spreadsheet takes for a formula" },
    }, how, sinks.options),
    examples = {
      { "lastpass export --from -7d --format csv --file week.csv", "a week, once" },
      {
        "lastpass export --cursor siem --follow --file events.json --rotate 100M --keep 10",
        "all that happens, as a service",
      },
      {
        "lastpass export --cursor siem --format cef --syslog tls://siem.acme.com",
        "new events, from cron",
      },
      {
        "lastpass export --cursor hec --webhook $HEC_URL --kind splunk --token-file hec.token",
        "to Splunk",
      },
    },
    topics = { "sinks", "exit-codes" },
    tenants = {
      kind = "export",
      settings = function(_, options)
        return exporting().settings_of_companies(options, must(sinks.sink(options)), "ndjson")
      end,
      show = show_exports,
    },
    lua = function(options)
      return exporting().lua(options, must(sinks.sink(options)), "ndjson")
    end,
    run = function(session, options)
      return exporting().run(session, must(sinks.sink(options)), "ndjson")
    end,
  },
  {
    name = "cursors",
    summary = "List how far exports with a cursor have come, or forget a cursor",
    description = "They are stored in the journal. The next export with a forgotten name begins "
      .. "anew.",
    connects = true,
    rows = true,
    options = { { "--forget", "forget this one", value = "NAME" } },
    examples = {
      { "lastpass cursors --where 'u.position < ago \"1h\"'", "those that are late" },
      { "lastpass cursors --forget siem", "begin anew" },
    },
    topics = { "sinks" },
    lua = function(options)
      if options.forget then
        return ("assert(client:forget_cursor(%s))"):format(lua_text.value(options.forget))
      end
      return "for _, one in ipairs(assert(client:cursors())) do print(one.name, one.position) end"
    end,
    run = show_cursors,
  },
}

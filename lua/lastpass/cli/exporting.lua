--- Exports of events: what `events --follow` and `export` have in common.
-- @module lastpass.cli.exporting
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local interrupt = require "lastpass.cli.interrupt"
local lua_text = require "lastpass.cli.lua_text"
local text = require "lastpass.text"
local time = require "lastpass.time"
local values = require "lastpass.cli.values"

local M = {}

local must, usage = failure.must, values.usage

-- Refuses what does not go together.
local function check_options(options)
  for _, name in ipairs { "follow", "cursor" } do
    if options[name] and options.to then
      return usage(("--%s and --to do not go together: it continues to the newest"):format(name))
    end
  end
  if options.every and not options.follow then
    return usage "--every needs --follow"
  elseif options.overlap and not (options.follow or options.cursor) then
    return usage "--overlap needs --cursor or --follow"
  elseif options.no_guard and options.format ~= "csv" then
    return usage "--no-guard needs --format csv"
  elseif options.cursor == "" then
    return usage "--cursor: give it a name"
  end
  return true
end

-- As `client:export` takes them, but for the key, which is still the path of its file.
local function settings_of(options, sink, format)
  must(check_options(options))
  return {
    from = options.from,
    to = options.to,
    user = options.user,
    search = options.search,
    admin = options.admin,
    format = options.no_guard and { name = "csv", guard = false } or options.format or format,
    sink = sink or nil,
    follow = options.follow,
    every = must(values.duration("every", options.every)),
    cursor = options.cursor,
    overlap = must(values.duration("overlap", options.overlap)),
    pseudonymise = options.pseudonymise_key_file,
  }
end

-- ------------------------------------------------------------------ at work

-- Standard output as a sink. What others have written into events must not control the terminal.
local function output_of(session)
  local streams = session.streams
  return {
    begin = function(_, _, header)
      if header then
        streams:write(header)
      end
      return true
    end,
    write = function(_, lines)
      streams:write(streams:shown(lines))
      return true
    end,
    confirm = function()
      streams:flush()
      return {}
    end,
  }
end

-- Shows how far it is, on a line that is overwritten; and what went wrong for the moment.
local function progress_of(session, is_shown)
  local streams, last, shown = session.streams, 0, false
  local function clear()
    if shown then
      streams.err:write "\r\27[K"
      shown = false
    end
  end
  local function show_progress(progress)
    if progress.message then
      clear()
      session:say("lastpass: %s; trying again", progress.message)
    elseif is_shown and os.time() > last then
      last, shown = os.time(), true
      streams.err:write(("\r\27[K%s"):format(text.plural(progress.events, "event")))
      if progress.time then
        streams.err:write(", up to ", time.iso(progress.time))
      end
      streams.err:flush()
    end
  end
  return show_progress, clear
end

-- ------------------------------------------------------------------ the result

local function unknown_text(unknown)
  local parts = {}
  for _, name in ipairs(errors.names_of(unknown)) do
    parts[#parts + 1] = ("%s (%s)"):format(text.clean(name), text.count(unknown[name]))
  end
  return table.concat(parts, ", ")
end

local function result_text(result)
  local line = text.plural(result.events, "event")
  if result.cursor then
    line = ("%s; %s seen before and left out; cursor %s: %s"):format(
      line,
      text.count(result.duplicates),
      result.cursor,
      result.position and time.iso(result.position) or "new"
    )
  end
  if result.refused > 0 then
    line = ("%s\n%s refused by the receiver: %s"):format(
      line,
      text.plural(result.refused, "event"),
      result.dead_letters
    )
  end
  if next(result.unknown) then
    line = line .. "\nactions with unknown names: " .. unknown_text(result.unknown)
  end
  return line
end

--- Reports the result: on standard error, or with --json as an object where no events are on standard
-- output.
---@param session lastpass.cli.Session
---@param result lastpass.ExportResult
---@param sink table|false false when the events went to standard output
function M.show_result(session, result, sink)
  local options = session.options
  if options.json then
    local line = require("lastpass.json").shown {
      events = result.events,
      duplicates = result.duplicates,
      unknown = result.unknown,
      cursor = result.cursor,
      position = result.position and time.iso(result.position) or nil,
      refused = result.refused,
      dead_letters = result.dead_letters,
    }
    if sink then
      return session:print(line)
    end
    return session:say("%s", line)
  elseif not options.quiet and (sink or result.cursor or next(result.unknown)) then
    session:say("%s", result_text(result))
  end
end

--- Exports events as the options say.
---@param session lastpass.cli.Session
---@param sink table|false false for standard output
---@param format string when the options name none
---@return integer code
function M.run(session, sink, format)
  local options = session.options
  local settings = settings_of(options, sink, format)
  if settings.pseudonymise then
    settings.pseudonymise = must(require("lastpass.secret").file(settings.pseudonymise))
  end
  local is_shown = session.streams.err_is_terminal and sink and not options.quiet
  local show, clear = progress_of(session, is_shown)
  settings.sink = sink or output_of(session)
  settings.on_progress = show
  if sink and sink.kind == "webhook" then
    sink.on_retry = show
    sink.on_refused = function(letter)
      clear()
      session:say("lastpass: an event was refused and put into %s: %s", letter.path, letter.message)
    end
  end
  local client = session:client()
  local result, message, err = failure.call(client.export, client, settings)
  clear()
  must(result, message, err)
  M.show_result(session, result, sink)
  if not interrupt.has_come() then
    return result.refused > 0 and exit.partial or exit.done
  elseif result.cursor and not options.quiet then
    session:say "interrupted; the same command continues from there"
  end
  return exit.interrupted
end

-- ------------------------------------------------------------------ many companies

--- The settings of an export over many companies.
---@param options table of the command line
---@param sink table|false
---@param format string when the options name none
---@return table
function M.settings_of_companies(options, sink, format)
  if options.follow then
    must(
      usage("--follow does not go with --tenants", "--cursor and a timer continue every company")
    )
  end
  local settings = settings_of(options, sink, format)
  settings.follow, settings.every = nil, nil
  settings.pseudonymise_key_file, settings.pseudonymise = settings.pseudonymise, nil
  settings.admin = settings.admin or nil
  return settings
end

--- Where the events of many companies go when no file or receiver is named: to standard output, titles once.
---@param session lastpass.cli.Session
---@return fun(text: string|nil, header: string|nil)
function M.output_of_companies(session)
  local has_header = false
  return function(written, header)
    if header and not has_header then
      has_header = true
      session.streams:write(header)
    end
    if written then
      session.streams:write(session.streams:shown(written))
    end
  end
end

--- The Lua that does the same.
---@param options table
---@param sink table|false
---@param format string
---@return string
function M.lua(options, sink, format)
  local settings = settings_of(options, sink, format)
  if settings.pseudonymise then
    settings.pseudonymise = lua_text.raw(
      ('assert(require("lastpass").secret.file(%s))'):format(lua_text.value(settings.pseudonymise))
    )
  end
  return ("print(assert(client:export%s).events)"):format(lua_text.options(settings))
end

return M

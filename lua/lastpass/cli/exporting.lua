--- Events handed on by the program: what `events --follow` and `export` have in common.
-- @module lastpass.cli.exporting
local amounts = require "lastpass.cli.amounts"
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local export_result = require "lastpass.cli.export_result"
local interrupt = require "lastpass.cli.interrupt"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

--- Which events.
---@type lastpass.cli.Option[]
M.which = {
  { "--from", "since when; default -24h; with --cursor, when it is new", value = "TIME" },
  { "--to", "until when, not included; default now", value = "TIME" },
  { "--user", "only those of this user", value = "EMAIL" },
  { "--search", "only those in which LastPass finds this text", value = "TEXT" },
  { "--admin", "only those of admins" },
}

--- The option of the format, with this default.
---@param default string for the help
---@return lastpass.cli.Option
function M.format_option(default)
  return {
    "--format",
    ("how events are written; default %s"):format(default),
    value = "FORMAT",
    choices = { "ndjson", "ecs", "ocsf", "cef", "leef", "syslog", "csv", "text" },
  }
end

--- How they are handed on.
---@type lastpass.cli.Option[]
M.how = {
  { "--follow", "go on with what happens from now on, until Ctrl-C" },
  { "--every", "pause between two looks: 30s, 5m; default 60s", value = "TIME" },
  { "--cursor", "a name: go on where the last one of this name has ended", value = "NAME" },
  { "--overlap", "look again that far back for what comes late; default 15m", value = "TIME" },
  {
    "--pseudonymise-key-file",
    "people become keyed hashes; file with the key, mode 600",
    value = "FILE",
  },
  { "-q --quiet", "no progress, and no line with the result" },
}

local function usage(message, hint)
  return errors.fail("argument", "usage", message, { hint = hint })
end

-- What does not go together.
local function check(options)
  for _, name in ipairs { "follow", "cursor" } do
    if options[name] and options.to then
      return usage(("--%s and --to do not go together: it goes on to the newest"):format(name))
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
  local ok, message, err = check(options)
  local every, overlap
  if ok then
    every, message, err = amounts.duration("every", options.every)
  end
  if not err then
    overlap, message, err = amounts.duration("overlap", options.overlap)
  end
  if err then
    return nil, message, err
  end
  return {
    from = options.from,
    to = options.to,
    user = options.user,
    search = options.search,
    admin = options.admin,
    format = options.no_guard and { name = "csv", guard = false } or options.format or format,
    sink = sink or nil,
    follow = options.follow,
    every = every,
    cursor = options.cursor,
    overlap = overlap,
    pseudonymise = options.pseudonymise_key_file,
  }
end

-- Standard output as a sink. What outsiders have written into events must not steer the terminal.
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

-- How far it is, on a line that is written over; and what went wrong for now.
local function progress_of(session, is_shown)
  local streams, last, shown = session.streams, 0, false
  local function clear()
    if shown then
      streams.err:write "\r\27[K"
      shown = false
    end
  end
  local function tell(progress)
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
  return tell, clear
end

local function open_key(path)
  if not path then
    return nil
  end
  return require("lastpass.secret").file(path)
end

--- Hands events on as the options say.
---@param session lastpass.cli.Session
---@param sink table|false false for standard output
---@param format string when the options name none
---@return integer|nil code
---@return string? message
---@return lastpass.Error? err
function M.run(session, sink, format)
  local settings, message, err = settings_of(session.options, sink, format)
  if not settings then
    return nil, message, err
  end
  settings.pseudonymise, message, err = open_key(settings.pseudonymise)
  if err then
    return nil, message, err
  end
  local is_shown = session.streams.err_is_terminal and sink and not session.options.quiet
  local tell, clear = progress_of(session, is_shown)
  settings.sink = sink or output_of(session)
  settings.on_progress = tell
  if sink and sink.kind == "webhook" then
    sink.on_retry = tell
    sink.on_refused = function(letter)
      clear()
      session:say("lastpass: an event was refused and put into %s: %s", letter.path, letter.message)
    end
  end
  local client = session:client()
  local result
  result, message, err = mistakes.call(client.export, client, settings)
  clear()
  if not result then
    return nil, message, err
  end
  export_result.tell(session, result, sink)
  if not interrupt.has_come() then
    return result.refused > 0 and exit.partial or exit.done
  elseif result.cursor and not session.options.quiet then
    session:say "interrupted; the same command goes on from there"
  end
  return exit.interrupted
end

--- The Lua that does the same.
---@param options table
---@param sink table|false|nil
---@param format string
---@return string|nil
---@return string? message
---@return lastpass.Error? err
function M.lua(options, sink, format)
  local settings, message, err = settings_of(options, sink, format)
  if not settings then
    return nil, message, err
  end
  if settings.pseudonymise then
    settings.pseudonymise = lua_text.raw(
      ('assert(require("lastpass").secret.file(%s))'):format(lua_text.value(settings.pseudonymise))
    )
  end
  return ("print(assert(client:export%s).events)"):format(lua_text.options(settings))
end

return M

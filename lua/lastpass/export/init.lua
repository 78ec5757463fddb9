--- Events to where they are watched: reads, finds what is new, writes, and moves on when that is safe.
-- @module lastpass.export
local core = require "lastpass.core"
local cursors = require "lastpass.export.cursor"
local dead_letters = require "lastpass.export.dead_letters"
local errors = require "lastpass.error"
local formats = require "lastpass.export.formats"
local loop = require "lastpass.transport.scheduler"
local reader = require "lastpass.export.reader"
local redact = require "lastpass.export.redact"
local sinks = require "lastpass.export.sinks"
local time = require "lastpass.time"
local windows = require "lastpass.export.windows"
local writer = require "lastpass.export.writer"

local M = {}

local function check_seconds(value)
  return type(value) == "number" and value >= 0 and value < 1e9, "a number of seconds"
end

--- The options of `client:export`: name, type, help.
M.options = {
  {
    "from",
    { "string", "number" },
    "from when on, this moment included; default -24h; with a cursor, when it is new",
  },
  {
    "to",
    { "string", "number" },
    "until when, this moment not included; default: all there is",
  },
  { "user", "string", "events of this address only" },
  { "search", "string", "events with this text only" },
  { "admin", "boolean", "events of admins only" },
  {
    "format",
    { "string", "table" },
    "ndjson (default), ecs, ocsf, cef, leef, syslog, csv, text; or a table with its options",
  },
  {
    "sink",
    { "string", "table", "function" },
    '"-" for stdout (default), a path, or a table of kind and its options',
  },
  { "pseudonymise", "userdata", "a secret: people become HMACs" },
  { "cursor", "string", "a name: continues where the last export of that name has ended" },
  {
    "follow",
    "boolean",
    "true: continues until it is cancelled; without a cursor the next one begins anew",
  },
  { "every", check_seconds, "seconds between two polls while following; default 60" },
  { "overlap", check_seconds, "seconds that are read again for what comes late; default 900" },
  { "on_progress", "function", "is given {events, duplicates, time} after each part" },
  { "cancel", "function", "returns true when the export is to end" },
}

local known = {}
for _, option in ipairs(M.options) do
  known[option[1]] = option[2]
end

--- Checks and completes the options; raises for a programmer's mistake.
---@param given table|nil
---@param level integer 1 is the caller
---@return table options a copy
function M.complete_options(given, level)
  level = level + 1
  given = errors.check_options("client:export", given, known, level)
  local options = { format = "ndjson", every = 60, overlap = 900, from = "-24h" }
  for name, value in pairs(given) do
    options[name] = value
  end
  if options.cursor == "" then
    errors.raise(level, "client:export: option 'cursor' must be a name")
  elseif options.cursor and options.to then
    errors.raise(level, "client:export: options 'cursor' and 'to' exclude each other")
  elseif options.follow and options.to then
    errors.raise(level, "client:export: options 'follow' and 'to' exclude each other")
  elseif options.pseudonymise and not core.secret.is(options.pseudonymise) then
    errors.raise(level, "client:export: option 'pseudonymise' must be made by lastpass.secret")
  end
  return options
end

---@class lastpass.ExportResult
---@field events integer      written
---@field duplicates integer  came again and left out
---@field unknown table<string, integer> names of actions that are not known, and how many events
---@field cursor string|nil
---@field position integer|nil UTC of the newest event that was exported, with a cursor
---@field refused integer     put aside because the receiver refuses them; they do not count as written
---@field dead_letters string|nil the file where they are, when there are some

local function read_time(client, options, name)
  local utc, message, err = time.parse(options[name], client:zone(), client:now())
  if not utc then
    local text = ("client:export: option '%s': %s"):format(name, message)
    return errors.fail(err.kind, err.code, text, err)
  end
  return math.floor(utc)
end

local function make_query(client, options)
  local from, message, err = read_time(client, options, "from")
  local to
  if from and options.to then
    to, message, err = read_time(client, options, "to")
  end
  if not from or (options.to and not to) then
    return nil, message, err
  end
  return {
    from = from,
    to = to,
    user = options.user,
    search = options.search,
    admin = options.admin,
    now = client:now(),
  }
end

local function is_cancelled(self)
  return loop.is_interrupted() or (self.options.cancel and self.options.cancel()) or false
end

local function report(self, newest)
  if self.options.on_progress then
    self.options.on_progress {
      events = self.result.events,
      duplicates = self.result.duplicates,
      time = newest,
    }
  end
end

-- The cursor moves past what the sink has confirmed.
local function save_cursor(self)
  local state, message, err = self.sink:confirm()
  if not state then
    return nil, message, err
  end
  local ok
  ok, message, err = self.cursor:save(state)
  if ok then
    self.result.position = self.cursor.position
  end
  return ok, message, err
end

-- Where the sink begins is saved before anything is written, so that whatever a kill leaves after that
-- point is known to be unconfirmed; and after something was read, so that a run that could read nothing
-- makes no cursor.
local function save_beginning(self)
  if not self.cursor or self.has_saved_beginning then
    return true
  end
  self.has_saved_beginning = true
  return save_cursor(self)
end

-- One batch: what the sink has confirmed at once is not sent again, whatever becomes of the rest.
local function write_batch(self, rows, batch)
  local ok, message, err = self.sink:write(batch.text, batch.count)
  if not ok then
    return nil, message, err
  end
  self.result.events = self.result.events + batch.count
  if self.cursor then
    self.cursor:advance(rows, batch.before, batch.after)
    if self.sink.confirmed then
      return save_cursor(self)
    end
  end
  return true
end

-- One part of what was read: what is new is written and confirmed, then the cursor moves.
local function write_rows(self, rows)
  local cursor, result = self.cursor, self.result
  local ok, message, err = save_beginning(self)
  if not ok then
    return nil, message, err
  end
  if cursor then
    redact.events(rows) -- the cursor knows events by what is exported of them
    result.duplicates = result.duplicates + cursor:filter(rows, self.query.now)
  end
  local newest, count = rows:newest(), 0
  ok, message, err = self.writer:write(rows, function(text, written, before, after)
    count = count + written
    local batch = { text = text, count = written, before = before, after = after }
    return write_batch(self, rows, batch)
  end)
  if ok and cursor and count > 0 and self.sink.confirmed == nil then
    ok, message, err = save_cursor(self)
  end
  if not ok then
    return nil, message, err
  end
  if count > 0 then
    report(self, newest)
  end
  if is_cancelled(self) then
    return errors.fail("cancelled", "cancelled", "the export was cancelled")
  end
  return true
end

-- Reads once from where the cursor stands, or the whole range.
local function poll(self)
  local query = self.query
  query.now = self.client:now()
  if self.cursor then
    self.cursor:begin_poll()
    query.from = windows.align_down(self.client:zone(), self.cursor.since)
  end
  local ok, message, err = reader.read(self.client, query, function(rows)
    return write_rows(self, rows)
  end)
  -- what the sink has not decided about yet
  if ok and self.cursor and self.sink.confirmed == false then
    return save_cursor(self)
  end
  return ok, message, err
end

-- What may be over at the next poll.
local function is_passing(err)
  return err.kind == "transport" or err.kind == "throttled"
end

local function wait(self, seconds)
  local left = seconds
  while left > 0 and not is_cancelled(self) do
    loop.sleep(math.min(left, 1))
    left = left - 1
  end
end

local function follow(self)
  repeat
    local ok, message, err = poll(self)
    if not ok and err.kind == "cancelled" and self.cursor then
      return true -- what was written is written, and the rest waits
    elseif not ok and not (self.options.follow and is_passing(err)) then
      return nil, message, err
    elseif not ok and self.options.on_progress then
      self.options.on_progress {
        events = self.result.events,
        duplicates = self.result.duplicates,
        message = message,
        code = err.code,
      }
    end
    if self.options.follow then
      wait(self, self.options.every)
    end
  until not self.options.follow or is_cancelled(self)
  return true
end

local function run(self, header)
  local state = self.cursor and self.cursor.state.sink
  local ok, message, err = self.sink:begin(state, header)
  if ok then
    ok, message, err = follow(self)
  end
  if ok then
    ok, message, err = self.sink:confirm()
  end
  if ok then
    ok, message, err = self.sink:finish()
  end
  if not ok then
    return nil, message, err
  end
  local result = self.result
  result.unknown = self.writer:unknown()
  result.refused = self.sink.refused or 0
  result.events = result.events - result.refused
  result.dead_letters = result.refused > 0 and self.sink.dead_letters or nil
  return result
end

-- Every event is known by a hash (src/core/events_identity.c).
local function check_identifiers()
  local ok, message, code = core.events():identify()
  if ok then
    return true
  end
  return errors.fail("argument", code, message, { hint = "apt install libssl3" })
end

local function prepare(client, options, level)
  local format = formats.open(options.format, client:option "cid", level + 1)
  local sink = sinks.open(options.sink, {
    durable = options.cursor ~= nil,
    cursor = options.cursor,
    dead_letters = function()
      return dead_letters.default_path(client, options.cursor)
    end,
    format = format.name,
    media_type = format.media_type,
    level = level + 1,
  })
  if options.follow and sink.durable == false then
    errors.raise(level + 1, "client:export: following into a file needs a cursor")
  end
  local query, message, err = make_query(client, options)
  if not query then
    return nil, message, err
  end
  local ok, pseudonyms
  ok, message, err = check_identifiers()
  if ok and options.pseudonymise then
    pseudonyms, message, err = redact.pseudonyms(options.pseudonymise)
  end
  if err then
    return nil, message, err
  end
  local cursor
  if options.cursor or options.follow then
    cursor, message, err = cursors.open(client, options.cursor, query, options.overlap)
    if not cursor then
      return nil, message, err
    end
  end
  local self = {
    client = client,
    options = options,
    query = query,
    cursor = cursor,
    sink = sink,
    writer = writer.new(format, {
      frame = sink.frame,
      batch = sink.batch,
      pseudonyms = pseudonyms,
    }),
    result = {
      events = 0,
      duplicates = 0,
      unknown = {},
      cursor = options.cursor,
      position = cursor and cursor.position,
    },
  }
  return self, format.header
end

--- Exports events.
---@param client lastpass.Client
---@param given? table the options
---@param level? integer whose line is blamed for mistakes; default the caller
---@return lastpass.ExportResult|nil result
---@return string? message
---@return lastpass.Error? err
function M.run(client, given, level)
  level = (level or 1) + 1
  local options = M.complete_options(given, level)
  local self, header, err = prepare(client, options, level)
  if not self then
    return nil, header, err
  end
  local result, message
  if not loop.can_wait_in_pcall() then
    result, message, err = run(self, header)
    self.sink:close()
    return result, message, err
  end
  local ok
  ok, result, message, err = pcall(run, self, header)
  self.sink:close()
  if not ok then
    error(result, 0)
  end
  return result, message, err
end

return M

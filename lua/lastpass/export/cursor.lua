--- How far an export has come, stored in the journal: the newest event, those exported since a while before
-- it, and the state of the sink. It moves only when the sink has confirmed.
-- @module lastpass.export.cursor
local client_journal = require "lastpass.store"
local errors = require "lastpass.error"

local M = {}

local DIGEST = 16

-- Which events of the last stretch of time were exported, each with how often: events have no id, and two that
-- say the same within one second are two (enterprise-api §4.11). An event is known by its digest: 16 bytes of
-- the SHA-256 of its five texts.
local exported = {}
local exported_mt = { __name = "lastpass.export.exported", __index = exported }

--- Reads what `dump` has written.
---@param bytes string "" for nothing
---@return table|nil exported
function M.read_exported(bytes)
  local self = setmetatable({ counts = {}, latest = {}, newest = -math.huge }, exported_mt)
  local position = 1
  while position <= #bytes do
    local latest, count, stop = bytes:match("^(%-?%d+) (%d+)\n()", position + DIGEST)
    if not stop then
      return nil
    end
    self:note(bytes:sub(position, position + DIGEST - 1), tonumber(latest), tonumber(count))
    position = stop
  end
  return self
end

--- Remembers an event: it came at least so often.
---@param digest string
---@param latest number the latest UTC time that it can have
---@param count integer
function exported:note(digest, latest, count)
  if count > (self.counts[digest] or 0) then
    self.counts[digest] = count
  end
  self.latest[digest] = latest
  self.newest = math.max(self.newest, latest)
end

--- How often an event came.
---@param digest string
---@return integer
function exported:count(digest)
  return self.counts[digest] or 0
end

--- Forgets what is older.
---@param threshold number UTC
function exported:prune(threshold)
  for digest, latest in pairs(self.latest) do
    if latest < threshold then
      self.counts[digest], self.latest[digest] = nil, nil
    end
  end
end

--- All of it as bytes, the same for the same content.
---@return string
function exported:dump()
  local list = {}
  for digest, count in pairs(self.counts) do
    list[#list + 1] = digest .. ("%.0f %d\n"):format(self.latest[digest], count)
  end
  table.sort(list)
  return table.concat(list)
end

local methods = {}
local cursor_mt = { __name = "lastpass.export.cursor", __index = methods }

local function query_text(query)
  return ("%s|%s|%s"):format(query.user or "", query.search or "", tostring(query.admin or false))
end

-- A cursor says nothing about events that another query would have given.
local function check_query(name, query, state)
  if state.query == query_text(query) then
    return true
  end
  local message = ("the cursor %s belongs to another choice of events"):format(name)
  return errors.fail("conflict", "other_query", message, {
    hint = "give each choice of user, search and admin a cursor of its own",
  })
end

-- The cursor as it was saved; nothing when it is new, or has no name to be saved under.
local function restore(self, client, query)
  if not self.name then
    return true
  end
  local message, err
  self.journal, message, err = client_journal.of(client)
  if not self.journal then
    return nil, message, err
  end
  self.tenant = client_journal.tenant(client)
  local saved
  saved, message, err = self.journal:cursor(self.tenant, self.name)
  if not saved then
    return not message or nil, message, err
  end
  local ok
  ok, message, err = check_query(self.name, query, saved.state)
  if not ok then
    return nil, message, err
  end
  self.position, self.version, self.state = saved.position, saved.version, saved.state
  self.exported = M.read_exported(saved.seen)
  if not self.exported then
    return errors.fail("protocol", "store_damaged", ("cursor %s cannot be read"):format(self.name))
  end
  return true
end

--- Opens a cursor; a new one begins at `from`.
---@param client lastpass.Client
---@param name string|nil nil for one that is not saved
---@param query lastpass.export.Query
---@param overlap number seconds
---@return table|nil cursor
---@return string? message
---@return lastpass.Error? err
function M.open(client, name, query, overlap)
  local self = setmetatable({
    name = name,
    overlap = overlap,
    position = query.from,
    version = 0,
    exported = M.read_exported "",
    state = { from = query.from, query = query_text(query) },
  }, cursor_mt)
  local ok, message, err = restore(self, client, query)
  if not ok then
    return nil, message, err
  end
  self:begin_poll()
  return self
end

--- From when on events count: what comes later than the overlap is not waited for.
---@return number utc
function methods:threshold()
  return math.max(self.state.from, self.position - self.overlap)
end

--- Reading the same stretch of time anew begins: what was not saved is read again.
function methods:begin_poll()
  self.pending, self.newest = {}, self.position
  self.next_position = self.position
  self.since = self:threshold()
end

--- Drops the rows that were exported before, and those too old to tell. To be called once for each
-- part that is read, after secrets were taken out of the rows. Of equal rows the oldest ones are those
-- that were exported: in the hour that happens twice the later one is the new one.
---@param rows userdata events of the core
---@param now integer
---@return integer duplicates
function methods:filter(rows, now)
  local duplicates = 0
  assert(rows:identify())
  -- a date far ahead of the clock must not end the following of all others
  self.now = now
  local newest = math.max(self.newest, math.min(rows:newest() or self.newest, now))
  local counted_from = newest - self.overlap
  for row = 1, #rows do
    if not rows:at(row, "dropped") then
      local latest = rows:at(row, "last_utc") or newest
      if latest < self.since then
        rows:drop(row)
      elseif latest <= self.exported.newest or latest >= counted_from then
        if rows:at(row, "ordinal") <= self.exported:count(rows:at(row, "digest")) then
          rows:drop(row)
          duplicates = duplicates + 1
        end
      end
    end
  end
  return duplicates
end

--- Notes that rows were exported, the last ones first; `save` makes it last.
---@param rows userdata as they were filtered
---@param before integer how many of the last rows were noted before
---@param after integer how many of the last rows have been exported by now
function methods:advance(rows, before, after)
  local count = #rows
  for row = count - before, count - after + 1, -1 do
    local utc = not rows:at(row, "dropped") and rows:at(row, "utc")
    if utc then
      self.newest = math.max(self.newest, math.min(utc, self.now))
    end
  end
  -- what still waits has to be read again, even where rows are not in the order of their times
  local waiting = rows:earliest(count - after)
  local position = math.min(self.newest, waiting or self.newest)
  self.next_position = math.max(self.next_position, position)
  local threshold = self.next_position - self.overlap
  for row = count - before, count - after + 1, -1 do
    local latest = rows:at(row, "last_utc") or self.newest
    if latest >= threshold and not rows:at(row, "dropped") then
      self.pending[#self.pending + 1] = { rows:at(row, "digest"), latest, rows:at(row, "ordinal") }
    end
  end
end

--- Moves past what was noted; to be called once the sink has confirmed it.
---@param sink_state table
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:save(sink_state)
  for _, one in ipairs(self.pending) do
    self.exported:note(one[1], one[2], one[3])
  end
  self.pending = {}
  self.position = self.next_position
  self.exported:prune(self:threshold())
  self.state.sink = sink_state
  if not self.name then
    self.version = self.version + 1
    return true
  end
  local version, message, err = self.journal:save_cursor(self.tenant, self.name, {
    position = self.position,
    seen = self.exported:dump(),
    state = self.state,
    version = self.version,
  })
  if not version then
    return nil, message, err
  end
  self.version = version
  return true
end

return M

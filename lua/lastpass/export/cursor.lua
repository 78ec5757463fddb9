--- How far an export has come, kept in the journal: the newest event, those seen since a while before
-- it, and what the sink wants to know again. It moves only when the sink has confirmed.
-- @module lastpass.export.cursor
local client_journal = require "lastpass.store.client_journal"
local errors = require "lastpass.error"
local seen_room = require "lastpass.export.seen"

local M = {}

local methods = {}
local cursor_mt = { __name = "lastpass.export.cursor", __index = methods }

local function query_text(query)
  return ("%s|%s|%s"):format(query.user or "", query.search or "", tostring(query.admin or false))
end

-- A cursor tells nothing of events that another query would have given.
local function check_query(name, query, state)
  if state.query == query_text(query) then
    return true
  end
  local message = ("the cursor %s belongs to another choice of events"):format(name)
  return errors.fail("conflict", "other_query", message, {
    hint = "give each choice of user, search and admin a cursor of its own",
  })
end

-- The cursor as it was kept; nothing when it is new, or has no name to be kept by.
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
  self.seen = seen_room.read(saved.seen)
  if not self.seen then
    return errors.fail("protocol", "store_damaged", ("cursor %s cannot be read"):format(self.name))
  end
  return true
end

--- Opens a cursor; a new one begins at `from`.
---@param client lastpass.Client
---@param name string|nil nil for one that nobody keeps
---@param query lastpass.export.Query
---@param overlap number seconds
---@return table|nil cursor
---@return string? message
---@return lastpass.Error? err
function M.open(client, name, query, overlap)
  local ok, message, err = seen_room.available()
  if not ok then
    return nil, message, err
  end
  local self = setmetatable({
    name = name,
    overlap = overlap,
    position = query.from,
    version = 0,
    seen = seen_room.read "",
    state = { from = query.from, query = query_text(query) },
  }, cursor_mt)
  ok, message, err = restore(self, client, query)
  if not ok then
    return nil, message, err
  end
  self.met, self.pending = {}, {}
  return self
end

--- From when on events count: what comes later than the overlap is not waited for.
---@return number utc
function methods:threshold()
  return math.max(self.state.from, self.position - self.overlap)
end

--- A new look at the same stretch of time begins.
function methods:begin_poll()
  self.met = {}
  self.since = self:threshold()
end

-- What the row is known by, when that matters; counts how often this look has met it.
local function meet(self, rows, row, latest)
  local digest = seen_room.digest(rows:identity(row))
  local count = (self.met[digest] or 0) + 1
  self.met[digest] = count
  self.pending[#self.pending + 1] = { digest, latest, count }
  return count <= self.seen:count(digest)
end

--- Drops the rows that were handed on before, and those too old to tell. To be called once for each
-- part of a look, before the rows are changed.
---@param rows userdata events of the core
---@param now integer
---@return integer duplicates
function methods:filter(rows, now)
  local duplicates = 0
  self.pending = {}
  -- a date far ahead of the clock must not end the following of all others
  local newest = math.max(self.position, math.min(rows:newest() or self.position, now))
  local wanted_from = newest - self.overlap
  for row = 1, #rows do
    if not rows:at(row, "dropped") then
      local latest = rows:at(row, "last_utc") or newest
      if latest < self.since then
        rows:drop(row)
      elseif latest <= self.seen.newest or latest >= wanted_from then
        if meet(self, rows, row, latest) then
          rows:drop(row)
          duplicates = duplicates + 1
        end
      end
    end
  end
  self.next_position = newest
  return duplicates
end

--- Moves behind what was filtered last; to be called once the sink has confirmed it.
---@param sink_state table
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:save(sink_state)
  for _, one in ipairs(self.pending) do
    self.seen:note(one[1], one[2], one[3])
  end
  self.pending = {}
  self.position = self.next_position or self.position
  self.seen:prune(self:threshold())
  self.state.sink = sink_state
  if not self.name then
    self.version = self.version + 1
    return true
  end
  local version, message, err = self.journal:save_cursor(self.tenant, self.name, {
    position = self.position,
    seen = self.seen:dump(),
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

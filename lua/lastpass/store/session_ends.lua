--- Sessions of web applications that have ended before their time, for guards on all machines; and who was disabled or
-- removed lately, whose sessions have to end.
-- @module lastpass.store.session_ends
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local M = {}

local MOST_REMOVED = 512 -- rows at once that are over

-- Of one name the latest end counts.
local ADD = "INSERT INTO lastpass_session_ends (name, ended_at, noted_at, ends) "
  .. "VALUES (?, ?, @now, @now + ?) ON CONFLICT (name) DO UPDATE SET "
  .. "ended_at = CASE WHEN excluded.ended_at > lastpass_session_ends.ended_at "
  .. "THEN excluded.ended_at ELSE lastpass_session_ends.ended_at END, "
  .. "noted_at = excluded.noted_at, ends = excluded.ends"

local OVER = "DELETE FROM lastpass_session_ends WHERE name IN (SELECT name "
  .. "FROM lastpass_session_ends WHERE ends <= @now ORDER BY ends LIMIT ? @skip_locked)"

local function add(database, names, ended_at, seconds)
  database:query(OVER, MOST_REMOVED)
  for _, name in ipairs(names) do
    database:query(ADD, name, ended_at, seconds)
  end
  return true
end

--- Notes that sessions have ended.
---@param names string[] as guards name them
---@param ended_at integer epoch milliseconds: sessions that began then or before have ended
---@param seconds integer for how long it has to be known: as long as a session can last
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M:add_session_ends(names, ended_at, seconds)
  local where = "journal:add_session_ends"
  values.list(where, "names", names)
  ended_at = values.whole(where, "ended_at", ended_at)
  seconds = values.whole(where, "seconds", seconds)
  return self._database:transaction(add, names, ended_at, seconds)
end

local LATELY = "SELECT name, {ended_at} FROM lastpass_session_ends WHERE noted_at >= @now - ?"

local function lately(database, seconds)
  return database:query(LATELY, seconds)
end

--- The sessions that were noted lately.
---@param seconds integer how many back, by the database's clock
---@return table[]|nil list {name, ended_at}
---@return string? message
---@return lastpass.Error? err
function M:session_ends(seconds)
  seconds = values.whole("journal:session_ends", "seconds", seconds)
  return self._database:read(lately, seconds)
end

local CLOCK = "SELECT {@now AS clock}"

local function clock(database)
  return database:query(CLOCK)[1].clock
end

--- The time by the database's clock, which whoever has the journal shares.
---@return integer|nil seconds since the epoch
---@return string? message
---@return lastpass.Error? err
function M:clock()
  return self._database:read(clock)
end

-- A step that is only intended counts as well: it may be at LastPass already.
local REMOVALS = "SELECT s.subject AS subject, {MAX(s.touched_at) AS touched_at} "
  .. "FROM lastpass_steps s JOIN lastpass_runs r ON r.id = s.run WHERE s.kind IN (%s) "
  .. "AND s.touched_at >= @now - ? AND s.state IN ('intended', 'done', 'unchanged', 'uncertain', "
  .. "'unknown', 'not_confirmed')%s GROUP BY s.subject"

local function removals(database, sql, bound)
  return database:run(sql, bound)
end

--- Whose access was taken lately.
---@param kinds string[] of steps
---@param seconds integer how many back, by the database's clock
---@param tenant? string|integer default all companies of the journal
---@return table[]|nil list {subject, touched_at}
---@return string? message
---@return lastpass.Error? err
function M:removals(kinds, seconds, tenant)
  local where = "journal:removals"
  local bound = {}
  for position, kind in ipairs(values.list(where, "kinds", kinds)) do
    bound[position] = kind
  end
  local marks = ("?, "):rep(#bound - 1) .. "?"
  bound[#bound + 1] = values.whole(where, "seconds", seconds)
  if tenant then
    bound[#bound + 1] = values.tenant(where, tenant)
  end
  local sql = REMOVALS:format(marks, tenant and " AND r.tenant = ?" or "")
  return self._database:read(removals, sql, bound)
end

return M

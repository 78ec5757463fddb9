--- Values that end by themselves, for `lastpass.state`. Each write is one statement, so that of two machines that do the
-- same at once only one succeeds.
-- @module lastpass.store.state

---@class lastpass.store.Journal
local M = {}

-- So many writes of a journal until it removes rows that are over, and so many rows at once.
local WRITES_BETWEEN = 64
local MOST_REMOVED = 512

-- A row that is over counts as absent: it is written anew.
local ADD = "INSERT INTO lastpass_state (name, value, ends) VALUES (?, ?, COALESCE(?, @now) + ?) "
  .. "ON CONFLICT (name) DO UPDATE SET value = excluded.value, number = NULL, ends = excluded.ends "
  .. "WHERE lastpass_state.ends <= COALESCE(?, @now) RETURNING name"

local PUT = "INSERT INTO lastpass_state (name, value, ends) VALUES (?, ?, COALESCE(?, @now) + ?) "
  .. "ON CONFLICT (name) DO UPDATE SET value = excluded.value, number = NULL, ends = excluded.ends "
  .. "RETURNING name"

local ADVANCE = "INSERT INTO lastpass_state (name, number, ends) "
  .. "VALUES (?, ?, COALESCE(?, @now) + ?) ON CONFLICT (name) DO UPDATE SET value = NULL, "
  .. "number = excluded.number, ends = excluded.ends "
  .. "WHERE lastpass_state.ends <= COALESCE(?, @now) OR lastpass_state.number IS NULL "
  .. "OR lastpass_state.number < excluded.number RETURNING name"

-- What is over counts as absent; a string is left alone, and no row comes back.
local INCREMENT = "INSERT INTO lastpass_state (name, number, ends) "
  .. "VALUES (?, ?, COALESCE(?, @now) + ?) ON CONFLICT (name) DO UPDATE SET value = NULL, "
  .. "number = excluded.number + CASE WHEN lastpass_state.ends <= COALESCE(?, @now) THEN 0 "
  .. "ELSE lastpass_state.number END, ends = CASE WHEN lastpass_state.ends <= COALESCE(?, @now) "
  .. "THEN excluded.ends ELSE lastpass_state.ends END WHERE lastpass_state.number IS NOT NULL "
  .. "OR lastpass_state.ends <= COALESCE(?, @now) RETURNING {number}"

local GET = "SELECT value, {number} FROM lastpass_state WHERE name = ? AND ends > COALESCE(?, @now)"

local TAKE = "DELETE FROM lastpass_state WHERE name = ? AND ends > COALESCE(?, @now) "
  .. "RETURNING value, {number}"

-- Rows that another machine is just removing are passed over.
local REMOVE = "DELETE FROM lastpass_state WHERE name IN (SELECT name FROM lastpass_state "
  .. "WHERE ends <= COALESCE(?, @now) ORDER BY ends LIMIT ? @skip_locked)"

local function run(database, self, sql, values, count)
  self._state_writes = (self._state_writes or 0) + 1
  if self._state_writes % WRITES_BETWEEN == 0 then
    database:query(REMOVE, values[3], MOST_REMOVED)
  end
  return database:run(sql, values, count)[1]
end

local function write(...)
  return run(...) ~= nil
end

local function increment(...)
  return run(...) or {}
end

local function value_of(row)
  return row and (row.value or row.number) or nil
end

--- Writes a value unless the key has one.
---@param key string
---@param value string
---@param ttl integer seconds
---@param now? integer epoch seconds; default the database's clock
---@return boolean|nil added
---@return string? message
---@return lastpass.Error? err
function M:add_state(key, value, ttl, now)
  return self._database:transaction(write, self, ADD, { key, value, now, ttl, now }, 5)
end

--- Writes a value.
---@param key string
---@param value string
---@param ttl integer seconds
---@param now? integer
---@return boolean|nil
---@return string? message
---@return lastpass.Error? err
function M:put_state(key, value, ttl, now)
  return self._database:transaction(write, self, PUT, { key, value, now, ttl }, 4)
end

--- Writes a number, only when it is greater than the one that is there.
---@param key string
---@param number integer
---@param ttl integer seconds
---@param now? integer
---@return boolean|nil advanced
---@return string? message
---@return lastpass.Error? err
function M:advance_state(key, number, ttl, now)
  return self._database:transaction(write, self, ADVANCE, { key, number, now, ttl, now }, 5)
end

--- Adds to a number, which lasts from the first time on. What was added last may be lost when the machine fails, but not
-- when the program does.
---@param key string
---@param by integer
---@param ttl integer seconds
---@param now? integer
---@return table|nil found `number`, nil when the key has a string
---@return string? message
---@return lastpass.Error? err
function M:increment_state(key, by, ttl, now)
  local database = self._database
  local values = { key, by, now, ttl, now, now, now }
  return database:hastily(function()
    return database:transaction(increment, self, INCREMENT, values, 7)
  end)
end

local function get(database, key, now)
  return { value = value_of(database:first(GET, key, now)) }
end

local function take(database, key, now)
  return { value = value_of(database:first(TAKE, key, now)) }
end

--- Reads a value.
---@param key string
---@param now? integer
---@return table|nil found `value`, nil when there is none
---@return string? message
---@return lastpass.Error? err
function M:get_state(key, now)
  return self._database:read(get, key, now)
end

--- Reads a value and removes it: of several that ask at once one gets it.
---@param key string
---@param now? integer
---@return table|nil found `value`, nil when there is none
---@return string? message
---@return lastpass.Error? err
function M:take_state(key, now)
  return self._database:transaction(take, key, now)
end

return M

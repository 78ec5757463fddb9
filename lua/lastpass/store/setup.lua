--- What a fresh connection is told, and whether the database is fit: versions, durability, waiting.
-- @module lastpass.store.setup
local errors = require "lastpass.error"

local M = {}

local function version_number(text)
  local major, minor = text:match "^(%d+)%.(%d+)"
  return tonumber(major) * 1000 + tonumber(minor)
end

-- Two processes that both switch a new file to WAL get in each other's way, and SQLite does not
-- wait for that lock. Waiting for the lock that it does wait for, and trying again, is as good.
local function switch_to_wal(database)
  local tries = 0
  local ok, thrown
  repeat
    tries = tries + 1
    ok, thrown = pcall(database.query, database, "PRAGMA journal_mode = WAL")
    if not ok then
      database:query "BEGIN IMMEDIATE"
      database:query "ROLLBACK"
    end
  until ok or tries == 20
  if not ok then
    error(thrown, 0)
  end
end

--- Prepares a connection to SQLite; to be called inside `read`.
---@param database table of `store.database`
---@param busy_timeout number seconds
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "sqlite_too_old"
function M.sqlite(database, busy_timeout)
  database:query(("PRAGMA busy_timeout = %d"):format(math.ceil(busy_timeout * 1000)))
  local version = database:first("SELECT sqlite_version() AS version").version
  if version_number(version) < 3035 then
    local message = ("%s: SQLite %s is too old, 3.35 is needed"):format(database.place, version)
    return errors.fail("argument", "sqlite_too_old", message, {
      hint = "use a newer system, or PostgreSQL",
    })
  end
  switch_to_wal(database)
  -- Every commit is on the disk before it returns.
  database:query "PRAGMA synchronous = FULL"
  return true
end

--- Prepares a connection to PostgreSQL; to be called inside `read`.
---@param database table of `store.database`
---@param busy_timeout number seconds
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "postgresql_too_old", "bad_encoding"
function M.postgresql(database, busy_timeout)
  local settings = database:first(
    "SELECT current_setting('server_version_num') AS version, "
      .. "current_setting('server_version') AS shown, "
      .. "current_setting('server_encoding') AS encoding, "
      .. "current_setting('synchronous_commit') AS synchronous"
  )
  if tonumber(settings.version) < 100000 then
    local message = ("%s: PostgreSQL %s is too old, 10 is needed"):format(
      database.place,
      settings.shown
    )
    return errors.fail("argument", "postgresql_too_old", message)
  elseif settings.encoding ~= "UTF8" and settings.encoding ~= "SQL_ASCII" then
    local message = ("%s: the database has the encoding %s, which cannot hold every name"):format(
      database.place,
      settings.encoding
    )
    return errors.fail("argument", "bad_encoding", message, {
      hint = "createdb --encoding=UTF8 --template=template0",
    })
  end
  -- Notices would be printed to stderr.
  database:query "SET client_min_messages TO warning"
  database:query(("SET lock_timeout TO %d"):format(math.ceil(busy_timeout * 1000)))
  -- Every commit is on the server's disk before it returns.
  if settings.synchronous ~= "on" and settings.synchronous ~= "remote_apply" then
    database:query "SET synchronous_commit TO on"
  end
  return true
end

return M

--- Opens a database: loads the driver, connects, checks versions, and sets durability and waiting.
-- @module lastpass.store.connection
local databases = require "lastpass.store.database"
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"

local M = {}

-- ---- drivers ----

local packages = {
  SQLite3 = "lua-dbi-sqlite3",
  PostgreSQL = "lua-dbi-postgresql",
}

local modules = {
  SQLite3 = "dbd.sqlite3",
  PostgreSQL = "dbd.postgresql",
}

local function load_driver(driver)
  local found = pcall(require, "DBI") and pcall(require, modules[driver])
  if found then
    return require "DBI"
  end
  local message = ("the journal needs LuaDBI with its driver for %s"):format(driver)
  return errors.fail(
    "argument",
    "no_luadbi",
    message,
    { hint = "apt install " .. packages[driver] }
  )
end

-- ---- what a new connection needs ----

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

--- Prepares SQLite; to be called inside `read`.
---@param checkpoint_after? integer see `open_file`
function M.set_up_sqlite(database, busy_timeout, checkpoint_after)
  database:query(("PRAGMA busy_timeout = %d"):format(math.ceil(busy_timeout * 1000)))
  local version = database:first("SELECT sqlite_version() AS version").version
  if version_number(version) < 3035 then
    local message = ("%s: SQLite %s is too old, 3.35 is needed"):format(database.label, version)
    return errors.fail("argument", "sqlite_too_old", message, {
      hint = "use a newer system, or PostgreSQL",
    })
  end
  switch_to_wal(database)
  -- Every commit is on the disk before it returns, unless it is a hasty one (`database:hastily`).
  database:query "PRAGMA synchronous = FULL"
  -- What a savepoint may have to take back is a few pages: a file for them costs more than all that is written.
  database:query "PRAGMA temp_store = MEMORY"
  -- Each of nginx's threads has a connection, and SQLite keeps 2 MiB of the file for each; the system has it anyway.
  database:query "PRAGMA cache_size = -512"
  if checkpoint_after then
    database:query(("PRAGMA wal_autocheckpoint = %d"):format(checkpoint_after))
  end
  return true
end

--- Prepares PostgreSQL; to be called inside `read`.
---@param is_pooled? boolean nothing is set on the connection: each transaction sets it for itself
function M.set_up_postgresql(database, busy_timeout, is_pooled)
  local settings = database:first(
    "SELECT current_setting('server_version_num') AS version, "
      .. "current_setting('server_version') AS shown, "
      .. "current_setting('server_encoding') AS encoding, "
      .. "current_setting('synchronous_commit') AS synchronous"
  )
  if tonumber(settings.version) < 100000 then
    local message = ("%s: PostgreSQL %s is too old, 10 is needed"):format(
      database.label,
      settings.shown
    )
    return errors.fail("argument", "postgresql_too_old", message)
  elseif settings.encoding ~= "UTF8" and settings.encoding ~= "SQL_ASCII" then
    local message = ("%s: the database has the encoding %s, which lacks letters of names"):format(
      database.label,
      settings.encoding
    )
    return errors.fail("argument", "bad_encoding", message, {
      hint = "createdb --encoding=UTF8 --template=template0",
    })
  end
  -- Every commit is on the server's disk before it returns.
  local is_synchronous = settings.synchronous == "on" or settings.synchronous == "remote_apply"
  local waits = ("%d"):format(math.ceil(busy_timeout * 1000))
  if is_pooled then
    local all = { lock_timeout = waits, client_min_messages = "warning" }
    all.synchronous_commit = not is_synchronous and "on" or nil
    database:set_locally(all)
    return true
  end
  -- Notices would be printed to stderr.
  database:query "SET client_min_messages TO warning"
  database:query("SET lock_timeout TO " .. waits)
  if not is_synchronous then
    database:query "SET synchronous_commit TO on"
  end
  return true
end

-- ---- opening ----

local function set_up(database, fn, ...)
  local ok, message, err = database:read(fn, ...)
  if ok then
    return database
  end
  database:close()
  return nil, message, err
end

--- Opens an SQLite file; an empty one becomes a database.
---@param path string
---@param busy_timeout number seconds to wait for another process's transaction
---@param checkpoint_after? integer pages of SQLite's log after which a commit copies them into the file itself, and
-- takes long; default SQLite's own, 1,000
function M.open_file(path, busy_timeout, checkpoint_after)
  local dbi, message, err = load_driver "SQLite3"
  if not dbi then
    return nil, message, err
  end
  -- SQLite gives other meanings to "file:…" and its like; ":memory:" alone is meant so.
  local plain = (path:find "^/" or path == ":memory:") and path or "./" .. path
  local connection, reason = dbi.Connect("SQLite3", plain)
  if not connection then
    return failures.fail(path, reason, false)
  end
  return set_up(
    databases.new(connection, "SQLite3", path),
    M.set_up_sqlite,
    busy_timeout,
    checkpoint_after
  )
end

--- Connects to PostgreSQL. LuaDBI would take a password as a Lua string and nothing else, so libpq
-- finds it by itself: in ~/.pgpass, in the file that the DSN's `passfile` names, or it needs none.
---@param address table of `store.location`: label, conninfo
---@param busy_timeout number seconds to wait for another session's lock
function M.open_server(address, busy_timeout)
  local dbi, message, err = load_driver "PostgreSQL"
  if not dbi then
    return nil, message, err
  end
  local connection = dbi.Connect("PostgreSQL", address.conninfo)
  if not connection then
    return failures.unreachable(address)
  end
  return set_up(
    databases.new(connection, "PostgreSQL", address.label, address.is_pooled),
    M.set_up_postgresql,
    busy_timeout,
    address.is_pooled
  )
end

return M

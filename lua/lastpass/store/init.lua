--- The store: a journal of runs and their steps, locks, and what directories and sources looked like,
-- in an SQLite file or a PostgreSQL database.
-- @module lastpass.store
local errors = require "lastpass.error"

local M = {}

local LOCK_TIMEOUT = 600
local BUSY_TIMEOUT = 10

--- Options of `store.open`.
---@class lastpass.store.Options
---@field path? string          an SQLite file; default lastpass/journal.db in $XDG_STATE_HOME, or in
-- ~/.local/state; made when it is not there, so that only its user reads it; ":memory:" for a journal
-- that ends with the program
---@field dsn? string           PostgreSQL instead: "postgresql://user@host:5432/database", and what
-- libpq allows behind a "?"; to another machine only with TLS that is checked. A password comes from
-- ~/.pgpass, or from the file that "?passfile=…" names
---@field lock_timeout? number  after so many seconds without a sign of life a runner on another
-- machine counts as dead; default 600
---@field busy_timeout? number  seconds to wait while another process writes; default 10

local function above_zero(value)
  return type(value) == "number" and value > 0 and value < 1e6, "a number of seconds above 0"
end

local function text(value)
  return type(value) == "string" and value ~= "" and not value:find "%z", "a text"
end

local known_options = {
  path = text,
  dsn = text,
  lock_timeout = above_zero,
  busy_timeout = above_zero,
}

local function open_file(path, busy_timeout)
  local file = require "lastpass.store.file"
  local message, err
  if path then
    path = file.expand(path)
  else
    path, message, err = file.default_path()
    if not path then
      return nil, message, err
    end
  end
  local ok
  ok, message, err = file.prepare(path)
  if not ok then
    return nil, message, err
  end
  return require("lastpass.store.database").open_file(path, busy_timeout)
end

local function open_server(dsn, busy_timeout)
  local address, message, err = require("lastpass.store.dsn").parse(dsn)
  if not address then
    return nil, message, err
  end
  return require("lastpass.store.database").open_server(address, busy_timeout)
end

--- Opens the journal, and brings its tables up to date.
--
--     local journal = assert(store.open { path = "acme.db" })
--     local lock = assert(journal:lock(8771312))
--     local run = assert(journal:begin_run { tenant = 8771312, plan = sha256, kind = "apply",
--       document = bytes, total = 1 })
--     assert(journal:intend(run, { { number = 1, kind = "disable", subject = "ann@acme.com" } }))
--     -- … the call …
--     assert(journal:settle(run, { { number = 1, state = "done" } }))
--     assert(journal:end_run(run, "finished"))
--     lock:release()
--
-- It blocks while it waits for the disk, the server, or another writer. Codes of failures: no_luadbi,
-- no_zlib, no_home, bad_dsn, password_in_dsn, tls_needed, bad_encoding, no_such_database,
-- store_unopened, store_read_only, store_full, store_io, store_newer (kind "argument"); store_busy
-- (kind "conflict"); store_damaged, store_failed (kind "protocol"); store_refused (kind "auth");
-- store_unreachable, store_lost, store_tls (kind "transport").
---@param options? lastpass.store.Options
---@return lastpass.store.Journal|nil
---@return string? message
---@return lastpass.Error? err
function M.open(options)
  options = errors.check_options("store.open", options, known_options)
  if options.path and options.dsn then
    errors.raise(2, "store.open: options 'path' and 'dsn' exclude each other")
  end
  local busy_timeout = options.busy_timeout or BUSY_TIMEOUT
  local ok, message, err = require("lastpass.store.pack").available()
  if not ok then
    return nil, message, err
  end
  local database
  if options.dsn then
    database, message, err = open_server(options.dsn, busy_timeout)
  else
    database, message, err = open_file(options.path, busy_timeout)
  end
  if not database then
    return nil, message, err
  end
  ok, message, err = require("lastpass.store.migrations").run(database)
  if not ok then
    database:close()
    return nil, message, err
  end
  return require("lastpass.store.journal").new(database, options.lock_timeout or LOCK_TIMEOUT)
end

return M

--- The store: a journal of runs and their steps, locks, and what directories and sources looked like,
-- in an SQLite file or a PostgreSQL database.
-- @module lastpass.store
local connection = require "lastpass.store.connection"
local errors = require "lastpass.error"
local location = require "lastpass.store.location"
local locks = require "lastpass.store.lock"
local migrations = require "lastpass.store.migrations"
local values = require "lastpass.store.values"

local M = {}

local unpack = table.unpack or unpack

local LOCK_TIMEOUT = 600
local BUSY_TIMEOUT = 10

--- Options of `store.open`.
---@class lastpass.store.Options
---@field path? string          an SQLite file; default lastpass/journal.db in $XDG_STATE_HOME, or in
-- ~/.local/state; made when it is not there, so that only its user reads it; ":memory:" for a journal
-- that ends with the program
---@field dsn? string           PostgreSQL instead: "postgresql://user@host:5432/database", and what
-- libpq allows behind a "?", and pool_mode=transaction for a pooler that gives connections for transactions
-- (pgbouncer); to another machine only with TLS that is checked. A password comes from ~/.pgpass, or from the
-- file that "?passfile=…" names
---@field lock_timeout? number  after so many seconds without a sign of life a runner on another
-- machine counts as dead; default 600
---@field busy_timeout? number  seconds to wait while another process writes; default 10
---@field checkpoint_after? integer of a file: pages of SQLite's log after which a commit copies them into the file itself,
-- which takes long; default 1,000. Who raises it calls `journal:checkpoint` beside the commits

local function above_zero(value)
  return type(value) == "number" and value > 0 and value < 1e6, "a number of seconds above 0"
end

local function text(value)
  return type(value) == "string" and value ~= "" and not value:find "%z", "a non-empty string"
end

local known_options = {
  path = text,
  dsn = text,
  lock_timeout = above_zero,
  busy_timeout = above_zero,
  checkpoint_after = function(value)
    return type(value) == "number" and value >= 1 and value % 1 == 0, "a whole number from 1 on"
  end,
}

-- ---- the journal ----

---@class lastpass.store.Journal
local methods = { lock = locks.take, renew_locks = locks.renew_all }
local journal_mt = { __index = methods, __name = "lastpass.journal" }

local parts = {
  "runs",
  "approvals",
  "steps",
  "step_lists",
  "readings",
  "jobs",
  "job_claims",
  "tenant_runs",
  "tenant_claims",
  "tenant_waves",
  "tenant_outcomes",
  "inbound",
  "inbound_log",
  "inbound_objects",
  "inbound_members",
  "inbound_intents",
  "inbound_outcomes",
  "state",
  "session_ends",
  "factors",
  "rates",
}
for _, part in ipairs(parts) do
  local module = require("lastpass.store." .. part)
  for name, method in pairs(module.methods or module) do
    methods[name] = method
  end
end

function journal_mt.__tostring(self)
  return ("lastpass.journal (%s)"):format(self._database.label)
end

local function call_entry(self, entry)
  local method = methods[entry.method]
  if not method or entry.method == "batch" then
    errors.raise(3, "journal:batch: there is no method '%s'", tostring(entry.method))
  end
  local values_of = { pcall(method, self, unpack(entry, 1, entry.count or #entry)) }
  if values_of[1] then
    return { values_of[2], values_of[3], values_of[4] }
  elseif type(values_of[2]) ~= "string" then
    error(values_of[2], 0) -- the database has failed, and with it the transaction
  end
  return { raised = values_of[2] }
end

local function call_entries(self, list)
  local results = {}
  for index, entry in ipairs(list) do
    results[index] = call_entry(self, entry)
  end
  return results
end

-- Whether nothing is lost when the machine stops before a call's commit is on the disk.
local hasty = {
  log_scim_requests = function()
    return true
  end,
  scim_record = function(outcome)
    return type(outcome) == "table" and outcome.repeatable == true
  end,
}

local function is_hasty(list)
  for _, entry in ipairs(list) do
    local answer = hasty[entry.method]
    if not answer or not answer(entry[1]) then
      return false
    end
  end
  return true
end

-- What was done, and has to be on the disk before anything rests on it.
local function mark_unsynced(list, results)
  for index, entry in ipairs(list) do
    local is_done = results[index][1] ~= nil
    results[index].is_unsynced = is_done and not is_hasty { entry }
  end
  return results
end

--- Calls several methods in one transaction: one commit for all. Each entry is done whole or not at all, whatever
-- becomes of the others. Of requests for the log, and of outcomes that are `repeatable`, it does not wait for the disk.
---@param list table[] {method = name, arguments …, count = how many when there is nil among them}
---@param syncs_later? boolean of a file: it waits for the disk for none of them. A result with `is_unsynced` counts once
-- `journal:sync` has returned, which may be called by another thread with the journal open: nobody waits meanwhile
---@return table[]|nil results for each {value, message, err}, or {raised = message} where its arguments were wrong
---@return string? message
---@return lastpass.Error? err when nothing was committed
function methods:batch(list, syncs_later)
  values.list("journal:batch", "the list", list)
  local function call()
    if #list == 1 then
      return call_entries(self, list) -- it has a transaction of its own
    end
    return self._database:together(function()
      return call_entries(self, list)
    end)
  end
  if is_hasty(list) then
    return self._database:hastily(call)
  elseif not syncs_later or self._database:is_shared() then
    return call()
  end
  local commits = self:commits()
  local results, message, err = self._database:hastily(call)
  if results and self:commits() > commits then
    mark_unsynced(list, results)
  end
  return results, message, err
end

--- Waits until all that was committed before is on the disk.
---@return true|nil
---@return string? message
---@return lastpass.Error? err with `uncertain`: what was committed is seen, and may be lost with the power
function methods:sync()
  return self._database:sync()
end

--- How many transactions of this journal were committed since it was opened: what only read is not among them.
---@return integer
function methods:commits()
  return self._database:commits()
end

--- Copies what SQLite's log has into the file itself, beside whoever writes: a log that is short is read faster, and no
-- commit has to do it. For an option `checkpoint_after` that is raised; a PostgreSQL server does it by itself.
---@param is_whole? boolean all of the log, while others wait, and it begins anew
---@return true|nil
---@return string? message
---@return lastpass.Error? err those of failures
function methods:checkpoint(is_whole)
  return self._database:checkpoint(is_whole)
end

--- Whether its connection to the server is gone: it has to be opened again.
---@return boolean
function methods:is_lost()
  return self._closed or self._database:is_lost()
end

--- Closes the database, and releases the locks that it still has.
function methods:close()
  if self._closed then
    return
  end
  self._closed = true
  for _, lock in pairs(self._locks) do
    lock:release()
  end
  self._database:close()
end

-- ---- opening ----

local function open_database(options)
  local busy_timeout = options.busy_timeout or BUSY_TIMEOUT
  if options.dsn then
    local address, message, err = location.parse_dsn(options.dsn)
    if not address then
      return nil, message, err
    end
    return connection.open_server(address, busy_timeout)
  end
  local path, message, err
  if options.path then
    path = location.expand(options.path)
  else
    path, message, err = location.default_path()
  end
  local ok
  if path then
    ok, message, err = location.prepare(path)
  end
  if not ok then
    return nil, message, err
  end
  return connection.open_file(path, busy_timeout, options.checkpoint_after)
end

--- Opens the journal, and brings its tables up to date.
--
--     local journal = assert(store.open { path = "acme.db" })
--     local lock = assert(journal:lock(8771312))
--     local run = assert(journal:begin_run { tenant = 8771312, plan = sha256, kind = "apply",
--       document = bytes, total = 1 })
--     assert(journal:intend(run, { { number = 1, kind = "disable", subject = "ann@acme.com" } }))
--     -- … the call …
--     assert(journal:record(run, { { number = 1, state = "done" } }))
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
  local ok, message, err = values.load_zlib()
  if not ok then
    return nil, message, err
  end
  local database
  database, message, err = open_database(options)
  if not database then
    return nil, message, err
  end
  ok, message, err = migrations.run(database)
  if not ok then
    database:close()
    return nil, message, err
  end
  return setmetatable({
    _database = database,
    _lock_timeout = options.lock_timeout or LOCK_TIMEOUT,
    _locks = {},
  }, journal_mt)
end

-- ---- the journal of a client ----

-- A program has few journals; each is opened once.
local open_journals = {}

--- The company a client works on: the address of the API and the account number.
---@param client lastpass.Client
---@return string tenant "lastpass.com/enterpriseapi.php 8771312"
function M.tenant(client)
  local host = client:option("url"):gsub("^%a+://", "")
  return ("%s %.0f"):format(host, tonumber(client:option "cid"))
end

--- The journal of clients by their option `journal`, where it is open in this process.
---@param label string|nil the option
---@param opens? boolean one that the option names is opened when it is not
---@return lastpass.store.Journal|nil
function M.shared(label, opens)
  local journal = open_journals[label or ""]
  journal = journal and not journal:is_lost() and journal or nil
  if not journal and label and opens then
    journal = M.of {
      option = function()
        return label
      end,
    }
  end
  return journal
end

--- The journal of a client, opened at its first use, and again after its connection was lost.
---@param client lastpass.Client its option `journal` (path or DSN)
---@return lastpass.store.Journal|nil
---@return string? message
---@return lastpass.Error? err
function M.of(client)
  local label = client:option "journal"
  local key = label or ""
  local known = open_journals[key]
  if known and not known:is_lost() then
    return known
  end
  open_journals[key] = nil -- who still uses one that was lost is told so by it
  local is_dsn = label and label:match "^postgres"
  local journal, message, err = M.open { [is_dsn and "dsn" or "path"] = label }
  open_journals[key] = journal
  return journal, message, err
end

return M

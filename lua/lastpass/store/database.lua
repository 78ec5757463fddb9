--- One connection to SQLite or PostgreSQL through LuaDBI, whose habits end in this file. What is
-- known of LuaDBI 0.7 (its documentation says little, so this was read in its source and measured):
--
-- * A connection begins transactions by itself, and PostgreSQL's `commit` does not look at the
--   server's answer. So autocommit is on, and BEGIN, COMMIT and ROLLBACK are statements of ours,
--   whose failures are seen.
-- * Integers come back through a C int: 32 bits, cut without a word. So `{column}` in a query
--   becomes CAST(column AS TEXT), and the text is made a number here.
-- * PostgreSQL gets numbers as Lua writes them: "1.0", or 14 digits on 5.1. So it gets text.
--   SQLite gets them as they are: text would compare as text where a column is not alone.
-- * Texts end at their first NUL, and PostgreSQL takes nothing but UTF-8: see
--   `store.values`.
-- * SQLite's statements point to the strings they were given, and read them again at each fetch. So
--   the strings stay referenced until the last row is read.
-- * SQLite's rows are read to the end at once: a statement that is left half-way keeps the file's
--   read lock. PostgreSQL's are all there anyway.
-- * An SQLite statement that reports it again at its next use, right or wrong. So it is closed.
-- * A statement of PostgreSQL uses its connection when it is collected, SQLite's connection stays
--   open as long as there is a statement. So statements are cached, and closed before the connection.
-- * When PostgreSQL cannot be connected to, the reason is lost: LuaDBI sends a BEGIN before it looks.
-- * Of PostgreSQL's placeholders the thousandth is cut in two: at most 999.
-- * Some failures are returned, some raised, all as text without a code.
-- @module lastpass.store.database
local dialects = require "lastpass.store.dialects"
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local pooled = require "lastpass.store.pooled"
local wal = require "lastpass.store.wal"

local M = {}

--- So many placeholders may be in one query.
M.MOST_PLACEHOLDERS = 999

local MOST_STATEMENTS = 64

local unpack, to_integer = table.unpack or unpack, math.tointeger

local methods = {}
local database_mt = { __index = methods, __name = "lastpass.store.database" }

-- What flies from a failed query to `guarded`.
local thrown_mt = { __name = "lastpass.store.failure" }

-- "{id}" and "{COUNT(*) AS n}" are integers; "@now" and its like are different in each dialect.
local function translate(self, sql)
  local known = self._translated[sql]
  if known then
    return known.sql, known.integers
  end
  local integers = {}
  local text = sql:gsub("{([^}]+)}", function(expression)
    local value, name = expression:match "^(.*) AS (%l[%l_]*)$"
    name = name or expression:match "([%l_]+)$"
    integers[#integers + 1] = name
    -- not under its own name, which ORDER BY would take for the text
    return ("CAST(%s AS TEXT) AS integer_%s"):format(value or expression, name)
  end)
  text = text:gsub("@([%l_]+)", self._dialect.words)
  self._translated[sql] = { sql = text, integers = integers }
  return text, integers
end

local function throw(self, message)
  local lost = self._connection == nil or not self._connection:ping()
  error(setmetatable({ message = tostring(message), lost = lost }, thrown_mt), 0)
end

local function forget_statements(self)
  for sql, statement in pairs(self._statements) do
    statement:close()
    self._statements[sql] = nil
  end
  self._statement_count = 0
end

local function prepare(self, sql)
  local statement = self._statements[sql]
  if statement then
    return statement
  elseif self._statement_count >= MOST_STATEMENTS then
    forget_statements(self) -- lists of many lengths were asked for
    self._translated = {}
  end
  local message
  statement, message = self._connection:prepare(sql)
  if not statement then
    throw(self, message)
  end
  self._statements[sql] = statement
  self._statement_count = self._statement_count + 1
  return statement
end

local function drop(self, sql)
  self._statements[sql]:close()
  self._statements[sql] = nil
  self._statement_count = self._statement_count - 1
end

local function fetch_all(statement, integers)
  local rows = {}
  local row = statement:fetch(true)
  while row do
    for _, name in ipairs(integers) do
      local number = tonumber(row["integer_" .. name])
      row[name] = number and to_integer and to_integer(number) or number
      row["integer_" .. name] = nil
    end
    rows[#rows + 1] = row
    row = statement:fetch(true)
  end
  return rows
end

--- Runs one query. To be called inside `transaction` or `read` only, which catch its failures.
---@param sql string with "?" for values; see `translate`
---@param values table
---@param count? integer how many values there are, nil among them; default #values
---@return table[] rows by column name
function methods:run(sql, values, count)
  local text, integers = translate(self, sql)
  local statement = prepare(self, text)
  local bound = {}
  count = count or #values
  for index = 1, count do
    bound[index] = self._dialect.value(values[index])
  end
  self._bound = bound
  local ok, done, message = pcall(statement.execute, statement, unpack(bound, 1, count))
  if not ok or not done then
    drop(self, text)
    throw(self, ok and message or done)
  end
  local rows
  ok, rows = pcall(fetch_all, statement, integers)
  self._bound = nil
  if not ok then
    drop(self, text)
    throw(self, rows)
  end
  return rows
end

--- The same with the values as arguments.
function methods:query(sql, ...)
  return self:run(sql, { ... }, select("#", ...))
end

--- The first row, if there is one.
function methods:first(sql, ...)
  return self:run(sql, { ... }, select("#", ...))[1]
end

local function failed(self, thrown, committing)
  local fields = { uncertain = committing and thrown.lost or nil }
  return failures.fail(self.label, thrown.message, thrown.lost, fields)
end

-- Calls a function; a failed query in it becomes nil, message, err.
local function guarded(self, committing, fn, ...)
  local ok, value, message, err = pcall(fn, ...)
  if ok then
    return value, message, err
  elseif getmetatable(value) == thrown_mt then
    return failed(self, value, committing)
  end
  error(value, 0)
end

local function check_open(self)
  if not self._connection then
    errors.raise(4, "the journal %s is closed", self.label)
  end
end

-- Within `together` what fails takes back its own work alone.
local function in_savepoint(self, fn, ...)
  self:query "SAVEPOINT entry"
  local ok, value, message, err = pcall(guarded, self, false, fn, self, ...)
  if not ok or value == nil then
    self:query "ROLLBACK TO SAVEPOINT entry"
  end
  self:query "RELEASE SAVEPOINT entry"
  if not ok then
    error(value, 0)
  end
  return value, message, err
end

--- Calls fn(database, …), which only reads.
---@return any what fn returns; or nil, message, err
function methods:read(fn, ...)
  check_open(self)
  if self._together and self._together.has_begun and self:is_shared() then
    return in_savepoint(self, fn, ...) -- PostgreSQL ends a transaction in which a query failed
  end
  if self._pool then
    return pooled.again(pooled.read, self, guarded, fn, ...)
  end
  return guarded(self, false, fn, self, ...)
end

-- SQLite is told before the transaction, while the statement is compiled: a prepared one that is executed again does
-- nothing. A server is told within it, and for it alone.
local function begin(self)
  local level = self._is_hasty and "NORMAL" or "FULL"
  if not self:is_shared() and level ~= self._level then
    local sql = "PRAGMA synchronous = " .. level
    self:query(sql)
    drop(self, sql)
    self._level = level
  end
  if self._pool then
    pooled.begin(self)
  else
    self:query "@begin"
  end
  if self:is_shared() and self._is_hasty then
    self:query "SET LOCAL synchronous_commit TO off"
  end
  return true
end

--- Calls fn(): what it commits may be not on the disk yet when it returns. It is there with the next commit that has to
-- be, whole or not at all, and when only the process ends nothing of it is missing.
---@return any what fn returns
function methods:hastily(fn)
  self._is_hasty = true
  local ok, value, message, err = pcall(fn)
  self._is_hasty = nil
  if not ok then
    error(value, 0)
  end
  return value, message, err
end

local function commit(self, ...)
  local committed, message, err =
    guarded(self, true, self._pool and pooled.commit or self.query, self, "COMMIT")
  if committed then
    self._commits = self._commits + 1
    return ...
  end
  return nil, message, err
end

local function in_transaction(self, fn, ...)
  local begun, message, err = guarded(self, false, begin, self)
  if not begun then
    return nil, message, err
  end
  local value
  value, message, err = guarded(self, false, fn, self, ...)
  if value == nil then
    return nil, message, err
  end
  return commit(self, value, message, err)
end

local function rolled_back(self, ok, value, message, err)
  if ok and value ~= nil then
    return value, message, err
  end
  -- Also when Ctrl-C came in between. There may be nothing to take back, which is as good.
  pcall(self._pool and pooled.roll_back_failure or self.query, self, "ROLLBACK")
  if not ok then
    error(value, 0)
  end
  return nil, message, err
end

local function one_transaction(self, fn, ...)
  return rolled_back(self, pcall(in_transaction, self, fn, ...))
end

--- Calls fn(database, …) in a transaction, which is committed when fn returns anything but nil.
---@return any what fn returns; or nil, message, err
function methods:transaction(fn, ...)
  check_open(self)
  if self._together then
    if not self._together.has_begun then
      begin(self) -- what it throws ends everything that was to be done together
      self._together.has_begun = true
    end
    return in_savepoint(self, fn, ...)
  end
  if self._pool then
    return pooled.again(one_transaction, self, fn, ...)
  end
  return one_transaction(self, fn, ...)
end

local function commit_together(self, fn)
  local group = { has_begun = false }
  self._together = group
  local ok, value, message, err = pcall(guarded, self, false, fn)
  self._together = nil
  if not ok then
    error(value, 0)
  elseif value == nil or not group.has_begun then
    return value, message, err
  end
  return commit(self, value, message, err)
end

--- Calls fn(), in which each `transaction` and each `read` is done or taken back by itself, and all are committed
-- at once. The transaction begins with the first that writes: what only reads keeps nobody from writing.
---@return any what fn returns; or nil, message, err when nothing was committed
function methods:together(fn)
  check_open(self)
  if self._together then
    errors.raise(2, "journal:batch: a batch is under way")
  end
  return rolled_back(self, pcall(commit_together, self, fn))
end

--- Fails as a query does; for modules of the store.
methods.raise = throw

--- Closes the statements that are cached; for modules of the store.
methods.forget_statements = forget_statements

--- Behind a pooler: what every transaction from now on sets for itself.
---@param settings table<string, string> of PostgreSQL
function methods:set_locally(settings)
  self._pool.settings = settings
end

methods.checkpoint, methods.sync = wal.checkpoint, wal.sync

--- How many transactions were committed since it was opened.
---@return integer
function methods:commits()
  return self._commits
end

--- Whether this is PostgreSQL.
function methods:is_shared()
  return self.driver == "PostgreSQL"
end

--- Whether the connection to the server is gone, as far as it was noticed.
function methods:is_lost()
  return self._connection == nil or not self._connection:ping()
end

--- Closes the connection.
function methods:close()
  if self._connection then
    wal.close(self)
    forget_statements(self)
    self._connection:close()
    self._connection = nil
  end
end

--- Wraps a connection of LuaDBI.
---@param driver "SQLite3"|"PostgreSQL"
---@param label string path or DSN, for messages
---@param is_pooled? boolean a pooler is in front of the server, and gives connections for transactions
function M.new(connection, driver, label, is_pooled)
  connection:autocommit(true)
  return setmetatable({
    label = label,
    driver = driver,
    _connection = connection,
    _dialect = dialects[driver],
    _statements = {},
    _statement_count = 0,
    _commits = 0,
    _level = "FULL",
    _translated = {},
    _pool = is_pooled and { settings = {} } or nil,
  }, database_mt)
end

return M

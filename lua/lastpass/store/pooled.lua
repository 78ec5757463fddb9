--- PostgreSQL behind a pooler in transaction mode (pgbouncer): each transaction may have another connection of the server, so
-- nothing is left on one after a transaction, no prepared statement and no setting. LuaDBI prepares every statement under
-- a number of its own, and can send BEGIN, COMMIT and ROLLBACK without preparing them; it does not look at the answer of its
-- COMMIT, so the server is asked what became of the transaction.
-- @module lastpass.store.pooled
local M = {}

-- A statement that failed leaves its number behind, and another client's may be the same.
local MOST_TRIES = 50

--- Calls what may meet a number of a statement that somebody has left behind, again with the next one.
---@param call function
---@return any ... what it returns
function M.again(call, ...)
  local value, message, err
  for _ = 1, MOST_TRIES do
    value, message, err = call(...)
    local is_taken = value == nil
      and tostring(message):find 'prepared statement "%d+" already exists'
    if not is_taken then
      break
    end
  end
  return value, message, err
end

local function set(self)
  local names, parts, bound = {}, {}, {}
  for name in pairs(self._pool.settings) do
    names[#names + 1] = name
  end
  table.sort(names)
  for index, name in ipairs(names) do
    parts[index] = ("set_config('%s', ?, true) AS s%d"):format(name, index)
    bound[index] = self._pool.settings[name]
  end
  if #names > 0 then
    self:run("SELECT " .. table.concat(parts, ", "), bound)
  end
end

--- Begins a transaction; inside of what catches failures of queries.
function M.begin(self)
  self._connection:autocommit(false) -- a plain BEGIN
  self._pool.is_open = true
  set(self)
end

--- Takes back what was begun, if anything was.
function M.rollback(self)
  if not self._pool.is_open then
    return
  end
  self._pool.is_open = false
  self:forget_statements()
  self._connection:autocommit(true) -- a plain ROLLBACK
end

-- After a failure its statement is still there: most likely on the connection that is given next.
local function clean_up(self)
  self._connection:autocommit(false)
  pcall(self.query, self, "DEALLOCATE ALL")
  self:forget_statements()
  self._connection:autocommit(true)
end

--- The same after a failure.
function M.roll_back_failure(self)
  M.rollback(self)
  if self._connection:ping() then
    clean_up(self)
  end
end

--- Commits; raises, as queries do, when it was not.
---@return true
function M.commit(self)
  local id = self:first("SELECT CAST(txid_current_if_assigned() AS TEXT) AS id").id
  self:forget_statements()
  self._connection:commit() -- a plain COMMIT, and a BEGIN
  local row = id and self:first("SELECT txid_status(CAST(? AS BIGINT)) AS status", id)
  M.rollback(self)
  if row and row.status ~= "committed" then
    self:raise "the server has taken the transaction back"
  end
  return true
end

--- Calls what only reads, in a transaction of its own.
---@param guarded function(self, committing, fn, …) turns failures of queries into nil, message, err
---@return any ... what fn returns
function M.read(self, guarded, fn, ...)
  local value
  local begun, message, err = guarded(self, false, function()
    M.begin(self)
    return true
  end)
  if begun then
    value, message, err = guarded(self, false, fn, self, ...)
  end
  if value == nil then
    M.roll_back_failure(self)
    return nil, message, err
  end
  M.rollback(self)
  return value, message, err
end

return M

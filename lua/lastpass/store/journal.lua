--- The journal: all that the store's parts can do, over one database.
-- @module lastpass.store.journal
local lock = require "lastpass.store.lock"

local M = {}

---@class lastpass.store.Journal
local methods = {}

for _, part in ipairs { "runs", "steps", "step_lists", "sources", "snapshots", "cursors" } do
  for name, method in pairs(require("lastpass.store." .. part)) do
    methods[name] = method
  end
end

methods.lock = lock.take

--- Closes the database, and gives back the locks that are still held.
function methods:close()
  if self._closed then
    return
  end
  self._closed = true
  for _, held in pairs(self._locks) do
    held:release()
  end
  self._database:close()
end

local journal_mt = { __index = methods, __name = "lastpass.journal" }

function journal_mt.__tostring(self)
  return ("lastpass.journal (%s)"):format(self._database.place)
end

--- Makes a journal.
---@param database table of `store.database`, with its tables
---@param lock_timeout number seconds
---@return lastpass.store.Journal
function M.new(database, lock_timeout)
  return setmetatable({
    _database = database,
    _lock_timeout = lock_timeout,
    _locks = {},
  }, journal_mt)
end

return M

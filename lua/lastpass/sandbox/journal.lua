--- The request journal: a ring of what was asked and how it ended; never the hash, a password or
-- any part of a body.
-- @module lastpass.sandbox.journal
local M = {}

local methods = {}
local journal_mt = { __name = "lastpass.sandbox.journal", __index = methods }

--- Makes a journal.
---@param size? integer entries kept, default 10,000
---@return table journal
function M.new(size)
  return setmetatable({ size = size or 10000, count = 0, ring = {} }, journal_mt)
end

--- Adds an entry and numbers it.
---@param entry table
function methods:add(entry)
  self.count = self.count + 1
  entry.number = self.count
  self.ring[(self.count - 1) % self.size + 1] = entry
end

--- The newest entries, oldest first.
---@param limit? integer default all that are kept
---@param command? string only this command's
---@return table[]
function methods:entries(limit, command)
  local list = {}
  local oldest = math.max(1, self.count - self.size + 1)
  for number = self.count, oldest, -1 do
    local entry = self.ring[(number - 1) % self.size + 1]
    if not command or entry.command == command then
      if limit and #list >= limit then
        break
      end
      table.insert(list, entry)
    end
  end
  for at = 1, math.floor(#list / 2) do
    list[at], list[#list - at + 1] = list[#list - at + 1], list[at]
  end
  return list
end

--- Forgets everything.
function methods:clear()
  self.count, self.ring = 0, {}
end

return M

--- What a worker has seen lately: values by text, in two generations. When the young one is full it becomes the old one, so
-- what is used stays; both are bounded in number and in bytes.
-- @module lastpass.nginx.guard.recent

---@class lastpass.nginx.guard.Recent
local methods = {}
local recent_mt = { __name = "lastpass.nginx.guard.Recent", __index = methods }

local M = {}

--- Makes one.
---@param most integer values of a generation
---@param bytes integer of the texts of a generation
---@return lastpass.nginx.guard.Recent
function M.new(most, bytes)
  local self = { _most = most, _bytes = bytes, _young = {}, _old = {}, _count = 0, _size = 0 }
  return setmetatable(self, recent_mt)
end

--- Keeps a value.
---@param key string
---@param value any not nil
function methods:put(key, value)
  if self._count >= self._most or self._size + #key > self._bytes then
    self._old, self._young, self._count, self._size = self._young, {}, 0, 0
  end
  self._young[key], self._count, self._size = value, self._count + 1, self._size + #key
end

--- The value of a text.
---@param key string
---@return any value nil when it was not seen, or long ago
function methods:get(key)
  local value = self._young[key]
  if value == nil then
    value = self._old[key]
    if value ~= nil then
      self:put(key, value)
    end
  end
  return value
end

return M

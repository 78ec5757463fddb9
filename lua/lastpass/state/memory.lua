--- A state in the memory of one program.
-- @module lastpass.state.memory
local errors = require "lastpass.error"

local methods = {}
local memory_mt = { __index = methods }

local M = {}

--- Makes one.
---@param max integer so many keys
---@param now fun(): number
function M.new(max, now)
  return setmetatable({ _max = max, _now = now, _values = {}, _ends = {}, _count = 0 }, memory_mt)
end

local function remove(self, key)
  self._values[key], self._ends[key] = nil, nil
  self._count = self._count - 1
end

-- Removes what is over. Before the next end there is nothing to remove, so a full state is not gone through each time.
local function remove_ended(self, now)
  if self._next_end and now < self._next_end then
    return
  end
  local next_end
  for key, ends in pairs(self._ends) do
    if ends <= now then
      remove(self, key)
    elseif not next_end or ends < next_end then
      next_end = ends
    end
  end
  self._next_end = next_end
end

--- See `lastpass.state`, "get".
function methods:get(key)
  local ends = self._ends[key]
  if ends and ends <= self._now() then
    remove(self, key)
  end
  return self._values[key]
end

local function write(self, key, value, ttl)
  local now = self._now()
  if self._values[key] == nil then
    if self._count >= self._max then
      remove_ended(self, now)
    end
    if self._count >= self._max then
      local message = ("the state is full: it has %d keys, as many as it may"):format(self._count)
      return errors.fail("conflict", "state_full", message, { hint = "raise its option max" })
    end
    self._count = self._count + 1
  end
  local ends = now + ttl
  self._values[key], self._ends[key] = value, ends
  if self._next_end and ends < self._next_end then
    self._next_end = ends
  end
  return true
end

--- See `lastpass.state`, "put".
methods.put = write

--- See `lastpass.state`, "add".
function methods:add(key, value, ttl)
  if self:get(key) ~= nil then
    return false
  end
  return write(self, key, value, ttl)
end

--- See `lastpass.state`, "take".
function methods:take(key)
  local value = self:get(key)
  if value ~= nil then
    remove(self, key)
  end
  return value
end

--- See `lastpass.state`, "advance".
function methods:advance(key, number, ttl)
  local before = self:get(key)
  if type(before) == "number" and before >= number then
    return false
  end
  return write(self, key, number, ttl)
end

--- See `lastpass.state`, "increment"; false when there is a string.
function methods:increment(key, by, ttl)
  local before = self:get(key)
  if type(before) == "number" then
    self._values[key] = before + by
    return before + by
  elseif before then
    return false
  end
  local written, message, err = write(self, key, by, ttl)
  return written and by, message, err
end

return M

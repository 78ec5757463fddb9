--- What `lua_shared_dict` gives, for specs without nginx: the same methods, in this Lua state, with a
-- clock of its own. `set` and `add` are not among them: they push other entries out when there is no room.
local M = {}

local methods = {}
local dict_mt = { __index = methods }

--- Makes one.
---@param options? table most (how many keys it has room for), now (a function)
function M.new(options)
  options = options or {}
  return setmetatable({
    _values = {},
    _ends = {},
    _most = options.most or math.huge,
    _now = options.now or os.time,
  }, dict_mt)
end

local function count(self)
  local number = 0
  for _ in pairs(self._values) do
    number = number + 1
  end
  return number
end

function methods:get(key)
  if self._ends[key] and self._ends[key] <= self._now() then
    self:delete(key)
  end
  return self._values[key]
end

function methods:delete(key)
  self._values[key], self._ends[key] = nil, nil
end

function methods:safe_set(key, value, expires)
  if self:get(key) == nil and value ~= nil and count(self) >= self._most then
    return nil, "no memory"
  end
  self._values[key] = value
  self._ends[key] = expires and expires > 0 and self._now() + expires or nil
  return true
end

function methods:safe_add(key, value, expires)
  if self:get(key) ~= nil then
    return nil, "exists"
  end
  return self:safe_set(key, value, expires)
end

function methods:incr(key, by, start, expires)
  local value = self:get(key)
  if value == nil then
    assert(start == nil and expires == nil, "incr with a start value pushes other entries out")
    return nil, "not found"
  end
  if type(value) ~= "number" then
    return nil, "not a number"
  end
  self._values[key] = value + by
  return value + by
end

function methods:ttl(key)
  if self:get(key) == nil then
    return nil, "not found"
  end
  return self._ends[key] and self._ends[key] - self._now() or 0
end

function methods:expire(key, expires)
  if self:get(key) == nil then
    return nil, "not found"
  end
  self._ends[key] = expires > 0 and self._now() + expires or nil
  return true
end

function methods:flush_expired()
  local before = count(self)
  for key in pairs(self._ends) do
    self:get(key)
  end
  return before - count(self)
end

function methods:get_keys()
  local keys = {}
  for key in pairs(self._values) do
    if self:get(key) ~= nil then
      keys[#keys + 1] = key
    end
  end
  return keys
end

function methods:capacity()
  return self._capacity or 2 ^ 20
end

return M

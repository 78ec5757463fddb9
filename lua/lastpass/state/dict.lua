--- A state in a dictionary of nginx. Each call of a dictionary is one step, but reading and removing are two: a mark that
-- only one worker can add decides who gets a value.
-- @module lastpass.state.dict
local errors = require "lastpass.error"

local methods = {}
local dict_mt = { __index = methods }

local M = {}

-- A worker that read a value before it was removed has long added its mark, or never will.
local MARK_SECONDS = 60
-- A lock that is older is of a worker that was killed.
local LOCK_SECONDS = 5
local WAIT = 0.002
-- Keys share locks: in a dictionary of a million keys a new one is looked up in cold memory.
local LOCKS = 64
-- Between adding to a number and making one, another worker may have made it, or it may have ended.
local MOST_ROUNDS = 10

local serial = 0

-- Unlike that of any other value: the mark names it.
local function next_serial()
  serial = serial + 1
  local ngx = rawget(_G, "ngx")
  local worker = ngx and ngx.worker and ngx.worker.pid() or 0
  return ("%d.%d.%.3f"):format(worker, serial, ngx and ngx.now() or os.time())
end

--- Makes one.
---@param dict table
function M.new(dict)
  return setmetatable({ _dict = dict }, dict_mt)
end

local function failed(reason)
  if reason == "no memory" then
    local message = "the state is full: its dictionary has no room"
    return errors.fail(
      "conflict",
      "state_full",
      message,
      { hint = "give its lua_shared_dict more memory, and nothing else in it" }
    )
  end
  return errors.fail("protocol", "state_failed", "the state's dictionary: " .. tostring(reason))
end

--- See `lastpass.state`, "add".
function methods:add(key, value, ttl)
  local added, reason = self._dict:safe_add(key, next_serial() .. ":" .. value, ttl)
  if added then
    return true
  elseif reason == "exists" then
    return false
  end
  return failed(reason)
end

--- See `lastpass.state`, "put".
function methods:put(key, value, ttl)
  local written, reason = self._dict:safe_set(key, next_serial() .. ":" .. value, ttl)
  if not written then
    return failed(reason)
  end
  return true
end

-- The value, and the mark of whoever takes it.
local function read(self, key)
  local stored, reason = self._dict:get(key)
  if stored == nil then
    if type(reason) == "string" then
      return failed(reason)
    end
    return nil
  elseif type(stored) == "number" then
    return stored, ("taken:%s:%.0f"):format(key, stored)
  end
  local mark, value = stored:match "^([%d.]+):(.*)$"
  return value, ("taken:%s:%s"):format(key, mark)
end

--- See `lastpass.state`, "get".
function methods:get(key)
  local value, message, err = read(self, key)
  if value == nil then
    return nil, message, err
  end
  return value
end

--- See `lastpass.state`, "take".
function methods:take(key)
  local value, mark, err = read(self, key)
  if value == nil then
    return nil, mark, err
  end
  local added, reason = self._dict:safe_add(mark, true, MARK_SECONDS)
  if added then
    self._dict:delete(key)
    return value
  elseif reason == "exists" then
    return nil
  end
  return failed(reason)
end

local function lock_name(key)
  local last, before = key:byte(-1), key:byte(-2) or 0
  return "lock:" .. (before * 16 + last) % LOCKS
end

-- Workers are processes, and none of them yields while it has the lock: it is free again within microseconds.
local function lock(self, name)
  local ngx = rawget(_G, "ngx")
  local waited = 0
  local added, reason = self._dict:safe_add(name, true, LOCK_SECONDS)
  while not added and reason == "exists" and waited < LOCK_SECONDS * 2 do
    if ngx then
      ngx.sleep(WAIT)
    end
    waited = waited + WAIT
    added, reason = self._dict:safe_add(name, true, LOCK_SECONDS)
  end
  if added then
    return true
  end
  return failed(reason == "exists" and "it is locked" or reason)
end

--- See `lastpass.state`, "advance".
function methods:advance(key, number, ttl)
  local name = lock_name(key)
  local locked, message, err = lock(self, name)
  if not locked then
    return nil, message, err
  end
  local before = self._dict:get(key)
  local advanced, reason = false, nil
  if not (type(before) == "number" and before >= number) then
    advanced, reason = self._dict:safe_set(key, number, ttl)
  end
  self._dict:delete(name)
  if advanced == nil or reason then
    return failed(reason)
  end
  return advanced
end

--- See `lastpass.state`, "increment"; false when there is a string.
function methods:increment(key, by, ttl)
  for _ = 1, MOST_ROUNDS do
    local number, reason = self._dict:incr(key, by)
    if number then
      return number
    elseif reason == "not a number" then
      return false
    elseif reason ~= "not found" then
      return failed(reason)
    end
    -- not by `incr` with a first value, which pushes other entries out when there is no room
    local added
    added, reason = self._dict:safe_add(key, by, ttl)
    if added then
      return by
    elseif reason ~= "exists" then
      return failed(reason)
    end
  end
  return failed "a number ends as soon as it is written"
end

return M

--- One worker of all does a thing: a lock in the `lua_shared_dict` named lastpass_locks, which names
-- its owner and expires, so that one whose worker has died is free again.
-- @module lastpass.nginx.cache.lock
local errors = require "lastpass.error"

---@class lastpass.nginx.Lock
local methods = {}
local lock_mt = { __name = "lastpass.nginx.Lock", __index = methods }

local DICT = "lastpass_locks"
local EXPIRES = 5 -- seconds without a sign of life

local M = {}

local count = 0

-- Unlike that of any other lock, in this worker or another one.
local function new_owner()
  count = count + 1
  return ("%d %d %d"):format(ngx.worker.pid(), count, math.random(2 ^ 30))
end

--- The dict of locks; raises when nginx has none.
---@return table
function M.dict()
  local dict = ngx.shared[DICT]
  if not dict then
    errors.raise(2, "nginx has no lua_shared_dict %s; add: lua_shared_dict %s 1m;", DICT, DICT)
  end
  return dict
end

--- Tries to take a lock.
---@param name string
---@param expires? number seconds; default 5
---@return lastpass.nginx.Lock|nil lock nil when somebody has it
function M.take(name, expires)
  local dict, owner = M.dict(), new_owner()
  local key = "lock " .. name
  expires = expires or EXPIRES
  if not dict:safe_add(key, owner, expires) then
    return nil
  end
  return setmetatable({ _dict = dict, _key = key, _owner = owner, _expires = expires }, lock_mt)
end

--- Whether somebody has a lock of this name.
---@param name string
---@return boolean
function M.is_taken(name)
  return M.dict():get("lock " .. name) ~= nil
end

--- Whether the lock is still ours.
---@return boolean
function methods:is_held()
  return self._dict:get(self._key) == self._owner
end

--- What a thread needs to see whether the lock is still ours.
---@return table {dict, key, owner}
function methods:reference()
  return { dict = DICT, key = self._key, owner = self._owner }
end

--- Gives a sign of life.
---@return boolean held false when it has expired
function methods:renew()
  return self:is_held() and self._dict:expire(self._key, self._expires) == true
end

--- Lets it go.
function methods:release()
  if self:is_held() then
    self._dict:delete(self._key)
  end
  self._released = true
end

--- Gives signs of life as long as a function runs, and lets the lock go at its end. A worker that is
-- told to quit meanwhile lives on until then.
---@param fn function
---@return boolean ok
---@return any ... what it returned, or what it raised
function methods:guard(fn, ...)
  local thread = ngx.thread.spawn(function()
    while not self._released do
      ngx.sleep(self._expires / 4)
      if not self._released then
        self:renew()
      end
    end
  end)
  local function finish(...)
    self:release()
    ngx.thread.kill(thread)
    return ...
  end
  return finish(pcall(fn, ...))
end

return M

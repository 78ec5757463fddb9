--- One worker of all does a thing: a lease in the `lua_shared_dict` named lastpass_locks. It names its
-- owner, is renewed while the work lasts, is ended by its owner only, and expires by itself, so that one
-- whose worker has died is free again.
-- @module lastpass.nginx.lease
local dicts = require "lastpass.nginx.dicts"

---@class lastpass.nginx.Lease
local methods = {}
local lease_mt = { __name = "lastpass.nginx.Lease", __index = methods }

local DICT = "lastpass_locks"
local LASTS = 5 -- seconds without renewal
local LONGEST_PAUSE = 5 -- seconds between renewals, however long a lease lasts

-- A lease that is about to expire is left to expire: between the look at its owner and `delete` it could
-- become somebody else's, and nginx has no way to do both in one step.
local TOO_LATE_TO_DELETE = 0.5

local M = {}

local count = 0

-- Unlike that of any other lease, in this worker or another one, before or after a restart.
local function new_owner()
  local ngx = rawget(_G, "ngx")
  count = count + 1
  return ("%d %.3f %d %d"):format(
    ngx and ngx.worker.pid() or 0,
    ngx and ngx.now() or os.clock(),
    count,
    math.random(2 ^ 30)
  )
end

--- The dict of leases; raises when nginx has none.
---@return table
function M.dict()
  return dicts.get(DICT, 2)
end

--- Tries to take a lease.
---@param name string
---@param lasts? number seconds without renewal; default 5
---@param dict? table of `ngx.shared`; default lastpass_locks
---@return lastpass.nginx.Lease|nil lease nil when somebody has it, or there is no room
---@return string? reason "taken" or "full"
function M.take(name, lasts, dict)
  dict, lasts = dict or M.dict(), lasts or LASTS
  local key, owner = "lease " .. name, new_owner()
  local added, reason = dicts.add(dict, key, owner, lasts)
  if not added then
    return nil, reason == "exists" and "taken" or "full"
  end
  return setmetatable({ _dict = dict, _key = key, _owner = owner, _lasts = lasts }, lease_mt)
end

--- Takes a lease, and waits for it while somebody else has it.
---@param name string
---@param options table wait and every (seconds), sleep(seconds), lasts, dict
---@return lastpass.nginx.Lease|nil lease
---@return string? reason "taken" (all the time) or "full"
function M.acquire(name, options)
  local waited = 0
  while true do
    local lease, reason = M.take(name, options.lasts, options.dict)
    if lease or reason == "full" or waited >= options.wait then
      return lease, reason
    end
    options.sleep(options.every)
    waited = waited + options.every
  end
end

--- Whether somebody has a lease of this name.
---@param name string
---@return boolean
function M.is_taken(name)
  return M.dict():get("lease " .. name) ~= nil
end

--- The name of the lease of whoever may take the last admin of a company: a write through the gateway,
-- or a run of a playbook.
---@param tenant string
---@return string
function M.of_changes(tenant)
  return "changes of " .. tenant
end

--- Whether the lease is still ours.
---@return boolean
function methods:is_held()
  return self._dict:get(self._key) == self._owner
end

--- What a thread needs to see whether the lease is still ours.
---@return table {dict, key, owner}
function methods:reference()
  return { dict = DICT, key = self._key, owner = self._owner }
end

--- Makes it last as long as at its beginning.
---@return boolean held false when it has expired, whoever has it now
function methods:renew()
  return self:is_held() and self._dict:expire(self._key, self._lasts) == true
end

--- Renews it in a light thread of nginx until it is released; outside nginx it lasts as it is.
---@return lastpass.nginx.Lease self
function methods:keep()
  local ngx = rawget(_G, "ngx")
  if ngx then
    local pause = math.min(self._lasts / 4, LONGEST_PAUSE)
    self._thread = ngx.thread.spawn(function()
      while not self._released do
        ngx.sleep(pause)
        if not self._released then
          self:renew()
        end
      end
    end)
  end
  return self
end

local function end_thread(self)
  self._released = true
  if self._thread then
    ngx.thread.kill(self._thread)
    self._thread = nil
  end
end

--- Ends it.
function methods:release()
  if self._released then
    return
  end
  end_thread(self)
  if self:is_held() and (self._dict:ttl(self._key) or 0) > TOO_LATE_TO_DELETE then
    self._dict:delete(self._key)
  end
end

--- Renews it once more and leaves it to expire: what was begun may still be under way elsewhere.
function methods:abandon()
  if not self._released then
    self:renew()
    end_thread(self)
  end
end

--- Renews it as long as a function runs, and ends it then. A worker that is told to quit meanwhile lives
-- on until then.
---@param fn function
---@return boolean ok
---@return any ... what it returned, or what it raised
function methods:guard(fn, ...)
  self:keep()
  local function finish(...)
    self:release()
    return ...
  end
  return finish(pcall(fn, ...))
end

return M

--- Leases: what only one of all workers may do at a time. They are in the `lua_shared_dict` named lastpass_locks.
-- The contract is that of `lastpass.store.lock`, which locks a company for runs on any machine: a lease names its
-- owner, is renewed while the work lasts, is released by its owner only, and expires by itself, so that it becomes free
-- when a worker dies.
-- @module lastpass.nginx.lease
local dicts = require "lastpass.nginx.dicts"

---@class lastpass.nginx.Lease
local methods = {}
local lease_mt = { __name = "lastpass.nginx.Lease", __index = methods }

local DICT = "lastpass_locks"
local TTL = 5 -- seconds without renewal
local LONGEST_INTERVAL = 5 -- seconds between renewals, however long a lease lasts

-- A lease that is about to expire is left to expire: between the check of its owner and `delete` it could get
-- another owner, and nginx cannot do both in one step.
local TOO_LATE_TO_DELETE = 0.5

local M = {}

local count = 0

-- Unique among all leases, of all workers, before and after a restart.
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

--- The lease of a reference, which another worker or thread took.
---@param reference table of `lease:reference`
---@return lastpass.nginx.Lease
function M.of_reference(reference)
  return setmetatable({
    _dict = M.dict(),
    _key = reference.key,
    _owner = reference.owner,
    _ttl = reference.ttl,
  }, lease_mt)
end

--- Tries to take a lease.
---@param name string
---@param ttl? number seconds without renewal; default 5
---@param dict? table of `ngx.shared`; default lastpass_locks
---@return lastpass.nginx.Lease|nil lease nil when it has an owner, or the dict is full
---@return string? reason "taken" or "full"
function M.take(name, ttl, dict)
  dict, ttl = dict or M.dict(), ttl or TTL
  local key, owner = "lease " .. name, new_owner()
  local added, reason = dicts.add(dict, key, owner, ttl)
  if not added then
    return nil, reason == "exists" and "taken" or "full"
  end
  return setmetatable({ _dict = dict, _key = key, _owner = owner, _ttl = ttl }, lease_mt)
end

--- Takes a lease, and waits for it while it has another owner.
---@param name string
---@param options table wait and every (seconds), sleep(seconds), ttl, dict
---@return lastpass.nginx.Lease|nil lease
---@return string? reason "taken" (all the time) or "full"
function M.acquire(name, options)
  local waited = 0
  while true do
    local lease, reason = M.take(name, options.ttl, options.dict)
    if lease or reason == "full" or waited >= options.wait then
      return lease, reason
    end
    options.sleep(options.every)
    waited = waited + options.every
  end
end

--- Whether a lease of this name has an owner.
---@param name string
---@return boolean
function M.is_taken(name)
  return M.dict():get("lease " .. name) ~= nil
end

--- The name of the lease for changes that may take away the last admin of a company: a write through the gateway,
-- or a run of a playbook.
---@param tenant string
---@return string
function M.of_changes(tenant)
  return "changes of " .. tenant
end

--- Whether the lease is still held.
---@return boolean
function methods:is_held()
  return self._dict:get(self._key) == self._owner
end

--- A reference from which a thread makes the same lease.
---@return table {key, owner, ttl}
function methods:reference()
  return { key = self._key, owner = self._owner, ttl = self._ttl }
end

--- Extends it to its full duration.
---@return boolean held false when it has expired, whether or not it has another owner now
function methods:renew()
  return self:is_held() and self._dict:expire(self._key, self._ttl) == true
end

--- Renews it in a light thread of nginx until it is released; outside nginx it is not renewed.
---@return lastpass.nginx.Lease self
function methods:keep()
  local ngx = rawget(_G, "ngx")
  if ngx then
    local interval = math.min(self._ttl / 4, LONGEST_INTERVAL)
    self._thread = ngx.thread.spawn(function()
      while not self._released do
        ngx.sleep(interval)
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

--- Releases it, unless it has another owner by now.
function methods:release()
  if self._released then
    return
  end
  end_thread(self)
  if self:is_held() and (self._dict:ttl(self._key) or 0) > TOO_LATE_TO_DELETE then
    self._dict:delete(self._key)
  end
end

--- Renews it once more and lets it expire: what was begun may still be under way at LastPass.
function methods:abandon()
  if not self._released then
    self:renew()
    end_thread(self)
  end
end

--- Renews it while a function runs, and releases it then. A worker that is told to quit meanwhile keeps running
-- until then.
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

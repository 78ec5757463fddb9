--- Limits the rate of requests to a company over all workers and all their threads. It does what
-- `lastpass.limiter` does for one process, with its numbers in the `lua_shared_dict` named
-- lastpass_limits.
--
-- With a rate of r, time is cut into slots of 1/r second, each for one request. A slot is acquired with `add`,
-- which succeeds for one of all who try it: no two can get the same, and there is nothing to release when a
-- worker dies.
-- @module lastpass.nginx.limiter
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"
local waiting = require "lastpass.transport.scheduler"

---@class lastpass.nginx.Limiter: lastpass.Limiter
local methods = {}
local limiter_mt = { __name = "lastpass.nginx.Limiter", __index = methods }

local DICT = "lastpass_limits"

-- LastPass allows 10 (enterprise-api §6); one fewer, because requests draw together on their way.
local EMAIL_CHANGES_PER_SECOND = 9

local FULL = "lua_shared_dict " .. DICT .. " is full, so the company's rate cannot be limited"

local M = {}

-- The clock of the machine, which all workers and their threads share.
local function now()
  ngx.update_time()
  return ngx.now()
end

--- The limiter of a company.
---@param name string the same for all who share the rate
---@return lastpass.nginx.Limiter
function M.new(name)
  local dict = dicts.get(DICT, 2)
  dict:safe_add(name .. " backs off", 0) -- so that setting it never needs memory
  return setmetatable({ _dict = dict, _name = name }, limiter_mt)
end

local function backs_off_until(self)
  return self._dict:get(self._name .. " backs off") or 0
end

-- Reserves the first free slot of a queue from `from` on. The slot that `from` lies in counts, so that a single
-- request does not wait; after a wait that the server asked for, slots begin anew at its end. nil when the
-- dict is full.
local function reserve(self, queue, rate, from, moment)
  local key = ("%s %s %.6g "):format(self._name, queue, rate)
  local slot = from > moment and math.ceil(from * rate) or math.floor(from * rate)
  -- only a hint where to begin: it may be too low, but all slots before it are taken
  slot = math.max(slot, self._dict:get(key) or 0)
  while true do
    local at = math.max(slot / rate, from)
    local ttl = at - moment + 2 / rate + 1
    local added, reason = dicts.add(self._dict, ("%s%.0f"):format(key, slot), true, ttl)
    if added then
      dicts.set(self._dict, key, slot + 1, ttl)
      return at
    elseif reason ~= "exists" then
      return nil
    end
    slot = slot + 1
  end
end

local function next_slot(self, command, rate, moment)
  local from = math.max(moment, backs_off_until(self))
  local at, reason = from, from > moment and "the server asked to wait" or nil
  if rate then
    local slot = reserve(self, "all", rate, from, moment)
    if not slot then
      return nil
    elseif slot > at then
      at, reason = slot, reason or "the option rate"
    end
  end
  if command == "updateemail" then
    local slot = reserve(self, "updateemail", EMAIL_CHANGES_PER_SECOND, from, moment)
    if not slot then
      return nil
    elseif slot > at then
      at, reason = slot, reason or "LastPass allows 10 changes of e-mail address a second"
    end
  end
  return at, reason
end

--- Waits for a slot for this request.
---@param command string
---@param rate number|nil requests per second
---@param on_wait fun(wait: table)|nil called with {command, seconds, reason} before a wait
---@return nil
---@return string? message only when nothing may be sent: there is no room to count in
---@return lastpass.Error? err
function methods:acquire(command, rate, on_wait)
  if not rate and command ~= "updateemail" and backs_off_until(self) <= now() then
    return
  end
  repeat
    local moment = now()
    local at, reason = next_slot(self, command, rate, moment)
    if not at then
      return errors.fail("cancelled", "no_room", FULL, { hint = "make it larger" })
    end
    -- nginx counts in milliseconds; less than one is no wait
    if at - moment >= 0.001 then
      if on_wait then
        on_wait { command = command, seconds = at - moment, reason = reason }
      end
      waiting.sleep(at - moment)
    end
  until backs_off_until(self) <= now() -- another worker may have been asked to wait meanwhile
end

--- Makes all requests to this company wait.
---@param seconds number
function methods:back_off(seconds)
  local ends_at = now() + seconds
  if ends_at > backs_off_until(self) then
    dicts.set(self._dict, self._name .. " backs off", ends_at)
  end
end

return M

--- How fast a company is asked by all workers, and all threads of them, together. It does what
-- `lastpass.enterprise.limiter` does for one process, with its numbers in the `lua_shared_dict` named
-- lastpass_limits.
--
-- With a rate of r the time is cut into slots of 1/r second, and each is given to one request: taking it
-- is `add`, which succeeds for one of all who try. So there is no moment between reading and writing in
-- which two could take the same, and nothing to let go when a worker dies.
-- @module lastpass.nginx.limiter
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"
local waiting = require "lastpass.transport.waiting"

---@class lastpass.nginx.Limiter: lastpass.Limiter
local methods = {}
local limiter_mt = { __name = "lastpass.nginx.Limiter", __index = methods }

local DICT = "lastpass_limits"

-- LastPass allows 10 (enterprise-api §6); one fewer, because requests draw together on their way.
local EMAIL_CHANGES_PER_SECOND = 9

local NO_ROOM = "lua_shared_dict " .. DICT .. " is full, so the company's rate cannot be kept"

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
  dict:safe_add(name .. " hold", 0) -- so that setting it never needs room
  return setmetatable({ _dict = dict, _name = name }, limiter_mt)
end

local function held_until(self)
  return self._dict:get(self._name .. " hold") or 0
end

-- The first free moment of a queue from `from` on; takes it. The slot that `from` lies in counts, so that
-- whoever comes alone does not wait; after a wait the server asked for slots begin anew at its end. nil
-- when there is no room to write a slot down.
local function reserve(self, queue, rate, from, moment)
  local key = ("%s %s %.6g "):format(self._name, queue, rate)
  local slot = from > moment and math.ceil(from * rate) or math.floor(from * rate)
  -- only a hint where to begin: it may be behind, but all before it are taken
  slot = math.max(slot, self._dict:get(key) or 0)
  while true do
    local at = math.max(slot / rate, from)
    local lasts = at - moment + 2 / rate + 1
    local added, reason = dicts.add(self._dict, ("%s%.0f"):format(key, slot), true, lasts)
    if added then
      dicts.set(self._dict, key, slot + 1, lasts)
      return at
    elseif reason ~= "exists" then
      return nil
    end
    slot = slot + 1
  end
end

local function next_turn(self, command, rate, moment)
  local from = math.max(moment, held_until(self))
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

--- Waits for this request's turn.
---@param command string
---@param rate number|nil requests per second
---@param on_wait fun(wait: table)|nil told {command, seconds, reason} before a wait
---@return nil
---@return string? message only when nothing may be sent: there is no room to count in
---@return lastpass.Error? err
function methods:acquire(command, rate, on_wait)
  if not rate and command ~= "updateemail" and held_until(self) <= now() then
    return
  end
  repeat
    local moment = now()
    local at, reason = next_turn(self, command, rate, moment)
    if not at then
      return errors.fail("cancelled", "no_room", NO_ROOM, { hint = "make it larger" })
    end
    -- nginx counts in milliseconds; less than one is no wait
    if at - moment >= 0.001 then
      if on_wait then
        on_wait { command = command, seconds = at - moment, reason = reason }
      end
      waiting.sleep(at - moment)
    end
  until held_until(self) <= now() -- another worker may have been told to wait meanwhile
end

--- Holds every request to this company back.
---@param seconds number
function methods:back_off(seconds)
  local ends_at = now() + seconds
  if ends_at > held_until(self) then
    dicts.set(self._dict, self._name .. " hold", ends_at)
  end
end

return M

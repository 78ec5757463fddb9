--- How fast a company is asked by all workers, and all threads of them, together. It does what
-- `lastpass.enterprise.limiter` does for one process, with its numbers in the `lua_shared_dict` named
-- lastpass_limits.
--
-- With a rate of r the time is cut into slots of 1/r second, and each is given to one request: taking it
-- is `add`, which succeeds for one of all who try. So there is no moment between reading and writing in
-- which two could take the same, and nothing to let go when a worker dies.
-- @module lastpass.nginx.limiter
local errors = require "lastpass.error"
local waiting = require "lastpass.transport.waiting"

---@class lastpass.nginx.Limiter: lastpass.Limiter
local methods = {}
local limiter_mt = { __name = "lastpass.nginx.Limiter", __index = methods }

local DICT = "lastpass_limits"

-- LastPass allows 10 (enterprise-api §6); one fewer, because requests draw together on their way.
local EMAIL_CHANGES_PER_SECOND = 9

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
  local dict = ngx.shared[DICT]
  if not dict then
    errors.raise(2, "nginx has no lua_shared_dict %s; add: lua_shared_dict %s 1m;", DICT, DICT)
  end
  return setmetatable({ _dict = dict, _name = name }, limiter_mt)
end

local function held_until(self)
  return self._dict:get(self._name .. " hold") or 0
end

-- The first free moment of a lane from `from` on; takes it. The slot that `from` lies in counts, so that
-- whoever comes alone does not wait; after a hold slots begin anew at its end.
local function reserve(self, lane, rate, from, moment)
  local key = ("%s %s %.6g "):format(self._name, lane, rate)
  local slot = from > moment and math.ceil(from * rate) or math.floor(from * rate)
  -- only a hint where to begin: it may be behind, but all before it are taken
  slot = math.max(slot, self._dict:get(key) or 0)
  while true do
    local at = math.max(slot / rate, from)
    local lasts = at - moment + 2 / rate + 1
    local added, reason = self._dict:add(("%s%.0f"):format(key, slot), true, lasts)
    if added or reason ~= "exists" then
      self._dict:set(key, slot + 1, lasts)
      return at
    end
    slot = slot + 1
  end
end

local function next_turn(self, command, rate, moment)
  local from = math.max(moment, held_until(self))
  local at, reason = from, from > moment and "the server asked to wait" or nil
  if rate then
    local turn = reserve(self, "all", rate, from, moment)
    if turn > at then
      at, reason = turn, reason or "the option rate"
    end
  end
  if command == "updateemail" then
    local turn = reserve(self, "updateemail", EMAIL_CHANGES_PER_SECOND, from, moment)
    if turn > at then
      at, reason = turn, reason or "LastPass allows 10 changes of e-mail address a second"
    end
  end
  return at, reason
end

--- Waits for this request's turn.
---@param command string
---@param rate number|nil requests per second
---@param on_wait fun(wait: table)|nil told {command, seconds, reason} before a wait
function methods:wait_for_turn(command, rate, on_wait)
  if not rate and command ~= "updateemail" and held_until(self) == 0 then
    return
  end
  repeat
    local moment = now()
    local at, reason = next_turn(self, command, rate, moment)
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
function methods:hold(seconds)
  local ends_at = now() + seconds
  if ends_at > held_until(self) then
    self._dict:set(self._name .. " hold", ends_at, seconds)
  end
end

return M

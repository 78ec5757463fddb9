--- Sessions that have ended before their time: by logout, by the identity provider, or because the account was disabled
-- or removed. The list is in a `lua_shared_dict`, for all workers; what feeds it from the journal and the events is
-- `lastpass.nginx.guard.feed`. Nothing is ever evicted: what has no room is a failure, never a session that lives on.
-- @module lastpass.nginx.guard.revoked
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"

---@class lastpass.nginx.guard.Revoked
local methods = {}
local revoked_mt = { __name = "lastpass.nginx.guard.Revoked", __index = methods }

local M = {}

local VERSION = "version"
local FED = "fed "
local AHEAD = "clock ahead "

--- The key of everything of an account.
---@param account string
---@return string
function M.account_key(account)
  return "account " .. digest.hex(email.fold(account), 32)
end

--- Makes the list of a dict.
---@param dict table of `ngx.shared`
---@param dict_name string for messages
---@param lifetime number seconds of the longest session: afterwards an entry is needed no more
---@param name? string of the guard, whose feeds are its own; default "default"
---@return lastpass.nginx.guard.Revoked
function M.new(dict, dict_name, lifetime, name)
  local self = setmetatable({
    _dict = dict,
    _dict_name = dict_name,
    _lifetime = lifetime + 60,
    _name = name or "default",
  }, revoked_mt)
  dicts.add(dict, VERSION, 0)
  return self
end

--- A number that changes with every entry: whose session was checked at this version need not be looked up again.
---@return number|nil nil when the dict has lost it
function methods:version()
  return self._dict:get(VERSION)
end

local function full(self)
  local message = ("lua_shared_dict %s is full: the session could not be ended"):format(
    self._dict_name
  )
  return errors.fail("throttled", "revocations_full", message, { hint = "make it larger" })
end

--- Ends sessions: those of a key that began at a time or before.
---@param key string "account …", "session …" and others that guards make
---@param at number epoch seconds
---@param now number
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "revocations_full"
function methods:add(key, at, now)
  local left = at + self._lifetime - now
  local known = self._dict:get(key)
  if left <= 0 or known and known >= at then
    return true -- every session of then has expired, or is on the list
  end
  if not dicts.set(self._dict, key, at, left) then
    return full(self)
  end
  if not self._dict:incr(VERSION, 1) and not dicts.set(self._dict, VERSION, 1) then
    return full(self)
  end
  return true
end

--- Whether a session has ended. What ends one session alone ends it whatever clocks say; and one that says that it began
-- later than now is not taken for one that began after an end.
---@param session table keys, issued, id
---@param now number
---@return boolean
function methods:has(session, now)
  for _, key in ipairs(session.keys) do
    local at = self._dict:get(key)
    if
      at
      and (
        session.issued <= at
        or key == "session " .. session.id
        or session.issued > self:clock(now) + 1
      )
    then
      return true
    end
  end
  return false
end

--- The time by the clock of the journal, which machines share whose own clocks differ.
---@param now number
---@return number
function methods:clock(now)
  return now + (self._dict:get(AHEAD .. self._name) or 0)
end

--- Notes how far the journal's clock is ahead of the one here.
---@param seconds number
---@return boolean|nil
function methods:set_clock(seconds)
  return dicts.set(self._dict, AHEAD .. self._name, seconds)
end

--- Whether something was noted by `note_seen`.
---@param mark string
---@return boolean
function methods:is_seen(mark)
  return self._dict:get("seen " .. digest.hex(mark, 32)) ~= nil
end

--- Notes that something was seen.
---@param mark string
---@param seconds number for which it is remembered
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "revocations_full"
function methods:note_seen(mark, seconds)
  if not dicts.set(self._dict, "seen " .. digest.hex(mark, 32), true, seconds) then
    return full(self)
  end
  return true
end

--- Notes that what a feed knows is in the list.
---@param name string
---@param at number until when
---@return boolean|nil
function methods:feed_ok(name, at)
  return dicts.set(self._dict, FED .. self._name .. " " .. name, at)
end

--- Until when the list is complete, as far as a feed is concerned.
---@param name string
---@return number|nil
function methods:fed_at(name)
  return self._dict:get(FED .. self._name .. " " .. name)
end

return M

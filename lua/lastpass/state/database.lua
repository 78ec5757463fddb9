--- A state in a database, through the store. Bytes that a database does not take become text.
-- @module lastpass.state.database
local base64 = require "lastpass.text.base64"

local methods = {}
local database_mt = { __index = methods }

local M = {}

--- Makes one; nothing is opened.
---@param place lastpass.store.Journal|string
---@param now? fun(): number
function M.new(place, now)
  local journal = type(place) == "table" and place or nil
  return setmetatable({ _place = place, _journal = journal, _now = now }, database_mt)
end

local function journal_of(self)
  if self._journal then
    return self._journal
  end
  local store = require "lastpass.store"
  local is_dsn = self._place:find "^postgres" ~= nil
  local journal, message, err = store.open { [is_dsn and "dsn" or "path"] = self._place }
  self._journal = journal
  return journal, message, err
end

-- PostgreSQL's connection may end (a restart of the server): the next call opens another one.
local function finish(self, value, message, err)
  if value == nil and err and err.code == "store_lost" and type(self._place) == "string" then
    self._journal:close()
    self._journal = nil
  end
  return value, message, err
end

local function call(self, name, ...)
  local journal, message, err = journal_of(self)
  if not journal then
    return nil, message, err
  end
  return finish(self, journal[name](journal, ...))
end

local function now_of(self)
  return self._now and math.floor(self._now()) or nil
end

-- "t" is text as it is, "b" was made text.
local function as_text(value)
  return value:find "^[%w%p ]*$" and "t" .. value or "b" .. base64.encode(value)
end

local function read_value(found, message, err)
  if not found then
    return nil, message, err
  end
  local value = found.value
  if type(value) ~= "string" then
    return value
  end
  return value:sub(1, 1) == "t" and value:sub(2) or base64.decode(value:sub(2))
end

--- See `lastpass.state`, "add".
function methods:add(key, value, ttl)
  return call(self, "add_state", as_text(key), as_text(value), math.ceil(ttl), now_of(self))
end

--- See `lastpass.state`, "put".
function methods:put(key, value, ttl)
  return call(self, "put_state", as_text(key), as_text(value), math.ceil(ttl), now_of(self))
end

--- See `lastpass.state`, "advance".
function methods:advance(key, number, ttl)
  return call(self, "advance_state", as_text(key), number, math.ceil(ttl), now_of(self))
end

--- See `lastpass.state`, "increment"; false when there is a string.
function methods:increment(key, by, ttl)
  local found, message, err =
    call(self, "increment_state", as_text(key), by, math.ceil(ttl), now_of(self))
  if not found then
    return nil, message, err
  end
  return found.number or false
end

--- See `lastpass.state`, "get".
function methods:get(key)
  return read_value(call(self, "get_state", as_text(key), now_of(self)))
end

--- See `lastpass.state`, "take".
function methods:take(key)
  return read_value(call(self, "take_state", as_text(key), now_of(self)))
end

return M

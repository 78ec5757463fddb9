--- What is true for a while: requests under way, assertions that were used, counters of codes. A state is in the memory
-- of one program, in a dictionary of nginx for all its workers, or in a database for all machines. Every write is one
-- step: of several that do the same at once, one succeeds.
-- @module lastpass.state
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

---@class lastpass.state.State
local methods = {}
local state_mt = { __index = methods, __name = "lastpass.state.State" }

local M = { methods = methods }

local MOST_KEY = 512
local MOST_VALUE = 65536
local MOST_TTL = 366 * 86400

local function check(name, key, ttl, value)
  if key == "" or #key > MOST_KEY then
    errors.raise(3, "state:%s: the key must have 1 to %d bytes, not %d", name, MOST_KEY, #key)
  elseif ttl and not (ttl > 0 and ttl <= MOST_TTL) then
    errors.raise(3, "state:%s: the seconds must be above 0, and a year at most", name)
  elseif value and #value > MOST_VALUE then
    errors.raise(3, "state:%s: the value has more than %d bytes", name, MOST_VALUE)
  end
end

--- Writes a value unless the key has one.
---@param key string
---@param value string
---@param ttl number seconds
---@return boolean|nil added false: there is one already
---@return string? message it is not known whether there is one: refuse
---@return lastpass.Error? err code "state_full", or those of the store
function methods:add(key, value, ttl)
  check("add", key, ttl, value)
  return self._backend:add(key, value, ttl)
end

--- Writes a value, whatever the key has.
---@param key string
---@param value string
---@param ttl number seconds
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:put(key, value, ttl)
  check("put", key, ttl, value)
  return self._backend:put(key, value, ttl)
end

--- Reads a value.
---@param key string
---@return string|number|nil value nil without a message: there is none
---@return string? message
---@return lastpass.Error? err
function methods:get(key)
  check("get", key)
  return self._backend:get(key)
end

--- Reads a value and removes it: of several that ask at once one gets it.
---@param key string
---@return string|number|nil value nil without a message: there is none
---@return string? message
---@return lastpass.Error? err
function methods:take(key)
  check("take", key)
  return self._backend:take(key)
end

--- Writes a number, only when it is greater than the one that the key has.
---@param key string
---@param number integer
---@param ttl number seconds
---@return boolean|nil advanced
---@return string? message
---@return lastpass.Error? err
function methods:advance(key, number, ttl)
  check("advance", key, ttl)
  return self._backend:advance(key, number, ttl)
end

--- Adds to a number. A key that has none, or is over, begins with 0 and lasts so many seconds from then: what is added
-- later does not make it last longer.
---@param key string
---@param by integer may be below 0
---@param ttl number seconds
---@return integer|nil number the sum
---@return string? message
---@return lastpass.Error? err code "state_no_number": the key has a string
function methods:increment(key, by, ttl)
  check("increment", key, ttl)
  local number, message, err = self._backend:increment(key, by, ttl)
  if number == false then
    message = "the state has a string under this key, to which nothing can be added"
    return errors.fail("conflict", "state_no_number", message)
  end
  return number, message, err
end

signature.declare("state:", methods, {
  add = "key: string, value: string, ttl: number",
  put = "key: string, value: string, ttl: number",
  get = "key: string",
  take = "key: string",
  advance = "key: string, number: integer, ttl: number",
  increment = "key: string, by: integer, ttl: number",
})

local function make(backend)
  return setmetatable({ _backend = backend }, state_mt)
end

local function above_zero(value)
  return type(value) == "number" and value >= 1 and value % 1 == 0, "a whole number from 1 on"
end

--- A state in this program's memory.
---@param options? table max: so many keys (default 100,000; a full state fails, it forgets nothing), now: a function
-- that gives epoch seconds (default the machine's clock)
---@return lastpass.state.State
function M.memory(options)
  options = errors.check_options("state.memory", options, { max = above_zero, now = "function" })
  return make(require("lastpass.state.memory").new(options.max or 100000, options.now or os.time))
end

--- A state in a dictionary of nginx (`lua_shared_dict`), for all workers. Give it a dictionary of its own: a full one
-- fails, it forgets nothing.
---@param dict table ngx.shared.NAME
---@return lastpass.state.State
function M.dict(dict)
  return make(require("lastpass.state.dict").new(dict))
end

--- A state in a database, for all machines: the journal's (SQLite or PostgreSQL). It is opened at the first use, by each
-- process for itself, and blocks while it waits for the disk or the server. Clocks are the database's.
---@param place lastpass.store.Journal|string a journal, the path of one, or a DSN ("postgresql://…")
---@param options? table now: a function that gives epoch seconds, in place of the database's clock
---@return lastpass.state.State
function M.database(place, options)
  options = errors.check_options("state.database", options, { now = "function" })
  if type(place) == "table" and not place.add_state then
    errors.raise(2, "state.database: 'place' must be a journal, its path or a DSN")
  end
  return make(require("lastpass.state.database").new(place, options.now))
end

signature.declare("state.", M, {
  memory = "options?: table",
  dict = "dict: table|userdata",
  database = "place: table|string, options?: table",
})

return M

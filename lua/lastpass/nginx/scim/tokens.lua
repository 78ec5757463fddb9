--- The bearer tokens of SCIM connections, as a worker knows them: read from the journal, which has their SHA-256 only,
-- and cached for a few seconds. When the journal cannot be read, nobody is let in, and nobody is told that a token is
-- wrong: identity providers switch a connection off after a 401 (scim §4.15).
-- @module lastpass.nginx.scim.tokens
local digest = require "lastpass.digest"
local inbound_tokens = require "lastpass.inbound.tokens"

local M = {}

local FRESH = 2 -- seconds until a request reads them again
local OLDEST = 5 -- seconds after which they are not used any more
local LONGEST_READ = 25 -- seconds
local PAUSE = 0.005 -- seconds between looks for what another request reads
local LONGEST = 512 -- bytes of a token

---@class lastpass.nginx.scim.Tokens
local methods = {}
local tokens_mt = { __name = "lastpass.nginx.scim.Tokens", __index = methods }

--- Makes the cache of one journal.
---@param journal lastpass.nginx.scim.Journal
---@param now fun(): number epoch seconds
---@param sleep fun(seconds: number)
---@return lastpass.nginx.scim.Tokens
function M.new(journal, now, sleep)
  return setmetatable({
    _journal = journal,
    _now = now,
    _sleep = sleep,
    _read_at = -math.huge,
    _failed_at = -math.huge,
    _used = {},
  }, tokens_mt)
end

local function by_connection(list)
  local lists = {}
  for _, token in ipairs(list) do
    local of_connection = lists[token.connection] or {}
    lists[token.connection] = of_connection
    of_connection[#of_connection + 1] = token
  end
  return lists
end

local function read(self)
  local begun = self._now()
  self._reading = begun
  local ok, list, message, err = pcall(self._journal.scim_tokens, self._journal)
  self._reading = nil
  if not ok then
    error(list, 0)
  elseif list then
    self._by_connection, self._read_at = by_connection(list), begun
  else
    self._failed_at, self._message, self._failure = begun, message, err
  end
end

-- A request that is cut off while it reads does not make the others wait for ever.
local function is_reading(self)
  return self._reading ~= nil and self._now() - self._reading < LONGEST_READ
end

-- What is known then was read after a moment; one request of a worker reads for all that wait.
local function read_after(self, moment)
  while self._read_at < moment do
    if self._failed_at >= moment then
      return nil, self._message, self._failure
    elseif is_reading(self) then
      self._sleep(PAUSE)
    else
      read(self)
    end
  end
  return true
end

local function refresh(self)
  local now = self._now()
  local age = now - self._read_at
  if age < FRESH or is_reading(self) and age <= OLDEST then
    return true
  end
  local ok, message, err = read_after(self, now)
  return ok or age <= OLDEST or nil, message, err
end

-- Compared with all, in constant time.
local function find(self, connection, hash)
  local match
  for _, token in ipairs(self._by_connection[connection] or {}) do
    if digest.same(token.hash, hash) then
      match = token
    end
  end
  return match
end

--- The token of a request.
---@param connection string
---@param header string|nil Authorization
---@return table|nil token of the journal: id, label, expires
---@return string reason "missing", "unknown", "expired", "revoked" or "closed"; "unreadable" with a failure
---@return lastpass.Error? err why the journal cannot be read
function methods:find(connection, header)
  local text = header and header:match "^[Bb][Ee][Aa][Rr][Ee][Rr] +([^%s]+)%s*$"
  if not text or #text > LONGEST then
    return nil, header and "unknown" or "missing"
  end
  local hash, arrived = inbound_tokens.hash(text), self._now()
  local ok, _, err = refresh(self)
  local token = ok and find(self, connection, hash)
  if ok and not token then -- it may have just been made
    ok, _, err = read_after(self, arrived)
    token = ok and find(self, connection, hash)
  end
  if not ok then
    return nil, "unreadable", err
  elseif not token then
    return nil, "unknown"
  elseif token.is_closed then
    return nil, "closed"
  end
  local now = self._now()
  local state = inbound_tokens.state(token, now)
  if state ~= "live" then
    return nil, state
  end
  self._used[token.id] = math.floor(now)
  return token, "known"
end

--- Whether the connection was closed, by what was read last.
---@param connection string
---@return boolean|nil is_closed nil when it cannot be read
---@return string? message
---@return lastpass.Error? err
function methods:is_closed(connection)
  local ok, message, err = refresh(self)
  if not ok then
    return nil, message, err
  end
  local first = (self._by_connection[connection] or {})[1]
  return first ~= nil and first.is_closed or false
end

--- Writes down when tokens were used last, of all that were since the last time.
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:touch()
  local used = self._used
  if next(used) == nil then
    return true
  end
  self._used = {}
  local list = {}
  for id, at in pairs(used) do
    list[#list + 1] = { id = id, at = at }
  end
  local ok, message, err = self._journal:touch_scim_tokens(list)
  if not ok then
    for id, at in pairs(used) do
      self._used[id] = self._used[id] or at
    end
  end
  return ok, message, err
end

--- The live tokens of a connection, as they were read last.
---@param connection string
---@return table[]|nil tokens nil when they cannot be read
---@return string? message
---@return lastpass.Error? err
function methods:of(connection)
  local ok, message, err = refresh(self)
  if not ok then
    return nil, message, err
  end
  local live, now = {}, self._now()
  for _, token in ipairs(self._by_connection[connection] or {}) do
    if inbound_tokens.state(token, now) == "live" then
      live[#live + 1] = token
    end
  end
  return live
end

return M

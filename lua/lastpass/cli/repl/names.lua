--- The live e-mail addresses and groups of the company, for completion inside quotes.
-- @module lastpass.cli.repl.names
local words = require "lastpass.cli.repl.words"

local FRESH = 60 -- seconds for which a read of the directory serves
local PATIENCE = 5 -- seconds that somebody who pressed Tab waits at most

local M = {}

local methods = {}
local names_mt = { __name = "lastpass.repl.Names", __index = methods }

-- The client as it is, but without its patience: while a line is edited Ctrl-C cannot end a wait.
local function impatient(client)
  return client:with { timeout = PATIENCE, retries = 0 }
end

local function read(client)
  local snapshot = impatient(client):snapshot()
  if not snapshot then
    return nil
  end
  local list = snapshot:group_names()
  for user in snapshot:users() do
    list[#list + 1] = user.email
  end
  return words.new(list)
end

--- All names.
---@return lastpass.repl.Words|nil words nil when they cannot be read
function methods:words()
  local client = self._client()
  local now = self._clock()
  if client ~= self._of or not self._read_at or now - self._read_at > FRESH then
    local ok, list = pcall(read, client)
    self._words = ok and list or nil
    self._of, self._read_at = client, now
  end
  return self._words
end

--- Forgets what was read: the directory has changed.
function methods:forget()
  self._read_at = nil
end

--- Makes it; nothing is read before it is asked for.
---@param client fun(): lastpass.Client|nil
---@param clock? fun(): number
---@return table names
function M.new(client, clock)
  return setmetatable({ _client = client, _clock = clock or os.time }, names_mt)
end

return M

--- Names for completion: sorted words, and the live e-mail addresses and groups of the company.
-- @module lastpass.cli.repl.names
local M = {}

-- ------------------------------------------------------------------ sorted words

---@class lastpass.repl.Words
local words = {}
local words_mt = { __name = "lastpass.repl.Words", __index = words }

--- Sorts words, so that all that begin alike are found without looking at the others. The case of letters does
-- not matter, and repeated words count once.
---@param list string[]
---@return lastpass.repl.Words
function M.sorted(list)
  local keys, spelled = {}, {}
  for position, word in ipairs(list) do
    local key = word:lower()
    if key ~= word then
      spelled[key] = spelled[key] or word
    end
    keys[position] = key
  end
  table.sort(keys)
  local count = 0
  for position = 1, #keys do
    local key = keys[position]
    keys[position] = nil
    if key ~= keys[count] then
      count = count + 1
      keys[count] = key
    end
  end
  return setmetatable({ keys = keys, spelled = spelled }, words_mt)
end

-- The position of the first key that is not less than `key`.
local function lower_bound(keys, key)
  local low, high = 1, #keys + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if keys[middle] < key then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

local function common_start(a, b)
  local length = 0
  while length < #a and length < #b and a:byte(length + 1) == b:byte(length + 1) do
    length = length + 1
  end
  return a:sub(1, length)
end

--- Finds the words that begin with a string.
---@param start string
---@param most integer how many are given at most
---@return string[] found sorted
---@return integer total how many there are
---@return string common what all of them begin with, in lower case
function words:starting_with(start, most)
  local keys = self.keys
  start = start:lower()
  local first = lower_bound(keys, start)
  -- "\255" is in no UTF-8 text, so this is above all that begin so
  local last = lower_bound(keys, start .. "\255") - 1
  local found = {}
  for position = first, math.min(last, first + most - 1) do
    local key = keys[position]
    found[#found + 1] = self.spelled[key] or key
  end
  local common = last >= first and common_start(keys[first], keys[last]) or start
  return found, last - first + 1, common
end

-- ------------------------------------------------------------------ names of the company

local MAX_AGE = 60 -- seconds for which a read of the directory serves
local TIMEOUT = 5 -- seconds that somebody who pressed Tab waits at most

local methods = {}
local names_mt = { __name = "lastpass.repl.Names", __index = methods }

-- While a line is edited Ctrl-C cannot end a wait.
local function read_names(client)
  local snapshot = client:with({ timeout = TIMEOUT, retries = 0 }):snapshot()
  if not snapshot then
    return nil
  end
  local list = snapshot:group_names()
  for user in snapshot:users() do
    list[#list + 1] = user.email
  end
  return M.sorted(list)
end

--- All names.
---@return lastpass.repl.Words|nil words nil when they cannot be read
function methods:words()
  local client = self._client()
  local now = self._clock()
  if client ~= self._of or not self._read_at or now - self._read_at > MAX_AGE then
    local ok, list = pcall(read_names, client)
    self._words = ok and list or nil
    self._of, self._read_at = client, now
  end
  return self._words
end

--- Forgets what was read: the directory has changed.
function methods:forget()
  self._read_at = nil
end

--- The live e-mail addresses and groups of the company. Nothing is read before somebody asks.
---@param client fun(): lastpass.Client|nil
---@param clock? fun(): number
---@return table names
function M.new(client, clock)
  return setmetatable({ _client = client, _clock = clock or os.time }, names_mt)
end

return M

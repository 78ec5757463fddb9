--- Words in order, for finding all that begin with something without looking at the others.
-- @module lastpass.cli.repl.words
local M = {}

---@class lastpass.repl.Words
local methods = {}
local words_mt = { __name = "lastpass.repl.Words", __index = methods }

--- Makes it; the case of letters does not matter, and repeated words count once.
---@param list string[]
---@return lastpass.repl.Words
function M.new(list)
  local keys, spelled = {}, {}
  for position, word in ipairs(list) do
    local key = word:lower()
    if key ~= word then
      spelled[key] = spelled[key] or word
    end
    keys[position] = key
  end
  table.sort(keys)
  local kept = 0
  for position = 1, #keys do
    local key = keys[position]
    keys[position] = nil
    if key ~= keys[kept] then
      kept = kept + 1
      keys[kept] = key
    end
  end
  return setmetatable({ keys = keys, spelled = spelled }, words_mt)
end

-- The place of the first key that is not less than `key`.
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

--- Finds the words that begin so.
---@param start string
---@param most integer how many are given at most
---@return string[] found sorted
---@return integer total how many there are
---@return string common what all of them begin with, in lower case
function methods:starting_with(start, most)
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

return M

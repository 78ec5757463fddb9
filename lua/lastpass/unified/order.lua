--- Sorting and searching of long lists; sorting pauses between pieces, so that other requests can run.
-- @module lastpass.unified.order
local M = {}

local PIECE = 1024

--- Whether a number in digits is smaller than another, however long both are.
---@param a string
---@param b string
---@return boolean
function M.number_before(a, b)
  if #a ~= #b then
    return #a < #b
  end
  return a < b
end

local function merge(from, to, first, middle, last, before)
  local left, right = first, middle
  for position = first, last - 1 do
    if right >= last or left < middle and not before(from[right], from[left]) then
      to[position], left = from[left], left + 1
    else
      to[position], right = from[right], right + 1
    end
  end
end

local function is_sorted(list, before)
  for position = 2, #list do
    if before(list[position], list[position - 1]) then
      return false
    end
  end
  return true
end

local function sort_piece(list, first, last, before)
  local piece = {}
  for position = first, last do
    piece[#piece + 1] = list[position]
  end
  table.sort(piece, before)
  for position = first, last do
    list[position] = piece[position - first + 1]
  end
end

--- Sorts a list; no two elements may be equal.
---@param list table
---@param before fun(a: any, b: any): boolean
---@param pause function called after each piece
---@return table list sorted; it may be another table
function M.sort(list, before, pause)
  if is_sorted(list, before) then
    return list
  end
  for first = 1, #list, PIECE do
    sort_piece(list, first, math.min(first + PIECE - 1, #list), before)
    pause()
  end
  local size, other = PIECE, {}
  while size < #list do
    for first = 1, #list, 2 * size do
      local last = math.min(first + 2 * size, #list + 1)
      merge(list, other, first, math.min(first + size, last), last, before)
      pause()
    end
    list, other = other, list
    for position = #list + 1, #other do
      other[position] = nil
    end
    size = 2 * size
  end
  return list
end

--- The first position of a sorted list that satisfies a condition; all after it must satisfy it too.
---@param count integer length of the list
---@param satisfies fun(position: integer): boolean
---@return integer position count + 1 when none does
function M.first(count, satisfies)
  local low, high = 1, count + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if satisfies(middle) then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

return M

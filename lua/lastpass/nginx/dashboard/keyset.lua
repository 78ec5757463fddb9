--- Pages of a sorted list, named by the item that stands next to them: what is added or removed
-- elsewhere while somebody turns pages shows nothing twice and hides nothing.
-- @module lastpass.nginx.dashboard.keyset
local base64url = require("lastpass.text.base64").url
local order = require "lastpass.unified.order"

local M = {}

--- Rows of a page.
M.SIZE = 50

local LONGEST = 2048

-- Numbers are marked, so that they are compared as such again.
local function written(key)
  return type(key) == "number" and "\1" .. ("%.0f"):format(key) or tostring(key)
end

local function read_back(text)
  if text:sub(1, 1) == "\1" then
    return tonumber(text:sub(2)) or 0
  end
  return text
end

local function mark(keys)
  return base64url.encode(written(keys[1]) .. "\0" .. written(keys[2]))
end

local function read(text)
  local bytes = text and #text <= LONGEST and base64url.decode(text)
  local cut = bytes and bytes:find("\0", 1, true)
  return cut and { read_back(bytes:sub(1, cut - 1)), read_back(bytes:sub(cut + 1)) } or nil
end

local function compare(a, b)
  if type(a) ~= type(b) then
    a, b = tostring(a), tostring(b)
  end
  return a == b and 0 or a < b and -1 or 1
end

-- Below 0 when the keys of an item come before those of a mark, in the order that is shown.
local function position(keys, of_mark, reverse)
  local result = compare(keys[1], of_mark[1])
  if result == 0 then
    result = compare(keys[2], of_mark[2])
  end
  return reverse and -result or result
end

---@class lastpass.nginx.dashboard.Page
---@field first integer   place of the first row; 1 of an empty list
---@field last integer    place of the last row; 0 of an empty list
---@field count integer   length of the list
---@field before string|nil mark of the page before
---@field after string|nil  mark of the page after

--- Finds a page.
---@param count integer length of the list
---@param keys_at fun(place: integer): table two keys (texts or numbers) of the item there, together
-- of that item alone
---@param wanted table after or before (marks, as a page has them), reverse (the list goes down)
---@return lastpass.nginx.dashboard.Page
function M.page(count, keys_at, wanted)
  local after, before = read(wanted.after), read(wanted.before)
  local first = 1
  if after then
    first = order.first(count, function(place)
      return position(keys_at(place), after, wanted.reverse) > 0
    end)
    first = first > count and math.max(1, count - M.SIZE + 1) or first
  elseif before then
    local edge = order.first(count, function(place)
      return position(keys_at(place), before, wanted.reverse) >= 0
    end)
    first = math.max(1, edge - M.SIZE)
  end
  local last = math.min(first + M.SIZE - 1, count)
  return {
    first = first,
    last = last,
    count = count,
    before = first > 1 and mark(keys_at(first)) or nil,
    after = last < count and mark(keys_at(last)) or nil,
  }
end

return M

--- Walks through JSON text that is known to be valid: finds where values begin and end without
-- making Lua values of them, so that a large list can be taken apart.
-- @module lastpass.source.json_text
local json = require "lastpass.json"

local M = {}

local QUOTE, OPENING = 34, { [91] = true, [123] = true } -- '"'; "[" and "{"

-- The first position from there on that is no space; JSON's spaces only.
local function skip_space(text, position)
  return text:find("[^ \t\r\n]", position)
end

local function end_of_string(text, position)
  while true do
    position = text:find('["\\]', position + 1)
    if text:byte(position) == QUOTE then
      return position
    end
    position = position + 1 -- what is escaped
  end
end

local function end_of_nested(text, position)
  local depth = 0
  while true do
    position = text:find('["%[%]{}]', position)
    local byte = text:byte(position)
    if byte == QUOTE then
      position = end_of_string(text, position)
    else
      depth = depth + (OPENING[byte] and 1 or -1)
    end
    if depth == 0 then
      return position
    end
    position = position + 1
  end
end

--- The last position of the value that begins at a position.
---@param text string
---@param position integer
---@return integer
function M.end_of_value(text, position)
  local byte = text:byte(position)
  if byte == QUOTE then
    return end_of_string(text, position)
  elseif OPENING[byte] then
    return end_of_nested(text, position)
  end
  return (text:find("[,%]} \t\r\n]", position) or #text + 1) - 1
end

--- Iterates over the members of the object that begins at a position.
---@param text string
---@param position integer of its "{"
---@param ends? table<integer, integer> last positions of values that are known; gets that of the object
---@return fun(): string?, integer? key, position of its value
function M.members(text, position, ends)
  local start, value = position, nil
  position = skip_space(text, position + 1)
  return function()
    if value then
      local last = ends and ends[value] or M.end_of_value(text, value)
      position = skip_space(text, last + 1)
      if text:sub(position, position) == "," then
        position = skip_space(text, position + 1)
      end
    end
    if text:sub(position, position) ~= '"' then
      if ends then
        ends[start] = position
      end
      value = nil
      return nil
    end
    local key_end = end_of_string(text, position)
    local key = json.decode(text:sub(position, key_end))
    value = skip_space(text, skip_space(text, key_end + 1) + 1)
    return key, value
  end
end

--- The position of the first element of the list that begins at a position.
---@param text string
---@param position integer of its "["
---@return integer|nil first nil when the list is empty
---@return integer? last then the position of its "]"
function M.first_element(text, position)
  position = skip_space(text, position + 1)
  if text:sub(position, position) == "]" then
    return nil, position
  end
  return position
end

--- The position of the element behind the one that ends at a position.
---@param text string
---@param last integer
---@return integer|nil next nil at the end of the list
---@return integer? last then the position of its "]"
function M.next_element(text, last)
  local position = skip_space(text, last + 1)
  if text:sub(position, position) == "," then
    return (skip_space(text, position + 1))
  end
  return nil, position
end

--- Finds the list at a path: "users", or "data.users" in an object within the object. A key may have
-- dots itself.
---@param text string
---@param position integer of the value that is searched
---@param path string
---@param around? table<integer, true> gets the positions of the objects that the list stands in
---@return integer|nil position of its "["; nil when there is no list
function M.find_list(text, position, path, around)
  if text:sub(position, position) ~= "{" then
    return nil
  end
  for key, value in M.members(text, position) do
    local found
    if key == path then
      found = text:sub(value, value) == "[" and value
    elseif path:sub(1, #key + 1) == key .. "." then
      found = M.find_list(text, value, path:sub(#key + 2), around)
    end
    if found then
      if around then
        around[position] = true
      end
      return found
    end
  end
  return nil
end

-- Longer objects and lists beside a list say nothing about it.
local MOST = 65536

--- What stands beside a list, and beside the objects that it stands in: one object of all the members.
---@param text string
---@param position integer of the outermost object
---@param around table<integer, true> as of `find_list`
---@param ends table<integer, integer> the last position of the list, by its first
---@return table
function M.beside(text, position, around, ends)
  local object = {}
  for key, value in M.members(text, position, ends) do
    if around[value] then
      object[key] = M.beside(text, value, around, ends)
    elseif not ends[value] then
      ends[value] = M.end_of_value(text, value)
      if ends[value] - value < MOST then
        object[key] = json.decode(text:sub(value, ends[value]))
      end
    end
  end
  return object
end

--- The keys of an object whose values are lists of objects.
---@param text string
---@param position integer of its "{"
---@return string[] keys sorted
function M.lists(text, position)
  local keys = {}
  for key, value in M.members(text, position) do
    local first = text:sub(value, value) == "[" and M.first_element(text, value)
    if first and text:sub(first, first) == "{" then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  return keys
end

--- Where a text begins, behind its spaces.
---@param text string
---@return integer|nil
function M.start(text)
  return (skip_space(text, 1))
end

return M

--- Values of objects and entries as texts: what stands at a path, numbers in full, null as absent.
-- @module lastpass.source.values
local characters = require "lastpass.text.characters"
local json = require "lastpass.json"

local M = {}

local null = json.null

-- The shortest text that reads back as the same number; integers in full, as employee numbers are.
local function number_text(number)
  if math.type and math.type(number) == "integer" then
    return ("%d"):format(number)
  elseif number == math.floor(number) and math.abs(number) < 2 ^ 53 then
    return ("%.0f"):format(number)
  end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(number)
    if tonumber(text) == number then
      return text
    end
  end
  return tostring(number) -- inf and nan
end

--- A string, number or boolean as a text.
---@param value any
---@return string|nil text nil for anything else
function M.text(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    return number_text(value)
  elseif kind == "boolean" then
    return tostring(value)
  end
  return nil
end

--- Whether a text is UTF-8 throughout.
---@param text string
---@return boolean
function M.is_utf8(text)
  if not text:find "[\128-\255]" then
    return true
  end
  for _, code in characters.each(text) do
    if not code then
      return false
    end
  end
  return true
end

local function add_text(value, found)
  local text = M.text(value)
  if not text then
    return type(value) == "table" and "holds another object" or "is a " .. type(value)
  end
  found[#found + 1] = text
  return nil
end

-- What stands at the end of a path: a value, or a list of values.
local function add_leaf(value, found)
  if type(value) ~= "table" then
    return add_text(value, found)
  elseif #value == 0 and next(value) ~= nil then
    return "holds another object"
  end
  found.is_list = true
  for _, item in ipairs(value) do
    local fault = item ~= null and add_text(item, found) or nil
    if fault then
      return fault
    end
  end
  return nil
end

local collect

-- A key may have dots itself ("urn:…:enterprise:2.0:User"): the longest that is there is taken.
local function collect_in_object(object, path, found)
  local value, rest = object[path], nil
  local at = #path
  while value == nil and at > 1 do
    if path:byte(at) == 46 then -- "."
      value, rest = object[path:sub(1, at - 1)], path:sub(at + 1)
    end
    at = at - 1
  end
  if value == nil then
    return nil
  elseif not rest then
    found.present = true
  end
  return collect(value, rest, found)
end

function collect(value, path, found)
  if value == nil or value == null then
    return nil
  elseif not path then
    return add_leaf(value, found)
  elseif type(value) ~= "table" then
    return nil
  elseif #value == 0 then
    return collect_in_object(value, path, found)
  end
  for _, item in ipairs(value) do
    local fault = collect(item, path, found)
    if fault then
      return fault
    end
  end
  return nil
end

--- Collects the texts that stand at a path of an object: "name.family" goes into the object
-- `name`, and through a list into each of its objects.
---@param object table
---@param path string
---@param found table gets the texts; `present` becomes true when the last key is there, even as null,
-- `is_list` when a list stands there
---@return string|nil fault what is wrong with the value, as "holds another object"
function M.collect(object, path, found)
  return collect_in_object(object, path, found)
end

return M

--- Checks `data` as strictly as LastPass's pages describe it. The texts are invented
-- (enterprise-api §2.1 knows none).
-- @module lastpass.sandbox.commands.check
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

local function is_list(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

local function is_object(value)
  return type(value) == "table" and #value == 0
end

local LARGEST = 2 ^ 53 -- beyond it numbers have gaps, and 400 digits are infinite

local function is_whole(value)
  return type(value) == "number"
    and value == math.floor(value)
    and value >= -LARGEST
    and value <= LARGEST
end

local kinds = {
  string = function(value)
    return type(value) == "string"
  end,
  boolean = function(value)
    return type(value) == "boolean"
  end,
  integer = is_whole,
  flag = function(value)
    return value == 0 or value == 1 or type(value) == "boolean"
  end,
  digits = function(value)
    return is_whole(value)
      or type(value) == "string" and value:find("^%d+$") ~= nil and is_whole(tonumber(value))
  end,
  strings = function(value)
    if not is_list(value) then
      return false
    end
    for _, item in ipairs(value) do
      if type(item) ~= "string" then
        return false
      end
    end
    return true
  end,
  map = function(value)
    if not is_object(value) then
      return false
    end
    for key, item in pairs(value) do
      if type(key) ~= "string" or type(item) ~= "string" then
        return false
      end
    end
    return true
  end,
}

--- Checks one object.
---@param fields table name -> {kind, required}
---@param object any
---@param strict boolean whether unknown fields and wrong types are refused
---@return string|nil complaint
function M.object(fields, object, strict)
  if not is_object(object) then
    return "data is not an object"
  end
  local names = errors.names_of(fields)
  for _, name in ipairs(names) do
    local value = object[name]
    if value == json.null then
      object[name], value = nil, nil
    end
    if value == nil and fields[name].required then
      return "Missing field: " .. name
    elseif value ~= nil and not kinds[fields[name][1]](value) then
      if strict or fields[name].required then
        return "Wrong type of field: " .. name
      end
      object[name] = nil -- as if it had not been sent: no command meets a type it does not expect
    end
  end
  for name in pairs(object) do
    if fields[name] == nil and strict then
      local nearest = errors.nearest(name, names)
      return "Unknown field: " .. tostring(name) .. (nearest and " (" .. nearest .. "?)" or "")
    end
  end
  return nil
end

--- Checks a list of objects.
---@param fields table
---@param list any
---@param strict boolean
---@return string|nil complaint
function M.objects(fields, list, strict)
  if not is_list(list) then
    return "data is not an array"
  elseif #list == 0 then
    return "data is empty"
  end
  for _, object in ipairs(list) do
    local complaint = M.object(fields, object, strict)
    if complaint then
      return complaint
    end
  end
  return nil
end

--- Checks a list of strings.
---@param list any
---@return string|nil complaint
function M.strings(list)
  if not is_list(list) then
    return "data is not an array"
  elseif #list == 0 then
    return "data is empty"
  elseif not kinds.strings(list) then
    return "data is not an array of strings"
  end
  return nil
end

--- Whether a text has the form of an e-mail address: ASCII, one "@", a dot in the domain.
---@param text string
---@return boolean
function M.is_mail(text)
  return #text <= 254
    and text:find("^[%w!#$%%&'*+/=?^_`{|}~.-]+@[%w-]+[%w.-]*%.[%w-]+$") ~= nil
    and not text:find("..", 1, true)
    and not text:find("^%.")
    and not text:find(".@", 1, true)
end

return M

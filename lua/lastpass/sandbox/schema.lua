--- What may stand in JSON that a caller sends: the data of commands, and the bodies of the control API.
-- @module lastpass.sandbox.schema
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

local LARGEST = 2 ^ 53 -- beyond it numbers have gaps, and 400 digits are infinite

--- Whether a value is a whole number that a double holds exactly.
function M.is_whole(value)
  return type(value) == "number"
    and value == math.floor(value)
    and value >= -LARGEST
    and value <= LARGEST
end

--- Whether a value is a list; an empty table is one.
function M.is_list(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

local function is_object(value)
  return type(value) == "table" and #value == 0
end

--- Whether a value is a list of strings.
function M.is_strings(value)
  if not M.is_list(value) then
    return false
  end
  for _, item in ipairs(value) do
    if type(item) ~= "string" then
      return false
    end
  end
  return true
end

local function is_type(name)
  return function(value)
    return type(value) == name
  end
end

local types = {
  string = is_type "string",
  boolean = is_type "boolean",
  integer = M.is_whole,
  flag = function(value)
    return value == 0 or value == 1 or type(value) == "boolean"
  end,
  digits = function(value)
    return M.is_whole(value)
      or type(value) == "string" and value:find "^%d+$" ~= nil and M.is_whole(tonumber(value))
  end,
  strings = M.is_strings,
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

--- Checks an object as strictly as LastPass's pages describe it. The texts are invented
-- (enterprise-api §2.1 knows none).
---@param fields table name -> {type, required}
---@param object any
---@param strict boolean whether unknown fields and wrong types are refused
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
    elseif value ~= nil and not types[fields[name][1]](value) then
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
function M.objects(fields, list, strict)
  if not M.is_list(list) then
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
function M.strings(list)
  if not M.is_list(list) then
    return "data is not an array"
  elseif #list == 0 then
    return "data is empty"
  elseif not M.is_strings(list) then
    return "data is not an array of strings"
  end
  return nil
end

--- Checks options of the control API.
---@param what string for the message
---@param given any
---@param known table as of `errors.check_options`
---@return table|nil options a copy without those that are null
---@return string? message
function M.options(what, given, known)
  if not is_object(given) then
    return nil, what .. " must be an object"
  end
  local options = {}
  for name, value in pairs(given) do
    if value ~= json.null then
      options[name] = value
    end
  end
  local ok, complaint = pcall(errors.check_options, what, options, known, 0)
  if not ok then
    local _, last = tostring(complaint):find(what .. ": ", 1, true)
    return nil, what .. ": " .. tostring(complaint):sub((last or 0) + 1)
  end
  return options
end

--- Whether a string has the form of an e-mail address: ASCII, one "@", a dot in the domain.
function M.is_mail(text)
  return #text <= 254
    and text:find "^[%w!#$%%&'*+/=?^_`{|}~.-]+@[%w-]+[%w.-]*%.[%w-]+$" ~= nil
    and not text:find("..", 1, true)
    and not text:find "^%."
    and not text:find(".@", 1, true)
end

return M

--- Strings from outside, made fit for JSON, for headers and for comparison.
-- @module lastpass.unified.texts
local characters = require "lastpass.text.characters"
local json = require "lastpass.json"

local M = {}

local LONGEST = 4096

--- A string that can be written as JSON and is of reasonable length: bytes that are not UTF-8 become "?".
---@param text any
---@return string
function M.clean(text)
  text = tostring(text)
  if #text > LONGEST then
    text = text:sub(1, LONGEST)
    text = text:gsub("[\192-\255]?[\128-\191]*$", "") .. "…"
  end
  if not characters.is_utf8(text) then
    text = text:gsub("[\128-\255]", "?")
  end
  return text
end

-- Converts all strings of a table.
local function map_strings(value, make)
  if type(value) == "string" then
    return make(value)
  elseif type(value) ~= "table" then
    return value
  end
  local copy = json.is_list(value) and json.list {} or {}
  for name, item in pairs(value) do
    copy[type(name) == "string" and make(name) or name] = map_strings(item, make)
  end
  return copy
end

--- The same for all strings of a table.
---@param value any
---@return any
function M.clean_all(value)
  return map_strings(value, M.clean)
end

--- A string, or all strings of a table, without a secret.
---@param value any
---@param secret string
---@return any
function M.without(value, secret)
  if secret == "" then
    return value
  end
  local pattern = secret:gsub("%W", "%%%0")
  return map_strings(value, function(text)
    return (text:gsub(pattern, "[redacted]"))
  end)
end

--- The key of comparisons that ignore case.
---@param text string
---@return string
function M.fold(text)
  if text:find "[\128-\255]" then
    return require("lastpass.unicode").fold(text) or text:lower()
  end
  return text:lower()
end

--- Decodes a path or a part of a query: "%41" is "A".
---@param text string
---@param plus_is_blank? boolean as in queries
---@return string
function M.unescape(text, plus_is_blank)
  if plus_is_blank then
    text = text:gsub("+", " ")
  end
  return (
    text:gsub("%%(%x%x)", function(digits)
      return string.char(tonumber(digits, 16))
    end)
  )
end

return M

--- What a request asks for beside its path: the query string's parameters and the body of a search, checked and
-- in one form (scim §2.5 to §2.7).
-- @module lastpass.scim.server.parameters
local json = require "lastpass.json"
local messages = require "lastpass.scim.messages"

local M = {}

-- Parameters by their names in lower case, and how a search request may give them.
local known = {
  attributes = { field = "attributes", kind = "names" },
  excludedattributes = { field = "excluded", kind = "names" },
  filter = { field = "filter", kind = "text" },
  sortby = { field = "sort_by", kind = "text" },
  sortorder = { field = "sort_order", kind = "text" },
  startindex = { field = "start", kind = "whole" },
  count = { field = "count", kind = "whole" },
  cursor = { field = "cursor", kind = "text" },
}

local LONGEST_QUERY = 65536
local LARGEST = 2 ^ 53

local function refuse(scim_type, detail, ...)
  return messages.fail(400, scim_type, detail:format(...))
end

-- "%41+b" -> "A b"; nil when an escape is none.
local function unescape(text)
  local good = true
  text = text:gsub("+", " "):gsub("%%(.?.?)", function(digits)
    local byte = #digits == 2 and tonumber(digits, 16)
    if not byte or digits:find "%X" then
      good = false
      return ""
    end
    return string.char(byte)
  end)
  return good and text or nil
end

--- Decodes a segment of a path, in which "+" is itself.
---@param text string
---@return string|nil decoded nil when an escape is none
function M.unescape_path(text)
  return unescape((text:gsub("%+", "%%2B")))
end

local readers = {}

readers.names = function(name, value)
  local names = {}
  if type(value) == "table" then
    for _, item in ipairs(value) do
      if type(item) ~= "string" then
        return refuse("invalidValue", "'%s' must be a list of names", name)
      end
      names[#names + 1] = item
    end
    if #names == 0 and next(value) ~= nil then
      return refuse("invalidValue", "'%s' must be a list of names", name)
    end
    return names
  elseif type(value) ~= "string" then
    return refuse("invalidValue", "'%s' must be a list of names", name)
  end
  for item in value:gmatch "[^,]+" do
    names[#names + 1] = item:match "^%s*(.-)%s*$"
  end
  return names
end

readers.text = function(name, value)
  if type(value) ~= "string" then
    return refuse("invalidValue", "'%s' must be a string", name)
  end
  return value
end

readers.whole = function(name, value)
  local number = type(value) == "number" and value
    or type(value) == "string" and value:find "^%s*[+-]?%d+%s*$" and tonumber(value)
  if not number or number ~= math.floor(number) or math.abs(number) > LARGEST then
    local scim_type = name == "count" and "invalidCount" or "invalidValue"
    return refuse(scim_type, "'%s' must be a whole number", name)
  end
  return number
end

-- Puts one parameter into the request; unknown ones are somebody's flags (scim §1.1) and say nothing.
local function put(asked, name, value)
  local parameter = known[name:lower()]
  if not parameter then
    return true
  elseif asked[parameter.field] ~= nil then
    return refuse("invalidValue", "'%s' is given twice", name)
  end
  local message, err
  asked[parameter.field], message, err = readers[parameter.kind](name, value)
  if asked[parameter.field] == nil then
    return nil, message, err
  end
  return true
end

-- What is said of order and pages, and can be checked without looking at anything. An empty list of attributes is as
-- good as none (scim §2.2).
local function complete(asked)
  local order = asked.sort_order and asked.sort_order:lower()
  if order and order ~= "ascending" and order ~= "descending" then
    return refuse("invalidValue", "'sortOrder' must be ascending or descending")
  elseif asked.cursor and asked.start then
    return refuse("invalidCursor", "a request has a cursor or a startIndex, not both")
  elseif asked.count and asked.cursor and asked.count < 0 then
    return refuse("invalidCount", "'count' must not be negative")
  end
  asked.descending = order == "descending"
  asked.start = asked.start and math.max(1, asked.start)
  asked.count = asked.count and math.max(0, asked.count)
  if asked.sort_by == "" then
    asked.sort_by = nil
  end
  for _, field in ipairs { "attributes", "excluded" } do
    asked[field] = asked[field] and asked[field][1] and asked[field] or nil
  end
  return asked
end

--- Reads a query string.
---@param text string|nil raw
---@return table|nil asked `attributes`, `excluded` (lists of names), `filter`, `sort_by`, `descending`, `start`,
-- `count`, `cursor`; nil what is not given
---@return string? message
---@return lastpass.Error? err
function M.of_query(text)
  local asked = {}
  if not text or text == "" then
    return complete(asked)
  elseif #text > LONGEST_QUERY then
    return messages.fail(414, nil, "the query string is too long")
  end
  for part in text:gmatch "[^&]+" do
    local name, value = part:match "^([^=]*)=?(.*)$"
    name, value = unescape(name), unescape(value)
    if not name or not value then
      return refuse("invalidValue", "the query string is not percent-encoded")
    end
    local ok, message, err = put(asked, name, value)
    if not ok then
      return nil, message, err
    end
  end
  return complete(asked)
end

--- Reads the body of a search request.
---@param body table decoded
function M.of_search(body)
  local asked = {}
  for name, value in pairs(body) do
    if value ~= json.null then
      local ok, message, err = put(asked, name, value)
      if not ok then
        return nil, message, err
      end
    end
  end
  return complete(asked)
end

return M

--- Names and values between Lua and the wire: account_status and accountStatus, ids as strings.
-- @module lastpass.business.shape
local json = require "lastpass.json"
local percent = require "lastpass.text.percent"

local M = {}

local function snake(name)
  return (name:gsub("%u", "_%0"):lower():gsub("^_", ""))
end

local function is_id(name)
  return name == "id" or name:find "Id$" ~= nil
end

local MOST_DEPTH = 32

--- A value of the wire as Lua programs write it: names with underscores, ids as strings of digits (they may be
-- larger than a number holds), null as absent.
---@param value any
---@param depth? integer
---@return any
function M.read(value, depth)
  depth = depth or 1
  if type(value) ~= "table" or depth > MOST_DEPTH then
    return value
  end
  local copy = {}
  for name, one in pairs(value) do
    if one == json.null then
      one = nil
    elseif type(name) == "string" and is_id(name) and type(one) == "number" then
      one = (one % 1 == 0 and "%.0f" or "%.14g"):format(one)
    else
      one = M.read(one, depth + 1)
    end
    copy[type(name) == "string" and snake(name) or name] = one
  end
  return json.is_list(value) and json.list(copy) or copy
end

-- A number, or its digits; as text either way.
local function digits(value)
  return type(value) == "number" and ("%.0f"):format(value) or value
end

M.digits = digits

--- The query of a request.
---@param rows table option to {kind, name on the wire}
---@param options table
---@param more? table name on the wire to text
---@return string query encoded
function M.query(rows, options, more)
  local parts = {}
  for option, row in pairs(rows) do
    local value = options[option]
    if value ~= nil then
      value = type(value) == "table" and table.concat(value, ",") or digits(value)
      parts[#parts + 1] = row[2] .. "=" .. percent.encode(value)
    end
  end
  for name, value in pairs(more or {}) do
    parts[#parts + 1] = name .. "=" .. percent.encode(value)
  end
  table.sort(parts)
  return table.concat(parts, "&")
end

--- The body of a request. Ids go as integers, whatever their size.
---@param rows table option to {kind, name on the wire}
---@param options table
---@return string text JSON
function M.body(rows, options)
  local value, ids = {}, {}
  for option, row in pairs(rows) do
    local one = options[option]
    if one ~= nil then
      if row[2] == "addons" then
        one = json.list(type(one) == "table" and one or { one })
      elseif is_id(row[2]) then
        one = digits(one)
        ids[#ids + 1] = row[2]
      end
      value[row[2]] = one
    end
  end
  local text = json.encode(value)
  for _, name in ipairs(ids) do
    text = text:gsub('"' .. name .. '":"(%d+)"', '"' .. name .. '":%1')
  end
  return text
end

return M

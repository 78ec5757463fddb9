--- Any Lua value as text for a person: tables like Lua would write them, or as lines and columns
-- when they are many. What is named like a secret is not shown.
-- @module lastpass.cli.repl.plain
local text = require "lastpass.text"

local DEEPEST = 3
local LONGEST_INLINE = 72
local MOST_COLUMNS = 8
local LOOKED_AT = 50 -- rows whose fields decide on the columns

local M = {}

-- Names of fields that hold secrets. "password_reset_required" and "last_password_change" do not.
local secret_names = {
  password = true,
  passwd = true,
  passphrase = true,
  provhash = true,
  secret = true,
  token = true,
  apikey = true,
  api_key = true,
  masterpassword = true,
  master_password = true,
}

--- Whether a field of that name holds a secret.
---@param name any
---@return boolean
function M.is_secret(name)
  return type(name) == "string" and secret_names[name:lower()] == true
end

-- What an object says of itself; nil when it says nothing.
local function own_text(value)
  local metatable = getmetatable(value)
  if type(metatable) ~= "table" or not metatable.__tostring then
    return nil
  end
  local ok, own = pcall(tostring, value)
  return ok and own or nil
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == "string" or type(a) == "number") then
      return a < b
    end
    return type(a) ~= type(b) and type(a) < type(b)
  end)
  return keys
end

local function quote(value)
  return '"' .. text.clean(value):gsub('"', '\\"') .. '"'
end

local inline

local function inline_table(value, depth)
  if depth > DEEPEST then
    return "{…}"
  end
  local parts, count = {}, #value
  for position = 1, count do
    parts[position] = inline(value[position], depth + 1)
  end
  for _, key in ipairs(sorted_keys(value)) do
    local in_list = type(key) == "number" and key >= 1 and key <= count and key % 1 == 0
    if not in_list then
      local name = type(key) == "string" and key:match "^[%a_][%w_]*$"
        or "[" .. inline(key, depth + 1) .. "]"
      local shown = M.is_secret(key) and "(hidden)" or inline(value[key], depth + 1)
      parts[#parts + 1] = name .. " = " .. shown
    end
  end
  if #parts == 0 then
    return "{}"
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

function inline(value, depth)
  if type(value) == "string" then
    return quote(value)
  end
  local own = own_text(value)
  if own then
    return text.clean(own)
  elseif type(value) == "table" then
    return inline_table(value, depth)
  end
  return tostring(value)
end

--- A value in one line, strings quoted.
---@param value any
---@return string
function M.inline(value)
  return inline(value, 1)
end

local function is_list(value)
  local count = #value
  for key in pairs(value) do
    if type(key) ~= "number" or key < 1 or key > count then
      return false
    end
  end
  return count > 0
end

-- Rows are plain tables with names for their fields.
local function is_list_of_rows(value)
  for position = 1, math.min(#value, LOOKED_AT) do
    local row = value[position]
    if type(row) ~= "table" or own_text(row) or #row > 0 or next(row) == nil then
      return false
    end
  end
  return is_list(value)
end

local function cell(field)
  return function(row)
    local value = row[field]
    if value == nil then
      return ""
    elseif M.is_secret(field) then
      return "(hidden)"
    end
    return type(value) == "string" and value or M.inline(value)
  end
end

-- The fields that identify a row come first.
local rank = { row = 1, id = 2, username = 3, email = 3, name = 4 }

local function columns_of(rows)
  local names, seen = {}, {}
  for position = 1, math.min(#rows, LOOKED_AT) do
    for name in pairs(rows[position]) do
      if type(name) == "string" and not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names, function(a, b)
    local first, second = rank[a] or 9, rank[b] or 9
    return first < second or first == second and a < b
  end)
  local columns = {}
  for position = 1, math.min(#names, MOST_COLUMNS) do
    columns[position] = { title = names[position], field = cell(names[position]) }
  end
  return columns
end

--- Names and values under each other.
---@param lines table[] {name, value}
---@return string
function M.lines(lines)
  local widest, output = 0, {}
  for _, line in ipairs(lines) do
    widest = math.max(widest, text.width(line[1]))
  end
  for position, line in ipairs(lines) do
    local value = line[2]
    if type(value) == "table" and is_list(value) and type(value[1]) == "string" then
      value = text.clean(table.concat(value, ", "))
    elseif type(value) == "string" then
      value = text.clean(value)
    else
      value = M.inline(value)
    end
    output[position] = text.pad(line[1], widest) .. "  " .. value
  end
  return table.concat(output, "\n")
end

local function record(value)
  local lines = {}
  for _, key in ipairs(sorted_keys(value)) do
    local name = type(key) == "string" and text.clean(key) or M.inline(key)
    local shown = value[key]
    if M.is_secret(key) then
      shown = "(hidden)"
    elseif type(shown) == "string" then
      shown = M.inline(shown)
    end
    lines[#lines + 1] = { name, shown }
  end
  return M.lines(lines)
end

--- Cleans text whose lines stay lines; everything else that could act on the terminal is an escape.
---@param value string
---@return string
function M.clean_lines(value)
  return (value:gsub("[^\n]+", text.clean))
end

--- A table of rows, fitted into a width.
---@param rows table[]
---@param columns table[] as of `lastpass.text.table`
---@param width integer|nil
---@return string
function M.table(rows, columns, width)
  return text.table(rows, columns, { width = width })
end

--- A value as text, in as many lines as it takes.
---@param value any
---@param width? integer the terminal's columns
---@return string
function M.text(value, width)
  if type(value) == "string" then
    return M.clean_lines(value)
  end
  local own = own_text(value)
  if own then
    return M.clean_lines(own)
  elseif type(value) ~= "table" then
    return tostring(value)
  elseif is_list_of_rows(value) then
    return M.table(value, columns_of(value), width)
  end
  local one_line = M.inline(value)
  if text.width(one_line) <= math.min(LONGEST_INLINE, width or LONGEST_INLINE) then
    return one_line
  elseif is_list(value) then
    local lines = {}
    for position = 1, #value do
      lines[position] = M.inline(value[position])
    end
    return table.concat(lines, "\n")
  end
  return record(value)
end

return M

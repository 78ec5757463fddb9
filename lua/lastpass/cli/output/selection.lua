--- Which fields (`--fields`) and in which order (`--sort`): both name the fields of a view. Which rows is for
-- `lastpass.cli.output.where`.
-- @module lastpass.cli.output.selection
local errors = require "lastpass.error"

local M = {}

-- ------------------------------------------------------------------ fields

--- A field of an object as it is.
---@param view lastpass.cli.View
---@param object any
---@param field string
---@return any
function M.field_of(view, object, field)
  if view.get then
    return view.get(object, field)
  end
  return object[field]
end

--- A field of an object as every format but the table shows it.
---@param view lastpass.cli.View
---@param object any
---@param field string
---@return any
function M.value(view, object, field)
  local value = M.field_of(view, object, field)
  if value ~= nil and view.times and view.times[field] and type(value) == "number" then
    return require("lastpass.time").iso(value)
  end
  return value
end

--- Fails for a field that a view does not have.
---@param flag string "--fields"
---@param view lastpass.cli.View
---@param name string
---@return nil
---@return string message
---@return lastpass.Error err
function M.unknown_field(flag, view, name)
  return errors.fail(
    "argument",
    "unknown_field",
    ("%s: %s have no field '%s'%s"):format(
      flag,
      view.name,
      name:gsub("%c", "?"),
      errors.did_you_mean(name, view.fields)
    ),
    { hint = "the fields are: " .. table.concat(view.fields, ", ") }
  )
end

--- Whether a view has a field.
---@param view lastpass.cli.View
---@param name string
---@return boolean
function M.has_field(view, name)
  for _, field in ipairs(view.fields) do
    if field == name then
      return true
    end
  end
  return false
end

-- Reads names with commas or blanks between; `sign` is the pattern of what may stand before one.
local function read_names(flag, text, view, sign)
  local names, signs = {}, {}
  for word in text:gmatch "[^,%s]+" do
    local before, name = word:match("^(" .. sign .. ")(.*)$")
    if not M.has_field(view, name) then
      return M.unknown_field(flag, view, name)
    end
    names[#names + 1], signs[#signs + 1] = name, before
  end
  if #names == 0 then
    return M.unknown_field(flag, view, text)
  end
  return names, signs
end

--- Reads `--fields`: "email,status".
---@param text string
---@param view lastpass.cli.View
---@return string[]|nil
---@return string? message
---@return lastpass.Error? err code "unknown_field"
function M.read_fields(text, view)
  local names, message, err = read_names("--fields", text, view, "")
  if not names then
    return nil, message, err
  end
  return names
end

-- ------------------------------------------------------------------ order

--- Reads `--sort`: "status,-last_login".
---@param text string
---@param view lastpass.cli.View
---@return table[]|nil keys {field, descending}
---@return string? message
---@return lastpass.Error? err code "unknown_field"
function M.read_sort(text, view)
  local names, signs, err = read_names("--sort", text, view, "%-?")
  if not names then
    return nil, signs, err
  end
  local keys = {}
  for index, name in ipairs(names) do
    keys[index] = { field = name, descending = signs[index] == "-" }
  end
  return keys
end

local ranks = { number = 1, boolean = 2, string = 3 }

-- Values of one kind are compared as they are; letters without regard to case.
local function comparable(value)
  local kind = type(value)
  if kind == "boolean" then
    return value and 1 or 0, ranks.boolean
  elseif kind == "number" then
    return value, ranks.number
  elseif kind == "table" and not (getmetatable(value) or {}).__tostring then
    value = table.concat(value, ", ")
  end
  return tostring(value):lower(), ranks.string
end

local function entry_of(keys, view, object, position)
  local entry = { object = object, position = position }
  for index, key in ipairs(keys) do
    local value = M.field_of(view, object, key.field)
    if value ~= nil then
      entry[index] = { comparable(value) }
    end
  end
  return entry
end

local function is_before(keys, a, b)
  for index, key in ipairs(keys) do
    local one, other = a[index], b[index]
    if one and other then
      if one[2] ~= other[2] then
        return one[2] < other[2]
      elseif one[1] ~= other[1] then
        return (one[1] < other[1]) ~= key.descending
      end
    elseif one or other then
      return one ~= nil
    end
  end
  return a.position < b.position
end

--- Sorts rows; equal ones stay in their order, and those without a value come last either way.
---@param keys table[] of `read_sort`
---@param view lastpass.cli.View
---@param each fun(): any
---@return any[]
function M.sorted(keys, view, each)
  local entries = {}
  for object in each do
    entries[#entries + 1] = entry_of(keys, view, object, #entries + 1)
  end
  table.sort(entries, function(a, b)
    return is_before(keys, a, b)
  end)
  for index, entry in ipairs(entries) do
    entries[index] = entry.object
  end
  return entries
end

return M

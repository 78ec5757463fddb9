--- Which fields (`--fields`), which rows (`--where`) and in which order (`--sort`): all three name the fields of
-- a view.
-- @module lastpass.cli.output.selection
local errors = require "lastpass.error"

local M = {}

-- ------------------------------------------------------------------ fields

local function field_of(view, object, field)
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
  local value = field_of(view, object, field)
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
    local value = field_of(view, object, key.field)
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

-- ------------------------------------------------------------------ expressions

local function bad_where(message, hint)
  return errors.fail("argument", "bad_where", "--where: " .. message, { hint = hint })
end

local function raise(...)
  local _, _, err = ...
  error(err, 0)
end

local function copy(library, without)
  local result = {}
  for name, value in pairs(library) do
    if name ~= without then
      result[name] = value
    end
  end
  return result
end

-- Whether a list has a value; strings without regard to case.
local function has(list, value)
  if type(list) ~= "table" then
    return false
  end
  local lower = type(value) == "string" and value:lower() or value
  for _, item in ipairs(list) do
    if item == value or type(item) == "string" and item:lower() == lower then
      return true
    end
  end
  return false
end

local function moment(session, text)
  local time = require "lastpass.time"
  local client = session and session._client
  local zone = client and client:zone() or nil
  local now = client and client:now() or nil
  local utc, message = time.parse(text, zone, now)
  if not utc then
    raise(bad_where(message))
  end
  return utc
end

local function new_environment(session, row)
  local environment = {
    u = row,
    row = row,
    has = has,
    string = copy(string, "dump"),
    math = copy(math, "randomseed"),
    tostring = tostring,
    tonumber = tonumber,
    type = type,
    now = function()
      return moment(session, "now")
    end,
    time = function(text)
      return moment(session, text)
    end,
    ago = function(text)
      return moment(session, "-" .. tostring(text))
    end,
  }
  local names = errors.names_of(environment)
  return setmetatable(environment, {
    __index = function(_, name)
      local message = ("there is no '%s'%s"):format(
        tostring(name),
        errors.did_you_mean(name, names)
      )
      raise(bad_where(message, "there are: " .. table.concat(names, ", ")))
    end,
    __newindex = function(_, name)
      raise(bad_where(("it cannot set '%s': it is asked, it does nothing"):format(tostring(name))))
    end,
  })
end

local function load_expression(text, environment)
  local chunk = "return (" .. text .. "\n)"
  if setfenv then
    local fn, message = loadstring(chunk, "=--where")
    return fn and setfenv(fn, environment), message
  end
  return load(chunk, "=--where", "t", environment)
end

-- Lua names the chunk and the line, of which there is one.
local function without_position(message)
  return (tostring(message):gsub("^%-%-where:%d+: ", ""))
end

-- Which field was used although the row has none, by Lua's message: "field 'fullname'".
local function missing_field(message)
  local name = message:find("nil value", 1, true) and message:match "field '([^']+)'"
  return name and ("not every row has one; (u.%s or '') stands for those without"):format(name)
end

--- Compiles the expression of `--where`: Lua that knows the row and nothing that acts.
---@param text string "u.admin and not u.mfa"
---@param view lastpass.cli.View
---@param session lastpass.cli.Session|nil whose zone and clock times are read in
---@return (fun(object: any): boolean)|nil
---@return string? message
---@return lastpass.Error? err code "bad_where"; the function raises such an error, which names the row
function M.compile_where(text, view, session)
  local current
  local row = setmetatable({}, {
    __index = function(_, name)
      if not M.has_field(view, name) then
        raise(M.unknown_field("--where", view, tostring(name)))
      end
      return field_of(view, current, name)
    end,
    __newindex = function()
      raise(bad_where "it cannot change a row")
    end,
    __metatable = false,
  })
  local fn, message = load_expression(text, new_environment(session, row))
  if not fn then
    return bad_where(
      without_position(message),
      "write a Lua expression, such as 'u.admin and not u.mfa'"
    )
  end
  return function(object)
    current = object
    local ok, result = pcall(fn)
    if ok then
      return result and true or false
    elseif type(result) == "table" then
      error(result, 0)
    end
    local reason = without_position(result)
    local name = tostring(field_of(view, object, view.key))
    raise(bad_where(("at %s: %s"):format(name, reason), missing_field(reason)))
  end
end

return M

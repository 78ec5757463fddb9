--- Which rows (`--where`): an expression in Lua that knows the row and nothing that acts.
-- @module lastpass.cli.output.where
local comparisons = require "lastpass.cli.output.comparisons"
local errors = require "lastpass.error"
local expression = require "lastpass.cli.output.expression"
local selection = require "lastpass.cli.output.selection"

local M = {}

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

-- Helpers take what they are said to take, and nothing more.
local function check_count(form, count, given)
  if given ~= count then
    local number = count == 0 and "nothing" or count == 1 and "one value" or count .. " values"
    raise(bad_where(("%s takes %s, not %d"):format(form, number, given)))
  end
end

-- Whether a list has a value; strings without regard to case.
local function has(...)
  check_count("has(list, value)", 2, select("#", ...))
  local list, value = ...
  if list ~= nil and type(list) ~= "table" then
    local message = ("has(list, value): the list is a %s"):format(type(list))
    raise(bad_where(message, "the list comes first; == compares what is not a list"))
  elseif value == nil then
    raise(bad_where "has(list, value): the value is nil, which no list has")
  end
  local lower = type(value) == "string" and value:lower() or value
  for _, item in ipairs(list or {}) do
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

local function ago(session, ...)
  local form = 'ago "90d"'
  check_count(form, 1, select("#", ...))
  local length = ...
  if type(length) ~= "string" or not length:find "^%s*%d+%s*%a+%s*$" then
    local shown = type(length) == "string" and '"' .. length .. '"' or tostring(length)
    local message = ("%s takes a length of time as a text, not %s"):format(form, shown)
    raise(bad_where(message, "s, m, h, d, w; time reads a date"))
  end
  return moment(session, "-" .. length:gsub("%s", ""))
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
    now = function(...)
      check_count("now()", 0, select("#", ...))
      return moment(session, "now")
    end,
    time = function(...)
      check_count('time "2026-03-01"', 1, select("#", ...))
      return moment(session, (...))
    end,
    ago = function(...)
      return ago(session, ...)
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

local function new_row(view, current)
  return setmetatable({}, {
    __index = function(_, name)
      if not selection.has_field(view, name) then
        raise(selection.unknown_field("--where", view, tostring(name)))
      end
      return selection.field_of(view, current.object, name)
    end,
    __newindex = function()
      raise(bad_where "it cannot change a row")
    end,
    __metatable = false,
  })
end

-- Names are checked before a row is there: `and` may never come to the second half.
local function check_names(view, environment, names, fields)
  for _, field in ipairs(fields) do
    if not selection.has_field(view, field) then
      raise(selection.unknown_field("--where", view, field))
    end
  end
  for _, name in ipairs(names) do
    local _ = environment[name] -- raises
  end
end

--- Compiles the expression of `--where`: Lua that knows the row and nothing that acts.
---@param text string "u.admin and not u.mfa"
---@param view lastpass.cli.View
---@param session lastpass.cli.Session|nil whose zone and clock times are read in
---@return (fun(object: any): boolean)|nil
---@return (fun(): string[])|string notes which values no row had, after the last row; or the message
---@return lastpass.Error? err code "bad_where" or "unknown_field"; the function raises such errors, which name
-- the row
function M.compile(text, view, session)
  local current = {}
  local environment = new_environment(session, new_row(view, current))
  local fn, message = load_expression(text, environment)
  if not fn then
    return bad_where(
      without_position(message),
      "write a Lua expression, such as 'u.admin and not u.mfa'"
    )
  end
  local found, names, fields = expression.find(text)
  local ok, err = pcall(check_names, view, environment, names, fields)
  if not ok then
    return nil, err.message, err
  end
  local watched = comparisons.watch(found, view, function(part)
    return (load_expression(part, environment))
  end)
  local function is_chosen(object)
    current.object = object
    watched:see()
    local done, result = pcall(fn)
    if done then
      return result and true or false
    elseif type(result) == "table" then
      error(result, 0)
    end
    local reason = without_position(result)
    local name = tostring(selection.field_of(view, object, view.key))
    local hint = missing_field(reason) or watched:hint()
    raise(bad_where(("at %s: %s"):format(name, reason), hint))
  end
  return is_chosen, function()
    return watched:notes()
  end
end

return M

--- `--where`: a Lua expression that is asked of every row. It sees the row's fields, the libraries
-- string and math, and helpers for times and lists; nothing that acts.
-- @module lastpass.cli.output.where
local errors = require "lastpass.error"
local fields = require "lastpass.cli.output.fields"

local M = {}

local function mistake(message, hint)
  return errors.fail("argument", "bad_where", "--where: " .. message, { hint = hint })
end

local function raise(...)
  local _, _, err = ...
  error(err, 0)
end

local function copy(library, without)
  local result = {}
  for name, value in pairs(library) do
    if not without[name] then
      result[name] = value
    end
  end
  return result
end

-- Whether a list has a value; texts without regard to case.
local function has(list, value)
  if type(list) ~= "table" then
    return false
  end
  local wanted = type(value) == "string" and value:lower() or value
  for _, item in ipairs(list) do
    if item == value or type(item) == "string" and item:lower() == wanted then
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
    raise(mistake(message))
  end
  return utc
end

local function new_environment(session, row)
  local environment = {
    u = row,
    row = row,
    has = has,
    string = copy(string, { dump = true }),
    math = copy(math, { randomseed = true }),
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
      local hint = "there are: " .. table.concat(names, ", ")
      raise(
        mistake(
          ("there is no '%s'%s"):format(tostring(name), errors.did_you_mean(name, names)),
          hint
        )
      )
    end,
    __newindex = function(_, name)
      raise(mistake(("it cannot set '%s': it is asked, it does nothing"):format(tostring(name))))
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

-- Lua names chunk and line, of which there is one.
local function without_place(message)
  return (tostring(message):gsub("^%-%-where:%d+: ", ""))
end

-- Which field was used although the row has none, by what Lua says of it: "field 'fullname'".
local function missing_field(message)
  local name = message:find("nil value", 1, true) and message:match "field '([^']+)'"
  return name and ("not every row has one; (u.%s or '') stands for those without"):format(name)
end

--- Compiles an expression.
---@param text string "u.admin and not u.mfa"
---@param view lastpass.cli.View
---@param session lastpass.cli.Session|nil whose zone and clock times are read in
---@return (fun(object: any): boolean)|nil
---@return string? message
---@return lastpass.Error? err code "bad_where"; the function raises such an error, which names the row
function M.compile(text, view, session)
  local current
  local row = setmetatable({}, {
    __index = function(_, name)
      local value
      if not fields.has(view, name) then
        raise(fields.unknown("--where", view, tostring(name)))
      elseif view.get then
        value = view.get(current, name)
      else
        value = current[name]
      end
      return value
    end,
    __newindex = function()
      raise(mistake "it cannot change a row")
    end,
    __metatable = false,
  })
  local fn, message = load_expression(text, new_environment(session, row))
  if not fn then
    return mistake(
      without_place(message),
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
    local name = view.get and view.get(object, view.key) or object[view.key]
    local said = without_place(result)
    raise(mistake(("at %s: %s"):format(tostring(name), said), missing_field(said)))
  end
end

return M

--- `--template`: a Penlight template for each row. `$(email)` puts a field in, a line that begins
-- with `#` is Lua.
-- @module lastpass.cli.output.template
local csv = require "lastpass.cli.output.csv"
local errors = require "lastpass.error"
local fields = require "lastpass.cli.output.fields"
local output = require "lastpass.cli.output"

local M = {}

local function fail(message, hint)
  local _, _, err =
    errors.fail("argument", "bad_template", "--template: " .. message, { hint = hint })
  error(err, 0)
end

local function read(text)
  if text:sub(1, 1) ~= "@" then
    return text
  end
  local file, message = io.open(text:sub(2), "rb")
  local content = file and file:read "*a"
  if file then
    file:close()
  end
  return content or fail(message or (text:sub(2) .. " is not a file"))
end

local function compile(text)
  local ok, room = pcall(require, "pl.template")
  if not ok then
    fail("Penlight is not installed", "apt install lua-penlight, or luarocks install penlight")
  end
  local template, message = room.compile(text, { chunk_name = "--template" })
  return template or fail((tostring(message):gsub("^%[string [^%]]*%]:%d+: ", "")))
end

-- The fields of the row by name; what has no value reads as nothing.
local function environment_of(view, state)
  local row = setmetatable({}, {
    __index = function(_, name)
      return output.value(view, state.object, name)
    end,
  })
  local own = {
    u = row,
    row = row,
    string = string,
    table = table,
    math = math,
    ipairs = ipairs,
    pairs = pairs,
    tostring = tostring,
    tonumber = tonumber,
    type = type,
  }
  return setmetatable({}, {
    __index = function(_, name)
      if own[name] ~= nil then
        return own[name]
      elseif not fields.has(view, name) then
        local _, _, err = fields.unknown("--template", view, tostring(name))
        state.err = err
        error(err, 0)
      end
      local value = output.value(view, state.object, name)
      if type(value) == "boolean" or type(value) == "table" then
        return value -- for conditions and loops
      end
      return csv.text(value)
    end,
  })
end

-- What went wrong, without where in the program: that is nothing of the person's.
local function mistake_in(message)
  return (tostring(message):gsub("\nstack traceback:.*$", ""):gsub('^%[string "[^"]*"%]:%d+: ', ""))
end

--- Shows rows.
function M.rows(session, view, _, each)
  local text = read(session.options.template)
  local template = compile(text)
  local state = {}
  local environment = environment_of(view, state)
  local ends = text:sub(-1) == "\n" and "" or "\n"
  for object in each do
    state.object = object
    local ok, result, message = pcall(template.render, template, environment)
    if state.err then
      error(state.err, 0)
    elseif not ok or not result then
      fail(
        ("at %s: %s"):format(
          tostring(output.value(view, object, view.key)),
          mistake_in(ok and message or result)
        )
      )
    end
    session.streams:write(session.streams:shown(result, true), ends)
  end
end

return M

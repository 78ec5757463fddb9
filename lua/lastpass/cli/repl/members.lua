--- What can follow a dot or a colon, and which options a call takes: found without running anything.
-- @module lastpass.cli.repl.members
local reference = require "lastpass.cli.repl.reference"
local errors = require "lastpass.error"

local M = {}

-- How the reference calls objects, by the name of their metatable.
local classes = {
  ["lastpass.Client"] = "client",
  ["lastpass.User"] = "user",
  ["lastpass.Group"] = "group",
  ["lastpass.Snapshot"] = "snapshot",
  ["lastpass.Plan"] = "plan",
  ["lastpass.Run"] = "run",
  ["lastpass.sandbox"] = "sandbox",
  ["lastpass.Report"] = "report",
}

local function class_name(value)
  local metatable = getmetatable(value)
  return type(metatable) == "table" and classes[metatable.__name or ""] or nil
end

-- Reading a field may run code of an object; what fails has no members.
local function field(value, name)
  local ok, found = pcall(function()
    return value[name]
  end)
  return ok and found or nil
end

--- The value of a path such as "client" or "lastpass.secret", through fields alone.
---@param path string
---@param environment table
---@return any
function M.resolve(path, environment)
  local value = environment
  for name in path:gmatch "[^%.:]+" do
    if type(value) ~= "table" then
      return nil
    end
    value = field(value, name)
  end
  return value
end

local function add_keys(found, source, only_functions)
  for key, value in pairs(source) do
    if
      type(key) == "string"
      and key:find "^[%a][%w_]*$"
      and (not only_functions or type(value) == "function")
    then
      found[key] = true
    end
  end
end

-- What a strict object wraps.
local function unwrapped(value)
  local metatable = getmetatable(value)
  if type(metatable) == "table" and metatable.__name == "lastpass.strict" then
    return rawget(value, "_target")
  end
  return value
end

--- The names that can follow a dot or a colon.
---@param path string
---@param colon boolean only what can be called
---@param environment table
---@return string[]
function M.of(path, colon, environment)
  local value = M.resolve(path, environment)
  if type(value) == "string" then
    value = string
  elseif type(value) ~= "table" then
    return {}
  end
  value = unwrapped(value)
  local found = {}
  local class = class_name(value)
  if class then
    add_keys(found, reference.members(class))
    if class == "user" and not colon then
      add_keys(found, require("lastpass.directory.user").fields)
    end
    if not colon then
      add_keys(found, value)
    end
    return errors.names_of(found)
  end
  add_keys(found, value, colon)
  if value == package.loaded["lastpass"] then
    add_keys(found, reference.members "lastpass")
  elseif value == package.loaded["lastpass.report"] then
    add_keys(found, reference.members "lastpass.report")
  end
  local metatable = getmetatable(value)
  if type(metatable) == "table" and type(metatable.__index) == "table" then
    add_keys(found, metatable.__index, colon)
  end
  return errors.names_of(found)
end

local KEYWORDS = [[
  and break do else elseif end false for function if in local nil not or repeat return then true
  until while
]]

--- The bare names: keywords, globals, what the prompt has in scope.
---@param environment table
---@param scope string[] names that the environment makes when they are used
---@return string[]
function M.globals(environment, scope)
  local found = {}
  for keyword in KEYWORDS:gmatch "%l+" do
    found[keyword] = true
  end
  for _, name in ipairs(scope) do
    found[name] = true
  end
  add_keys(found, _G)
  add_keys(found, environment)
  return errors.names_of(found)
end

-- Names of options from a table that has them as keys, or as a list of {name, …}.
local function names_of(known, more)
  local found = {}
  for key, value in pairs(known) do
    found[type(key) == "number" and value[1] or key] = true
  end
  for _, name in ipairs(more or {}) do
    found[name] = true
  end
  return errors.names_of(found)
end

local function client_options()
  return names_of(require "lastpass.enterprise.option_list")
end

-- Options by the last name of the call.
local options = {
  users = function()
    return names_of(require("lastpass.directory.snapshot").filter_options, { "stream" })
  end,
  events = function()
    return names_of(require("lastpass.directory.events").options)
  end,
  export = function()
    return names_of(require("lastpass.export").options)
  end,
  folders = function()
    return { "detailed" }
  end,
  snapshot = function()
    return { "admin", "as_of", "disabled", "username" }
  end,
  new = client_options,
  client = client_options,
  connect = client_options,
}

--- The names of options that a call takes, or of the fields of a command.
---@param path string such as "client:users" or "events"
---@return string[]
function M.options(path)
  local name = path:match "([%w_]+)$"
  if options[name] then
    return options[name]()
  end
  local command = require("lastpass.core").commands[name]
  local list = {}
  for position, one in ipairs(command and command.fields or {}) do
    list[position] = one.name
  end
  table.sort(list)
  return list
end

return M

--- What can stand behind a dot or a colon, and which options a call takes: found without running
-- anything.
-- @module lastpass.cli.repl.members
local reference = require "lastpass.cli.repl.reference"
local errors = require "lastpass.error"

local M = {}

-- The classes whose methods the reference knows, by the name of their metatable.
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

local function add_commands(found)
  for _, command in ipairs(require("lastpass.core").commands) do
    found[command.name] = true
  end
end

local function add_class(found, class)
  for name in pairs(reference) do
    local member = name:match("^" .. class .. "%.([%w_]+)")
    if member then
      found[member] = true
    end
  end
  if class == "client" then
    add_commands(found)
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

--- The names behind a dot or a colon.
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
    add_class(found, class)
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
    add_class(found, "lastpass")
  elseif value == package.loaded["lastpass.report"] then
    add_class(found, "lastpass.report")
  end
  local metatable = getmetatable(value)
  if type(metatable) == "table" and type(metatable.__index) == "table" then
    add_keys(found, metatable.__index, colon)
  end
  return errors.names_of(found)
end

local KEYWORDS = {
  "and",
  "break",
  "do",
  "else",
  "elseif",
  "end",
  "false",
  "for",
  "function",
  "if",
  "in",
  "local",
  "nil",
  "not",
  "or",
  "repeat",
  "return",
  "then",
  "true",
  "until",
  "while",
}

--- The bare names: keywords, globals, what the prompt has in scope.
---@param environment table
---@param scope string[] names that the environment makes when they are used
---@return string[]
function M.globals(environment, scope)
  local found = {}
  for _, list in ipairs { KEYWORDS, scope } do
    for _, name in ipairs(list) do
      found[name] = true
    end
  end
  add_keys(found, _G)
  add_keys(found, environment)
  return errors.names_of(found)
end

local function keys_of(known)
  return function()
    local found = {}
    add_keys(found, known())
    return errors.names_of(found)
  end
end

local function filter_options()
  local known = { stream = true }
  for name in pairs(require("lastpass.directory.snapshot").filter_options) do
    known[name] = true
  end
  return known
end

local function event_options()
  return require("lastpass.directory.events").options
end

local function export_options()
  local known = {}
  for _, option in ipairs(require("lastpass.export").options) do
    known[option[1]] = true
  end
  return known
end

local function client_options()
  local known = {}
  for _, option in ipairs(require("lastpass.enterprise.options").list) do
    known[option[1]] = true
  end
  return known
end

local function folder_options()
  return { detailed = true }
end

-- Options by the last name of the call.
local options = {
  users = keys_of(filter_options),
  events = keys_of(event_options),
  export = keys_of(export_options),
  folders = keys_of(folder_options),
  snapshot = keys_of(function()
    return { disabled = true, admin = true, username = true, as_of = true }
  end),
  new = keys_of(client_options),
  client = keys_of(client_options),
  connect = keys_of(client_options),
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

--- Values as Lua source, for --print-lua.
-- @module lastpass.cli.lua_text
local M = {}

--- The words of Lua that are no names.
M.reserved = {}
for word in
  ([[and break do else elseif end false for function goto if in local nil not or repeat return then
true until while]]):gmatch "%a+"
do
  M.reserved[word] = true
end

local raw_mt = {}

--- Source that stands as it is where a value would.
---@param code string
---@return table
function M.raw(code)
  return setmetatable({ code = code }, raw_mt)
end

local function key_of(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" and not M.reserved[key] then
    return key
  end
  return "[" .. M.value(key) .. "]"
end

--- A value as Lua source: texts, numbers, booleans, tables of them. A password in an address is left out.
---@param value any
---@return string
function M.value(value)
  if type(value) == "string" then
    if value:find "^%w[%w+.-]*://" then
      value = require("lastpass.transport.address").without_password(value)
    end
    return (("%q"):format(value):gsub("\\\n", "\\n"):gsub("\r", "\\r"))
  elseif type(value) ~= "table" then
    return tostring(value)
  elseif getmetatable(value) == raw_mt then
    return value.code
  end
  local parts = {}
  for position, item in ipairs(value) do
    parts[position] = M.value(item)
  end
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "number" then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    parts[#parts + 1] = key_of(key) .. " = " .. M.value(value[key])
  end
  return #parts > 0 and "{ " .. table.concat(parts, ", ") .. " }" or "{}"
end

--- The options of a call: nothing when there are none.
---@param options table
---@return string " { … }" or "()"
function M.options(options)
  return next(options) == nil and "()" or " " .. M.value(options)
end

--- The last argument of a call: nothing when it is empty.
---@param options table
---@return string ", { … }", or nothing
function M.further(options)
  return next(options) == nil and "" or ", " .. M.value(options)
end

--- A loop over what a method of the client gives, printing each.
---@param name string what one is called
---@param method string
---@param options table
---@param print_what? string
---@return string
function M.loop(name, method, options, print_what)
  return ("for %s in client:%s%s do print(%s) end"):format(
    name,
    method,
    M.options(options),
    print_what or name
  )
end

--- The line with which all of them begin.
---@param options table of the command line: its profile, and what stands above the profile's settings
---@return string
function M.preamble(options)
  local given = {}
  for _, option in ipairs(require("lastpass.cli.options").connection) do
    local value = option.config and options[option.config]
    if value ~= nil then
      given[option.config] = tonumber(value) or value
    end
  end
  local arguments = options.profile and M.value(options.profile)
  if next(given) then
    arguments = (arguments or "nil") .. ", " .. M.value(given)
  end
  return ('local client = assert(require("lastpass").connect(%s))'):format(arguments or "")
end

-- Options that say how the program asks and shows, and that Lua has no use for.
local of_the_program = {
  yes = true,
  confirm = true,
  profile = true,
  quiet = true,
  no_input = true,
  color = true,
  print_lua = true,
  help = true,
}

local function mentions(text, name, value)
  if text:find(name, 1, true) or text:find(name:gsub("_", " "), 1, true) then
    return true
  end
  return type(value) == "string" and value ~= "" and text:find(value, 1, true) ~= nil
end

--- A comment that names the options which the lines leave out.
---@param text string the lines
---@param command lastpass.cli.Command
---@param options table of the command line
---@return string|nil
function M.left_out(text, command, options)
  local list = {}
  for _, group in ipairs(require("lastpass.cli.options").of(command)) do
    for _, option in ipairs(group[2]) do
      local flag = option[1]:match "%-%-%S+"
      local name = flag and flag:sub(3):gsub("-", "_")
      local value = name and options[name]
      local is_given = value and (type(value) ~= "table" or #value > 0)
      local first = type(value) == "table" and value[1] or value
      if is_given and not of_the_program[name] and not mentions(text, name, first) then
        local shown = type(first) == "string" and " " .. M.value(first) or ""
        list[#list + 1] = flag .. shown
      end
    end
  end
  return #list > 0 and "-- left out: " .. table.concat(list, ", ") or nil
end

return M

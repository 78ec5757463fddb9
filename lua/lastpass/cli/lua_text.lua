--- Values as Lua source, for --print-lua.
-- @module lastpass.cli.lua_text
local M = {}

local reserved = {}
for word in
  ([[and break do else elseif end false for function goto if in local nil not or repeat return then
true until while]]):gmatch "%a+"
do
  reserved[word] = true
end

local raw_mt = {}

--- Source that stands as it is where a value would.
---@param code string
---@return table
function M.raw(code)
  return setmetatable({ code = code }, raw_mt)
end

local function key_of(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" and not reserved[key] then
    return key
  end
  return "[" .. M.value(key) .. "]"
end

--- A value as Lua source: texts, numbers, booleans, tables of them.
---@param value any
---@return string
function M.value(value)
  if type(value) == "string" then
    return (("%q"):format(value):gsub("\\\n", "\\n"):gsub("\r", "\\r"))
  elseif type(value) ~= "table" then
    return tostring(value)
  elseif getmetatable(value) == raw_mt then
    return value.code
  end
  local parts = {}
  for place, item in ipairs(value) do
    parts[place] = M.value(item)
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
---@param profile string|nil
---@return string
function M.preamble(profile)
  return ('local client = assert(require("lastpass").connect(%s))'):format(
    profile and M.value(profile) or ""
  )
end

return M

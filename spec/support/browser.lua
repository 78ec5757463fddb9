--- Chromium for specs, driven by scripts for node with what npm has installed.
local planted = require "spec.support.planted"

local M = {}

local MODULES = os.getenv "NODE_MODULES" or "build/node/node_modules"

local function is_there(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

local function first_line(command)
  local pipe = assert(io.popen(command))
  local line = pipe:read "*l"
  pipe:close()
  return line
end

--- What is missing, as a reason to leave a test out.
---@return string|nil
function M.missing()
  if not is_there "/usr/bin/chromium" then
    return "Chromium is not installed (apt install chromium)"
  elseif not first_line "command -v node" then
    return "node is not installed"
  end
  for _, name in ipairs { "playwright-core", "axe-core" } do
    if not is_there(MODULES .. "/" .. name .. "/package.json") then
      return name .. " is not installed (npm)"
    end
  end
  return nil
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs a script: its first arguments are the folder of modules and one for the browser's profile.
---@param script string
---@param made string[] remembers what is to be removed afterwards (`planted.remove`)
---@param arguments string[]
---@return string output what it wrote, and its errors when that was nothing
function M.run(script, made, arguments)
  local profile, errors = planted.path(made), planted.path(made)
  assert(first_line(("mkdir -m 700 %s && echo done"):format(profile)) == "done")
  local words = { MODULES:sub(1, 1) == "/" and MODULES or "./" .. MODULES, profile }
  for place, text in ipairs(arguments) do
    words[place + 2] = text
  end
  for place, text in ipairs(words) do
    words[place] = quote(text)
  end
  local command = ("env -u LD_PRELOAD timeout 600 node %s %s 2>%s"):format(
    script,
    table.concat(words, " "),
    errors
  )
  local pipe = assert(io.popen(command))
  local output = pipe:read "*a"
  pipe:close()
  return output ~= "" and output or planted.read(errors)
end

return M

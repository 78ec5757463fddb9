--- Packages of npm for specs: a program of node that reads JSON lines and answers each with one.
local json = require "lastpass.json"

local M = {}

local MODULES = os.getenv "NODE_MODULES" or "build/node/node_modules"

local function first_line(command)
  local pipe = assert(io.popen(command))
  local line = pipe:read "*l"
  pipe:close()
  return line
end

--- What is missing, as a reason to leave a test out.
---@param packages string[]
---@return string|nil
function M.missing(packages)
  if not first_line "command -v node" then
    return "node is not installed"
  end
  for _, name in ipairs(packages) do
    local file = io.open(MODULES .. "/" .. name .. "/package.json")
    if not file then
      return name .. " is not installed (npm)"
    end
    file:close()
  end
  return nil
end

--- Asks all at once.
---@param program string file of spec/peers; its argument is the folder of packages
---@param requests table[]
---@return table[] replies in their order
function M.ask(program, requests)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  for _, request in ipairs(requests) do
    file:write(json.encode(request), "\n")
  end
  file:close()
  local form = "env -u LD_PRELOAD timeout 300 node spec/peers/%s '%s' <'%s'"
  local pipe = assert(io.popen(form:format(program, MODULES, path)))
  local replies = {}
  for line in pipe:lines() do
    replies[#replies + 1] = assert(json.decode(line))
  end
  pipe:close()
  os.remove(path)
  assert(#replies == #requests, ("%d of %d replies"):format(#replies, #requests))
  return replies
end

return M

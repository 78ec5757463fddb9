--- SCIM filters and PATCH by packages of npm: one process of node, asked with JSON lines (scim_filter.cjs).
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
---@return string|nil
function M.missing()
  if not first_line "command -v node" then
    return "node is not installed"
  end
  for _, name in ipairs { "scim2-parse-filter", "scim-query-filter-parser", "scim-patch" } do
    local file = io.open(MODULES .. "/" .. name .. "/package.json")
    if not file then
      return name .. " is not installed (npm)"
    end
    file:close()
  end
  return nil
end

--- Asks all at once.
---@param requests table[] as scim_filter.cjs has them
---@return table[] replies in their order
function M.ask(requests)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  for _, request in ipairs(requests) do
    file:write(json.encode(request), "\n")
  end
  file:close()
  local form = "env -u LD_PRELOAD timeout 300 node spec/peers/scim_filter.cjs '%s' <'%s'"
  local pipe = assert(io.popen(form:format(MODULES, path)))
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

--- SCIM servers that nobody here wrote, as processes of node: scimmy with scimmy-routers, and @better-auth/scim.
local M = {}

local MODULES = os.getenv "NODE_MODULES" or "build/node/node_modules"
M.TOKEN = "scim-t0ken-of-the-peers-4711"

local methods = {}
methods.__index = methods

local function is_there(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

local packages = { scimmy = { "scimmy", "scimmy-routers", "express" } }
packages["better-auth"] = { "better-auth", "@better-auth/scim", "kysely" }

local oldest = { scimmy = 16, ["better-auth"] = 20 } -- of node

--- What is missing for one of them, as a reason to leave it out.
---@param name "scimmy"|"better-auth"
---@return string|nil
function M.missing(name)
  local pipe = assert(io.popen "node --version 2>/dev/null")
  local version = tonumber((pipe:read "*a"):match "^v(%d+)")
  pipe:close()
  if not version then
    return "node is not installed"
  elseif version < oldest[name] then
    return ("%s needs node %d, and this is node %d"):format(name, oldest[name], version)
  end
  for _, package in ipairs(packages[name]) do
    if not is_there(MODULES .. "/" .. package .. "/package.json") then
      return package .. " is not installed (npm)"
    end
  end
  return nil
end

--- Starts one.
---@param name "scimmy"|"better-auth"
---@return table server `url`; `stop()`
function M.start(name)
  local folder = MODULES:gsub("/node_modules/?$", "")
  local script = assert(io.open "spec/peers/scim_servers.mjs")
  local text = script:read "*a"
  script:close()
  -- packages are looked for from where a script without a file is run
  local command = (
    "cd %s && echo $$ && SCIM_ONLY=%s SCIM_TOKEN=%s SCIM_PARENT=$PPID exec "
    .. "env -u LD_PRELOAD node --input-type=module -e '%s' 2>&1"
  ):format(folder, name, M.TOKEN, (text:gsub("'", "'\\''")))
  local pipe = assert(io.popen(command))
  local server = setmetatable({ pipe = pipe, process = assert(pipe:read "*l") }, methods)
  local lines = {}
  repeat
    local line = pipe:read "*l"
    lines[#lines + 1] = line
    server.url = server.url or line and line:match("^" .. name:gsub("%-", "%%-") .. " (http://.*)$")
  until line == nil or line == "ready"
  if not server.url then
    server:stop()
    error(name .. " did not start: " .. table.concat(lines, "\n"), 2)
  end
  return server
end

--- Ends the process.
function methods:stop()
  if self.pipe then
    os.execute("kill " .. self.process .. " 2>/dev/null")
    self.pipe:close()
    self.pipe = nil
  end
end

return M

--- SAML providers that nobody here wrote, as processes: samlp and samlify (identity providers), @node-saml/node-saml and
-- saml2-js (service providers) of npm; and what judges responses for a second time, node-saml and python3-onelogin-saml2.
local http = require "socket.http"
local json = require "lastpass.json"
local ltn12 = require "ltn12"

local M = {}

local MODULES = os.getenv "NODE_MODULES" or "build/node/node_modules"

local function first_line(command)
  local pipe = assert(io.popen(command))
  local line = pipe:read "*l"
  pipe:close()
  return line
end

local function is_there(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

local scripts = {
  samlp = "saml_samlp.cjs",
  samlify = "saml_samlify.cjs",
  ["@node-saml/node-saml"] = "saml_node_saml.cjs",
  ["saml2-js"] = "saml_saml2_js.cjs",
}

--- What is missing for one of them, as a reason to leave it out.
---@param name string the package
---@return string|nil
function M.missing(name)
  local version = first_line "node --version 2>/dev/null"
  version = version and tonumber(version:match "^v(%d+)")
  if not version then
    return "node is not installed"
  elseif version < 18 then
    return ("%s needs node 18, and this is node %d"):format(name, version)
  elseif not is_there(MODULES .. "/" .. name .. "/package.json") then
    return name .. " is not installed (npm)"
  end
  return nil
end

local methods = {}
methods.__index = methods

--- Starts one.
---@param name string the package
---@return table peer
function M.start(name)
  local form = "echo $$ && exec env -u LD_PRELOAD node --no-deprecation spec/peers/%s '%s' 2>&1"
  local pipe = assert(io.popen(form:format(scripts[name], MODULES)))
  local peer = setmetatable({ name = name, pipe = pipe, process = pipe:read "*l" }, methods)
  local lines = {}
  repeat
    local line = pipe:read "*l"
    lines[#lines + 1] = line
    peer.url = line and line:match "^ready (.*)$"
  until peer.url or not line
  if not peer.url then
    peer:stop()
    error(name .. " did not start: " .. table.concat(lines, "\n"), 2)
  end
  return peer
end

--- An operation of its script.
---@param op string
---@param options? table
---@return any|nil value
---@return string? message what it said against it
function methods:call(op, options)
  local given = { op = op }
  for key, value in pairs(options or {}) do
    given[key] = value
  end
  local body, answer = json.encode(given), {}
  local before = http.TIMEOUT
  http.TIMEOUT = 300
  local ok, status = http.request {
    url = self.url,
    method = "POST",
    headers = { ["content-length"] = #body },
    source = ltn12.source.string(body),
    sink = ltn12.sink.table(answer),
  }
  http.TIMEOUT = before
  assert(ok and status == 200, ("%s: %s"):format(self.name, tostring(status)))
  local result = assert(json.decode(table.concat(answer)))
  if result.error then
    return nil, result.error
  end
  return result.value
end

--- An operation that has to succeed.
function methods:must(op, options)
  local value, message = self:call(op, options)
  if message then
    error(("%s, %s: %s"):format(self.name, op, message), 2)
  end
  return value
end

--- Ends the process.
function methods:stop()
  if self.pipe then
    os.execute("kill " .. self.process .. " 2>/dev/null")
    self.pipe:close()
    self.pipe = nil
  end
end

-- ---- second opinions ----

--- What is missing for python3-onelogin-saml2.
---@return string|nil
function M.onelogin_missing()
  return not is_there "/usr/lib/python3/dist-packages/onelogin/saml2/response.py"
      and "python3-onelogin-saml2 is not installed"
    or nil
end

--- Verdicts of python3-onelogin-saml2.
---@param given table as its script has it
---@return table[]
function M.onelogin(given)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(json.encode(given))
  file:close()
  local command =
    "env -u LD_PRELOAD timeout 300 /usr/bin/python3 spec/peers/saml_onelogin.py <'%s' 2>&1"
  local pipe = assert(io.popen(command:format(path)))
  local text = pipe:read "*a"
  pipe:close()
  os.remove(path)
  local verdicts, message = json.decode(text)
  return assert(verdicts, message and text)
end

return M

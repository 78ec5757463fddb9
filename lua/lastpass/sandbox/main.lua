--- A sandbox as a program: `lastpass sandbox`.
-- @module lastpass.sandbox.main
local httpd = require "lastpass.httpd"
local json = require "lastpass.json"
local sandbox = require "lastpass.sandbox"

local M = {}

--- Starts a sandbox, says where it is in one JSON line on standard output, and waits until
-- standard input ends (a pipe or this terminal), SIGTERM or SIGINT.
---@param options? table of `sandbox.start`; `clock` is the machine's time unless given
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err
function M.run(options)
  local given = { clock = "now" }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  local box, message, err = sandbox.start(given)
  if not box then
    return nil, message, err
  end
  local line = {
    port = box.port,
    url = box.url,
    cid = box.cid,
    pid = httpd.pid(),
    ca_file = box.ca_file,
  }
  io.stdout:write(json.encode(line), "\n")
  io.stdout:flush()
  httpd.wait()
  box:stop()
  return true
end

return M

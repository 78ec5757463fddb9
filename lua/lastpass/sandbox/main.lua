--- A sandbox as a program: `lastpass sandbox`.
-- @module lastpass.sandbox.main
local errors = require "lastpass.error"
local httpd = require "lastpass.httpd"
local json = require "lastpass.json"
local sandbox = require "lastpass.sandbox"

local M = {}

-- os.tmpname makes the file for its owner alone, as a file with a hash has to be.
local function write_hash(provhash)
  local path = os.tmpname()
  local file, message = io.open(path, "w")
  if not file then
    return errors.fail("transport", "no_hash_file", message)
  end
  file:write(provhash, "\n")
  file:close()
  return path
end

--- Starts a sandbox, says where it is in one JSON line on standard output, and waits until SIGINT,
-- SIGTERM or SIGHUP, or until standard input ends where that is a pipe or the terminal in front of
-- it. /dev/null and files are no input that could end.
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
  local hash_file
  hash_file, message, err = write_hash(box.provhash)
  if not hash_file then
    box:stop()
    return nil, message, err
  end
  local line = {
    port = box.port,
    url = box.url,
    cid = box.cid,
    pid = httpd.pid(),
    ca_file = box.ca_file,
    provhash_file = hash_file,
  }
  io.stdout:write(json.encode(line), "\n")
  io.stdout:flush()
  httpd.wait()
  box:stop()
  os.remove(hash_file)
  return true
end

return M

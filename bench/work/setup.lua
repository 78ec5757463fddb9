--- What the programs under measurement begin with.
-- @module bench.work.setup
local M = {}

--- A client of the bench's server, as anybody would make it.
---@param url string
---@param ca_file string
---@param options? table further options
---@return lastpass.Client
function M.client(url, ca_file, options)
  local lastpass = require "lastpass"
  local complete = {
    cid = 8771312,
    provhash = lastpass.secret.value(("0"):rep(64)),
    url = url,
    ca_file = ca_file,
  }
  for name, value in pairs(options or {}) do
    complete[name] = value
  end
  return lastpass.new(complete)
end

--- Seconds of a clock that is never set.
---@return number
function M.now()
  return require("lastpass.curl").now()
end

--- Tells the bench a number.
---@param name string one word
---@param number number
function M.tell(name, number)
  io.write(("%s %.6f\n"):format(name, number))
end

local function process_file(name, mode)
  local file = io.open("/proc/self/" .. name, mode)
  assert(file, "needs Linux's /proc")
  return file
end

--- Lets the peak of this process begin anew: what came before (reading a file takes twice its
-- size) is no part of the job.
function M.forget_peak()
  collectgarbage()
  local file = process_file("clear_refs", "w")
  assert(file:write "5")
  assert(file:close())
end

--- The most memory that this process held since `forget_peak`.
---@return number MiB
function M.peak()
  local file = process_file("status", "r")
  local kibibytes = file:read("*a"):match "VmHWM:%s*(%d+) kB"
  file:close()
  return tonumber(kibibytes) / 1024
end

--- The whole of a file.
---@param name string
---@return string
function M.read_file(name)
  local file = assert(io.open(name, "rb"))
  local size = assert(file:seek "end")
  file:seek "set"
  local text = file:read(size)
  file:close()
  return text
end

return M

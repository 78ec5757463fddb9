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

--- Reports a number to the bench.
---@param name string one word
---@param number number
function M.report(name, number)
  io.write(("%s %.6f\n"):format(name, number))
end

--- The zone of the accounts that are made up.
function M.zone()
  return require("lastpass.time").zone "America/New_York"
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

--- Reads every byte of a text once: the first pass over bytes that were just read costs more than
-- any other, whoever makes it.
---@param text string
function M.pass_over(text)
  assert(not text:find("\0", 1, true))
end

local PIECE = 2 ^ 16 -- what malloc reuses; larger ones are given back to the system each time

--- The rows of a directory, read in pieces from the file of its reply.
---@param name string
---@return userdata rows of the core
function M.read_rows(name)
  local rows = require("lastpass.core").snapshot()
  local file = assert(io.open(name, "rb"))
  local piece = file:read(PIECE)
  while piece do
    assert(rows:feed(piece))
    piece = file:read(PIECE)
  end
  file:close()
  assert(rows:finish())
  return rows:seal()
end

--- A directory from the file of its reply.
---@param name string
---@return lastpass.Snapshot
function M.snapshot(name)
  local client = M.client("https://127.0.0.1/", "/dev/null")
  client:zone() -- is read but once
  return require("lastpass.directory.snapshot").new(client, M.read_rows(name))
end

return M

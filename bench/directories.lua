--- The recorded directories: replies of getuserdata of companies that the sandbox makes up.
-- @module bench.directories
local shell = require "bench.shell"

local M = {}

--- Where the replies of a company of so many users are: all.json, page-<size>-<index>.json.
---@param users integer
---@return string
function M.path(users)
  return ("%s/%d"):format(shell.BUILD, users)
end

--- Writes the replies of a company, unless they are there and the generator still makes the same.
---@param lua string the interpreter
---@param users integer
function M.make(lua, users)
  shell.run { lua, "bench/work/make_directory.lua", tostring(users), M.path(users) }
end

return M

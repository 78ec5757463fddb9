--- What the library raises for a programmer's mistake is a person's mistake here, when it is about
-- what stands on the command line.
-- @module lastpass.cli.mistakes
local errors = require "lastpass.error"

local M = {}

local function judge(ok, ...)
  if ok then
    return ...
  end
  local raised = ...
  if type(raised) == "table" then
    error(raised, 0)
  end
  local text = tostring(raised):gsub("^[^:]*:%d+: ", "")
  return errors.fail("argument", "usage", text)
end

--- Calls a function whose arguments a person has given.
---@param fn function
---@return any ... what it returns; or nil, message, err with kind "argument" when it raised a text
function M.call(fn, ...)
  return judge(pcall(fn, ...))
end

return M

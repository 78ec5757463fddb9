--- Access reviews on the command line: what their commands have in common.
-- @module lastpass.cli.reviewing
local lua_text = require "lastpass.cli.lua_text"

local M = {}

--- The folder of a review.
M.argument = { "folder", "folder of the review, as `review export` made it" }

--- The part of the library that does it.
---@return table
function M.room()
  return require("lastpass").report.access_review
end

local MOST = 20

--- Reads the decisions, and tells of rows that were not understood.
---@param session lastpass.cli.Session
---@return lastpass.report.Decisions|nil
---@return string? message
---@return lastpass.Error? err
function M.read(session)
  local decisions, message, err = M.room().read(session.options.folder)
  if not decisions then
    return nil, message, err
  end
  for place, problem in ipairs(decisions.problems) do
    if place > MOST then
      session:say("and %d more rows that were not understood", #decisions.problems - MOST)
      break
    end
    session:say("%s: %s", problem.origin, problem.reason)
  end
  return decisions
end

--- The Lua that reads them.
---@param options table
---@return string
function M.lua(options)
  return 'local review = require("lastpass").report.access_review\n'
    .. ("local decisions = assert(review.read(%s))"):format(lua_text.value(options.folder))
end

return M

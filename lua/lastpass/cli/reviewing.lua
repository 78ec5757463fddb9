--- Access reviews on the command line: what their commands have in common.
-- @module lastpass.cli.reviewing
local csv_options = require "lastpass.cli.csv_options"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"

local M = {}

--- The folder of a review.
M.argument = { "folder", "folder of the review, as `review export` made it" }

--- The options of every command that reads the managers' files, and those of its own.
---@param own? lastpass.cli.Option[]
---@return lastpass.cli.Option[]
function M.options(own)
  local options = {}
  for _, list in ipairs { own or {}, csv_options.options } do
    for _, option in ipairs(list) do
      options[#options + 1] = option
    end
  end
  return options
end

--- The part of the library that does it.
---@return table
function M.room()
  return require("lastpass").report.access_review
end

--- Reads the decisions.
---@param options table of the command line
---@return lastpass.report.Decisions|nil
---@return string? message
---@return lastpass.Error? err
function M.decisions(options)
  return mistakes.call(M.room().read, options.folder, csv_options.of(options))
end

local MOST = 20

--- Reads the decisions, and tells of rows that were not understood.
---@param session lastpass.cli.Session
---@return lastpass.report.Decisions|nil
---@return string? message
---@return lastpass.Error? err
function M.read(session)
  local decisions, message, err = M.decisions(session.options)
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
  local given = csv_options.of(options)
  local more = next(given) and ", " .. lua_text.value(given) or ""
  return 'local review = require("lastpass").report.access_review\n'
    .. ("local decisions = assert(review.read(%s%s))"):format(lua_text.value(options.folder), more)
end

return M

--- Options of apply and resume.
-- @module lastpass.plan.apply_options
local errors = require "lastpass.error"

local M = {}

---@class lastpass.plan.ApplyOptions
---@field progress? true|fun(state: table) true: on standard error; a function gets {done, total, rate
-- (steps a second), seconds_left, phase}
---@field chunk? integer          rows of one call; default the client's
---@field in_flight? integer      calls under way at once; default 4
---@field stop_after? integer     failures (rows refused, calls without an answer) that end the run;
-- default 20
---@field confirm_final? integer  how many final steps the plan has, when it has any
---@field refused_rows? string    path of a CSV file for the people whose steps did not go through
---@field cancel? fun(): any      asked before each call and while waiting; true stops the run
---@field settle_after? number    seconds between the two reads that must not show a step whose answer
-- was lost before it is tried again; default 2

local function whole(value)
  return type(value) == "number" and value >= 1 and value == math.floor(value),
    "an integer from 1 on"
end

local known = {
  progress = function(value)
    return value == true or type(value) == "function", "true or a function"
  end,
  chunk = whole,
  in_flight = whole,
  stop_after = whole,
  confirm_final = "number",
  refused_rows = "string",
  cancel = "function",
  settle_after = function(value)
    return type(value) == "number" and value >= 0, "seconds, 0 or more"
  end,
}

local default_cancel

--- Sets what is asked where the option `cancel` is not given.
---@param cancel? fun(): any nil: nobody is asked
---@return function|nil previous
function M.interruptible(cancel)
  local previous = default_cancel
  default_cancel = cancel
  return previous
end

--- Checks options, and completes them.
---@param where string how the caller is called
---@param client lastpass.Client
---@param given table|nil
---@param level integer whose line is blamed
---@return lastpass.plan.ApplyOptions
function M.complete(where, client, given, level)
  local options = {
    chunk = client._options.chunk,
    in_flight = 4,
    stop_after = 20,
    settle_after = 2,
    cancel = default_cancel,
  }
  for name, value in pairs(errors.check_options(where, given, known, level + 1)) do
    options[name] = value
  end
  return options
end

return M

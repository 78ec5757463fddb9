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
-- was lost before it counts as not done; default 2
---@field late_margin? number     seconds beyond the call's time limit in which the server may still carry
-- out a call whose answer was lost; until then it is neither repeated nor given up; default 60
---@field confirm_within? number  seconds after the last call in which the directory has to show what was
-- done; what it does not show by then is not confirmed; default 10

local function whole(value)
  return type(value) == "number" and value >= 1 and value == math.floor(value),
    "an integer from 1 on"
end

local function seconds(value)
  return type(value) == "number" and value >= 0 and value < math.huge, "seconds, 0 or more"
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
  settle_after = seconds,
  late_margin = seconds,
  confirm_within = seconds,
}

--- What holds where an option is not given; `chunk` is the client's, `cancel` as `interruptible` has it.
M.defaults = {
  in_flight = 4,
  stop_after = 20,
  settle_after = 2,
  late_margin = 60,
  confirm_within = 10,
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
---@param more? table<string, string|string[]> types of options that the caller has beside these
---@return lastpass.plan.ApplyOptions
function M.complete(where, client, given, level, more)
  local all = more or {}
  for name, check in pairs(known) do
    all[name] = check
  end
  local options = { chunk = client:option "chunk", cancel = default_cancel }
  for name, value in pairs(M.defaults) do
    options[name] = value
  end
  for name, value in pairs(errors.check_options(where, given, all, level + 1)) do
    options[name] = value
  end
  return options
end

return M

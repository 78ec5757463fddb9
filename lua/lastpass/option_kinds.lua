--- Kinds of values that options of several packages have, as `errors.check_options` takes them.
-- @module lastpass.option_kinds
local errors = require "lastpass.error"

local M = {}

--- One of these words.
---@param words string[]
---@return fun(value: any): boolean, string
function M.one_of(words)
  local known = errors.set_of(words)
  return function(value)
    return known[value] or false, "one of " .. table.concat(words, ", ")
  end
end

--- A number above 0.
---@param value any
---@return boolean
---@return string expected
function M.positive(value)
  return type(value) == "number" and value > 0, "a number above 0"
end

--- A number between two, both included.
---@param low number
---@param high number
---@return fun(value: any): boolean, string
function M.within(low, high)
  return function(value)
    return type(value) == "number" and value >= low and value <= high,
      ("a number from %d to %d"):format(low, high)
  end
end

--- An integer between two, both included.
---@param lowest integer
---@param highest integer
---@return fun(value: any): boolean, string
function M.whole(lowest, highest)
  local expected = ("an integer from %.0f to %.0f"):format(lowest, highest)
  return function(value)
    return type(value) == "number"
      and value == math.floor(value)
      and value >= lowest
      and value <= highest,
      expected
  end
end

return M

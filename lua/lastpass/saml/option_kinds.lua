--- Kinds of values that options of both sides have, as `errors.check_options` takes them.
-- @module lastpass.saml.option_kinds
local errors = require "lastpass.error"

local M = {}

--- One of these words.
---@param ... string
---@return fun(value: any): boolean, string
function M.one_of(...)
  local words = { ... }
  return function(value)
    return errors.set_of(words)[value] or false, "one of " .. table.concat(words, ", ")
  end
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

return M

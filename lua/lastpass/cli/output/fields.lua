--- `--fields`: which fields, in which order.
-- @module lastpass.cli.output.fields
local errors = require "lastpass.error"

local M = {}

--- The mistake of naming a field that there is not.
---@param flag string "--fields"
---@param view lastpass.cli.View
---@param name string
---@return nil
---@return string message
---@return lastpass.Error err
function M.unknown(flag, view, name)
  return errors.fail(
    "argument",
    "unknown_field",
    ("%s: %s have no field '%s'%s"):format(
      flag,
      view.name,
      name:gsub("%c", "?"),
      errors.did_you_mean(name, view.fields)
    ),
    { hint = "the fields are: " .. table.concat(view.fields, ", ") }
  )
end

--- Whether a view has a field.
---@param view lastpass.cli.View
---@param name string
---@return boolean
function M.has(view, name)
  for _, field in ipairs(view.fields) do
    if field == name then
      return true
    end
  end
  return false
end

--- Reads "email,status".
---@param text string
---@param view lastpass.cli.View
---@return string[]|nil
---@return string? message
---@return lastpass.Error? err code "unknown_field"
function M.read(text, view)
  local fields = {}
  for name in text:gmatch "[^,%s]+" do
    if not M.has(view, name) then
      return M.unknown("--fields", view, name)
    end
    fields[#fields + 1] = name
  end
  if #fields == 0 then
    return M.unknown("--fields", view, text)
  end
  return fields
end

return M

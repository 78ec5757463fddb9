--- The 17 commands of the Enterprise API.
-- @module lastpass.sandbox.commands
local replies = require "lastpass.sandbox.commands.replies"

local M = { list = {} }

for _, name in ipairs({
  "add",
  "users",
  "accounts",
  "groups",
  "directory",
  "folders",
  "reports",
  "sites",
}) do
  for command, definition in pairs(require("lastpass.sandbox.commands." .. name)) do
    M.list[command] = definition
  end
end

--- How many rows a command's data has, for the journal.
---@param data any
---@return integer
function M.rows(data)
  return type(data) == "table" and #data > 0 and #data or (data ~= nil and 1 or 0)
end

--- Checks the data and carries a command out.
---@param context table
---@param name string
---@param data any nil when there is none
---@return table reply
function M.run(context, name, data)
  local command = type(name) == "string" and M.list[name]
  if not command then
    local kind = type(name)
    local text = (kind == "string" or kind == "number") and ": " .. name or "."
    return replies.fail("Unknown command" .. text)
  elseif data == nil and command.needs_data then
    return replies.fail("Missing data.")
  end
  local complaint = command.check(data, context.settings.strict)
  if complaint then
    return replies.fail(complaint)
  end
  return command.run(context, data)
end

return M

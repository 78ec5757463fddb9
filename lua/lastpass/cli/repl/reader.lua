--- Where lines come from on a terminal: libedit, or plain reading where it was not built in.
-- @module lastpass.cli.repl.reader
local complete = require "lastpass.cli.repl.complete"

local M = {}

local plain_methods = {}

function plain_methods.read(_, prompt)
  io.stdout:write(prompt)
  io.stdout:flush()
  local line = io.stdin:read "*l"
  if line then
    return line
  end
  io.stdout:write "\n"
  return nil, "end"
end

function plain_methods.remember() end
function plain_methods.close() end

local function plain_reader()
  return setmetatable({}, { __index = plain_methods })
end

--- Opens it.
---@param context table for completion, as of `complete.complete`; its width is kept up to date
---@param screen lastpass.repl.Screen
---@return table reader `read(prompt)`, `remember(entry)`, `close()`
---@return string|nil note why there is no editing
function M.open(context, screen)
  local ok, lineedit = pcall(require, "lastpass.lineedit")
  if not ok then
    return plain_reader(), "no line editing: built without libedit"
  end
  local editor, message = lineedit.open(function(line, cursor)
    context.width = screen.size() or context.width
    return complete.complete(line, cursor, context)
  end)
  if not editor then
    return plain_reader(), "no line editing: " .. message
  end
  screen.key = lineedit.key
  return editor
end

return M

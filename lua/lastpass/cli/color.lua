--- Colour, on a terminal only.
-- @module lastpass.cli.color
local M = {}

local codes = { good = "32", bad = "31", warn = "33", dim = "2", head = "1" }

--- Whether to use colour: --color, then NO_COLOR (https://no-color.org), then the terminal.
---@param session lastpass.cli.Session
---@return boolean
function M.is_wanted(session)
  local when = session.options.color
  if when == "always" or when == "never" then
    return when == "always"
  end
  local none = os.getenv "NO_COLOR"
  return session.streams.out_is_terminal
    and (none == nil or none == "")
    and os.getenv "TERM" ~= "dumb"
end

--- Paints a line.
---@param tone string|nil "good", "bad", "warn", "dim", "head"; nil leaves it as it is
---@param line string
---@return string
function M.paint(tone, line)
  return tone and ("\27[%sm%s\27[0m"):format(codes[tone], line) or line
end

return M

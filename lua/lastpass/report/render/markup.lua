--- Text inside HTML, SVG and XML.
-- @module lastpass.report.render.markup
local text = require "lastpass.text"

local M = {}

local entities = {
  ["&"] = "&amp;",
  ["<"] = "&lt;",
  [">"] = "&gt;",
  ['"'] = "&quot;",
  ["'"] = "&#39;",
}

--- Makes any text safe between tags and within quoted attributes. What cannot be seen or would turn
-- the direction of the line is written out, as on a terminal.
---@param value any
---@return string
function M.escape(value)
  return (text.clean(tostring(value)):gsub("[&<>\"']", entities))
end

return M

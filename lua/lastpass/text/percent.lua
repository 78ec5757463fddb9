--- Percent-encoding (RFC 3986 §2.1).
-- @module lastpass.text.percent
local M = {}

local encoded = {}
for byte = 0, 255 do
  encoded[string.char(byte)] = ("%%%02X"):format(byte)
end

--- A string as a segment of a path or a part of a query: all but unreserved characters are encoded.
---@param text string
---@return string
function M.encode(text)
  return (text:gsub("[^%w%-._~]", encoded))
end

return M

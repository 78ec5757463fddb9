--- Texts that both databases hold as they are: UTF-8 without NUL.
-- @module lastpass.store.text
local characters = require "lastpass.text.characters"

local M = {}

local REPLACEMENT = "\239\191\189" -- U+FFFD

--- Whether a text can be stored unchanged.
---@param text string
---@return boolean
function M.is_plain(text)
  if text:find "%z" then
    return false
  elseif text:find "[\128-\255]" then
    for _, code in characters.each(text) do
      if not code then
        return false
      end
    end
  end
  return true
end

--- The text with U+FFFD for every byte that cannot be stored: for what others said, such as a
-- server's reason, which must not keep an outcome from being written down.
---@param text string
---@return string
function M.repair(text)
  if M.is_plain(text) then
    return text
  end
  local parts = {}
  for at, code, bytes in characters.each(text) do
    parts[#parts + 1] = code and code ~= 0 and text:sub(at, at + bytes - 1) or REPLACEMENT
  end
  return table.concat(parts)
end

return M

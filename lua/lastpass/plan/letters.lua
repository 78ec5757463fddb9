--- Texts beyond ASCII: one form for addresses, and nothing in a plan that is no UTF-8.
-- @module lastpass.plan.letters
local M = {}

--- An address in the one form that the core's rows have.
---@param address string
---@return string
function M.composed(address)
  if address:find "[\128-\255]" then
    return require("lastpass.unicode").compose(address) or address
  end
  return address
end

--- Whether a text can be written into a plan.
---@param text string
---@return boolean
function M.is_utf8(text)
  return not text:find "[\128-\255]" or require("lastpass.unicode").compose(text) ~= nil
end

--- A text for people as it can be written into a plan: wrong bytes as "\xff".
---@param text string|nil
---@return string|nil
function M.writable(text)
  if text and not M.is_utf8(text) then
    return require("lastpass.text").clean(text)
  end
  return text
end

return M

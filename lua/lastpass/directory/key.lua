--- Which addresses are the same account, letters beyond ASCII included. `lastpass.email.fold` is what
-- the core's joins know; this is wider, for what must never be missed: who is protected, who is in
-- doubt, who has been looked at already.
-- @module lastpass.directory.key
local email = require "lastpass.email"

--- The key of an address: trimmed, composed, its letters in lower case.
---@param address string
---@return string key
local function key(address)
  local folded = email.fold(address)
  if folded:find "[\128-\255]" then
    return require("lastpass.unicode").fold(folded) or folded
  end
  return folded
end

return key

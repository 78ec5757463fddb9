--- E-mail addresses: is this one, and which of them are the same account.
-- LastPass names people by address and does not distinguish "Ann@" from "ann@".
-- @module lastpass.email
local core = require "lastpass.core"

local M = {}

--- Cuts white space off both ends: that of ASCII and Unicode, and the byte order mark.
---@param text string
---@return string text
M.trim = core.trim

--- Checks whether a string is an e-mail address. Characters beyond ASCII are accepted; quoted local
-- parts and address literals (`"a b"@x`, `a@[10.0.0.1]`) are not.
---@param text string white space around it is ignored
---@return string|nil address as written, without the white space
---@return string? reason what is wrong, as "it has no @"
M.check = core.address

--- One encoding of an address: characters beyond ASCII can have several.
---@param address string a checked one
---@return string
function M.composed(address)
  if address:find "[\128-\255]" then
    return require("lastpass.unicode").compose(address) or address
  end
  return address
end

--- The key under which an account is known: the address trimmed, in normalisation form C, its
-- letters in lower case one by one. The core's index of the directory uses the same
-- (src/common/account_key.h).
---@param text string
---@return string key
M.fold = core.account_key

return M

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

--- What is wrong with a list of addresses, as options have them.
---@param list table
---@return string|nil entry the one that is wrong, or the key that no list has; nil when all is well
---@return string? reason
function M.list_problem(list)
  for key, address in pairs(list) do
    local is_index = type(key) == "number" and key >= 1 and key <= #list
    local good, reason = nil, "it is no string"
    if type(address) == "string" then
      good, reason = core.address(address)
    end
    if not is_index or not good then
      return tostring(is_index and address or key), is_index and reason or "a list has no such key"
    end
  end
end

--- The key under which an account is known: the address trimmed, in normalisation form C, its
-- letters in lower case one by one. The core's index of the directory uses the same
-- (src/common/account_key.h).
---@param text string
---@return string key
M.fold = core.account_key

return M

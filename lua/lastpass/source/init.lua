--- Sources: where the people that ought to be there are written down.
-- A kind of source is loaded on first use: `source.csv(path, options)`.
-- @module lastpass.source
local email = require "lastpass.email"

local M = {}

local kinds = {
  csv = "lastpass.source.csv",
  json = "lastpass.source.json",
  ldap = "lastpass.source.ldap",
  table = "lastpass.source.table",
}

--- Checks an e-mail address and folds it into the key that tells accounts apart.
---@param text string
---@return string|nil key trimmed, composed, its letters in lower case
---@return string? reason what is wrong with it
function M.email(text)
  local address, reason = email.check(text)
  if not address then
    return nil, reason
  end
  return email.fold(address)
end

-- The opener itself is put into the module, so that its errors blame the caller's line.
return setmetatable(M, {
  __index = function(_, kind)
    local name = kinds[kind]
    if not name then
      return nil
    end
    local open = require(name).open
    M[kind] = open
    return open
  end,
})

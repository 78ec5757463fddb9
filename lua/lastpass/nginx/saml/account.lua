--- Whose session it is. The journal and LastPass name accounts by their address, so a session that is to end with its account
-- must be known by one.
-- @module lastpass.nginx.saml.account
local email = require "lastpass.email"

local M = {}

local MISSING = "the assertion has not exactly one '%s', by which 'account' names the person"

local NO_ADDRESS = "'account' (%s) gives no e-mail address, by which the journal and LastPass name "
  .. "accounts: the session would not end with its account. "
  .. 'Set account = "attribute:NAME", of the attribute that has the address'

local function value_of(attribute, identity)
  if not attribute then
    return identity.name_id
  end
  local values = identity.attributes[attribute]
  return values and #values == 1 and values[1] or nil
end

--- The account of somebody who has signed in.
---@param settings table of `lastpass.nginx.saml.options`
---@param identity table what the service provider has verified
---@param must_be_address boolean whether sessions end with accounts
---@return string|nil account
---@return string? code "no_account", "account_no_address"
---@return string? message for the admin's log
function M.of(settings, identity, must_be_address)
  local account = value_of(settings.account_attribute, identity)
  if not account or account == "" then
    return nil, "no_account", MISSING:format(settings.account_attribute or "NameID")
  elseif must_be_address and not email.check(account) then
    return nil, "account_no_address", NO_ADDRESS:format(settings.account)
  end
  return account
end

return M

--- SAML 2.0: sign-on. Parts are loaded on first use.
-- @module lastpass.saml
local M = {}

-- What a name of this table stands for.
local parts = {
  binding = "lastpass.saml.binding",
  checks = "lastpass.saml.checks",
  idp = "lastpass.saml.idp",
  inspect = "lastpass.saml.inspect",
  lastpass = "lastpass.saml.lastpass",
  logout = "lastpass.saml.logout",
  metadata = "lastpass.saml.metadata",
  names = "lastpass.saml.names",
  relay = "lastpass.saml.relay",
  request = "lastpass.saml.request",
  response = "lastpass.saml.response",
  rollover = "lastpass.saml.rollover",
  sp = "lastpass.saml.sp",
  verify = "lastpass.saml.verify",
  write = "lastpass.saml.write",
}

setmetatable(M, {
  __index = function(_, name)
    local module = parts[name]
    if not module then
      return nil
    end
    local value = require(module)
    M[name] = value
    return value
  end,
})

return M

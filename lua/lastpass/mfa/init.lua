--- A second factor: LastPass MFA's requests to a phone, codes, RADIUS. Parts are loaded on first use.
-- @module lastpass.mfa
local M = {}

-- What a name of this table stands for.
local parts = {
  outcomes = "lastpass.mfa.outcomes",
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

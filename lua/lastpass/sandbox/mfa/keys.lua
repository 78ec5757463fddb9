--- The keys of the sandbox's LastPass MFA. Well known, as its provisioning hash is: they open nothing but sandboxes.
-- @module lastpass.sandbox.mfa.keys
local arithmetic = require "lastpass.sandbox.seed.arithmetic"

local M = {}

local SALTS = { login = 1019, generic = 1021, group = 1031, role = 1033, log = 1039 }

--- Text of the form that LastPass's keys have (mfa §2), the same for the same numbers.
---@param use "login"|"generic"|"group"|"role"|"log"
---@param cid integer of the company
---@param number? integer default 0
---@return string
function M.guid(use, cid, number)
  local random = arithmetic.random(cid % 1000003 * SALTS[use] + (number or 0) * 7)
  local parts = {}
  for at = 1, 8 do
    parts[at] = ("%04x"):format(random(65536))
  end
  return ("%s%s-%s-4%s-8%s-%s%s%s"):format(
    parts[1],
    parts[2],
    parts[3],
    parts[4]:sub(2),
    parts[5]:sub(2),
    parts[6],
    parts[7],
    parts[8]
  )
end

return M

--- Carries wishes out through the grant's writer, in order, up to the first failure
-- (unified-directory §6: not atomic, never tried twice).
-- @module lastpass.unified.carry
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"

local M = {}

---@class lastpass.unified.Wish
---@field kind string     "create", "name", "groups", "enable", "disable", "deactivate", "rename",
-- "disable_mfa", "uninvite", "remove", "delete"
---@field subject string  address
---@field user? lastpass.User as read just now
---@field after? table    what it sets: fullname, groups, join, leave, email, password, …

---@class lastpass.unified.Writer
---@field check fun(self, wishes: lastpass.unified.Wish[]): true|nil, string?, lastpass.Error?
---@field carry_out fun(self, wish: lastpass.unified.Wish): table|nil, string?, lastpass.Error?

-- What has been done stays done, so the caller must know of it.
local function tell(problem, applied, failed)
  problem.details = problem.details or {}
  problem.details.applied = json.list(applied)
  problem.details.failed = failed
  return nil, problem
end

--- Carries wishes out.
---@param call lastpass.unified.Call
---@param wishes lastpass.unified.Wish[]
---@param hidden? string[] texts that no answer may repeat
---@return true|nil
---@return lastpass.unified.Problem? problem details.applied and details.failed when it is half done
function M.out(call, wishes, hidden)
  local writer = call.grant.writer
  if not writer then
    return problems.fail(405, "this server does not write", { headers = { allow = "GET, HEAD" } })
  elseif #wishes == 0 then
    return true
  end
  local ok, message, err = writer:check(wishes)
  if not ok then
    return problems.of(message, err, hidden)
  end
  local applied = {}
  for _, wish in ipairs(wishes) do
    ok, message, err = writer:carry_out(wish)
    if not ok then
      local _, problem = problems.of(message, err, hidden)
      if #applied > 0 or err.uncertain then
        call.tenant:refresh()
      end
      return tell(problem, applied, wish.kind)
    end
    applied[#applied + 1] = wish.kind
  end
  call.tenant:refresh()
  return true
end

return M

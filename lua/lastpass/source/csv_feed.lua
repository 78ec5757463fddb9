--- Rows of a CSV file straight into what is wanted, without a table made for each.
-- @module lastpass.source.csv_feed
local M = {}

--- How the rows that are parsed already go on.
---@param self lastpass.source.People of a CSV file
---@param plan table of `mapping.plan`: {email, fullname, groups, fixed, active, words}
---@param wanted userdata of `core.wanted`
---@param number integer of the source
---@return fun(): integer pour adds rows until one must be looked at; says how many
function M.pouring(self, plan, wanted, number)
  local at = {}
  for index, column in ipairs(self._columns) do
    at[column.name] = index
  end
  local groups = plan.groups and {}
  for index, field in ipairs(plan.groups or {}) do
    groups[index] = at[field]
  end
  local description = {
    email = at[plan.email],
    fullname = plan.fullname and at[plan.fullname],
    groups = groups,
    fixed = plan.fixed,
    active = plan.active and at[plan.active],
    active_words = plan.words and plan.words.active,
    inactive_words = plan.words and plan.words.inactive,
    source = number,
  }
  return function()
    local count = self._records:pour(wanted, description)
    self.proof.rows = self.proof.rows + count
    return count
  end
end

return M

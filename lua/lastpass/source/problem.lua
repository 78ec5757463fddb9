--- Problems: rows of a source that were refused, and why.
-- @module lastpass.source.problem
local text = require "lastpass.text"

local M = {}

--- A row that was refused; `tostring` gives "hr.csv:17: " and the reason. The fields of its origin
-- (file, row, line; or list, row; or url, base, dn) are its own as well.
---@class lastpass.source.Problem
---@field origin lastpass.source.Origin as good rows have it
---@field code string    "missing_value", "bad_email", "duplicate", "too_few_fields", …
---@field reason string   a sentence for a person
---@field field? string   the field it is about
---@field column? string  where it comes from: header, key or attribute
---@field value? string   what stands there, its first 1000 bytes
---@field key? string     the key of the row, when it could be read (addresses folded)
---@field file? string
---@field row? integer     as in `lastpass.source.Origin`
---@field line? integer
---@field first_line? integer with "duplicate" in a CSV file: the line of the row that was taken
---@field first? string   with "duplicate" elsewhere: the place of that row, as "table:3"

local problem_mt = { __name = "lastpass.source.problem" }

function problem_mt.__tostring(problem)
  return text.clean(("%s: %s"):format(tostring(problem.origin), problem.reason))
end

--- A value as a message may show it: short, on one line, nothing a terminal would act on.
---@param value string
---@return string
function M.shown(value)
  if #value > 60 then
    value = value:sub(1, 60):gsub("[\192-\255][\128-\191]*$", "") .. "…"
  end
  return "'" .. text.clean((value:gsub("[%z\1-\31\127]", "?"))) .. "'"
end

--- Writes down that a row is refused.
---@param self table the source: its proof and problems
---@param origin table
---@param code string
---@param reason string
---@param about? table {column =, value =, key =}
---@return nil
---@return lastpass.source.Problem problem
function M.refuse(self, origin, code, reason, about)
  about = about or {}
  self.proof.refused = self.proof.refused + 1
  local column, problem = about.column, {}
  for name, value in pairs(origin) do
    problem[name] = value
  end
  problem.origin, problem.code, problem.reason = origin, code, reason
  problem.field = column and column.name
  problem.column = column and column.label
  problem.value = about.value and about.value:sub(1, 1000)
  problem.key = about.key
  self.problems[#self.problems + 1] = setmetatable(problem, problem_mt)
  return nil, problem
end

return M

--- Columns and rows of people that several reports have alike.
-- @module lastpass.report.people
local email = require "lastpass.email"

local M = {}

M.columns = {
  email = { name = "email", title = "E-mail" },
  fullname = { name = "fullname", title = "Name" },
  status = { name = "status", title = "Account" },
  admin = { name = "admin", title = "Admin", kind = "flag" },
  mfa = { name = "mfa", title = "Multifactor" },
  groups = { name = "groups", title = "Groups", kind = "list" },
  created = { name = "created", title = "Created", kind = "time" },
  last_login = { name = "last_login", title = "Last log-in", kind = "time" },
  password_strength = { name = "password_strength", title = "Password strength", kind = "count" },
  security_score = { name = "security_score", title = "Security score", kind = "score" },
  findings = { name = "findings", title = "Findings", kind = "list" },
  days = { name = "days", title = "Days", kind = "days" },
}

--- Columns by their names.
---@param ... string|table names, or columns of the report's own
---@return lastpass.report.Column[]
function M.pick(...)
  local list = {}
  for place, one in ipairs { ... } do
    list[place] = type(one) == "table" and one or assert(M.columns[one], one)
  end
  return list
end

--- The fields of a user that reports show.
---@param user lastpass.User|table
---@return table row
function M.row(user)
  local groups = {}
  for place, name in ipairs(user.groups) do
    groups[place] = name
  end
  table.sort(groups)
  return {
    email = user.email,
    fullname = user.fullname,
    status = user.status,
    admin = user.admin or false,
    mfa = user.mfa,
    groups = groups,
    created = user.created,
    last_login = user.last_login,
  }
end

--- The part of an address behind the @, folded.
---@param address string
---@return string
function M.domain(address)
  return email.fold(address):match "@(.*)$" or ""
end

return M

--- What reports know of an account: its columns, how far somebody has come with LastPass, and what audit
-- events say of invitations and of log-ins that ended (enterprise-api §8).
-- @module lastpass.report.accounts
local audit = require "lastpass.audit"
local email = require "lastpass.email"
local user_fields = require("lastpass.directory.fields").list

local M = {}

--- Columns of accounts by their names: the fields of users, and what reports add.
M.columns = {
  findings = { name = "findings", title = "Findings", kind = "list", tone = "warn" },
  days = { name = "days", title = "Days", kind = "days" },
}
for _, field in ipairs(user_fields) do
  M.columns[field[1]] = { name = field[1], title = field[2], kind = field.kind }
end

--- Columns by their names.
---@param ... string|table names, or columns of the report's own
---@return lastpass.report.Column[]
function M.pick(...)
  local list = {}
  for position, one in ipairs { ... } do
    list[position] = type(one) == "table" and one or assert(M.columns[one], one)
  end
  return list
end

--- The names of somebody's groups, sorted.
---@param user lastpass.User|table
---@return string[]
function M.group_names(user)
  local names = {}
  for position, name in ipairs(user.groups) do
    names[position] = name
  end
  table.sort(names)
  return names
end

--- The fields of a user that reports show.
---@param user lastpass.User|table
---@return table row
function M.row(user)
  return {
    email = user.email,
    fullname = user.fullname,
    status = user.status,
    admin = user.admin or false,
    mfa = user.mfa,
    groups = M.group_names(user),
    created = user.created,
    last_login = user.last_login,
  }
end

--- The part of an address after the @, folded.
---@param address string
---@return string
function M.domain(address)
  return email.fold(address):match "@(.*)$" or ""
end

--- The addresses of a list, folded.
---@param list table[] with `email`
---@return table<string, true>
function M.set_of(list)
  local set = {}
  for _, one in ipairs(list) do
    set[email.fold(one.email)] = true
  end
  return set
end

--- How far people have come with LastPass: classes {name, title, meaning}. One of them needs events.
M.login_statuses = {
  { "active", "Active", "logged in at least once, and something is in the vault" },
  { "empty_vault", "Empty vault", "logged in at least once, and nothing is in the vault" },
  { "never_logged_in", "Never logged in", "the account exists, nobody has logged in to it" },
  { "invited", "Invited", "invited, and not accepted yet" },
  {
    "invitation_expired",
    "Invitation expired",
    "invited so long ago that it counts as expired",
    needs_events = true,
  },
  { "disabled", "Disabled", "the account exists, and is disabled" },
}

--- Everything that is in a vault.
---@param user lastpass.User
---@return integer|nil count nil when nothing is known of it
function M.items(user)
  local sum
  for _, field in ipairs(user_fields) do
    local count = field.vault and user[field[1]] or nil
    sum = count and (sum or 0) + count or sum
  end
  return sum
end

--- The login status of somebody who has an account or an invitation.
---@param user lastpass.User
---@param invitations? table<string, table> those of the last days; nil: none counts as expired
---@return string name of `login_statuses`
function M.login_status(user, invitations)
  if user.status == "disabled" then
    return "disabled"
  elseif user.status == "invited" then
    local is_known = not invitations or invitations[email.fold(user.email)]
    return is_known and "invited" or "invitation_expired"
  elseif user.never_logged_in then
    return "never_logged_in"
  elseif M.items(user) == 0 then
    return "empty_vault"
  end
  return "active"
end

-- "Deactivating user" only says that it was begun.
local meanings = {
  user_invited = "invited",
  user_created = "invited",
  user_activation_required = "invited",
  user_reinvited = "invited",
  user_provisioned = "invited",
  user_disabled = "ended",
  user_removed = "ended",
  user_deleted = "ended",
  user_deprovisioned = "ended",
  user_enabled = "returned",
}

--- What an event means: "invited", "ended", "returned", or nil for anything else.
---@param event lastpass.Event
---@return string|nil
function M.meaning(event)
  return meanings[audit.find(event.action).id]
end

--- The addresses that an event's data names, folded. The form of the data depends on the action:
-- one address, several with commas, or among quoted texts (§8.2).
---@param data string
---@return string[]
function M.addresses(data)
  local list = {}
  for word in data:gmatch "[^%s,;'\"()<>]+" do
    local address = word:find("@", 1, true) and email.check(word)
    if address then
      list[#list + 1] = email.fold(address)
    end
  end
  return list
end

--- When each was invited last, and how often. The directory has invited addresses without a date
-- (enterprise-api §4.8), but an invitation makes an event.
---@param events lastpass.Event[] admins' events, oldest first
---@return table<string, table> invitations {last, times} by folded address; last is nil when no event
-- has a time
function M.invitations(events)
  local found = {}
  for _, event in ipairs(events) do
    if M.meaning(event) == "invited" then
      for _, address in ipairs(M.addresses(event.data)) do
        local one = found[address] or { times = 0 }
        found[address] = one
        one.times = one.times + (event.time and 1 or 0)
        one.last = event.time or one.last
      end
    end
  end
  return found
end

---@class lastpass.report.AccessHistory
---@field ended number|nil   UTC: the end of access that still holds
---@field by string|nil      who ended it
---@field returned integer   how often access was given back

--- When access ended and was given back.
---@param events lastpass.Event[] oldest first
---@return table<string, lastpass.report.AccessHistory> by folded address
function M.access_history(events)
  local by_address = {}
  for _, event in ipairs(events) do
    local meaning = event.time and M.meaning(event)
    if meaning == "ended" or meaning == "returned" then
      for _, address in ipairs(M.addresses(event.data)) do
        local history = by_address[address] or { returned = 0 }
        by_address[address] = history
        if meaning == "returned" then
          history.ended, history.by = nil, nil
          history.returned = history.returned + 1
        elseif not history.ended then
          history.ended, history.by = event.time, event.username
        end
      end
    end
  end
  return by_address
end

return M

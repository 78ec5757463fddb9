--- The directory as one read of it: users by address, groups and their members.
-- @module lastpass.directory.snapshot
local core = require "lastpass.core"
local addresses = require "lastpass.email"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"
local user_object = require "lastpass.directory.user"

---@class lastpass.Snapshot
local methods = {}
local snapshot_mt = { __name = "lastpass.Snapshot", __index = methods }

local M = {}

--- Wraps a snapshot of the core.
---@param client lastpass.Client
---@param rows userdata
---@param total? integer how many users the company has, when these are a few of them
function M.new(client, rows, total)
  local invited, known = {}, core.user_fields.email
  for _, email in ipairs(rows:invited()) do
    local key = addresses.fold(email)
    if not invited[key] and not rows:find(email) then
      invited[#invited + 1] = email
      invited[key] = email
    end
  end
  return setmetatable({
    _client = client,
    _rows = rows,
    _invited = invited,
    _email = known,
    _total = total,
    read_at = os.time(),
  }, snapshot_mt)
end

-- The groups of somebody who is only invited: all that names them are the lists of members.
local function groups_of_invited(snapshot, email)
  snapshot._unlisted = snapshot._unlisted or snapshot._rows:members_without_row()
  local groups, seen = {}, {}
  for _, name in ipairs(snapshot._unlisted[addresses.fold(email)] or {}) do
    if not seen[name] then
      seen[name], groups[#groups + 1] = true, name
    end
  end
  return groups
end

-- The row of an account. Where the directory has it in several spellings, the one that is written alike.
local function find_row(snapshot, email)
  local rows = snapshot._rows
  local row = rows:find(email)
  snapshot._duplicates = snapshot._duplicates or rows:duplicates()
  if not row or not snapshot._duplicates[1] then
    return row
  end
  local key, is_ambiguous = addresses.fold(email), false
  for _, duplicate in ipairs(snapshot._duplicates) do
    local address = core.user_value(rows, duplicate, snapshot._email)
    if address == email then
      return duplicate
    end
    is_ambiguous = is_ambiguous or addresses.fold(address) == key
  end
  return not is_ambiguous and row or nil
end

local function invited_user(snapshot, email)
  return user_object.of_invitation(snapshot._client, email, groups_of_invited(snapshot, email))
end

function snapshot_mt.__tostring(snapshot)
  return ("lastpass.Snapshot (%d users, %d invited)"):format(#snapshot._rows, #snapshot._invited)
end

--- How many users there are, without those who are only invited.
---@return integer
function methods:count()
  return #self._rows
end

--- How many are only invited.
---@return integer
function methods:invited_count()
  return #self._invited
end

--- How many people the company has, those who are only invited among them; also of a read of a few.
---@return integer
function methods:people()
  return (self._total or #self._rows) + #self._invited
end

--- The user with that address, the case of letters and white space around it aside; somebody only
-- invited counts.
---@param email string
---@return lastpass.User|nil
function methods:user(email)
  local row = find_row(self, addresses.trim(email))
  if row then
    return user_object.of_row(self._client, self._rows, row)
  end
  local invitation = self._invited[addresses.fold(email)]
  return invitation and invited_user(self, invitation)
end

local statuses = { active = true, disabled = true, invited = true }

local function is_status(value)
  return statuses[value], '"active", "disabled" or "invited"'
end

--- Options of `users`: which people.
M.filter_options = { status = is_status, admin = "boolean", disabled = "boolean" }

local function matches(user, filter)
  return (filter.status == nil or user.status == filter.status)
    and (filter.admin == nil or user.admin == filter.admin)
    and (filter.disabled == nil or user.disabled == filter.disabled)
end

--- Everybody, invited people at the end.
---@param filter? table status ("active", "disabled", "invited"), admin, disabled (booleans; with
-- one of these two, people who are only invited are left out)
---@return fun(): lastpass.User|nil iterator
function methods:users(filter)
  filter = errors.check_options("users", filter, M.filter_options)
  local with_invited = filter.admin == nil and filter.disabled == nil
  local row, rows, invited = 0, self._rows, self._invited
  local count, invited_at = #rows, 0
  local everybody = next(filter) == nil
  return function()
    while row < count do
      row = row + 1
      local user = user_object.of_row(self._client, rows, row)
      if everybody or matches(user, filter) then
        return user
      end
    end
    while with_invited and invited_at < #invited do
      invited_at = invited_at + 1
      local user = invited_user(self, invited[invited_at])
      if everybody or matches(user, filter) then
        return user
      end
    end
    return nil
  end
end

--- The group of that name, or nil.
---@param name string exact
---@return lastpass.Group|nil
function methods:group(name)
  local members = self._rows:members(name)
  return members and require("lastpass.directory.group").new(self._client, name, members)
end

--- The names of all groups that have or had a member, sorted.
---@return string[]
function methods:group_names()
  local names = self._rows:group_names()
  table.sort(names)
  return names
end

--- All groups that have or had a member, by name.
---@return fun(): lastpass.Group|nil iterator
function methods:groups()
  local names = self:group_names()
  local position = 0
  return function()
    position = position + 1
    return names[position] and self:group(names[position])
  end
end

--- The rows of the core that the users are read from.
---@return userdata rows
function methods:rows()
  return self._rows
end

--- The user of a row.
---@param row integer from 1 to `snapshot:count()`
---@return lastpass.User
function methods:user_at(row)
  return user_object.of_row(self._client, self._rows, row)
end

--- The addresses of those who are only invited, as the reply has them.
---@return string[]
function methods:invited_addresses()
  return self._invited
end

--- How many values of the reply were not of the form that is known; 0 is usual.
---@return integer
function methods:odd_values()
  return self._rows:odd()
end

signature.declare("snapshot:", methods, {
  count = "",
  invited_count = "",
  people = "",
  user = "email: string",
  users = "filter?: table",
  group = "name: string",
  group_names = "",
  groups = "",
  rows = "",
  user_at = "row: number",
  invited_addresses = "",
  odd_values = "",
})

return M

--- Memberships that were written through the endpoint, for as long as a cached directory may not show them; in shadow
-- mode nothing else has them.
-- @module lastpass.store.inbound_members
local errors = require "lastpass.error"
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local methods = {}

local M = { methods = methods }

local WRITE_MEMBER = "INSERT INTO lastpass_scim_members "
  .. "(connection, team, person, present, written_at) "
  .. "VALUES (?, ?, ?, ?, @now) ON CONFLICT (connection, team, person) DO UPDATE SET "
  .. "present = excluded.present, written_at = excluded.written_at"

--- Inside a transaction: writes memberships.
---@param database table
---@param connection string
---@param list table[] {group, user (ids), present}
function M.write(database, connection, list)
  for _, entry in ipairs(list) do
    database:query(WRITE_MEMBER, connection, entry.group, entry.user, entry.present and 1 or 0)
  end
end

local SELECT = "SELECT team, person, {present}, {written_at} FROM lastpass_scim_members "
  .. "WHERE connection = ? AND team = COALESCE(?, team) AND person = COALESCE(?, person) "
  .. "AND written_at >= ?%s ORDER BY team, person"

local function select_members(database, wanted)
  local bound = { wanted.connection, nil, nil, wanted.since }
  bound[2], bound[3] = wanted.group, wanted.user
  local condition, count = "", 4
  if wanted.users then
    condition = (" AND person IN (%s)"):format(values.marks(wanted.users))
    for _, id in ipairs(wanted.users) do
      count = count + 1
      bound[count] = id
    end
  end
  local list = {}
  for index, row in ipairs(database:run(SELECT:format(condition), bound, count)) do
    list[index] = {
      group = row.team,
      user = row.person,
      present = row.present == 1,
      written_at = row.written_at,
    }
  end
  return list
end

--- Memberships that were written through a connection since a moment.
---@param options table connection, group, user (ids; default all), users (at most 500 of them), since (epoch seconds;
-- default all)
---@return table[]|nil list {group, user, present, written_at}
---@return string? message
---@return lastpass.Error? err
function methods:scim_members(options)
  local where = "journal:scim_members"
  options = errors.check_options(where, options, {
    connection = "string",
    group = "string",
    user = "string",
    users = "table",
    since = "number",
  })
  if options.users and #options.users == 0 then
    return {}
  end
  return self._database:read(select_members, {
    connection = values.name(where, "connection", options.connection),
    group = options.group,
    user = options.user,
    users = options.users,
    since = values.whole(where, "since", options.since or 0),
  })
end

-- Of who is not in LastPass yet nothing else says which groups it will be.
local PRUNE = "DELETE FROM lastpass_scim_members WHERE connection = ? AND written_at < ? "
  .. "AND person NOT IN (SELECT id FROM lastpass_scim_objects "
  .. "WHERE connection = ? AND type = 'User' AND state = 'pending') RETURNING team"

local function delete_members(database, connection, before)
  return #database:query(PRUNE, connection, before, connection)
end

--- Drops memberships that a directory read since shows by itself.
---@param connection string
---@param before integer epoch seconds
---@return integer|nil dropped how many
---@return string? message
---@return lastpass.Error? err
function methods:prune_scim_members(connection, before)
  local where = "journal:prune_scim_members"
  return self._database:transaction(
    delete_members,
    values.name(where, "connection", connection),
    values.whole(where, "before", before)
  )
end

return M

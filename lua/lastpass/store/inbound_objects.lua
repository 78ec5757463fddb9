--- Users and groups as identity providers know them: id, externalId, what LastPass does not store, and what was written
-- lately and may not be seen yet by who reads a cached directory.
-- @module lastpass.store.inbound_objects
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local jobs = require "lastpass.store.jobs"
local json = require "lastpass.json"
local values = require "lastpass.store.values"

--- A user or a group that a connection has touched.
---@class lastpass.store.ScimObject
---@field connection string
---@field id string            never used again for anything else
---@field tenant string
---@field type "User"|"Group"
---@field account string       key of the address, or name of the group
---@field alias? string        key of the address that it changes to with the next log-in
---@field name string          userName or displayName, as it was sent
---@field external_id? string
---@field state "active"|"pending"|"tombstone" pending: LastPass does not have it yet
---@field attributes table     what LastPass does not store
---@field shown? table         what was written last: status, fullname
---@field generation integer   how many objects of this account were deleted before
---@field version integer      counts its changes
---@field created integer
---@field changed integer
---@field written_at? integer  when `shown` was written
---@field deleted_at? integer

---@class lastpass.store.Journal
local methods = {}

local M = { methods = methods }

local COLUMNS = "connection, id, tenant, type, account, alias, name, external_id, state, "
  .. "attributes, shown, {generation}, {version}, {created}, {changed}, {written_at}, {deleted_at}"

local types = { User = true, Group = true }
local states = { active = true, pending = true, tombstone = true }

local function complete(label, rows)
  for _, row in ipairs(rows) do
    for _, column in ipairs { "attributes", "shown" } do
      if row[column] then
        local value, message = json.decode(row[column])
        if message then
          return failures.damaged(label, ("%s %s: %s"):format(row.type, row.id, message))
        end
        row[column] = value
      end
    end
  end
  return rows
end

-- ---- reading ----

local BY_ID = "SELECT " .. COLUMNS .. " FROM lastpass_scim_objects WHERE connection = ? AND id = ?"

local function select_object(database, label, connection, id)
  local list, message, err = complete(label, database:query(BY_ID, connection, id))
  if not list then
    return nil, message, err
  end
  return list[1] or false
end

--- The object with an id, deleted ones as well.
---@param connection string
---@param id string
---@return lastpass.store.ScimObject|false|nil object false when there is none
---@return string? message
---@return lastpass.Error? err
function methods:scim_object(connection, id)
  local where = "journal:scim_object"
  return self._database:read(
    select_object,
    self._database.label,
    values.name(where, "connection", connection),
    values.name(where, "id", id)
  )
end

local function select_objects(database, label, sql, bound, alias_sql)
  local rows = database:run(sql, bound)
  for _, row in ipairs(alias_sql and database:run(alias_sql, bound) or {}) do
    rows[#rows + 1] = row
  end
  return complete(label, rows)
end

-- Placeholders of one statement are few (store.database).
local MOST_NAMED = 500

--- Objects of a connection, by id.
---@param options table connection; type; ids, accounts (lists of at most 500; a new address counts as well), external_id, state,
-- live (boolean: not deleted), unseen_since (epoch seconds: those that a directory which was read then may not
-- show as they are), after (an id: later ones), limit (default 1000)
---@return lastpass.store.ScimObject[]|nil
---@return string? message
---@return lastpass.Error? err
function methods:scim_objects(options)
  local where = "journal:scim_objects"
  options = errors.check_options(where, options, {
    connection = "string",
    type = "string",
    ids = "table",
    accounts = "table",
    external_id = "string",
    state = "string",
    live = "boolean",
    unseen_since = "number",
    after = "string",
    limit = "number",
  })
  local conditions = { "connection = ?" }
  local bound = { values.name(where, "connection", options.connection) }
  local function add(condition, ...)
    conditions[#conditions + 1] = condition
    for _, value in ipairs { ... } do
      bound[#bound + 1] = value
    end
  end
  if options.type then
    add("type = ?", values.word(where, "type", options.type, types))
  end
  for _, name in ipairs { "ids", "accounts" } do
    local list = options[name]
    if list and #list == 0 then
      return {}
    elseif list and #list > MOST_NAMED then
      errors.raise(2, "%s: %s names more than %d", where, name, MOST_NAMED)
    elseif list then
      local column = name == "ids" and "id" or "account"
      conditions[#conditions + 1] = ("%s IN (%s)"):format(column, values.marks(list))
      for _, value in ipairs(list) do
        bound[#bound + 1] = value
      end
    end
  end
  if options.external_id then
    add("external_id = ?", options.external_id)
  end
  if options.state then
    add("state = ?", values.word(where, "state", options.state, states))
  elseif options.live then
    add "state <> 'tombstone'"
  end
  if options.unseen_since then
    local since = values.whole(where, "unseen_since", options.unseen_since)
    add("(state <> 'active' OR alias IS NOT NULL OR written_at >= ?)", since)
  end
  if options.after then
    add("id > ?", options.after)
  end
  bound[#bound + 1] = values.whole(where, "limit", options.limit or 1000)
  local sql = ("SELECT %s FROM lastpass_scim_objects WHERE %s ORDER BY id LIMIT ?"):format(
    COLUMNS,
    table.concat(conditions, " AND ")
  )
  return self._database:read(
    select_objects,
    self._database.label,
    sql,
    bound,
    options.accounts and sql:gsub("account IN", "alias IN") or nil
  )
end

local BY_ACCOUNT = "SELECT "
  .. COLUMNS
  .. " FROM lastpass_scim_objects WHERE connection = ? AND type = ? AND (account = ? OR alias = ?) "
  .. "ORDER BY generation DESC"

local BY_EXTERNAL_ID = "SELECT "
  .. COLUMNS
  .. " FROM lastpass_scim_objects WHERE connection = ? AND type = ? AND external_id = ? "
  .. "AND state <> 'tombstone' ORDER BY id"

local OPEN_JOBS = "SELECT "
  .. jobs.COLUMNS
  .. " FROM lastpass_jobs WHERE connection = ? AND object = ? AND ended IS NULL"

local function look_up(database, self, wanted)
  local rows
  if wanted.id then
    rows = database:query(BY_ID, wanted.connection, wanted.id)
  elseif wanted.external_id then
    rows = database:query(BY_EXTERNAL_ID, wanted.connection, wanted.type, wanted.external_id)
  else
    local account = wanted.account
    rows = database:query(BY_ACCOUNT, wanted.connection, wanted.type, account, account)
  end
  local message, err
  rows, message, err = complete(self._database.label, rows)
  if not rows then
    return nil, message, err
  end
  local open = {}
  local object = rows[1] and rows[1].id or wanted.id
  if object then
    open, message, err = jobs.complete(self, database:query(OPEN_JOBS, wanted.connection, object))
    if not open then
      return nil, message, err
    end
  end
  return { objects = rows, jobs = open }
end

--- Objects by id, by account (all that it ever was, the latest first; its new address counts as well), or by externalId,
-- and what is open about the first of them.
---@param wanted table connection; id, or type and account (key), or type and external_id
---@return {objects: lastpass.store.ScimObject[], jobs: lastpass.store.Job[]}|nil
---@return string? message
---@return lastpass.Error? err
function methods:scim_lookup(wanted)
  local where = "journal:scim_lookup"
  wanted = errors.check_options(where, wanted, {
    connection = "string",
    id = "string",
    type = "string",
    account = "string",
    external_id = "string",
  })
  values.name(where, "connection", wanted.connection)
  if not wanted.id then
    values.word(where, "type", wanted.type, types)
    values.name(where, "account or external_id", wanted.account or wanted.external_id)
  end
  return self._database:read(look_up, self, wanted)
end

-- ---- writing ----

local known_object = {
  connection = "string",
  id = "string",
  tenant = "string",
  type = "string",
  account = "string",
  alias = "string",
  name = "string",
  external_id = "string",
  state = "string",
  attributes = "table",
  shown = "table",
  generation = "number",
  version = "number",
  created = "number",
  changed = "number",
  written_at = "number",
  deleted_at = "number",
}

local function prepare(where, object)
  errors.check_options(where, object, known_object, 4)
  return {
    connection = values.name(where, "connection", object.connection),
    id = values.name(where, "id", object.id),
    tenant = values.tenant(where, object.tenant),
    type = values.word(where, "type", object.type, types),
    account = values.name(where, "account", object.account),
    alias = values.optional_text(where, "alias", object.alias),
    name = values.name(where, "name", object.name),
    external_id = values.optional_text(where, "external_id", object.external_id),
    state = values.word(where, "state", object.state, states),
    attributes = json.encode(object.attributes or {}),
    shown = object.shown and json.encode(object.shown),
    generation = values.whole(where, "generation", object.generation or 0),
    written_at = values.optional_whole(where, "written_at", object.written_at),
    deleted_at = values.optional_whole(where, "deleted_at", object.deleted_at),
  }
end

--- Checks the objects of a write, and makes their rows.
---@param where string
---@param list table[]|nil
---@return table[] rows
function M.prepare_all(where, list)
  local rows = {}
  for index, object in ipairs(list or {}) do
    rows[index] = prepare(where, object)
  end
  return rows
end

local CLASH = "SELECT id FROM lastpass_scim_objects "
  .. "WHERE connection = ? AND type = ? AND account = ? AND id <> ? AND state <> 'tombstone'"

local WRITE = "INSERT INTO lastpass_scim_objects (connection, id, tenant, type, account, alias, "
  .. "name, "
  .. "external_id, state, attributes, shown, generation, written_at, deleted_at, version, created, "
  .. "changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, @now, @now) "
  .. "ON CONFLICT (connection, id) DO UPDATE SET account = excluded.account, "
  .. "alias = excluded.alias, name = excluded.name, external_id = excluded.external_id, "
  .. "state = excluded.state, attributes = excluded.attributes, shown = excluded.shown, "
  .. "written_at = excluded.written_at, deleted_at = excluded.deleted_at, "
  .. "version = lastpass_scim_objects.version + 1, changed = excluded.changed"

--- Inside a transaction: writes rows of `prepare_all`.
---@param database table
---@param rows table[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "object_exists" when the account has another object
function M.write(database, rows)
  for _, row in ipairs(rows) do
    local other = row.state ~= "tombstone"
      and database:first(CLASH, row.connection, row.type, row.account, row.id)
    if other then
      local message = ("%s %s is known by another id"):format(row.type, row.account)
      return errors.fail("conflict", "object_exists", message, { id = other.id })
    end
    database:query(
      WRITE,
      row.connection,
      row.id,
      row.tenant,
      row.type,
      row.account,
      row.alias,
      row.name,
      row.external_id,
      row.state,
      row.attributes,
      row.shown,
      row.generation,
      row.written_at,
      row.deleted_at
    )
  end
  return true
end

--- Writes objects, new ones and known ones; all fields each.
---@param list lastpass.store.ScimObject[] version, created and changed are the journal's own
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "object_exists"
function methods:save_scim_objects(list)
  local where = "journal:save_scim_objects"
  local rows = M.prepare_all(where, values.list(where, "the list", list))
  return self._database:transaction(M.write, rows)
end

--- Inside a transaction: forgets an object.
---@param database table
---@param connection string
---@param id string
---@return boolean found
function M.forget(database, connection, id)
  database:query(
    "DELETE FROM lastpass_scim_members WHERE connection = ? AND team = ?",
    connection,
    id
  )
  return database:first(
    "DELETE FROM lastpass_scim_objects WHERE connection = ? AND id = ? RETURNING id",
    connection,
    id
  ) ~= nil
end

--- Unlinks an object: the journal forgets it, LastPass keeps the account or group.
---@param connection string
---@param id string
---@return boolean|nil found
---@return string? message
---@return lastpass.Error? err
function methods:forget_scim_object(connection, id)
  local where = "journal:forget_scim_object"
  return self._database:transaction(
    M.forget,
    values.name(where, "connection", connection),
    values.name(where, "id", id)
  )
end

return M

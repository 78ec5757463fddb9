--- Identity providers that push, as the journal has them: connections, and their tokens, only as SHA-256.
-- @module lastpass.store.inbound
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local values = require "lastpass.store.values"

--- An identity provider at a company.
---@class lastpass.store.ScimConnection
---@field name string       unique in a journal; the last part of its address
---@field tenant string     company, as `store.tenant` has it
---@field provider string   "entra", "okta", "onelogin", "jumpcloud" or "other"
---@field mode "live"|"shadow" shadow: answered as if done, written nowhere
---@field state "open"|"closed"
---@field settings table    everything else, see `lastpass.inbound.connection`
---@field created integer   epoch seconds
---@field changed integer   epoch seconds

--- A token of a connection.
---@class lastpass.store.ScimToken
---@field id integer
---@field connection string
---@field hash string       SHA-256 of the token, hexadecimal
---@field label string
---@field created integer   epoch seconds
---@field expires? integer  epoch seconds
---@field last_used? integer epoch seconds
---@field revoked? integer  epoch seconds
---@field is_closed boolean  its connection takes nothing any more

---@class lastpass.store.Journal
local M = {}

-- So many tokens of a connection may be in use at once: the old one until the new one is entered everywhere.
local LIVE_TOKENS = 2

local modes = { live = true, shadow = true }
local connection_states = { open = true, closed = true }

-- ---- connections ----

local known_connection = {
  name = "string",
  tenant = { "string", "number" },
  provider = "string",
  mode = "string",
  state = "string",
  settings = "table",
}

local WRITE_CONNECTION = "INSERT INTO lastpass_scim_connections "
  .. "(name, tenant, provider, mode, state, settings, created, changed) "
  .. "VALUES (?, ?, ?, ?, COALESCE(?, 'open'), ?, @now, @now) ON CONFLICT (name) DO UPDATE SET "
  .. "provider = excluded.provider, mode = excluded.mode, "
  .. "state = COALESCE(?, lastpass_scim_connections.state), "
  .. "settings = excluded.settings, changed = excluded.changed "
  .. "WHERE lastpass_scim_connections.tenant = excluded.tenant RETURNING name"

-- What shadow mode linked stays linked when the connection goes live: ids, externalIds, what LastPass does not store. What
-- was only answered as if done is left behind.
local ADOPT = "INSERT INTO lastpass_scim_objects (connection, id, tenant, type, account, name, "
  .. "external_id, state, attributes, shown, generation, version, created, changed) "
  .. "SELECT ?, id, tenant, type, account, name, external_id, state, attributes, "
  .. "CASE WHEN state = 'pending' THEN shown END, generation, version, created, @now "
  .. "FROM lastpass_scim_objects WHERE connection = ? AND state <> 'tombstone' AND alias IS NULL "
  .. "ON CONFLICT DO NOTHING"

local function go_live(database, given)
  local before =
    database:first("SELECT mode FROM lastpass_scim_connections WHERE name = ? @locked", given.name)
  if before and before.mode == "shadow" and given.mode == "live" then
    database:query(ADOPT, given.name, given.name .. "/shadow")
  end
end

local function write_connection(database, given)
  go_live(database, given)
  local row = database:first(
    WRITE_CONNECTION,
    given.name,
    given.tenant,
    given.provider,
    given.mode,
    given.state,
    given.settings,
    given.state
  )
  if row then
    return true
  end
  return errors.fail(
    "conflict",
    "other_tenant",
    ("the connection %s belongs to another company"):format(given.name),
    { hint = "names of connections are unique in a journal: choose another one" }
  )
end

--- Writes a connection, new or with other settings. It stays with its company. What shadow mode has linked stays linked
-- when the connection goes live.
---@param connection table name, tenant, provider, mode (default "live"), state (default: as it is, "open" when it is
-- new), settings
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "other_tenant"
function M:save_scim_connection(connection)
  local where = "journal:save_scim_connection"
  connection = errors.check_options(where, connection, known_connection)
  return self._database:transaction(write_connection, {
    name = values.name(where, "name", connection.name),
    tenant = values.tenant(where, connection.tenant),
    provider = values.name(where, "provider", connection.provider),
    mode = values.word(where, "mode", connection.mode or "live", modes),
    state = connection.state and values.word(where, "state", connection.state, connection_states)
      or nil,
    settings = json.encode(connection.settings or {}),
  })
end

local function select_connections(database, label, tenant, name)
  local rows = database:query(
    "SELECT name, tenant, provider, mode, state, settings, {created}, {changed} "
      .. "FROM lastpass_scim_connections WHERE tenant = COALESCE(?, tenant) "
      .. "AND name = COALESCE(?, name) ORDER BY name",
    tenant,
    name
  )
  for _, row in ipairs(rows) do
    local settings, message = json.decode(row.settings)
    if message then
      return failures.damaged(label, ("connection %s: %s"):format(row.name, message))
    end
    row.settings = settings
  end
  return rows
end

--- Connections by name.
---@param options? table tenant, name (default all)
---@return lastpass.store.ScimConnection[]|nil
---@return string? message
---@return lastpass.Error? err
function M:scim_connections(options)
  local where = "journal:scim_connections"
  options =
    errors.check_options(where, options, { tenant = { "string", "number" }, name = "string" })
  return self._database:read(
    select_connections,
    self._database.label,
    options.tenant and values.tenant(where, options.tenant),
    options.name
  )
end

local COUNTS = {
  objects = "SELECT connection, {COUNT(*) AS count} FROM lastpass_scim_objects "
    .. "WHERE tenant = ? AND state <> 'tombstone' GROUP BY connection",
  held = "SELECT connection, {COUNT(*) AS count} FROM lastpass_jobs "
    .. "WHERE tenant = ? AND state = 'held' GROUP BY connection",
}

local function select_counts(database, tenant)
  local counts = {}
  for name, sql in pairs(COUNTS) do
    for _, row in ipairs(database:query(sql, tenant)) do
      if row.connection then
        counts[row.connection] = counts[row.connection] or { objects = 0, held = 0 }
        counts[row.connection][name] = row.count
      end
    end
  end
  return counts
end

--- How much the connections of a company have.
---@param tenant string|integer
---@return table<string, table>|nil counts by connection: objects (those that live), held (jobs)
---@return string? message
---@return lastpass.Error? err
function M:scim_counts(tenant)
  return self._database:read(select_counts, values.tenant("journal:scim_counts", tenant))
end

-- ---- tokens ----

local known_token = {
  connection = "string",
  hash = "string",
  label = "string",
  expires = "number",
  at = "number",
}

local LIVE = "revoked IS NULL AND (expires IS NULL OR expires > COALESCE(?, @now))"

local function insert_token(database, token)
  local live = database:first(
    "SELECT {COUNT(*) AS count} FROM lastpass_scim_tokens WHERE connection = ? AND " .. LIVE,
    token.connection,
    token.at
  ).count
  if live >= LIVE_TOKENS then
    return errors.fail(
      "conflict",
      "too_many_tokens",
      ("%s has %d tokens in use, which is as many as it may have"):format(token.connection, live),
      { hint = "revoke the one that nobody uses any more" }
    )
  end
  database:query(
    "UPDATE lastpass_scim_connections SET state = 'open', changed = @now "
      .. "WHERE name = ? AND state = 'closed'",
    token.connection
  )
  return database:first(
    "INSERT INTO lastpass_scim_tokens (connection, hash, label, created, expires) "
      .. "VALUES (?, ?, ?, COALESCE(?, @now), ?) RETURNING {id}",
    token.connection,
    token.hash,
    token.label,
    token.at,
    token.expires
  ).id
end

--- Adds a token; the third one in use is refused. A connection that was closed is open again: whoever makes a token for
-- it means that.
---@param token table connection, hash (SHA-256, 64 hexadecimal digits), label, expires (epoch seconds), at (default
-- now)
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err kind "conflict", code "too_many_tokens"
function M:add_scim_token(token)
  local where = "journal:add_scim_token"
  token = errors.check_options(where, token, known_token)
  if not (token.hash or ""):find "^[0-9a-f]+$" or #token.hash ~= 64 then
    errors.raise(2, "%s: hash must be a SHA-256 of 64 hexadecimal digits", where)
  end
  return self._database:transaction(insert_token, {
    connection = values.name(where, "connection", token.connection),
    hash = token.hash,
    label = values.name(where, "label", token.label),
    expires = values.optional_whole(where, "expires", token.expires),
    at = values.optional_whole(where, "at", token.at),
  })
end

local function select_tokens(database, connection)
  local rows = database:query(
    "SELECT {id}, connection, hash, label, {created}, {expires}, {last_used}, {revoked}, "
      .. "(SELECT state FROM lastpass_scim_connections "
      .. "WHERE name = lastpass_scim_tokens.connection) AS state "
      .. "FROM lastpass_scim_tokens WHERE connection = COALESCE(?, connection) ORDER BY id",
    connection
  )
  for _, row in ipairs(rows) do
    row.is_closed, row.state = row.state == "closed", nil
  end
  return rows
end

--- Tokens, those that are revoked or have expired as well.
---@param connection? string default all
---@return lastpass.store.ScimToken[]|nil
---@return string? message
---@return lastpass.Error? err
function M:scim_tokens(connection)
  return self._database:read(
    select_tokens,
    connection and values.name("journal:scim_tokens", "connection", connection)
  )
end

local function revoke(database, id, at)
  return database:first(
    "UPDATE lastpass_scim_tokens SET revoked = COALESCE(?, @now) "
      .. "WHERE id = ? AND revoked IS NULL RETURNING {id}",
    at,
    id
  ) ~= nil
end

--- Revokes a token: from now on it opens nothing.
---@param id integer
---@param at? integer epoch seconds; default now
---@return boolean|nil revoked false when there is none, or it was revoked before
---@return string? message
---@return lastpass.Error? err
function M:revoke_scim_token(id, at)
  local where = "journal:revoke_scim_token"
  return self._database:transaction(
    revoke,
    values.whole(where, "id", id),
    values.optional_whole(where, "at", at)
  )
end

local function touch(database, list)
  for _, entry in ipairs(list) do
    database:query(
      "UPDATE lastpass_scim_tokens SET last_used = ? "
        .. "WHERE id = ? AND (last_used IS NULL OR last_used < ?)",
      entry.at,
      entry.id,
      entry.at
    )
  end
  return true
end

--- Notes when tokens were used last.
---@param list table[] {id, at (epoch seconds)}
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M:touch_scim_tokens(list)
  local where = "journal:touch_scim_tokens"
  for _, entry in ipairs(values.list(where, "the list", list)) do
    values.whole(where, "an id", entry.id)
    values.whole(where, "a time", entry.at)
  end
  return self._database:transaction(touch, list)
end

return M

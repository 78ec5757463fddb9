--- What was read: sources, so that one that shrank is noticed; directories over time, each different one
-- once; cursors, which say how far a reader of the events has come and what it has seen of the last
-- stretch of time, so that an event that comes late is not taken for one that comes twice.
-- @module lastpass.store.readings
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local time = require "lastpass.time"
local values = require "lastpass.store.values"

--- One directory.
---@class lastpass.store.Snapshot
---@field id integer
---@field read_at integer    epoch seconds
---@field last_seen integer  when it was last read and still the same
---@field users integer
---@field sha256 string
---@field text? string       not in lists

--- A cursor.
---@class lastpass.store.Cursor
---@field position integer  epoch seconds: the newest event that was handed on
---@field seen string       what was seen since some time before; any bytes
---@field state table       what the receiver keeps with it
---@field version integer   changes with every save
---@field saved_at integer

---@class lastpass.store.Journal
local M = {}

-- ---- sources ----

local function write_source(database, tenant, name, rows, sha256, read_at, details)
  database:query(
    "INSERT INTO lastpass_sources (tenant, name, row_count, sha256, read_at, details) "
      .. "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, name) DO UPDATE SET "
      .. "row_count = excluded.row_count, sha256 = excluded.sha256, read_at = excluded.read_at, "
      .. "details = excluded.details",
    tenant,
    name,
    rows,
    sha256,
    read_at,
    details
  )
  return true
end

--- Remembers a source that was read to its end. One that was not is refused: it is no measure.
---@param tenant string|integer
---@param name string
---@param proof table rows, sha256, read_at (default now); complete = false is refused; what else it
-- holds is stored as well
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "incomplete_source"
function M:note_source(tenant, name, proof)
  local where = "journal:note_source"
  tenant = values.tenant(where, tenant)
  name = values.name(where, "name", name)
  proof = values.list(where, "proof", proof)
  if proof.complete == false then
    local message = ("%s was not read to its end: it is not remembered"):format(name)
    return errors.fail("argument", "incomplete_source", message)
  end
  local details = {}
  for key, value in pairs(proof) do
    if key ~= "rows" and key ~= "sha256" and key ~= "read_at" and key ~= "complete" then
      details[key] = value
    end
  end
  return self._database:transaction(
    write_source,
    tenant,
    name,
    values.whole(where, "rows", proof.rows),
    values.optional_text(where, "sha256", proof.sha256),
    values.optional_whole(where, "read_at", proof.read_at) or time.now(),
    next(details) ~= nil and json.encode(details) or nil
  )
end

local function select_source(database, label, tenant, name)
  local row = database:first(
    "SELECT {row_count}, sha256, {read_at}, details FROM lastpass_sources "
      .. "WHERE tenant = ? AND name = ?",
    tenant,
    name
  )
  if not row then
    return nil
  end
  local source = {}
  if row.details then
    local message
    source, message = json.decode(row.details)
    if message then
      return failures.damaged(label, ("source %s: %s"):format(name, message))
    end
  end
  source.rows, source.sha256, source.read_at = row.row_count, row.sha256, row.read_at
  return source
end

--- A source as it was when it was last read to its end.
---@param tenant string|integer
---@param name string
---@return table|nil source rows, sha256, read_at, and what else was given; nil when there is none
---@return string? message
---@return lastpass.Error? err
function M:last_source(tenant, name)
  local where = "journal:last_source"
  return self._database:read(
    select_source,
    self._database.label,
    values.tenant(where, tenant),
    values.name(where, "name", name)
  )
end

-- ---- directories ----

local COLUMNS = "{id}, {read_at}, {last_seen}, {users}, sha256"
local NEWEST = " FROM lastpass_snapshots WHERE tenant = ? ORDER BY read_at DESC, id DESC LIMIT 1"

local function select_newest(database, tenant)
  return database:first("SELECT " .. COLUMNS .. NEWEST, tenant)
end

-- Moves `last_seen` when the newest one is the same; else nothing.
local function see_again(database, tenant, read_at, sha256)
  local row = select_newest(database, tenant)
  if not row or row.sha256 ~= sha256 or read_at < row.read_at then
    return false
  end
  database:query(
    "UPDATE lastpass_snapshots SET last_seen = ? WHERE id = ? AND last_seen < ?",
    read_at,
    row.id,
    read_at
  )
  return row.id
end

local function insert_snapshot(database, tenant, read_at, users, sha256, content)
  return database:first(
    "INSERT INTO lastpass_snapshots (tenant, read_at, last_seen, users, sha256, content) "
      .. "VALUES (?, ?, ?, ?, ?, ?) RETURNING {id}",
    tenant,
    read_at,
    read_at,
    users,
    sha256,
    content
  ).id
end

--- Stores a directory. The same as the newest one, by its SHA-256, is not stored again.
---@param tenant string|integer
---@param read_at integer epoch seconds
---@param text string any bytes
---@param about table users (how many), sha256 of the text
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err
function M:keep_snapshot(tenant, read_at, text, about)
  local where = "journal:keep_snapshot"
  tenant = values.tenant(where, tenant)
  read_at = values.whole(where, "read_at", read_at)
  if type(text) ~= "string" then
    errors.raise(2, "%s: text must be a string, not %s", where, type(text))
  end
  about = errors.check_options(where, about, { users = "number", sha256 = "string" })
  local users = values.whole(where, "users", about.users)
  local sha256 = values.name(where, "sha256", about.sha256)
  local id, message, err = self._database:transaction(see_again, tenant, read_at, sha256)
  if id ~= false then
    return id, message, err
  end
  -- Packed outside of a transaction, as nobody else can write meanwhile.
  return self._database:transaction(
    insert_snapshot,
    tenant,
    read_at,
    users,
    sha256,
    values.pack(text)
  )
end

local function select_snapshot(database, label, tenant, moment)
  local row = database:first(
    "SELECT "
      .. COLUMNS
      .. ", content FROM lastpass_snapshots WHERE tenant = ? AND read_at <= ? "
      .. "ORDER BY read_at DESC, id DESC LIMIT 1",
    tenant,
    moment
  )
  if not row then
    local message = ("journal %s: no directory of %s was stored at or before %s"):format(
      label,
      tenant,
      time.iso(moment)
    )
    return errors.fail("argument", "no_snapshot", message, {
      hint = "journal:snapshots(tenant) lists them",
    })
  end
  row.text, row.content = values.unpack(row.content), nil
  if not row.text then
    return failures.damaged(label, ("snapshot %d cannot be unpacked"):format(row.id))
  end
  return row
end

--- The newest directory that was read at or before a moment.
---@param tenant string|integer
---@param moment? integer epoch seconds; default now
---@return lastpass.store.Snapshot|nil
---@return string? message
---@return lastpass.Error? err code "no_snapshot"
function M:snapshot_at(tenant, moment)
  local where = "journal:snapshot_at"
  tenant = values.tenant(where, tenant)
  moment = values.optional_whole(where, "moment", moment) or time.now()
  return self._database:read(select_snapshot, self._database.label, tenant, moment)
end

local function select_snapshots(database, tenant, limit)
  return database:query(
    "SELECT "
      .. COLUMNS
      .. " FROM lastpass_snapshots WHERE tenant = ? ORDER BY read_at DESC, id DESC LIMIT ?",
    tenant,
    limit
  )
end

--- Lists directories, the newest first, without their texts.
---@param tenant string|integer
---@param limit? integer default 20
---@return lastpass.store.Snapshot[]|nil
---@return string? message
---@return lastpass.Error? err
function M:snapshots(tenant, limit)
  local where = "journal:snapshots"
  return self._database:read(
    select_snapshots,
    values.tenant(where, tenant),
    values.optional_whole(where, "limit", limit) or 20
  )
end

local function delete_snapshots(database, tenant, moment)
  local last = select_newest(database, tenant)
  if not last then
    return 0
  end
  local rows = database:query(
    "DELETE FROM lastpass_snapshots WHERE tenant = ? AND last_seen < ? AND id <> ? RETURNING {id}",
    tenant,
    moment,
    last.id
  )
  return #rows
end

--- Drops the directories that were last seen before a moment, but never the newest one.
---@param tenant string|integer
---@param keep_after integer epoch seconds
---@return integer|nil dropped how many
---@return string? message
---@return lastpass.Error? err
function M:prune_snapshots(tenant, keep_after)
  local where = "journal:prune_snapshots"
  return self._database:transaction(
    delete_snapshots,
    values.tenant(where, tenant),
    values.whole(where, "keep_after", keep_after)
  )
end

-- ---- cursors ----

local function select_cursor(database, label, tenant, name)
  local row = database:first(
    "SELECT {position}, seen, state, {version}, {saved_at} FROM lastpass_cursors "
      .. "WHERE tenant = ? AND name = ?",
    tenant,
    name
  )
  if not row then
    return nil
  end
  local seen = values.unpack(row.seen)
  local state = json.decode(row.state)
  if not seen or type(state) ~= "table" then
    return failures.damaged(label, ("cursor %s cannot be read"):format(name))
  end
  row.seen, row.state = seen, state
  return row
end

--- A cursor as it was last saved.
---@param tenant string|integer
---@param name string
---@return lastpass.store.Cursor|nil cursor nil when there is none
---@return string? message
---@return lastpass.Error? err
function M:cursor(tenant, name)
  local where = "journal:cursor"
  return self._database:read(
    select_cursor,
    self._database.label,
    values.tenant(where, tenant),
    values.name(where, "name", name)
  )
end

local function select_cursors(database, tenant)
  return database:query(
    "SELECT name, {position}, {saved_at} FROM lastpass_cursors WHERE tenant = ? ORDER BY name",
    tenant
  )
end

--- All cursors of a company, by name.
---@param tenant string|integer
---@return table[]|nil list {name, position, saved_at}
---@return string? message
---@return lastpass.Error? err
function M:cursors(tenant)
  return self._database:read(select_cursors, values.tenant("journal:cursors", tenant))
end

local function write_cursor(database, tenant, name, cursor, seen, state)
  local saved
  if cursor.version == 0 then
    saved = database:first(
      "INSERT INTO lastpass_cursors (tenant, name, position, seen, state, version, saved_at) "
        .. "VALUES (?, ?, ?, ?, ?, 1, ?) ON CONFLICT (tenant, name) DO NOTHING RETURNING {version}",
      tenant,
      name,
      cursor.position,
      seen,
      state,
      time.now()
    )
  else
    saved = database:first(
      "UPDATE lastpass_cursors SET position = ?, seen = ?, state = ?, version = version + 1, "
        .. "saved_at = ? WHERE tenant = ? AND name = ? AND version = ? RETURNING {version}",
      cursor.position,
      seen,
      state,
      time.now(),
      tenant,
      name,
      cursor.version
    )
  end
  return saved and saved.version or false
end

--- Saves a cursor. Of two who move the same one, each would lose what the other has reported: the
-- second one is refused.
---@param tenant string|integer
---@param name string
---@param cursor table position, seen, state, and the version that was read (0: there was none)
---@return integer|nil version
---@return string? message
---@return lastpass.Error? err kind "conflict", code "cursor_moved"
function M:save_cursor(tenant, name, cursor)
  local where = "journal:save_cursor"
  tenant = values.tenant(where, tenant)
  name = values.name(where, "name", name)
  local checked = {
    position = values.whole(where, "position", cursor.position),
    version = values.whole(where, "version", cursor.version),
  }
  local state = json.encode(values.list(where, "state", cursor.state))
  local version, message, err =
    self._database:transaction(write_cursor, tenant, name, checked, values.pack(cursor.seen), state)
  if version == false then
    local text = ("the cursor %s was moved by somebody else meanwhile"):format(name)
    return errors.fail("conflict", "cursor_moved", text, {
      hint = "is it followed twice? give each follower a cursor of its own",
    })
  end
  return version, message, err
end

local function delete_cursor(database, tenant, name)
  return database:first(
    "DELETE FROM lastpass_cursors WHERE tenant = ? AND name = ? RETURNING {version}",
    tenant,
    name
  ) ~= nil
end

--- Forgets a cursor.
---@param tenant string|integer
---@param name string
---@return boolean|nil found
---@return string? message
---@return lastpass.Error? err
function M:drop_cursor(tenant, name)
  local where = "journal:drop_cursor"
  return self._database:transaction(
    delete_cursor,
    values.tenant(where, tenant),
    values.name(where, "name", name)
  )
end

return M

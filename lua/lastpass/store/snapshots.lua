--- Directories as they were read, over time, each different one once.
-- @module lastpass.store.snapshots
local arguments = require "lastpass.store.arguments"
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local pack = require "lastpass.store.pack"
local time = require "lastpass.time"

--- One directory.
---@class lastpass.store.Snapshot
---@field id integer
---@field read_at integer    epoch seconds
---@field last_seen integer  when it was last read and still the same
---@field users integer
---@field sha256 string
---@field text? string       not in lists

---@class lastpass.store.Journal
local M = {}

local COLUMNS = "{id}, {read_at}, {last_seen}, {users}, sha256"
local NEWEST = " FROM lastpass_snapshots WHERE tenant = ? ORDER BY read_at DESC, id DESC LIMIT 1"

local function newest(database, tenant)
  return database:first("SELECT " .. COLUMNS .. NEWEST, tenant)
end

-- Moves `last_seen` when the newest one is the same; else nothing.
local function see_again(database, tenant, read_at, sha256)
  local row = newest(database, tenant)
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

local function insert(database, tenant, read_at, users, sha256, content)
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

--- Keeps a directory. The same as the newest one, by its SHA-256, is not kept again.
---@param tenant string|integer
---@param read_at integer epoch seconds
---@param text string any bytes
---@param about table users (how many), sha256 of the text
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err
function M:keep_snapshot(tenant, read_at, text, about)
  local where = "journal:keep_snapshot"
  tenant = arguments.tenant(where, tenant)
  read_at = arguments.whole(where, "read_at", read_at)
  if type(text) ~= "string" then
    errors.raise(2, "%s: text must be a string, not %s", where, type(text))
  end
  about = errors.check_options(where, about, { users = "number", sha256 = "string" })
  local users = arguments.whole(where, "users", about.users)
  local sha256 = arguments.name(where, "sha256", about.sha256)
  local id, message, err = self._database:transaction(see_again, tenant, read_at, sha256)
  if id ~= false then
    return id, message, err
  end
  -- Packed outside of a transaction, as nobody else can write meanwhile.
  return self._database:transaction(insert, tenant, read_at, users, sha256, pack.pack(text))
end

local function select_at(database, place, tenant, moment)
  local row = database:first(
    "SELECT "
      .. COLUMNS
      .. ", content FROM lastpass_snapshots WHERE tenant = ? AND read_at <= ? "
      .. "ORDER BY read_at DESC, id DESC LIMIT 1",
    tenant,
    moment
  )
  if not row then
    local message = ("journal %s: no directory of %s was kept at or before %s"):format(
      place,
      tenant,
      time.iso(moment)
    )
    return errors.fail("argument", "no_snapshot", message, {
      hint = "journal:snapshots(tenant) lists them",
    })
  end
  row.text, row.content = pack.unpack(row.content), nil
  if not row.text then
    return failures.damaged(place, ("snapshot %d cannot be unpacked"):format(row.id))
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
  tenant = arguments.tenant(where, tenant)
  moment = arguments.optional_whole(where, "moment", moment) or time.now()
  return self._database:read(select_at, self._database.place, tenant, moment)
end

local function select_all(database, tenant, limit)
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
    select_all,
    arguments.tenant(where, tenant),
    arguments.optional_whole(where, "limit", limit) or 20
  )
end

local function delete(database, tenant, moment)
  local last = newest(database, tenant)
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
    delete,
    arguments.tenant(where, tenant),
    arguments.whole(where, "keep_after", keep_after)
  )
end

return M

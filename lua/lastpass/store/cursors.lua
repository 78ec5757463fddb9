--- Cursors: how far somebody who follows the events has come, and what they have seen of the last
-- stretch of time, so that what comes late is told from what comes twice.
-- @module lastpass.store.cursors
local arguments = require "lastpass.store.arguments"
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local pack = require "lastpass.store.pack"
local time = require "lastpass.time"

--- A cursor.
---@class lastpass.store.Cursor
---@field position integer  epoch seconds: the newest event that was handed on
---@field seen string       what was seen since some time before; any bytes
---@field state table       what the receiver keeps with it
---@field version integer   changes with every save
---@field saved_at integer

---@class lastpass.store.Journal
local M = {}

local function read(database, place, tenant, name)
  local row = database:first(
    "SELECT {position}, seen, state, {version}, {saved_at} FROM lastpass_cursors "
      .. "WHERE tenant = ? AND name = ?",
    tenant,
    name
  )
  if not row then
    return nil
  end
  local seen = pack.unpack(row.seen)
  local state = json.decode(row.state)
  if not seen or type(state) ~= "table" then
    return failures.damaged(place, ("cursor %s cannot be read"):format(name))
  end
  return {
    position = row.position,
    seen = seen,
    state = state,
    version = row.version,
    saved_at = row.saved_at,
  }
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
    read,
    self._database.place,
    arguments.tenant(where, tenant),
    arguments.name(where, "name", name)
  )
end

local function read_all(database, tenant)
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
  return self._database:read(read_all, arguments.tenant("journal:cursors", tenant))
end

local function write(database, tenant, name, cursor, seen, state)
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

--- Saves a cursor. Two who move the same one would each lose what the other has told: the second one
-- is refused.
---@param tenant string|integer
---@param name string
---@param cursor table position, seen, state, and the version that was read (0: there was none)
---@return integer|nil version
---@return string? message
---@return lastpass.Error? err kind "conflict", code "cursor_moved"
function M:save_cursor(tenant, name, cursor)
  local where = "journal:save_cursor"
  tenant = arguments.tenant(where, tenant)
  name = arguments.name(where, "name", name)
  local checked = {
    position = arguments.whole(where, "position", cursor.position),
    version = arguments.whole(where, "version", cursor.version),
  }
  local state = json.encode(arguments.list(where, "state", cursor.state))
  local version, message, err =
    self._database:transaction(write, tenant, name, checked, pack.pack(cursor.seen), state)
  if version == false then
    local text = ("the cursor %s was moved by somebody else meanwhile"):format(name)
    return errors.fail("conflict", "cursor_moved", text, {
      hint = "is it followed twice? give each follower a cursor of its own",
    })
  end
  return version, message, err
end

local function remove(database, tenant, name)
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
    remove,
    arguments.tenant(where, tenant),
    arguments.name(where, "name", name)
  )
end

return M

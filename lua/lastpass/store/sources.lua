--- What sources looked like when they were last read well: a source that shrank is noticed.
-- @module lastpass.store.sources
local arguments = require "lastpass.store.arguments"
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local time = require "lastpass.time"

---@class lastpass.store.Journal
local M = {}

local function write(database, tenant, name, rows, sha256, read_at, details)
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
-- holds is kept as well
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "incomplete_source"
function M:note_source(tenant, name, proof)
  local where = "journal:note_source"
  tenant = arguments.tenant(where, tenant)
  name = arguments.name(where, "name", name)
  proof = arguments.list(where, "proof", proof)
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
    write,
    tenant,
    name,
    arguments.whole(where, "rows", proof.rows),
    arguments.optional_text(where, "sha256", proof.sha256),
    arguments.optional_whole(where, "read_at", proof.read_at) or time.now(),
    next(details) ~= nil and json.encode(details) or nil
  )
end

local function read(database, place, tenant, name)
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
      return failures.damaged(place, ("source %s: %s"):format(name, message))
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
    read,
    self._database.place,
    arguments.tenant(where, tenant),
    arguments.name(where, "name", name)
  )
end

return M

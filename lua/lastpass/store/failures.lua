--- What the databases' messages mean. LuaDBI gives no codes, so it is the words that are looked at:
-- SQLite's are fixed, PostgreSQL's are English unless its server speaks otherwise; then what is not
-- recognised is still shown, with the code "store_failed".
-- @module lastpass.store.failures
local errors = require "lastpass.error"

local M = {}

local DISK_HINT = "free space where the database is, then run the same again: what was written "
  .. "before is safe"
local DAMAGED_HINT = "restore it from a backup, or move it aside to begin a new journal; the old "
  .. "one can be examined with sqlite3 FILE 'PRAGMA integrity_check'"
local RIGHTS_HINT = "give this user the right to write there, or name another path (option 'path')"
local BUSY_HINT = "another process is writing; try again, or raise the option 'busy_timeout'"
local SCHEMA_HINT = "the role needs USAGE and CREATE on a schema of its search_path"

-- text, kind, code, hint. The first that is found counts.
local meanings = {
  { "database is locked", "conflict", "store_busy", BUSY_HINT },
  { "database table is locked", "conflict", "store_busy", BUSY_HINT },
  { "due to lock timeout", "conflict", "store_busy", BUSY_HINT },
  { "deadlock detected", "conflict", "store_busy", BUSY_HINT },
  { "disk is full", "argument", "store_full", DISK_HINT },
  { "No space left on device", "argument", "store_full", DISK_HINT },
  { "disk I/O error", "argument", "store_io", "the disk refuses; look at its space and health" },
  { "readonly database", "argument", "store_read_only", RIGHTS_HINT },
  { "read-only transaction", "argument", "store_read_only", "name the primary server" },
  { "permission denied", "argument", "store_read_only", SCHEMA_HINT },
  { "no schema has been selected", "argument", "store_read_only", SCHEMA_HINT },
  { "unable to open database", "argument", "store_unopened", RIGHTS_HINT },
  { "is not a database", "protocol", "store_damaged", DAMAGED_HINT },
  { "malformed", "protocol", "store_damaged", DAMAGED_HINT },
  { "invalid page in block", "protocol", "store_damaged", "restore it from a backup" },
}

-- What LuaDBI puts in front.
local prefixes = {
  "^Failed to connect to database: ",
  "^Execute failed ",
  "^Fetch failed ",
  "^Error executing statement parameters: ",
  "^Error preparing statement handle: ",
  "^Error binding statement parameters: ",
}

local function strip(text)
  -- what it raises (a row that cannot be fetched) begins with the line that asked
  text = text:gsub("^.-%.lua:%d+: (%u%l+ failed )", "%1"):gsub("^.-%.lua:%d+: (Error %l+ )", "%1")
  for _, prefix in ipairs(prefixes) do
    text = text:gsub(prefix, "")
  end
  return (text:gsub("%s+", " "):gsub("^ERROR: ", ""):gsub("^ ", ""):gsub(" $", ""))
end

local function meaning_of(text, lost)
  for _, meaning in ipairs(meanings) do
    if text:find(meaning[1], 1, true) then
      return meaning[2], meaning[3], meaning[4]
    end
  end
  if lost then
    return "transport", "store_lost", "open the journal again; what was committed is safe"
  end
  return "protocol", "store_failed"
end

--- A failure of the contract.
---@param label string path or DSN
---@param text string the message of the database or of LuaDBI
---@param lost boolean the connection is gone
---@param fields? table further fields
function M.fail(label, text, lost, fields)
  fields = fields or {}
  text = strip(text)
  local kind, code, hint = meaning_of(text, lost)
  fields.hint = hint
  return errors.fail(kind, code, ("journal %s: %s"):format(label, text), fields)
end

--- No connection came about.
---@param address table label and conninfo, of `store.location`
function M.unreachable(address)
  local message = ("journal %s: no connection to the server"):format(address.label)
  return errors.fail("transport", "store_unreachable", message, {
    hint = ("LuaDBI does not report why; this does: psql '%s'"):format(address.conninfo),
  })
end

--- What was read makes no sense.
function M.damaged(label, what)
  return errors.fail("protocol", "store_damaged", ("journal %s: %s"):format(label, what), {
    hint = DAMAGED_HINT,
  })
end

return M

--- Reads of the directory that are kept in the journal, and found again by time.
-- @module lastpass.plan.history
local digest = require "lastpass.source.digest"
local directory = require "lastpass.directory"
local errors = require "lastpass.error"
local journal_room = require "lastpass.store.client_journal"
local time = require "lastpass.time"

local M = {}

--- Keeps a read.
---@param client lastpass.Client
---@param snapshot? lastpass.Snapshot default: read now
---@return integer|nil id the same again when nothing has changed since the last one
---@return string? message
---@return lastpass.Error? err
function M.keep(client, snapshot)
  local journal, message, err = journal_room.of(client)
  if not journal then
    return nil, message, err
  end
  if not snapshot then
    snapshot, message, err = client:snapshot()
    if not snapshot then
      return nil, message, err
    end
  end
  local text = directory.record.text(snapshot)
  local read_at = math.floor(client:now())
  return journal:keep_snapshot(journal_room.tenant(client), read_at, text, {
    users = snapshot:count() + snapshot:invited_count(),
    sha256 = digest.hex(text),
  })
end

-- A day alone means its end: the state of "2026-03-31" includes what was done on that day.
local function moment(client, as_of)
  local now = math.floor(client:now())
  if type(as_of) == "string" and as_of:match "^%d%d%d%d%-%d%d%-%d%d$" then
    local civil, reason = time.parse_civil(as_of .. " 23:59:59")
    if not civil then
      return errors.fail("argument", "bad_time", ("'%s': %s"):format(as_of, tostring(reason)))
    end
    return (client:zone():to_utc(civil))
  end
  local utc, message, err = time.parse(as_of, client:zone(), now)
  if not utc then
    return nil, message, err
  end
  return utc
end

--- The read that was kept last at or before a time.
---@param client lastpass.Client
---@param as_of string|number
---@return lastpass.directory.Record|nil
---@return string? message
---@return lastpass.Error? err code "no_snapshot" or "bad_time"
function M.at(client, as_of)
  local journal, message, err = journal_room.of(client)
  if not journal then
    return nil, message, err
  end
  local utc
  utc, message, err = moment(client, as_of)
  if not utc then
    return nil, message, err
  end
  local kept
  kept, message, err = journal:snapshot_at(journal_room.tenant(client), utc)
  if not kept then
    return nil, message, err
  end
  return directory.record.parse(kept.text, kept.read_at)
end

--- Which reads are kept, newest first.
---@param client lastpass.Client
---@param limit integer
---@return table[]|nil
---@return string? message
---@return lastpass.Error? err
function M.list(client, limit)
  local journal, message, err = journal_room.of(client)
  if not journal then
    return nil, message, err
  end
  return journal:snapshots(journal_room.tenant(client), limit)
end

return M

--- Reads of the directory that are stored in the journal and looked up by time; and drift: how the directory differs
-- from what the last applied plan left behind, and which audit event explains it.
-- @module lastpass.plan.history
local digest = require "lastpass.digest"
local compare = require "lastpass.directory.compare"
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local records = require "lastpass.directory.record"
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

--- Stores a read.
---@param client lastpass.Client
---@param snapshot? lastpass.Snapshot default: read now
---@return integer|nil id the same again when nothing has changed since the last one
---@return string? message
---@return lastpass.Error? err
function M.keep(client, snapshot)
  local journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  if not snapshot then
    snapshot, message, err = client:snapshot()
    if not snapshot then
      return nil, message, err
    end
  end
  local record = records.text(snapshot)
  local read_at = math.floor(client:now())
  return journal:keep_snapshot(journals.tenant(client), read_at, record, {
    users = snapshot:count() + snapshot:invited_count(),
    sha256 = digest.hex(record),
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
  return time.parse(as_of, client:zone(), now)
end

--- The last read that was stored at or before a time.
---@param client lastpass.Client
---@param as_of string|number
---@return lastpass.directory.Record|nil
---@return string? message
---@return lastpass.Error? err code "no_snapshot" or "bad_time"
function M.at(client, as_of)
  local journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  local utc
  utc, message, err = moment(client, as_of)
  if not utc then
    return nil, message, err
  end
  local stored
  stored, message, err = journal:snapshot_at(journals.tenant(client), utc)
  if not stored then
    return nil, message, err
  end
  return records.parse(stored.text, stored.read_at)
end

--- Which reads are stored, newest first.
---@param client lastpass.Client
---@param limit integer
---@return table[]|nil
---@return string? message
---@return lastpass.Error? err
function M.list(client, limit)
  local journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  return journal:snapshots(journals.tenant(client), limit)
end

---@class lastpass.plan.Drift: lastpass.directory.Difference
---@field event? lastpass.Event the newest one that is about this user and this kind of change
local drift_mt = { __name = "lastpass.plan.Drift" }

function drift_mt.__tostring(one)
  local line = compare.describe(one)
  if one.event then
    line = ("%s (%s by %s at %s)"):format(
      line,
      one.event.action,
      one.event.username,
      one.event.time and time.iso(one.event.time) or one.event.local_time
    )
  end
  return text.clean(line)
end

-- Words of action names (enterprise-api §8.3), in lower case; names are localised in some accounts,
-- and an event without such a word still counts when it names the user.
local action_words = {
  appeared = { "created", "invited", "provisioned", "reactivat" },
  gone = { "deleted", "remove user", "deprovision" },
  status = { "deactivat", "disabled", "reactivat", "enabled", "log in", "login" },
  fullname = { "username changed", "edit", "updat" },
  admin = { "make admin", "remove admin" },
  mfa = { "multifactor", "authenticat" },
  joined = { "group" },
  left = { "group" },
}

local function is_about(event, address)
  local shown = (event.data .. " " .. event.username):lower()
  return shown:find(address:lower(), 1, true) ~= nil
end

local function explains(event, difference)
  local action = event.action:lower()
  for _, word in ipairs(action_words[difference.what]) do
    if action:find(word, 1, true) then
      local group = (difference.what == "joined" or difference.what == "left")
        and (difference.after or difference.before)
      return not group or event.data:find(group, 1, true) ~= nil
    end
  end
  return false
end

local function explain(difference, events)
  for index = #events, 1, -1 do
    if is_about(events[index], difference.email) and explains(events[index], difference) then
      difference.event = events[index]
      return
    end
  end
end

--- Finds the drift.
---@param client lastpass.Client
---@return lastpass.plan.Drift[]|nil list by address; empty when nothing has drifted
---@return string? message
---@return lastpass.Error? err code "no_plan_applied"; or what reading the directory or the events gave
function M.drift(client)
  local journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  local run
  run, message, err = journal:last_applied(journals.tenant(client))
  if err then
    return nil, message, err
  end
  local read_at = run and run.summary and run.summary.directory_kept
  if not read_at then
    return errors.fail(
      "argument",
      "no_plan_applied",
      "the journal has no directory as a run has left it",
      { hint = "apply a plan first; each run keeps the directory it leaves" }
    )
  end
  local before, now
  before, message, err = M.at(client, read_at)
  if not before then
    return nil, message, err
  end
  now, message, err = client:snapshot()
  if not now then
    return nil, message, err
  end
  local list = compare.diff(before, now)
  if #list == 0 then
    return list
  end
  local events
  events, message, err = require("lastpass.directory.events").read(client, { from = read_at })
  if not events then
    return nil, message, err
  end
  for _, difference in ipairs(list) do
    explain(difference, events)
    setmetatable(difference, drift_mt)
  end
  return list
end

return M

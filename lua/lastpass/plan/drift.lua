--- Drift: how the directory differs from what the last applied plan left behind, and which audit
-- event explains it.
-- @module lastpass.plan.drift
local directory = require "lastpass.directory"
local errors = require "lastpass.error"
local journal_room = require "lastpass.store.client_journal"
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

---@class lastpass.plan.Drift: lastpass.directory.Difference
---@field event? lastpass.Event the newest one that is about this user and this kind of change
local drift_mt = { __name = "lastpass.plan.Drift" }

function drift_mt.__tostring(one)
  local line = directory.describe(one)
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
local words = {
  appeared = { "created", "invited", "provisioned", "reactivat" },
  gone = { "deleted", "remove user", "deprovision" },
  status = { "deactivat", "disabled", "reactivat", "enabled", "log in", "login" },
  fullname = { "username changed", "edit", "updat" },
  admin = { "make admin", "remove admin" },
  mfa = { "multifactor", "authenticat" },
  joined = { "group" },
  left = { "group" },
}

local function names(event, address)
  local shown = (event.data .. " " .. event.username):lower()
  return shown:find(address:lower(), 1, true) ~= nil
end

local function fits(event, difference)
  local action = event.action:lower()
  for _, word in ipairs(words[difference.what]) do
    if action:find(word, 1, true) then
      local group = (difference.what == "joined" or difference.what == "left")
        and (difference.after or difference.before)
      return not group or event.data:find(group, 1, true) ~= nil
    end
  end
  return false
end

local function explain(difference, events)
  for place = #events, 1, -1 do
    if names(events[place], difference.email) and fits(events[place], difference) then
      difference.event = events[place]
      return
    end
  end
end

--- Finds the drift.
---@param client lastpass.Client
---@return lastpass.plan.Drift[]|nil list by address; empty when nothing has drifted
---@return string? message
---@return lastpass.Error? err code "no_plan_applied"; or what reading the directory or the events gave
function M.find(client)
  local journal, message, err = journal_room.of(client)
  if not journal then
    return nil, message, err
  end
  local run
  run, message, err = journal:last_applied(journal_room.tenant(client))
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
  before, message, err = client:kept_snapshot(read_at)
  if not before then
    return nil, message, err
  end
  now, message, err = client:snapshot()
  if not now then
    return nil, message, err
  end
  local list = directory.diff(before, now)
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

--- What became of the changes of a write, and of the job that was left behind with its intent.
-- @module lastpass.inbound.outcome
local changes_table = require "lastpass.directory.changes"
local errors = require "lastpass.error"
local guards = require "lastpass.inbound.guards"
local held = require "lastpass.inbound.held"
local objects = require "lastpass.inbound.objects"

local M = {}

-- The version of the object with the intent: while it is still that, nobody else has written it.
local function version_of(write)
  local final = write.final and write.final.object
  return final and (final.version or 0) + (write.is_stored and 0 or 1)
end

--- The job that is left behind with the intent: it finds out what became of the calls.
---@param endpoint lastpass.inbound.Endpoint
---@param write lastpass.inbound.Write
---@param token string of the claim
---@return table job
function M.finish_job(endpoint, write, token)
  local not_before, delay = endpoint:due_in(endpoint:doubt(#write.changes))
  return {
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    kind = held.FINISH,
    subject = write.changes[1].subject,
    object = write.object.id,
    not_before = not_before,
    delay = delay,
    payload = {
      changes = held.plain(write.changes),
      final = write.final,
      version = version_of(write),
      claim = token,
      is_new = write.is_new,
      approved = write.approved,
      sent = true,
      asked_at = write.asked_at or math.floor(endpoint.now()),
    },
  }
end

local ranks =
  { done = 1, refused = 2, unknown = 3, not_tried = 4, not_confirmed = 5, uncertain = 6 }

local function worst_of(results)
  local worst
  for _, result in ipairs(results) do
    if not worst or ranks[result.state] > ranks[worst.state] then
      worst = result
    end
  end
  return worst
end

--- The memberships that results have changed.
---@param results table[] of `sending`
---@return table[]
function M.members_of(results)
  local list = {}
  for _, result in ipairs(results) do
    if result.state == "done" and result.change.member then
      list[#list + 1] = result.change.member
    end
  end
  return list
end

local function changes_in(results, ...)
  local wanted, list = errors.set_of { ... }, {}
  for _, result in ipairs(results) do
    if wanted[result.state] then
      list[#list + 1] = result.change
    end
  end
  return list
end

local function recorded(written, results)
  local steps = {}
  for index, result in ipairs(results) do
    steps[index] = {
      number = written.numbers[index],
      state = result.state,
      reason = result.reason,
      code = result.code,
      confirmed = result.confirmed,
    }
  end
  return steps
end

-- Seconds after which a change that could not be sent, or is not shown yet, is looked at again.
local SOON, LONGEST = 10, 600

local function unsent_payload(write, results)
  return {
    changes = held.plain(changes_in(results, "not_tried")),
    final = write.final,
    is_new = write.is_new,
    approved = write.approved,
    asked_at = write.asked_at,
  }
end

local function ready_in(endpoint, seconds, result)
  result.state = "ready"
  result.not_before, result.delay = endpoint:due_in(seconds)
  return result
end

-- What becomes of the job that was left behind with the intent, or that is executed.
local function result_of(endpoint, write, written, results, worst)
  if worst.state == "done" then
    return { state = "done", outcome = "done" }
  elseif worst.state == "refused" or worst.state == "unknown" then
    local job_state = write.proof and "failed" or "done"
    return { state = job_state, code = worst.code, reason = worst.reason }
  elseif worst.state == "not_tried" then
    local seconds = worst.err and worst.err.retry_after or SOON
    return ready_in(endpoint, math.min(seconds, LONGEST), {
      reason = worst.reason,
      payload = unsent_payload(write, results),
    })
  end
  local payload = M.finish_job(endpoint, write, written.token).payload
  payload.doubt_until = math.floor(endpoint.now()) + written.doubt
  return ready_in(endpoint, worst.state == "uncertain" and written.doubt or SOON, {
    reason = worst.reason,
    payload = payload,
  })
end

--- A copy of an object that is written now.
---@param object lastpass.store.ScimObject
---@param clock integer epoch seconds
---@return lastpass.store.ScimObject
function M.copy_at(object, clock)
  local copy = objects.copy(object)
  copy.written_at = copy.shown and clock or copy.written_at
  if copy.state == "tombstone" then
    copy.deleted_at = clock
  end
  copy.version, copy.created, copy.changed = nil, nil, nil
  return copy
end

-- Whether the job of the intent would find out the same, should this be lost: LastPass has to show it.
local function is_repeatable(write)
  if write.proof or write.object.type ~= "User" then
    return false
  end
  for _, change in ipairs(write.changes) do
    if changes_table.is_traceless(change) then
      return false
    end
  end
  return true
end

--- Writes down what became of changes.
---@param endpoint lastpass.inbound.Endpoint
---@param write lastpass.inbound.Write
---@param written table of the intent
---@param results table[] of `sending`
---@return table|nil worst result
---@return string? message
---@return lastpass.Error? err
function M.record(endpoint, write, written, results)
  local worst = worst_of(results)
  local is_open = worst.state == "uncertain" or worst.state == "not_confirmed"
  local unmade = changes_in(results, "refused", "not_tried")
  local done = worst.state == "done"
  local is_current = not written.is_overtaken
  local jobs = write.entry and write.entry.jobs or {}
  local supersede = done and held.overtaken(jobs, write.touched) or {}
  local ok, message, err = endpoint:call_journal("scim_record", {
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    token = written.token,
    claimed = written.claimed,
    lease = is_open and written.doubt or nil,
    run = written.run,
    steps = recorded(written, results),
    objects = done and is_current and { M.copy_at(write.final.object, written.clock) } or nil,
    forget = worst.state == "refused" and write.is_new and is_current and { write.object.id }
      or nil,
    members = is_current and M.members_of(results) or nil,
    job = {
      id = written.job,
      token = write.proof and write.proof.token,
      result = result_of(endpoint, write, written, results, worst),
    },
    add_jobs = done and is_current and write.final.jobs or nil,
    supersede = supersede,
    repeatable = done and is_repeatable(write) and #supersede == 0,
    give_back = not write.again and guards.amounts(endpoint, write.view, unmade, true) or nil,
    slot = written.slot,
  })
  if not ok then
    return nil, message, err
  end
  return worst
end

--- What the directory shows of a user now is shown of them until it is read again.
---@param write lastpass.inbound.Write
---@param results table[] of `sending`
function M.note_shown(write, results)
  if write.object.type ~= "User" then
    return
  end
  local user = results[#results].user
  local object = write.final.object
  if user and object.state == "active" then
    object.shown = { status = user.status, fullname = user.fullname }
  end
end

return M

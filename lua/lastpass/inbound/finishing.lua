--- Finishes work that was left behind: calls whose answer was lost, changes that could not be sent, and held ones that were
-- approved. What was sent is found out by reading, and sent again only when LastPass can no longer be at work on it and
-- does not show it.
-- @module lastpass.inbound.finishing
local changes_table = require "lastpass.directory.changes"
local email = require "lastpass.email"
local execution = require "lastpass.inbound.execution"
local held = require "lastpass.inbound.held"
local objects = require "lastpass.inbound.objects"
local outcome = require "lastpass.inbound.outcome"
local sending = require "lastpass.inbound.sending"

local M = {}

-- Access that was asked for longer ago is not given any more: the identity provider asks again if it still wants it. What
-- takes access is done whenever it becomes possible.
local GIVE_UP = 3600

-- Seconds before the next attempts.
local DELAYS = { 10, 30, 60, 300, 600 }

-- How often a change that gives something is sent whose answers are lost.
local MOST_TRIES = 2

-- Seconds between the two reads that must not show a change before it is sent again.
local SETTLE = 2

local function takes_access(changes)
  for _, change in ipairs(changes) do
    local removes = changes_table.by_name[change.kind].removes
    local leaves = change.kind == "groups" and #(change.after.leave or {}) > 0
    if not removes and not leaves then
      return false
    end
  end
  return true
end

-- Seconds since the identity provider asked for it.
local function age_of(endpoint, job)
  return math.floor(endpoint.now()) - (job.payload.asked_at or job.created)
end

local function delay_of(job)
  return DELAYS[job.attempt] or DELAYS[#DELAYS]
end

--- Ends a job that was claimed, or puts it back.
---@param endpoint lastpass.inbound.Endpoint
---@param job lastpass.store.Job with its token
---@param result table as of `journal:end_job`
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.end_job(endpoint, job, result)
  return endpoint:call_journal("end_job", job.id, job.token, result)
end

--- Puts a job that was claimed back for a later attempt.
---@param endpoint lastpass.inbound.Endpoint
---@param job lastpass.store.Job with its token
---@param reason string
---@param seconds? number from now; default by how often it was tried
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.put_back(endpoint, job, reason, seconds)
  local not_before, delay = endpoint:due_in(seconds or delay_of(job))
  return M.end_job(endpoint, job, {
    state = "ready",
    not_before = not_before,
    delay = delay,
    reason = reason,
  })
end

-- ---- the object ----

--- The object that a job is about.
---@param endpoint lastpass.inbound.Endpoint
---@param job lastpass.store.Job
---@return lastpass.store.ScimObject|false|nil object false when there is none
---@return string? message
---@return lastpass.Error? err
function M.find_object(endpoint, job)
  local known, message, err = endpoint:call_journal("scim_lookup", {
    connection = endpoint.store_name,
    id = job.object,
  })
  if not known then
    return nil, message, err
  end
  return known.objects[1] or false
end

-- What the object is once the job is done: as the request would have written it or, when another one has written since, as
-- that left it, with what the change made of it.
local function object_after(object, final, version)
  if object and object.version == version then
    return objects.copy(final)
  end
  local copy = objects.copy(object or final)
  for _, name in ipairs { "state", "shown", "alias", "account", "deleted_at" } do
    copy[name] = final[name]
  end
  return copy
end

local function write_of(view, job, object, changes)
  local payload = job.payload
  local final = payload.final and payload.final.object
  return {
    view = view,
    object = object or final,
    is_stored = object ~= false,
    is_new = payload.is_new,
    changes = changes,
    final = {
      object = final and object_after(object, final, payload.version) or object,
      jobs = payload.final and payload.final.jobs,
    },
    touched = {},
    approved = payload.approved or job.kind == held.HELD or nil,
    asked_at = payload.asked_at,
    proof = { id = job.id, token = job.token },
    previous = payload.claim,
  }
end

-- ---- reading ----

-- Reads who is concerned; gives the changes that do not show, and the results for those that do.
local function look(endpoint, changes)
  local users, missing, shown = {}, {}, {}
  for index, change in ipairs(changes) do
    local key = email.fold(change.subject)
    if users[key] == nil then
      local user, message, err = sending.read(endpoint, change.subject)
      if user == nil then
        return nil, message, err
      end
      users[key] = user
    end
    local user = users[key]
    change.user = user or nil
    change.is_new = change.kind == "create" and user == false or nil
    local is_gone = user == false and changes_table.by_name[change.kind].removes
    local shows = is_gone or #sending.missing(change, user) == 0
    if shows and not changes_table.is_traceless(change) then
      shown[index] = { change = change, state = "done", confirmed = true, user = user }
    else
      missing[#missing + 1] = index
    end
  end
  return { missing = missing, shown = shown }
end

-- ---- what was sent ----

local function step_states(endpoint, job, count)
  local steps, message, err =
    endpoint:call_journal("steps", job.run, { from = job.step, limit = count })
  if not steps then
    return nil, message, err
  end
  local states = {}
  for _, step in ipairs(steps) do
    states[step.number - job.step + 1] = step
  end
  return states
end

local open_states = { intended = true, uncertain = true, not_confirmed = true }

-- The changes of which it is not known what became, with their numbers.
local function open_changes(job, states)
  local changes, numbers = {}, {}
  for index, change in ipairs(job.payload.changes) do
    local step = states[index]
    if step and open_states[step.state] then
      changes[#changes + 1], numbers[#numbers + 1] = change, step.number
    end
  end
  return changes, numbers
end

local function record(endpoint, write, job, numbers, results)
  local written = {
    token = job.payload.claim,
    claimed = 1,
    run = job.run,
    numbers = numbers,
    job = job.id,
    clock = math.floor(endpoint.now()),
    doubt = endpoint:doubt(#write.changes),
  }
  outcome.note_shown(write, results)
  local worst, message, err = outcome.record(endpoint, write, written, results)
  if worst or err.code ~= "claim_lost" then
    return worst, message, err
  end
  -- A later request had the user or group after the lease was over, and has written what it is: only the steps and the
  -- job are ended here, and the job is still ours.
  written.token, written.is_overtaken = nil, true
  return outcome.record(endpoint, write, written, results)
end

local NOT_DONE = "its answer was lost, and LastPass does not show it; it was not sent again"
local UNKNOWN = "its answer was lost, and LastPass does not show whether it was done"

local function results_for(changes, seen, name, code, reason)
  local results = {}
  for index, change in ipairs(changes) do
    results[index] = seen.shown[index]
      or { change = change, state = name, code = code, reason = reason }
  end
  return results
end

local function may_repeat(endpoint, job, changes)
  return takes_access(changes) or age_of(endpoint, job) <= GIVE_UP and job.attempt < MOST_TRIES + 1
end

local function is_traceless(changes)
  for _, change in ipairs(changes) do
    if changes_table.is_traceless(change) then
      return true
    end
  end
  return false
end

local function finish_sent(endpoint, context, view, job, object)
  local states, message, err = step_states(endpoint, job, #job.payload.changes)
  if not states then
    return nil, message, err
  end
  local changes, numbers = open_changes(job, states)
  local write = write_of(view, job, object, changes)
  if #changes == 0 then
    return M.end_job(endpoint, job, { state = "done", outcome = "done" })
  end
  local seen
  seen, message = look(endpoint, changes)
  if not seen then
    return M.put_back(endpoint, job, message)
  elseif #seen.missing == 0 then
    return record(endpoint, write, job, numbers, results_for(changes, seen, "done"))
  end
  local doubt_until = job.payload.doubt_until
  if doubt_until and endpoint.now() < doubt_until then
    return M.put_back(endpoint, job, "LastPass does not show it yet", DELAYS[1])
  elseif is_traceless(changes) then
    return record(
      endpoint,
      write,
      job,
      numbers,
      results_for(changes, seen, "unknown", nil, UNKNOWN)
    )
  end
  endpoint.sleep(SETTLE)
  seen, message = look(endpoint, changes)
  if not seen then
    return M.put_back(endpoint, job, message)
  elseif #seen.missing == 0 then
    return record(endpoint, write, job, numbers, results_for(changes, seen, "done"))
  elseif not may_repeat(endpoint, job, changes) then
    local results = results_for(changes, seen, "refused", "not_done", NOT_DONE)
    return record(endpoint, write, job, numbers, results)
  end
  write.again = { run = job.run, numbers = numbers }
  return execution.run(endpoint, context, write)
end

-- ---- what was not sent ----

local function finish_unsent(endpoint, context, view, job, object)
  local changes = job.payload.changes
  if job.kind == held.FINISH and age_of(endpoint, job) > GIVE_UP and not takes_access(changes) then
    if job.payload.is_new then
      execution.note(endpoint, { forget = { job.object } })
    end
    return M.end_job(endpoint, job, {
      state = "failed",
      code = "too_old",
      reason = "left alone: the identity provider asks again if it still wants it",
    })
  end
  local seen, message = look(endpoint, changes)
  if not seen then
    return M.put_back(endpoint, job, message)
  end
  local left = {}
  for _, index in ipairs(seen.missing) do
    left[#left + 1] = changes[index]
  end
  local write = write_of(view, job, object, left)
  if #left > 0 then
    return execution.run(endpoint, context, write)
  end
  return execution.note(endpoint, {
    objects = { write.final.object },
    job = { id = job.id, token = job.token, result = { state = "done", outcome = "is_so" } },
  })
end

--- Executes a job that was claimed.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param view table
---@param job lastpass.store.Job with its token
---@return any|nil
---@return string? message
---@return lastpass.Error? err
function M.execute(endpoint, context, view, job)
  local object, message, err = M.find_object(endpoint, job)
  if object == nil then
    return nil, message, err
  end
  local ok
  if job.payload.sent and job.run and job.step then
    ok, message, err = finish_sent(endpoint, context, view, job, object)
  else
    ok, message, err = finish_unsent(endpoint, context, view, job, object)
  end
  if not ok and err and (err.kind == "guard" or err.code == "claimed" or err.code == "locked") then
    -- it is still ours: nothing of it was written
    if err.kind == "guard" then
      local state = err.code == "held" and "held" or "failed"
      M.end_job(endpoint, job, { state = state, code = err.code, reason = message })
    else
      M.put_back(endpoint, job, message, err.retry_after or DELAYS[1])
    end
  end
  return ok, message, err
end

-- ---- before a request ----

-- Whether it is due is decided by who claims it; this only saves asking.
local function is_due(endpoint, job)
  return (job.kind == held.FINISH or job.kind == held.HELD)
    and job.state ~= "held"
    and job.not_before <= endpoint.now()
end

--- Finishes what is due about a user or group before something else is asked of it.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param view table
---@param entry lastpass.inbound.Entry
---@return lastpass.inbound.Entry|false|nil entry as it is after that
---@return string? message
---@return lastpass.Error? err
function M.settle(endpoint, context, view, entry)
  local settled = false
  for _, job in ipairs(entry.jobs) do
    if is_due(endpoint, job) then
      local claimed, message, err = M.claim(endpoint, { id = job.id, kinds = { job.kind } })
      if not claimed then
        return nil, message, err
      elseif claimed[1] then
        M.execute(endpoint, context, view, claimed[1])
        settled = true
      end
    end
  end
  if not settled then
    return entry
  end
  return objects.by_id(endpoint, view, entry.object.type, entry.object.id)
end

--- Claims jobs of the endpoint.
---@param endpoint lastpass.inbound.Endpoint
---@param options table id or limit; kinds
---@return lastpass.store.Job[]|nil
---@return string? message
---@return lastpass.Error? err
function M.claim(endpoint, options)
  return endpoint:call_journal("claim_jobs", {
    id = options.id,
    kinds = options.kinds or held.KINDS,
    limit = options.limit or 1,
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    worker = endpoint.worker,
    token = execution.new_token(),
    lease = endpoint:doubt(1) + 60,
    now = endpoint.has_own_clock and math.floor(endpoint.now()) or nil,
  })
end

return M

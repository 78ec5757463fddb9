--- Does what the endpoint has left for later: approved changes, calls whose outcome is not known, the ends of grace periods,
-- addresses that change with a log-in. Jobs are claimed with leases, so any number of workers may run.
-- @module lastpass.inbound.worker
local email = require "lastpass.email"
local errors = require "lastpass.error"
local execution = require "lastpass.inbound.execution"
local finishing = require "lastpass.inbound.finishing"
local held = require "lastpass.inbound.held"
local objects = require "lastpass.inbound.objects"
local sending = require "lastpass.inbound.sending"
local signature = require "lastpass.signature"

local M = {}

local DAY = 24 * 60 * 60

-- A change of address that was not ended by a log-in within this time is no longer waited for.
local RENAME_DAYS = 90

-- Memberships that the directory has long shown by itself are forgotten.
local MEMBERS_KEPT = 3600

-- ---- the end of a grace period ----

-- An account that somebody let in again, or that another object is about, is none that the identity provider deleted.
local function is_still_deleted(endpoint, job, user)
  local known, message, err = endpoint:call_journal("scim_lookup", {
    connection = endpoint.store_name,
    type = "User",
    account = email.fold(job.subject),
  })
  if not known then
    return nil, message, err
  end
  local latest = known.objects[1]
  return latest ~= nil
    and latest.id == job.object
    and latest.state == "tombstone"
    and user.status == "disabled"
end

local function delete(endpoint, context, view, job)
  local object, message, err = finishing.find_object(endpoint, job)
  local user
  if object then
    user, message, err = sending.read(endpoint, job.subject)
  end
  if object == nil or user == nil and object then
    return nil, message, err
  elseif not user then
    return finishing.end_job(endpoint, job, { state = "done", outcome = "is_so" })
  end
  local is_deleted
  is_deleted, message, err = is_still_deleted(endpoint, job, user)
  if is_deleted == nil then
    return nil, message, err
  elseif not is_deleted or endpoint.connection.delete ~= "delete" then
    local reason = "the account is in use again, or the connection no longer deletes"
    return finishing.end_job(endpoint, job, { state = "superseded", reason = reason })
  end
  return execution.run(endpoint, context, {
    view = view,
    object = object,
    is_stored = true,
    changes = { { kind = "delete", subject = job.subject, user = user } },
    final = { object = object },
    touched = {},
    approved = true, -- the setting that allows it was made, and 30 days went by
    proof = { id = job.id, token = job.token },
  })
end

-- ---- a change of address ----

local function follow_rename(endpoint, _, _, job)
  local object, message, err = finishing.find_object(endpoint, job)
  if object == nil then
    return nil, message, err
  elseif not object or object.state == "tombstone" or object.alias ~= job.payload.to then
    return finishing.end_job(
      endpoint,
      job,
      { state = "superseded", reason = "no longer asked for" }
    )
  end
  local user
  user, message, err = sending.read(endpoint, object.alias)
  if user == nil then
    return nil, message, err
  elseif user then
    object.account, object.alias = object.alias, nil
    return execution.note(endpoint, {
      objects = { object },
      job = { id = job.id, token = job.token, result = { state = "done", outcome = "done" } },
    })
  elseif endpoint.now() - job.created > RENAME_DAYS * DAY then
    object.alias = nil
    return execution.note(endpoint, {
      objects = { object },
      job = {
        id = job.id,
        token = job.token,
        result = { state = "failed", reason = "the user has not logged in for 90 days" },
      },
    })
  end
  return finishing.put_back(endpoint, job, "no log-in so far", DAY)
end

-- ---- one step ----

local executors = {
  [held.FINISH] = finishing.execute,
  [held.HELD] = finishing.execute,
  [held.DELETE] = delete,
  [held.RENAME] = follow_rename,
}

local AGAIN = 60 -- seconds until a job is tried again that failed for an unforeseen reason

local function execute(endpoint, view, job, summary)
  local context = endpoint:backend({}).context
  local ok, message, err = executors[job.kind](endpoint, context, view, job)
  if ok then
    summary.done = summary.done + 1
    return
  end
  summary.failed = summary.failed + 1
  summary.messages[#summary.messages + 1] = ("job %d: %s"):format(job.id, tostring(message))
  if job.kind ~= held.FINISH and job.kind ~= held.HELD and err and err.code ~= "job_lost" then
    -- a change that was sent has put its job back itself
    if err.kind == "guard" then
      finishing.end_job(endpoint, job, { state = "failed", code = err.code, reason = message })
    else
      finishing.put_back(endpoint, job, message, AGAIN)
    end
  end
end

local known = { limit = "number" }

--- Claims and executes what is due, one job after the other, and gives the company back when nothing was written for a
-- while.
---@param endpoint lastpass.inbound.Endpoint
---@param options? table limit: how many jobs at most, default 20
---@return {claimed: integer, done: integer, failed: integer, messages: string[]}|nil summary
---@return string? message
---@return lastpass.Error? err
function M.step(endpoint, options)
  options = errors.check_options("worker.step", options, known)
  local summary = { claimed = 0, done = 0, failed = 0, messages = {} }
  for _ = 1, options.limit or 20 do
    local list, message, err = finishing.claim(endpoint, { limit = 1 })
    if not list then
      return nil, message, err
    elseif not list[1] then
      break
    end
    local view
    view, message, err = objects.view(endpoint)
    if not view then
      finishing.put_back(endpoint, list[1], message, AGAIN)
      return nil, message, err
    end
    summary.claimed = summary.claimed + 1
    execute(endpoint, view, list[1], summary)
  end
  local released, message, err =
    endpoint:call_journal("scim_release", endpoint.tenant, endpoint.connection.idle)
  if released == nil then
    return nil, message, err
  end
  if not endpoint.is_shadow then
    local before = math.floor(endpoint.now()) - MEMBERS_KEPT
    endpoint:call_journal("prune_scim_members", endpoint.store_name, before)
  end
  return summary
end

return signature.declare("inbound.worker.", M, {
  step = "endpoint: table, options?: table",
})

--- The second commit of an identity provider's write: what became of its steps, and the claim given back.
-- @module lastpass.store.inbound_outcomes
local amounts = require "lastpass.store.inbound_amounts"
local claims = require "lastpass.store.job_claims"
local errors = require "lastpass.error"
local jobs = require "lastpass.store.jobs"
local json = require "lastpass.json"
local locks = require "lastpass.store.lock"
local members = require "lastpass.store.inbound_members"
local objects = require "lastpass.store.inbound_objects"
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local M = {}

local function lost_claim()
  return errors.fail(
    "conflict",
    "claim_lost",
    "somebody else is at work on the same user or group: the lease was over",
    { hint = "what became of the call is found out from the journal" }
  )
end

-- Proves that all claims are still ours; the lease goes on from here.
local function prove(database, given)
  local rows = database:query(
    "UPDATE lastpass_scim_claims SET lease_until = @now + ? WHERE tenant = ? AND token = ? "
      .. "RETURNING subject",
    given.lease or 0,
    given.tenant,
    given.token
  )
  if #rows < given.claimed then
    return lost_claim()
  end
  return true
end

local RECORD = "UPDATE lastpass_steps SET state = ?, reason = ?, code = ?, settled_at = @now, "
  .. "touched_at = @now, lost = COALESCE(lost, 0) + ?, "
  .. "confirmed_at = CASE WHEN ? = 1 THEN @now END WHERE run = ? AND number = ? RETURNING {number}"

local function record(database, run, steps)
  for _, step in ipairs(steps) do
    local row = database:first(
      RECORD,
      step.state,
      step.reason,
      step.code,
      step.code == "lost" and 1 or 0,
      step.confirmed and 1 or 0,
      run,
      step.number
    )
    if not row then
      errors.raise(2, "journal:scim_record: step %d of run %d was never intended", step.number, run)
    end
  end
end

local function supersede(database, list)
  for _, entry in ipairs(list) do
    database:query(
      "UPDATE lastpass_jobs SET state = 'superseded', ended = @now, reason = ? "
        .. "WHERE id = ? AND ended IS NULL AND state <> 'running'",
      entry.reason,
      entry.id
    )
  end
end

local function end_jobs(database, given)
  local job = given.job
  if not job then
    return true
  elseif job.result.state == "done" and not job.token then
    -- work that was left behind in case the process died, and was not needed
    database:query("DELETE FROM lastpass_jobs WHERE id = ? AND state = 'ready'", job.id)
    return true
  end
  return claims.finish(database, job.id, job.token, job.result)
end

local function write_outcome(database, given)
  if given.token then
    local ok, message, err = prove(database, given)
    if not ok then
      return nil, message, err
    end
  end
  record(database, given.run, given.steps)
  local ok, message, err = end_jobs(database, given)
  if not ok then
    return nil, message, err
  end
  ok, message, err = objects.write(database, given.objects)
  if not ok then
    return nil, message, err
  end
  if given.members then
    members.write(database, given.connection, given.members)
  end
  for _, id in ipairs(given.forget) do
    objects.forget(database, given.connection, id)
  end
  supersede(database, given.supersede)
  amounts.add(database, given.tenant, given.give_back, given.slot or 0, -1)
  local added = {}
  for index, row in ipairs(given.add_jobs) do
    added[index] = (jobs.insert(database, row))
  end
  if given.token and not given.lease then
    database:query(
      "DELETE FROM lastpass_scim_claims WHERE tenant = ? AND token = ?",
      given.tenant,
      given.token
    )
  end
  return { jobs = added }
end

local known_outcome = {
  tenant = { "string", "number" },
  connection = "string",
  token = "string",
  claimed = "number",
  lease = "number",
  run = "number",
  steps = "table",
  objects = "table",
  forget = "table",
  members = "table",
  job = "table",
  add_jobs = "table",
  supersede = "table",
  give_back = "table",
  slot = "number",
  repeatable = "boolean",
}

local outcome_states = {
  done = true,
  unchanged = true,
  refused = true,
  uncertain = true,
  unknown = true,
  not_confirmed = true,
  not_tried = true,
}

local function prepare_outcomes(where, list)
  local steps = {}
  for index, step in ipairs(list or {}) do
    steps[index] = {
      number = values.whole(where, "a step's number", step.number),
      state = values.word(where, "a step's state", step.state, outcome_states),
      reason = values.optional_text(where, "a step's reason", step.reason),
      code = values.optional_text(where, "a step's code", step.code),
      confirmed = step.confirmed,
    }
  end
  return steps
end

--- The second commit of a write, and the only one of what needs no call. Whoever has lost the claim writes nothing.
---@param outcome table tenant, connection; token (of the intent; without it nothing is proved), claimed (how many
-- subjects); lease (seconds for which the claim goes on; without it it ends); run and steps {number, state, reason, code,
-- confirmed (the directory shows it)}; objects; forget (ids); members {group, user, present}; job {id, token, result as of
-- `end_job`}; add_jobs; supersede {id, reason}; give_back {name, amount} of limits, and the slot they were counted in;
-- repeatable (the job that the intent left behind leads to the same once more: in `journal:batch` this commit does not wait
-- for the disk)
---@return {jobs: integer[]}|nil result numbers of `add_jobs`
---@return string? message
---@return lastpass.Error? err kind "conflict", code "claim_lost", "job_lost", "object_exists"
function M:scim_record(outcome)
  local where = "journal:scim_record"
  outcome = errors.check_options(where, outcome, known_outcome)
  local rows = {}
  for index, job in ipairs(outcome.add_jobs or {}) do
    rows[index] = jobs.prepare(where, job)
  end
  local job = outcome.job
  return self._database:transaction(write_outcome, {
    tenant = values.tenant(where, outcome.tenant),
    connection = outcome.connection,
    token = values.optional_text(where, "token", outcome.token),
    claimed = values.whole(where, "claimed", outcome.claimed or 0),
    lease = values.optional_whole(where, "lease", outcome.lease),
    run = values.optional_whole(where, "run", outcome.run),
    steps = prepare_outcomes(where, outcome.steps),
    objects = objects.prepare_all(where, outcome.objects),
    forget = outcome.forget or {},
    members = outcome.members,
    job = job and {
      id = values.whole(where, "the job's id", job.id),
      token = job.token,
      result = claims.prepare_end(where, job.result or {}),
    },
    add_jobs = rows,
    supersede = outcome.supersede or {},
    give_back = outcome.give_back or {},
    slot = outcome.slot,
  })
end

-- ---- the end ----

local function release(database, tenant, idle)
  local row = database:first(
    "SELECT {run}, {heartbeat}, {@now AS clock} FROM lastpass_locks "
      .. "WHERE tenant = ? AND token = ? @locked",
    tenant,
    locks.SHARED
  )
  if not row or row.clock - row.heartbeat < idle then
    return false
  end
  local open = database:first(
    "SELECT {COUNT(*) AS steps} FROM lastpass_steps WHERE run = ? "
      .. "AND state IN ('intended', 'uncertain')",
    row.run
  ).steps
  database:query(
    "UPDATE lastpass_runs SET state = ?, finished = @now, summary = ? WHERE id = ?",
    open > 0 and "stopped" or "finished",
    json.encode { counts = { uncertain = open } },
    row.run
  )
  database:query("DELETE FROM lastpass_locks WHERE tenant = ? AND token = ?", tenant, locks.SHARED)
  return true
end

--- Gives the company back when nothing was written for a while: plans may be applied again.
---@param tenant string|integer
---@param idle integer seconds
---@return boolean|nil released
---@return string? message
---@return lastpass.Error? err
function M:scim_release(tenant, idle)
  local where = "journal:scim_release"
  return self._database:transaction(
    release,
    values.tenant(where, tenant),
    values.whole(where, "idle", idle)
  )
end

return M

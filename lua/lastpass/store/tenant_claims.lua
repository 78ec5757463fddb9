--- Who works at the jobs of runs over companies. There is no process that rescues: a job whose lease is over is claimed by
-- the statement that claims. Every later write proves the token of its claim; all times are the database's.
-- @module lastpass.store.tenant_claims
local errors = require "lastpass.error"
local json = require "lastpass.json"
local tenant_runs = require "lastpass.store.tenant_runs"
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local methods = {}

local M = { methods = methods }

-- ---- claiming ----

-- Whether a job may be claimed. Its kinds and its run are bound in that order, once for each alias.
local DUE = "%s.served IS NOT NULL AND %s.state IN ('ready', 'running') AND (%s.state = 'ready' "
  .. "AND %s.not_before <= @now OR %s.state = 'running' AND %s.lease_until < @now) "
  .. "AND %s.kind IN (%s)"

-- At most one of a company: none while another of its jobs is worked at, and of those that wait the first. The list is
-- made once: as a plain subquery PostgreSQL may make it for each row, and take more than the limit.
local CLAIM = "WITH due AS MATERIALIZED (SELECT j.id FROM lastpass_jobs j WHERE %s%s "
  .. "AND NOT EXISTS (SELECT 1 FROM lastpass_jobs o WHERE o.tenant = j.tenant AND o.id <> j.id "
  .. "AND o.served IS NOT NULL AND o.state IN ('ready', 'running') AND (o.state = 'running' "
  .. "OR (o.wave < j.wave OR o.wave = j.wave AND o.id < j.id) AND %s)) "
  .. "ORDER BY j.wave, j.served, j.id LIMIT ? @skip_locked) "
  .. "UPDATE lastpass_jobs SET state = 'running', attempt = attempt + 1, "
  .. "token = ? || '/' || CAST(attempt + 1 AS TEXT), lease_until = @now + ?, worker = ?, "
  .. "started = @now, code = NULL, reason = NULL WHERE id IN (SELECT id FROM due) RETURNING token, "

local function due(alias, options)
  local text = DUE:gsub("%%s%.", alias .. "."):format(values.marks(options.kinds))
  return options.run and text .. (" AND %s.run = ?"):format(alias) or text
end

local function claim(database, self, options)
  local bound, count = {}, 0
  local function bind(value)
    count = count + 1
    bound[count] = value
  end
  local function bind_due()
    for _, kind in ipairs(options.kinds) do
      bind(tenant_runs.PREFIX .. kind)
    end
    if options.run then
      bind(options.run)
    end
  end
  bind_due()
  local except = ""
  if options.except then
    except = " AND j.tenant NOT IN (@elements)"
    bind(options.except)
  end
  bind_due()
  bind(options.limit)
  bind(options.token)
  bind(options.lease)
  bind(options.worker)
  local sql = CLAIM:format(due("j", options), except, due("o", options)) .. tenant_runs.JOB
  local jobs = tenant_runs.complete(self, database:run(sql, bound, count))
  table.sort(jobs, function(a, b)
    return a.wave < b.wave or a.wave == b.wave and a.id < b.id
  end)
  return jobs
end

-- Two claims at once can find two jobs of one company due, when the first of them has just become so.
local function is_of_one_company(err)
  return err.code == "store_failed" and tostring(err.message):find("jobs_at_work", 1, true) ~= nil
    or tostring(err.message):find("lastpass_jobs.tenant", 1, true) ~= nil
end

local known_claim = {
  kinds = "table",
  worker = "string",
  token = "string",
  lease = "number",
  limit = "number",
  run = "number",
  except = "table",
}

--- Takes jobs of runs over companies that are due, or whose lease is over: those of the lowest wave first, and of those the
-- companies that were served longest ago; of one company one job. Kinds that are not named are passed over.
---@param options table kinds (list), worker (name), token (unlike any other worker's), lease (seconds), limit (default 1),
-- run (jobs of this one alone), except (list of tenants that this worker does not know)
---@return lastpass.store.TenantJob[]|nil list each with its token
---@return string? message
---@return lastpass.Error? err
function methods:claim_tenant_jobs(options)
  local where = "journal:claim_tenant_jobs"
  options = errors.check_options(where, options, known_claim)
  if #values.list(where, "kinds", options.kinds) == 0 then
    return {}
  end
  local except = options.except and options.except[1] and options.except
  local jobs, message, err = self._database:transaction(claim, self, {
    kinds = options.kinds,
    worker = values.name(where, "worker", options.worker),
    token = values.name(where, "token", options.token),
    lease = values.whole(where, "lease", options.lease),
    limit = values.whole(where, "limit", options.limit or 1),
    run = values.optional_whole(where, "run", options.run),
    except = except and json.encode(except),
  })
  if not jobs and is_of_one_company(err) then
    return {}
  end
  return jobs, message, err
end

-- ---- leases ----

local RENEW = "UPDATE lastpass_jobs SET lease_until = @now + ? "
  .. "WHERE id = ? AND token = ? AND state = 'running' RETURNING {id}, "
  .. "{CASE WHEN (SELECT state FROM lastpass_tenant_runs r WHERE r.id = run) = 'running' "
  .. "THEN 1 ELSE 0 END AS wanted}"

local function renew(database, jobs, lease)
  local states = {}
  for _, job in ipairs(jobs) do
    local row = database:first(RENEW, lease, job.id, job.token)
    states[job.id] = not row and "lost" or row.wanted == 1 and "running" or "stopped"
  end
  return states
end

--- Moves the leases of jobs, and says how they are.
---@param jobs table[] {id, token}
---@param lease integer seconds from now
---@return table<integer, "running"|"stopped"|"lost">|nil states by job; stopped: its run was
---@return string? message
---@return lastpass.Error? err
function methods:renew_tenant_jobs(jobs, lease)
  local where = "journal:renew_tenant_jobs"
  values.list(where, "jobs", jobs)
  return self._database:transaction(renew, jobs, values.whole(where, "lease", lease))
end

local function select_states(database, ids)
  local states = {}
  local sql = "SELECT {id}, state FROM lastpass_tenant_runs WHERE id IN (%s)"
  for _, row in ipairs(database:run(sql:format(values.marks(ids)), ids)) do
    states[row.id] = row.state
  end
  return states
end

--- The states of some runs.
---@param ids integer[]
---@return table<integer, string>|nil by run
---@return string? message
---@return lastpass.Error? err
function methods:tenant_run_states(ids)
  if #values.list("journal:tenant_run_states", "ids", ids) == 0 then
    return {}
  end
  return self._database:read(select_states, ids)
end

local AT_WORK = "SELECT tenant, {run}, worker, {started} FROM lastpass_jobs "
  .. "WHERE served IS NOT NULL AND state = 'running'"

local function select_at_work(database)
  local found = {}
  for _, row in ipairs(database:query(AT_WORK)) do
    found[row.tenant] = row
  end
  return found
end

--- Who is at work on which company, for whichever run.
---@return table<string, table>|nil by tenant: run, worker, started
---@return string? message
---@return lastpass.Error? err
function methods:tenants_at_work()
  return self._database:read(select_at_work)
end

return M

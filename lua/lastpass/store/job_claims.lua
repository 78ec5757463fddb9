--- Who works at a job. There is no process that rescues: a job whose lease is over is claimed by the statement that claims.
-- Every later write proves the token of its claim; all times that decide who may work are the database's.
-- @module lastpass.store.job_claims
local errors = require "lastpass.error"
local jobs = require "lastpass.store.jobs"
local json = require "lastpass.json"
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local methods = {}

local M = { methods = methods }

local open_states = { held = true, ready = true }

-- The list is made once: as a plain subquery PostgreSQL may make it for each row, and take more than the limit.
local CLAIM = "WITH due AS MATERIALIZED (SELECT id FROM lastpass_jobs "
  .. "WHERE state IN ('ready', 'running') AND served IS NULL "
  .. "AND (state = 'ready' AND not_before <= COALESCE(?, @now) "
  .. "OR state = 'running' AND lease_until < @now) "
  .. "AND tenant = COALESCE(?, tenant) AND kind IN (%s)%s "
  .. "ORDER BY wave, not_before, id LIMIT ? @skip_locked) "
  .. "UPDATE lastpass_jobs SET state = 'running', token = ?, lease_until = @now + ?, worker = ?, "
  .. "attempt = attempt + 1, started = COALESCE(started, @now) "
  .. "WHERE id IN (SELECT id FROM due) RETURNING "

local function claim(database, self, options)
  local sql = CLAIM:format(
    values.marks(options.kinds),
    (options.connection and " AND connection = ?" or "") .. (options.id and " AND id = ?" or "")
  )
  local bound, count = {}, 0
  local function bind(value)
    count = count + 1
    bound[count] = value
  end
  bind(options.now)
  bind(options.tenant)
  for _, kind in ipairs(options.kinds) do
    bind(kind)
  end
  if options.connection then
    bind(options.connection)
  end
  if options.id then
    bind(options.id)
  end
  bind(options.limit)
  bind(options.token)
  bind(options.lease)
  bind(options.worker)
  local rows = database:run(sql .. jobs.COLUMNS, bound, count)
  for _, row in ipairs(rows) do
    row.token = options.token
  end
  return jobs.complete(self, rows)
end

--- Takes jobs that are due, or whose lease is over: no two workers get the same one. Kinds that are not named are passed
-- over.
---@param options table kinds (list), worker (name), lease (seconds), token (unlike any other), limit (default 1), tenant,
-- connection, id (this one alone), now (epoch seconds: what counts as due; default the database's clock)
---@return lastpass.store.Job[]|nil list with their token
---@return string? message
---@return lastpass.Error? err
function methods:claim_jobs(options)
  local where = "journal:claim_jobs"
  options = errors.check_options(where, options, {
    kinds = "table",
    worker = "string",
    lease = "number",
    token = "string",
    limit = "number",
    tenant = { "string", "number" },
    connection = "string",
    id = "number",
    now = "number",
  })
  if #values.list(where, "kinds", options.kinds) == 0 then
    return {}
  end
  return self._database:transaction(claim, self, {
    kinds = options.kinds,
    worker = values.name(where, "worker", options.worker),
    lease = values.whole(where, "lease", options.lease),
    token = values.name(where, "token", options.token),
    limit = values.whole(where, "limit", options.limit or 1),
    tenant = options.tenant and values.tenant(where, options.tenant),
    connection = options.connection,
    id = values.optional_whole(where, "id", options.id),
    now = values.optional_whole(where, "now", options.now),
  })
end

local function lost(id)
  return errors.fail(
    "conflict",
    "job_lost",
    ("job %d belongs to another worker, or has ended"):format(id),
    { hint = "its lease was over; what it was about is left to whoever has it now" }
  )
end

--- Inside a transaction: proves a claim, and moves its lease.
---@param database table
---@param id integer
---@param token string
---@param lease integer seconds
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "job_lost"
function M.prove(database, id, token, lease)
  local row = database:first(
    "UPDATE lastpass_jobs SET lease_until = @now + ? "
      .. "WHERE id = ? AND token = ? AND state = 'running' RETURNING {id}",
    lease,
    id,
    token
  )
  if row then
    return true
  end
  return lost(id)
end

--- Moves the lease of a job.
---@param id integer
---@param token string of the claim
---@param lease integer seconds from now
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "job_lost" when another worker has it
function methods:renew_job(id, token, lease)
  local where = "journal:renew_job"
  return self._database:transaction(
    M.prove,
    values.whole(where, "id", id),
    values.name(where, "token", token),
    values.whole(where, "lease", lease)
  )
end

local known_end = {
  state = "string",
  not_before = "number",
  delay = "number",
  outcome = "string",
  code = "string",
  reason = "string",
  rows = "number",
  missing = "number",
  run = "number",
  step = "number",
  payload = "table",
}

--- Checks how a job ends, or is put back.
---@param where string
---@param result table
---@return table row
function M.prepare_end(where, result)
  errors.check_options(where, result, known_end, 3)
  local row = {}
  for _, name in ipairs { "not_before", "rows", "missing", "run", "step" } do
    row[name] = values.optional_whole(where, name, result[name])
  end
  for _, name in ipairs { "outcome", "code", "reason" } do
    row[name] = values.optional_text(where, name, result[name])
  end
  row.state = values.word(where, "state", result.state or "done", jobs.states)
  row.delay = values.whole(where, "delay", result.delay or 0)
  row.payload = result.payload and json.encode(result.payload)
  return row
end

local END = "UPDATE lastpass_jobs SET state = ?, outcome = COALESCE(?, outcome), code = ?, "
  .. "reason = ?, row_count = COALESCE(?, row_count), missing = COALESCE(?, missing), "
  .. "run = COALESCE(?, run), step = COALESCE(?, step), payload = COALESCE(?, payload), "
  .. "token = NULL, lease_until = NULL, %s WHERE id = ? AND %s RETURNING {id}"

local PUT_BACK = "not_before = COALESCE(?, @now + ?)"
local ENDED = "ended = @now"

--- Inside a transaction: ends a job that is claimed, or puts it back ("ready", "held").
---@param database table
---@param id integer
---@param token string|nil of the claim; nil for one that nobody has claimed
---@param row table of `prepare_end`
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "job_lost"
function M.finish(database, id, token, row)
  local is_back = open_states[row.state]
  local sql = END:format(
    is_back and PUT_BACK or ENDED,
    token and "token = ? AND state = 'running'" or "ended IS NULL AND state <> 'running'"
  )
  local bound = {
    row.state,
    row.outcome,
    row.code,
    row.reason,
    row.rows,
    row.missing,
    row.run,
    row.step,
    row.payload,
  }
  local count = 9
  local function bind(value)
    count = count + 1
    bound[count] = value
  end
  if is_back then
    bind(row.not_before)
    bind(row.delay)
  end
  bind(id)
  if token then
    bind(token)
  end
  if database:run(sql, bound, count)[1] then
    return true
  end
  return lost(id)
end

--- Ends a job ("done", "failed", "refused", "superseded"), or puts it back for a later attempt ("ready").
---@param id integer
---@param token string|nil of the claim; nil: a job that nobody is at work on
---@param result table state (default "done"), not_before or delay when it is put back, outcome, code, reason, rows,
-- missing, run, step, payload
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "job_lost"
function methods:end_job(id, token, result)
  local where = "journal:end_job"
  return self._database:transaction(
    M.finish,
    values.whole(where, "id", id),
    values.optional_text(where, "token", token),
    M.prepare_end(where, result)
  )
end

return M

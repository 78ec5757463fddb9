--- Jobs: work that is left for later, in rows with leases (`store.job_claims`). They are added, listed and decided about
-- here.
-- @module lastpass.store.jobs
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local values = require "lastpass.store.values"

--- One job.
---@class lastpass.store.Job
---@field id integer
---@field tenant string        company, as `store.tenant` has it
---@field connection? string   identity provider it came from
---@field kind string          who knows how to do it; others pass it over
---@field subject? string      address, or name of a group
---@field object? string       id of a user or group
---@field fingerprint? string  of what is asked for: of one that is open no second one is added
---@field wave integer         lower ones first
---@field state "held"|"ready"|"running"|"done"|"failed"|"refused"|"superseded" held: waits for a decision
---@field not_before integer   epoch seconds
---@field attempt integer      how often it was claimed
---@field lease_until? integer epoch seconds of the database's clock
---@field token? string        proves a claim; only in what `claim_jobs` returns
---@field worker? string
---@field created integer
---@field started? integer
---@field ended? integer
---@field run? integer
---@field step? integer        of the run
---@field outcome? string
---@field code? string
---@field reason? string
---@field rows? integer        of the result
---@field missing? integer     companies without a result
---@field decided_at? integer
---@field decided_by? string
---@field decision? string     why
---@field payload? table

---@class lastpass.store.Journal
local methods = {}

local M = { methods = methods }

--- How a job's columns are read; for modules of the store.
M.COLUMNS = "{id}, {run}, {step}, tenant, connection, kind, subject, object, fingerprint, {wave}, "
  .. "state, {not_before}, {attempt}, {lease_until}, worker, {created}, {started}, {ended}, "
  .. "outcome, "
  .. "code, reason, {row_count}, {missing}, {decided_at}, decided_by, decision, payload"

local open_states = { held = true, ready = true }

--- The states of jobs; true for those that nobody works at any more.
M.states = {
  held = false,
  ready = false,
  running = false,
  done = true,
  failed = true,
  refused = true,
  superseded = true,
}

--- Rows of `COLUMNS` as jobs, by id; for modules of the store.
---@param self lastpass.store.Journal
---@param rows table[]
---@return lastpass.store.Job[]|nil
---@return string? message
---@return lastpass.Error? err code "store_damaged"
function M.complete(self, rows)
  for _, row in ipairs(rows) do
    row.rows, row.row_count = row.row_count, nil
    if row.payload then
      local payload, message = json.decode(row.payload)
      if message then
        local what = ("the payload of job %d: %s"):format(row.id, message)
        return failures.damaged(self._database.label, what)
      end
      row.payload = payload
    end
  end
  table.sort(rows, function(a, b)
    return a.id < b.id
  end)
  return rows
end

local known_job = {
  tenant = { "string", "number" },
  connection = "string",
  kind = "string",
  subject = "string",
  object = "string",
  fingerprint = "string",
  wave = "number",
  state = "string",
  not_before = "number",
  delay = "number",
  run = "number",
  step = "number",
  code = "string",
  reason = "string",
  payload = "table",
}

--- Checks a job that is to be added, and makes its row.
---@param where string
---@param job table
---@return table row
function M.prepare(where, job)
  errors.check_options(where, job, known_job, 3)
  return {
    tenant = values.tenant(where, job.tenant),
    connection = values.optional_text(where, "connection", job.connection),
    kind = values.name(where, "kind", job.kind),
    subject = values.optional_text(where, "subject", job.subject),
    object = values.optional_text(where, "object", job.object),
    fingerprint = values.optional_text(where, "fingerprint", job.fingerprint),
    wave = values.whole(where, "wave", job.wave or 0),
    state = values.word(where, "state", job.state or "ready", open_states),
    not_before = values.optional_whole(where, "not_before", job.not_before),
    delay = values.whole(where, "delay", job.delay or 0),
    run = values.optional_whole(where, "run", job.run),
    step = values.optional_whole(where, "step", job.step),
    code = values.optional_text(where, "code", job.code),
    reason = values.optional_text(where, "reason", job.reason),
    payload = job.payload and json.encode(job.payload),
  }
end

local INSERT = "INSERT INTO lastpass_jobs (tenant, connection, kind, subject, object, fingerprint, "
  .. "wave, state, not_before, run, step, code, reason, payload, attempt, created) "
  .. "VALUES (?, ?, ?, ?, ?, ?, ?, ?, COALESCE(?, @now + ?), ?, ?, ?, ?, ?, 0, @now) "
  .. "ON CONFLICT DO NOTHING RETURNING {id}"

--- Inside a transaction: adds a row of `prepare`, unless the same is open already.
---@param database table
---@param row table
---@return integer id
---@return boolean is_new
function M.insert(database, row)
  local added = database:first(
    INSERT,
    row.tenant,
    row.connection,
    row.kind,
    row.subject,
    row.object,
    row.fingerprint,
    row.wave,
    row.state,
    row.not_before,
    row.delay,
    row.run,
    row.step,
    row.code,
    row.reason,
    row.payload
  )
  if added then
    return added.id, true
  end
  local present = database:first(
    "SELECT {id} FROM lastpass_jobs WHERE tenant = ? AND fingerprint = ? AND ended IS NULL",
    row.tenant,
    row.fingerprint
  )
  if not present then -- it ended between the two
    return M.insert(database, row)
  end
  return present.id, false
end

local function insert(database, row)
  local id, is_new = M.insert(database, row)
  return { id = id, is_new = is_new }
end

--- Adds a job, unless one with its fingerprint is open.
---@param job table tenant, kind, connection, subject, object, fingerprint, wave (default 0), state ("ready" or "held",
-- default ready), not_before (epoch seconds) or delay (seconds from now), run, step, code, reason, payload
---@return table|nil added {id, is_new}
---@return string? message
---@return lastpass.Error? err
function methods:add_job(job)
  return self._database:transaction(insert, M.prepare("journal:add_job", job))
end

-- ---- lists ----

local function add_list(conditions, bound, column, list)
  if list then
    conditions[#conditions + 1] = ("%s IN (%s)"):format(column, values.marks(list))
    for _, value in ipairs(list) do
      bound[#bound + 1] = value
    end
  end
end

local function select_jobs(database, self, conditions, bound)
  local sql = "SELECT " .. M.COLUMNS .. " FROM lastpass_jobs WHERE %s ORDER BY id%s LIMIT ?"
  local where = table.concat(conditions, " AND ")
  return M.complete(self, database:run(sql:format(where, conditions.order or ""), bound))
end

--- Lists jobs by id.
---@param options? table tenant, connection, kinds, states (lists), object, subject, fingerprint, id; open (boolean: those
-- that have not ended); after (an id: later ones); newest (boolean: the last ones instead of the first); limit (default
-- 1000)
---@return lastpass.store.Job[]|nil
---@return string? message
---@return lastpass.Error? err
function methods:jobs(options)
  local where = "journal:jobs"
  options = errors.check_options(where, options, {
    tenant = { "string", "number" },
    connection = "string",
    kinds = "table",
    states = "table",
    object = "string",
    subject = "string",
    fingerprint = "string",
    id = "number",
    open = "boolean",
    after = "number",
    newest = "boolean",
    limit = "number",
  })
  local conditions, bound = { "served IS NULL" }, {} -- else `tenant_jobs` lists them
  local function add(condition, value)
    conditions[#conditions + 1], bound[#bound + 1] = condition, value
  end
  if options.tenant then
    add("tenant = ?", values.tenant(where, options.tenant))
  end
  for _, name in ipairs { "connection", "object", "subject", "fingerprint", "id" } do
    if options[name] then
      add(name .. " = ?", options[name])
    end
  end
  add_list(conditions, bound, "kind", options.kinds)
  for _, state in ipairs(options.states or {}) do
    values.word(where, "a state", state, M.states)
  end
  add_list(conditions, bound, "state", options.states)
  if options.open then
    conditions[#conditions + 1] = "ended IS NULL"
  end
  if options.after then
    add("id > ?", values.whole(where, "after", options.after))
  end
  conditions.order = options.newest and " DESC" or nil
  bound[#bound + 1] = values.whole(where, "limit", options.limit or 1000)
  return self._database:read(select_jobs, self, conditions, bound)
end

-- ---- decisions ----

local decisions = { approved = "ready", refused = "refused" }

local FORGET = "DELETE FROM lastpass_scim_objects WHERE connection = ? AND id = ? "
  .. "AND state = 'pending' AND NOT EXISTS (SELECT 1 FROM lastpass_jobs "
  .. "WHERE connection = ? AND object = ? AND ended IS NULL)"

-- Whom nobody will create is not shown as somebody who waits for it.
local function forget_new(database, job)
  local payload = json.decode(job.payload or "null")
  if type(payload) == "table" and payload.is_new then
    database:query(FORGET, job.connection, job.object, job.connection, job.object)
  end
end

local function decide(database, id, state, by, reason)
  local row = database:first(
    "UPDATE lastpass_jobs SET state = ?, decided_at = @now, decided_by = ?, decision = ?, "
      .. "not_before = @now, ended = CASE WHEN ? = 'refused' THEN @now END "
      .. "WHERE id = ? AND state = 'held' RETURNING state, connection, object, payload",
    state,
    by,
    reason,
    state,
    id
  )
  if row and row.state == "refused" then
    forget_new(database, row)
  end
  if row then
    return true
  end
  local present = database:first("SELECT state FROM lastpass_jobs WHERE id = ?", id)
  if not present then
    return errors.fail("argument", "no_such_job", ("there is no job %d"):format(id))
  end
  return errors.fail(
    "conflict",
    "not_held",
    ("job %d waits for no decision: it is %s"):format(id, present.state)
  )
end

--- Decides about a job that is held: approved, it is ready at once; refused, it has ended.
---@param id integer
---@param decision "approved"|"refused"
---@param options? table by (who), reason
---@return true|nil
---@return string? message
---@return lastpass.Error? err codes "no_such_job" (kind "argument"), "not_held" (kind "conflict")
function methods:decide_job(id, decision, options)
  local where = "journal:decide_job"
  options = errors.check_options(where, options, { by = "string", reason = "string" })
  values.word(where, "decision", decision, decisions)
  return self._database:transaction(
    decide,
    values.whole(where, "id", id),
    decisions[decision],
    values.optional_text(where, "by", options.by),
    values.optional_text(where, "reason", options.reason)
  )
end

return M

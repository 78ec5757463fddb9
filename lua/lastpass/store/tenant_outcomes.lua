--- What became of jobs of runs over companies: recorded under the token of the claim, with the rows of the result in parts.
-- @module lastpass.store.tenant_outcomes
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local values = require "lastpass.store.values"
local waves = require "lastpass.store.tenant_waves"

---@class lastpass.store.Journal
local methods = {}

local M = { methods = methods }

local END = "UPDATE lastpass_jobs SET state = ?, code = ?, reason = ?, row_count = ?, outcome = ?, "
  .. "token = NULL, lease_until = NULL, ended = @now WHERE id = ? AND token = ? "
  .. "AND state = 'running' RETURNING {run}, tenant"

-- A claim that came to nothing does not count as an attempt. Of a run that was stopped nothing waits for workers.
local GIVE_BACK = "UPDATE lastpass_jobs SET state = CASE WHEN (SELECT r.state "
  .. "FROM lastpass_tenant_runs r WHERE r.id = run) = 'running' THEN 'ready' ELSE 'held' END, "
  .. "code = ?, reason = ?, not_before = @now + ?, token = NULL, lease_until = NULL, "
  .. "attempt = attempt - 1 WHERE id = ? AND token = ? AND state = 'running' "
  .. "RETURNING {run}, tenant"

local NOTE = "INSERT INTO lastpass_tenants (tenant, served, milliseconds, last_good, failures, "
  .. "code, message) VALUES (?, @now, ?, CASE WHEN ? = 1 THEN @now END, ?, ?, ?) "
  .. "ON CONFLICT (tenant) DO UPDATE SET served = excluded.served, "
  .. "milliseconds = COALESCE(excluded.milliseconds, lastpass_tenants.milliseconds), "
  .. "last_good = COALESCE(excluded.last_good, lastpass_tenants.last_good), "
  .. "failures = CASE WHEN excluded.failures = 0 THEN 0 ELSE lastpass_tenants.failures + 1 END, "
  .. "code = excluded.code, message = excluded.message"

-- What another transaction has just locked keeps its place: nobody waits for it.
local PUT_BEHIND = "UPDATE lastpass_jobs SET served = @now WHERE id IN "
  .. "(SELECT id FROM lastpass_jobs WHERE tenant = ? AND served IS NOT NULL "
  .. "AND state = 'ready' @skip_locked)"

local function store_parts(database, id, parts)
  database:query("DELETE FROM lastpass_tenant_results WHERE job = ?", id)
  for number, part in ipairs(parts) do
    local sql = "INSERT INTO lastpass_tenant_results (job, part, content) VALUES (?, ?, ?)"
    database:query(sql, id, number, part)
  end
end

local function note_company(database, tenant, result)
  local is_good = result.state == "done"
  database:query(
    NOTE,
    tenant,
    result.milliseconds,
    is_good and 1 or 0,
    is_good and 0 or 1,
    result.code,
    result.reason
  )
end

local function record_one(database, result)
  if result.state == "ready" then
    return database:first(
      GIVE_BACK,
      result.code,
      result.reason,
      result.delay,
      result.id,
      result.token
    )
  end
  local row = database:first(
    END,
    result.state,
    result.code,
    result.reason,
    result.rows,
    result.outcome,
    result.id,
    result.token
  )
  if row then
    store_parts(database, result.id, result.parts)
    note_company(database, row.tenant, result)
  end
  return row
end

local function record(database, results)
  local lost, runs, tenants = {}, {}, {}
  for _, result in ipairs(results) do
    local row = record_one(database, result)
    if not row then
      lost[#lost + 1] = result.id
    else
      runs[row.run], tenants[#tenants + 1] = true, row.tenant
    end
  end
  local ids = {}
  for id in pairs(runs) do
    ids[#ids + 1] = id
  end
  table.sort(ids) -- in one order everywhere, so that no two transactions wait for each other
  for _, id in ipairs(ids) do
    local run = waves.lock(database, id)
    if run then
      waves.advance(database, run)
    end
  end
  for _, tenant in ipairs(tenants) do
    database:query(PUT_BEHIND, tenant)
  end
  return lost
end

local states = { done = true, failed = true, ready = true }

local known_result = {
  id = "number",
  token = "string",
  state = "string",
  code = "string",
  reason = "string",
  rows = "number",
  outcome = "table",
  parts = "table",
  seconds = "number",
  delay = "number",
}

local function prepare_result(where, result)
  errors.check_options(where, result, known_result, 3)
  local parts = {}
  for index, part in ipairs(result.parts or {}) do
    parts[index] = values.pack(part)
  end
  return {
    id = values.whole(where, "id", result.id),
    token = values.name(where, "token", result.token),
    state = values.word(where, "state", result.state, states),
    code = values.optional_text(where, "code", result.code),
    reason = values.optional_text(where, "reason", result.reason),
    rows = values.optional_whole(where, "rows", result.rows),
    outcome = result.outcome and json.encode(result.outcome),
    parts = parts,
    milliseconds = result.seconds and math.floor(result.seconds * 1000),
    delay = values.whole(where, "delay", result.delay or 0),
  }
end

--- Records what became of jobs, in one transaction: "done" or "failed", or given back ("ready": for another attempt after
-- `delay` seconds; of a run that was stopped it is held). When they were the last ones of a wave, the next one begins, or
-- the run has finished; when more failed than the budget allows, it is stopped.
---@param list table[] id, token, state, code, reason, rows (how many), outcome (table: what is known besides the rows), parts
-- (list of strings: the rows), seconds (how long it took), delay
---@return integer[]|nil lost ids of jobs that belong to another worker by now: nothing of them was recorded
---@return string? message
---@return lastpass.Error? err
function methods:record_tenant_jobs(list)
  local where = "journal:record_tenant_jobs"
  local results = {}
  for index, result in ipairs(values.list(where, "the list", list)) do
    results[index] = prepare_result(where, result)
  end
  table.sort(results, function(a, b)
    return a.id < b.id
  end)
  return self._database:transaction(record, results)
end

-- ---- results ----

local function select_outcome(database, job)
  local row = database:first("SELECT outcome FROM lastpass_jobs WHERE id = ?", job)
  return row and row.outcome and json.decode(row.outcome) or false
end

--- What is known of a job's outcome besides its rows.
---@param job integer
---@return table|false|nil outcome false when there is none
---@return string? message
---@return lastpass.Error? err
function methods:tenant_outcome(job)
  return self._database:read(select_outcome, values.whole("journal:tenant_outcome", "job", job))
end

local function select_part(database, self, job, part)
  local sql = "SELECT content FROM lastpass_tenant_results WHERE job = ? AND part = ?"
  local row = database:first(sql, job, part)
  if not row then
    return false
  end
  local text = values.unpack(row.content)
  if not text then
    local what = ("part %d of the result of job %d cannot be unpacked"):format(part, job)
    return failures.damaged(self._database.label, what)
  end
  return text
end

--- A part of the rows of a job, as it was recorded.
---@param job integer
---@param part integer from 1 on
---@return string|false|nil text false after the last one
---@return string? message
---@return lastpass.Error? err
function methods:tenant_rows(job, part)
  local where = "journal:tenant_rows"
  job, part = values.whole(where, "job", job), values.whole(where, "part", part)
  return self._database:read(select_part, self, job, part)
end

-- ---- companies ----

local function select_tenants(database)
  local found = {}
  local sql = "SELECT tenant, {served}, {milliseconds}, {last_good}, {failures}, code, message "
    .. "FROM lastpass_tenants"
  for _, row in ipairs(database:query(sql)) do
    found[row.tenant] = row
  end
  return found
end

local known_note =
  { tenant = "string", is_good = "boolean", seconds = "number", code = "string", reason = "string" }

local function insert_notes(database, notes)
  for _, note in ipairs(notes) do
    note_company(database, note.tenant, note)
  end
  return true
end

--- Notes what came of companies outside of jobs, in one transaction: a run in one process.
---@param list table[] tenant, is_good (something was read of it), seconds (how long it took), code, reason
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:note_tenants(list)
  local where, notes = "journal:note_tenants", {}
  for index, note in ipairs(values.list(where, "the list", list)) do
    errors.check_options(where, note, known_note, 2)
    notes[index] = {
      tenant = values.name(where, "tenant", note.tenant),
      state = note.is_good and "done" or "failed",
      milliseconds = note.seconds and math.floor(note.seconds * 1000),
      code = values.optional_text(where, "code", note.code),
      reason = values.optional_text(where, "reason", note.reason),
    }
  end
  table.sort(notes, function(a, b)
    return a.tenant < b.tenant -- in one order everywhere, so that no two transactions wait for each other
  end)
  return self._database:transaction(insert_notes, notes)
end

--- What is known of companies from their last results: when they were last worked for (`served`), how long it took
-- (`milliseconds`), when something was last read of them (`last_good`), how often they failed since, and why.
---@return table<string, table>|nil by tenant
---@return string? message
---@return lastpass.Error? err
function methods:tenant_records()
  return self._database:read(select_tenants)
end

return M

--- Runs over many companies: what is to be done, for whom, in which waves, and how far it is. A job for each company is a
-- row of `lastpass_jobs`; whoever works at one claims it (`store.tenant_claims`). A job of a wave that has not begun, or of
-- a run that was stopped, is "held", so that a claim needs to look at jobs alone.
-- @module lastpass.store.tenant_runs
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local locks = require "lastpass.store.lock"
local values = require "lastpass.store.values"

--- One run over companies.
---@class lastpass.store.TenantRun
---@field id integer
---@field kind string         what is done for each company: `lastpass.tenants.kinds`
---@field settings table      of the kind
---@field expression? string  which companies were meant
---@field companies integer   with a job
---@field missing table[]     companies that were meant and have no job: {company, cid, code, message}
---@field wave integer        the last wave that has begun
---@field waves integer
---@field budget? table       count, percent: so many companies may fail
---@field state "running"|"stopped"|"finished"
---@field code? string        why it was stopped
---@field why? string         the same in words
---@field created_by string
---@field plan? string        name of the combined plan
---@field document? string    its bytes; not in lists
---@field created integer     epoch seconds
---@field changed integer
---@field ended? integer

--- One job of such a run.
---@class lastpass.store.TenantJob
---@field id integer
---@field run integer
---@field tenant string       company, as `store.tenant` has it
---@field company string      its name where the run was made
---@field kind string
---@field wave integer
---@field state "held"|"ready"|"running"|"done"|"failed"
---@field attempt integer     how often it was claimed, but for claims that were given back
---@field not_before integer
---@field lease_until? integer epoch seconds of the database's clock
---@field worker? string
---@field created integer
---@field started? integer    when the worker began
---@field ended? integer
---@field code? string
---@field reason? string
---@field rows? integer
---@field payload? table      what this company's work needs besides the run's settings
---@field token? string       proves a claim; only in what `claim_tenant_jobs` returns

---@class lastpass.store.Journal
local methods = {}

local M = { methods = methods }

-- In front of the kind in the column `kind`: workers of other programs pass such jobs over.
M.PREFIX = "tenants."

--- How a job's columns are read; for modules of the store.
M.JOB = "{id}, {run}, tenant, subject, kind, {wave}, state, {attempt}, {not_before}, "
  .. "{lease_until}, worker, {created}, {started}, {ended}, code, reason, {row_count}, payload"

local RUN = "{id}, kind, settings, expression, {companies}, missing, {wave}, {waves}, budget, "
  .. "{forgiven}, state, code, why, created_by, plan, {created}, {changed}, {ended}"

local function damaged(self, what, id, message)
  return failures.damaged(self._database.label, ("%s %d: %s"):format(what, id, message))
end

--- Rows of `JOB` as jobs; for modules of the store.
---@param self lastpass.store.Journal
---@param rows table[]
---@return lastpass.store.TenantJob[]|nil
---@return string? message
---@return lastpass.Error? err code "store_damaged"
function M.complete(self, rows)
  for _, row in ipairs(rows) do
    row.company, row.subject = row.subject, nil
    row.rows, row.row_count = row.row_count, nil
    row.kind = row.kind:sub(#M.PREFIX + 1)
    if row.payload then
      local payload, message = json.decode(row.payload)
      if message then
        return damaged(self, "the payload of job", row.id, message)
      end
      row.payload = payload
    end
  end
  return rows
end

local function complete_run(self, row)
  for _, name in ipairs { "settings", "missing", "budget" } do
    if row[name] then
      local value, message = json.decode(row[name])
      if message then
        return damaged(self, "the run over companies", row.id, message)
      end
      row[name] = value
    end
  end
  row.missing = row.missing or {}
  if row.document then
    row.document = values.unpack(row.document)
    if not row.document then
      return damaged(self, "the run over companies", row.id, "its plan cannot be unpacked")
    end
  end
  return row
end

--- The failure of a run that does not exist; for modules of the store.
function M.no_such_run(self, id)
  local message = ("journal %s: there is no run %d over companies"):format(self._database.label, id)
  return errors.fail("argument", "no_such_run", message, { hint = "lastpass tenants status" })
end

-- ---- adding ----

local INSERT_RUN = "INSERT INTO lastpass_tenant_runs (kind, settings, expression, companies, "
  .. "missing, wave, waves, budget, forgiven, state, created_by, plan, document, created, "
  .. "changed, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, @now, @now, "
  .. "CASE WHEN ? = 'finished' THEN @now END) ON CONFLICT (plan) WHERE kind = 'apply' DO NOTHING "
  .. "RETURNING {id}"

local INSERT_JOBS = "INSERT INTO lastpass_jobs (run, kind, tenant, subject, wave, state, payload, "
  .. "fingerprint, served, not_before, attempt, created) VALUES "
local JOB_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, COALESCE((SELECT served FROM lastpass_tenants "
  .. "WHERE tenant = ?), 0), @now, 0, @now)"
local JOB_COLUMNS = 9
local CHUNK = 100 -- jobs of one statement

local function insert_jobs(database, id, run)
  for first = 1, #run.companies, CHUNK do
    local bound, count, marks = {}, 0, {}
    for index = first, math.min(first + CHUNK - 1, #run.companies) do
      local company = run.companies[index]
      local row = {
        id,
        M.PREFIX .. run.kind,
        company.tenant,
        company.name,
        company.wave,
        company.wave == run.wave and "ready" or "held",
        company.payload,
        ("run %d"):format(id),
        company.tenant,
      }
      for column = 1, JOB_COLUMNS do
        bound[count + column] = row[column]
      end
      count = count + JOB_COLUMNS
      marks[#marks + 1] = JOB_ROW
    end
    database:run(INSERT_JOBS .. table.concat(marks, ", "), bound, count)
  end
end

local function insert_run(database, run)
  local state = #run.companies == 0 and "finished" or "running"
  local row = database:first(
    INSERT_RUN,
    run.kind,
    run.settings,
    run.expression,
    #run.companies,
    run.missing,
    run.wave,
    run.waves,
    run.budget,
    state,
    run.created_by,
    run.plan,
    run.document,
    state
  )
  if not row then
    local text = "another process has just begun to apply the plan %s"
    return errors.fail("conflict", "plan_begun", text:format(run.plan))
  end
  insert_jobs(database, row.id, run)
  return row.id
end

local known_run = {
  kind = "string",
  settings = "table",
  expression = "string",
  companies = "table",
  missing = "table",
  budget = "table",
  plan = "string",
  document = "string",
}
local known_company = { tenant = "string", name = "string", wave = "number", payload = "table" }

local function prepare_companies(where, list)
  local companies, seen, waves, has_wave = {}, {}, {}, {}
  for index, company in ipairs(list) do
    errors.check_options(where, company, known_company, 3)
    local tenant = values.tenant(where, company.tenant)
    if seen[tenant] then
      errors.raise(3, "%s: company %s is in the list twice", where, tenant)
    end
    seen[tenant] = true
    local wave = values.whole(where, "wave", company.wave or 1)
    if not has_wave[wave] then
      has_wave[wave], waves[#waves + 1] = true, wave
    end
    companies[index] = {
      tenant = tenant,
      name = values.name(where, "a company's name", company.name),
      wave = wave,
      payload = company.payload and json.encode(company.payload),
    }
  end
  table.sort(waves)
  return companies, waves
end

local function prepare_budget(where, budget)
  errors.check_options(where, budget, { count = "number", percent = "number" }, 3)
  if next(budget) == nil then
    errors.raise(3, "%s: a budget needs 'count' or 'percent'", where)
  end
  return json.encode(budget)
end

local function who()
  local identity = locks.identity()
  return ("%s on %s"):format(identity.user or "somebody", identity.host)
end

--- Adds a run over companies, with a job for each. Those of the lowest wave may be claimed at once; the next wave begins
-- when all of one have ended, unless more companies have failed than the budget allows.
---@param run table kind, settings (written as JSON), expression, companies (list of {tenant, name, wave (default 1),
-- payload}), missing (list of {company, cid, code, message}: meant, and without a job), budget {count, percent}, plan,
-- document
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err code "plan_begun": there is a run that applies this plan
function methods:add_tenant_run(run)
  local where = "journal:add_tenant_run"
  run = errors.check_options(where, run, known_run)
  local companies, waves = prepare_companies(where, values.list(where, "companies", run.companies))
  return self._database:transaction(insert_run, {
    kind = values.name(where, "kind", run.kind),
    settings = json.encode(run.settings or {}),
    expression = values.optional_text(where, "expression", run.expression),
    companies = companies,
    missing = run.missing and json.encode(json.list(run.missing)),
    wave = waves[1] or 1,
    waves = math.max(#waves, 1),
    budget = run.budget and prepare_budget(where, run.budget),
    created_by = who(),
    plan = values.optional_text(where, "plan", run.plan),
    document = run.document and values.pack(run.document),
  })
end

-- ---- reading ----

local function select_run(database, self, id)
  local sql = "SELECT " .. RUN .. ", document FROM lastpass_tenant_runs WHERE id = ?"
  local row = database:first(sql, id)
  if not row then
    return M.no_such_run(self, id)
  end
  return complete_run(self, row)
end

--- One run over companies, with its document.
---@param id integer
---@return lastpass.store.TenantRun|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function methods:tenant_run(id)
  return self._database:read(select_run, self, values.whole("journal:tenant_run", "run", id))
end

local COUNTS = "SELECT {run}, state, {COUNT(*) AS jobs} FROM lastpass_jobs "
  .. "WHERE served IS NOT NULL AND run IN (%s) GROUP BY run, state"

local function add_counts(database, runs)
  if #runs == 0 then
    return
  end
  local by_id, ids = {}, {}
  for index, run in ipairs(runs) do
    run.counts = { held = 0, ready = 0, running = 0, done = 0, failed = 0 }
    by_id[run.id], ids[index] = run, run.id
  end
  for _, row in ipairs(database:run(COUNTS:format(values.marks(ids)), ids)) do
    local counts = by_id[row.run].counts
    counts[row.state] = (counts[row.state] or 0) + row.jobs
  end
end

local function select_runs(database, self, options)
  local sql = "SELECT "
    .. RUN
    .. ", {@now AS clock} FROM lastpass_tenant_runs%s ORDER BY id DESC LIMIT ?"
  local conditions, bound = {}, {}
  for _, name in ipairs { "id", "state", "plan" } do
    if options[name] then
      conditions[#conditions + 1], bound[#bound + 1] = name .. " = ?", options[name]
    end
  end
  bound[#bound + 1] = options.limit
  local where = #conditions > 0 and " WHERE " .. table.concat(conditions, " AND ") or ""
  local runs = database:run(sql:format(where), bound)
  for _, run in ipairs(runs) do
    local ok, message, err = complete_run(self, run)
    if not ok then
      return nil, message, err
    end
  end
  add_counts(database, runs)
  return runs
end

local states = { running = true, stopped = true, finished = true }

local known_list = { id = "number", state = "string", plan = "string", limit = "number" }

--- Lists runs over companies, the newest first, each with `counts` of its jobs by state, and `clock`, the database's.
---@param options? table id, state, plan, limit (default 20)
---@return lastpass.store.TenantRun[]|nil
---@return string? message
---@return lastpass.Error? err
function methods:tenant_runs(options)
  local where = "journal:tenant_runs"
  options = errors.check_options(where, options, known_list)
  return self._database:read(select_runs, self, {
    id = values.optional_whole(where, "id", options.id),
    state = options.state and values.word(where, "state", options.state, states),
    plan = values.optional_text(where, "plan", options.plan),
    limit = values.whole(where, "limit", options.limit or 20),
  })
end

local function select_jobs(database, self, run)
  local sql = "SELECT "
    .. M.JOB
    .. ", {@now AS clock} FROM lastpass_jobs "
    .. "WHERE served IS NOT NULL AND run = ? ORDER BY wave, id"
  return M.complete(self, database:query(sql, run))
end

--- The jobs of a run, by wave and company, each with `clock`, the database's.
---@param run integer
---@return lastpass.store.TenantJob[]|nil
---@return string? message
---@return lastpass.Error? err
function methods:tenant_jobs(run)
  return self._database:read(select_jobs, self, values.whole("journal:tenant_jobs", "run", run))
end

return M

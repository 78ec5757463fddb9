--- Runs over companies that workers do: put into the journal's database, read back from there as they stand, and their
-- results as a run that is done here would give them.
-- @module lastpass.tenants.queue
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local kinds = require "lastpass.tenants.kinds"
local outcomes = require "lastpass.tenants.outcome"
local signature = require "lastpass.signature"

local M = {}

-- Runs that have finished so long ago are removed when one is added.
local KEPT = 30 * 24 * 60 * 60 -- seconds

--- The journal of a set of companies: they need to have the same one.
---@param set lastpass.tenants.Set
---@return lastpass.store.Journal|nil
---@return string? message
---@return lastpass.Error? err code "many_journals"
function M.journal(set)
  local companies = set:companies()
  for _, company in ipairs(companies) do
    if company:option "journal" ~= companies[1]:option "journal" then
      local text = "'%s' and '%s' have journals of their own: a run over both needs one"
      return errors.fail(
        "argument",
        "many_journals",
        text:format(companies[1].name, company.name),
        { hint = "set 'journal' once for all of them, or --journal" }
      )
    end
  end
  return journals.of(companies[1])
end

-- What the kind would say when the work begins.
local function check_settings(name, settings, level)
  local kind = kinds.of(name, level + 1)
  errors.check_options("tenants: " .. name, settings, kind.settings, level + 1)
  if kind.prepare then
    return kind.prepare(settings)
  end
  return settings
end

local known_options = {
  journal = "table",
  expression = "string",
  wave_of = "function",
  payload_of = "function",
  budget = "table",
  plan = "string",
  document = "string",
  missing = "table",
}

local function jobs_of(set, options)
  local list, missing = {}, {}
  for index, one in ipairs(options.missing or {}) do
    missing[index] = one
  end
  for _, company in ipairs(set:companies()) do
    local tenant, message, err = company:tenant()
    if tenant then
      list[#list + 1] = {
        tenant = tenant,
        name = company.name,
        wave = options.wave_of and options.wave_of(company) or 1,
        payload = options.payload_of and options.payload_of(company) or nil,
      }
    else
      missing[#missing + 1] =
        { company = company.name, cid = company.cid, code = err.code, message = message }
    end
  end
  return list, missing
end

--- Puts a run over companies into the journal's database; workers do it.
---@param set lastpass.tenants.Set
---@param kind string of `lastpass.tenants.kinds`
---@param settings? table of the kind; written as JSON
---@param options? table expression (what chose the companies, for people), wave_of(company) (default 1), payload_of(company)
-- (settings of this company alone), budget {count, percent} (so many may fail), plan, document, missing (list: companies
-- that are no part of it, and why), journal (default the companies' own)
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err
function M.add(set, kind, settings, options)
  options = errors.check_options("queue.add", options, known_options)
  local checked, message, err = check_settings(kind, settings or {}, 1)
  if not checked then
    return nil, message, err
  end
  local journal = options.journal
  if not journal then
    journal, message, err = M.journal(set)
  end
  if not journal then
    return nil, message, err
  end
  local pruned
  pruned, message, err = journal:prune_tenant_runs(KEPT)
  if not pruned then
    return nil, message, err
  end
  local jobs, missing = jobs_of(set, options)
  return journal:add_tenant_run {
    kind = kind,
    settings = settings,
    expression = options.expression,
    companies = jobs,
    missing = missing,
    budget = options.budget,
    plan = options.plan,
    document = options.document,
  }
end

-- ------------------------------------------------------------------ how a run stands

local function waiting_for(run, job, at_work)
  local busy = at_work[job.tenant]
  if job.state == "held" and run.state == "stopped" then
    return "the run to be resumed"
  elseif job.state == "held" then
    return ("the end of wave %d"):format(run.wave)
  elseif job.state == "ready" and job.not_before > job.clock then
    return job.reason or "a later attempt"
  elseif job.state == "ready" and busy and busy.run ~= job.run then
    return ("run %d, which works at this company"):format(busy.run)
  elseif job.state == "ready" then
    return job.reason or "a worker"
  elseif job.state == "running" and job.lease_until < job.clock then
    return "another worker: this one is silent"
  end
  return nil
end

--- How the companies of a run stand: who works at which, since when, what is waited for.
---@param journal lastpass.store.Journal
---@param id integer
---@return table[]|nil rows {company, state, wave, worker, since, seconds, waiting, code, reason, attempt}
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function M.status(journal, id)
  local run, message, err = journal:tenant_run(id)
  local jobs, at_work
  if run then
    jobs, message, err = journal:tenant_jobs(id)
  end
  if jobs then
    at_work, message, err = journal:tenants_at_work()
  end
  if not at_work then
    return nil, message, err
  end
  local rows = {}
  for index, job in ipairs(jobs) do
    local is_begun = job.state ~= "held" and job.state ~= "ready"
    rows[index] = {
      company = job.company,
      state = job.state,
      wave = job.wave,
      worker = is_begun and job.worker or nil,
      since = is_begun and (job.ended or job.started) or nil,
      seconds = job.state == "running" and job.clock - job.started or nil,
      waiting = waiting_for(run, job, at_work),
      attempt = job.attempt,
      code = job.code,
      reason = job.reason,
    }
  end
  return rows
end

-- ------------------------------------------------------------------ results

---@class lastpass.tenants.StoredRun
local methods = {}
local stored_mt = { __name = "lastpass.tenants.StoredRun", __index = methods }

local function check(value, _, err)
  if value == nil then
    error(err, 0)
  end
  return value
end

local function text_of(journal, job)
  local parts, number = {}, 1
  local part = check(journal:tenant_rows(job.id, number))
  while part do
    parts[#parts + 1], number = part, number + 1
    part = check(journal:tenant_rows(job.id, number))
  end
  return table.concat(parts)
end

local function note_missing(self, job, message, code)
  local known = self._records[job.tenant]
  local good = known and known.last_good
  table.insert(self._result.missing, {
    company = job.company,
    code = code,
    message = message,
    age = good and job.clock - good or nil,
  })
end

local not_yet = {
  held = "not done yet: it waits",
  ready = "not done yet: it waits for a worker",
  running = "not done yet: a worker is at it",
}

--- The companies, one after the other, as `run:each` gives them; a failure of the database is raised.
---@return fun(): table|nil, lastpass.tenants.Outcome? iterator
function methods:each()
  local position = 0
  return function()
    position = position + 1
    local job = self._jobs[position]
    if not job then
      return nil
    end
    local result, company = self._result, { name = job.company }
    local head = check(self._journal:tenant_outcome(job.id))
    if not head then
      note_missing(self, job, job.reason or not_yet[job.state], job.code or "not_done")
      return company
    end
    local outcome = check(outcomes.restore(head, text_of(self._journal, job)))
    result.done, result.rows = result.done + 1, result.rows + (outcome.count or 0)
    result.code = math.max(result.code, outcome.code)
    return company, outcome
  end
end

--- What came of it so far; complete when `each` has given nil.
---@return lastpass.tenants.Result
function methods:result()
  return self._result
end

--- The results of a run, as they stand.
---@param journal lastpass.store.Journal
---@param id integer
---@return lastpass.tenants.StoredRun|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function M.results(journal, id)
  local run, message, err = journal:tenant_run(id)
  local jobs, records
  if run then
    jobs, message, err = journal:tenant_jobs(id)
  end
  if jobs then
    records, message, err = journal:tenant_records()
  end
  if not records then
    return nil, message, err
  end
  local missing = {}
  for index, one in ipairs(run.missing) do
    missing[index] = one
  end
  return setmetatable({
    run = run,
    _journal = journal,
    _jobs = jobs,
    _records = records,
    _result = { companies = #jobs + #missing, done = 0, missing = missing, rows = 0, code = 0 },
  }, stored_mt)
end

signature.declare("stored_run:", methods, { each = "", result = "" })

return signature.declare("tenants.queue.", M, {
  journal = "set: table",
  add = "set: table, kind: string, settings?: table, options?: table",
  status = "journal: table, id: integer",
  results = "journal: table, id: integer",
})

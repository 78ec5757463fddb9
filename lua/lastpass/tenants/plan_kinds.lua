--- Kinds of work about plans, for one company each: making a plan, applying it, taking a run back, drift.
-- @module lastpass.tenants.plan_kinds
local applying = require "lastpass.tenants.applying"
local documents = require "lastpass.plan.document"
local errors = require "lastpass.error"
local outcomes = require "lastpass.tenants.outcome"
local plan_module = require "lastpass.plan"
local plan_text = require "lastpass.plan.text"
local surface = require "lastpass.plan.surface"

local M = {}

--- Exit codes of the program, as far as plans and runs of a company have them.
M.codes = { done = 0, partial = 3, guard = 4, stale = 5, incomplete = 6, findings = 7 }
local codes = M.codes

-- ------------------------------------------------------------------ plans

local STEP_FIELDS = { "number", "kind", "subject", "what", "reason", "origin", "reversal" }

local function step_rows(body)
  local rows = {}
  for index, step in ipairs(body.steps) do
    rows[index] = { what = plan_text.what(step), origin = step.origin or step.rule }
    for _, name in ipairs { "number", "kind", "subject", "reason", "reversal" } do
      rows[index][name] = step[name]
    end
  end
  return rows
end

--- The exit code for a company's plan: a source that broke off, a guard, rows not used or held back.
---@param body table
---@return integer
function M.code_of_plan(body)
  for _, source in ipairs(body.sources) do
    if source.complete == false then
      return codes.incomplete
    end
  end
  if #body.refusals > 0 then
    return codes.guard
  end
  return #body.problems + #body.held > 0 and codes.partial or codes.done
end

local function outcome_of_plan(plan)
  local body = plan.body
  local outcome = outcomes.new {
    fields = STEP_FIELDS,
    rows = step_rows(body),
    code = M.code_of_plan(body),
    summary = {
      plan = plan:text(),
      steps = #body.steps,
      held = documents.held_count(body),
      refused = #body.refusals > 0,
    },
  }
  outcome.plan = plan -- here it need not be read again
  return outcome
end

-- What the playbook's word `company` says.
local function company_words(company, groups)
  local own = {}
  for name, members in pairs(groups) do
    for _, member in ipairs(members) do
      own[#own + 1] = member == company.name and name or nil
    end
  end
  return {
    name = company.name,
    cid = company.cid,
    groups = own,
    known_groups = errors.names_of(groups),
  }
end

-- The playbook is read once, so that all companies' plans are made of the same bytes.
local function prepare_plan(settings)
  if type(settings.playbook) ~= "string" or settings.text then
    return settings
  end
  local text, message, err = require("lastpass.files").read(settings.playbook)
  if not text then
    return nil, message, err
  end
  local complete = { text = text }
  for name, value in pairs(settings) do
    complete[name] = value
  end
  return complete
end

local function make_plan(company, settings)
  local client, message, err = company:client()
  if not client then
    return nil, message, err
  end
  local plan
  plan, message, err = client:plan(settings.playbook, {
    text = settings.text,
    limit = settings.limit,
    expires_in = settings.expires_in,
    via = settings.via,
    company = company_words(company, settings.groups or {}),
  })
  if not plan then
    return nil, message, err
  end
  return outcome_of_plan(plan)
end

-- ------------------------------------------------------------------ runs

local RUN_FIELDS = { "number", "kind", "subject", "state", "reason", "code" }

local code_of_state = {
  done = codes.done,
  unchanged = codes.done,
  ["in part"] = codes.partial,
  uncertain = codes.partial,
}

local function outcome_of_run(result)
  return outcomes.new {
    fields = RUN_FIELDS,
    rows = result.rows,
    code = code_of_state[result.state] or codes.partial,
    summary = {
      state = result.state,
      run = result.run,
      plan = result.plan,
      counts = result.counts,
      code = result.code,
      message = result.message,
    },
  }
end

-- The plan of this company: its own, or that of many.
local function plan_for(company, settings)
  local text = settings.plan or settings.plans and settings.plans[company.name]
  if not text then
    return errors.fail("argument", "no_plan", ("there is no plan for %s"):format(company.name))
  end
  local body, message, err = documents.parse(text, "the plan for " .. company.name)
  if not body then
    return nil, message, err
  end
  return plan_module.of_body(body)
end

local function apply_plan(company, settings, context)
  local plan, message, err = plan_for(company, settings)
  local client, result
  if plan and plan:is_empty() and #plan.body.refusals == 0 then
    return outcome_of_run(applying.nothing_to_do(plan)) -- no secret is read for it
  elseif plan then
    client, message, err = company:client()
  end
  if client then
    result, message, err = applying.apply(client, plan, settings, context)
  end
  if not result then
    return nil, message, err
  end
  return outcome_of_run(result)
end

-- Whether the company counts for the error budget.
local function is_failure(outcome)
  return applying.is_failure(outcome.summary.state, outcome.summary.counts)
end

local function undo_run(company, settings)
  local run = settings.run or settings.runs and settings.runs[company.name]
  if not run then
    return errors.fail("argument", "no_such_run", ("there is no run of %s"):format(company.name))
  end
  local client, message, err = company:client()
  local plan
  if client then
    plan, message, err = client:undo(run, {
      limit = settings.limit,
      expires_in = settings.expires_in,
      via = settings.via,
    })
  end
  if not plan then
    return nil, message, err
  end
  return outcome_of_plan(plan)
end

-- ------------------------------------------------------------------ what the journal and the directory say

local DRIFT_FIELDS = { "email", "what", "before", "after", "action", "by", "at" }

local function find_drift(company)
  local client, message, err = company:client()
  local list
  if client then
    list, message, err = client:drift()
  end
  if not list then
    return nil, message, err
  end
  local rows = {}
  for index, one in ipairs(list) do
    local event = one.event
    rows[index] = {
      email = one.email,
      what = one.what,
      before = one.before,
      after = one.after,
      action = event and event.action,
      by = event and event.username,
      at = event and (event.time or event.local_time),
      event = event, -- as rows of one company have it
    }
  end
  return outcomes.new {
    fields = DRIFT_FIELDS,
    times = { at = true },
    rows = rows,
    code = #rows > 0 and codes.findings or codes.done,
  }
end

local JOURNAL_FIELDS = { "id", "started", "finished", "state", "kind", "of_run", "total", "plan" }

-- No secret is read: the journal is asked by the company's key alone.
local function list_runs(company, settings)
  local tenant, message, err = company:tenant()
  local journal
  if tenant then
    journal, message, err = require("lastpass.store").of(company)
  end
  local rows
  if journal then
    rows, message, err = journal:runs {
      tenant = tenant,
      limit = settings.limit or 20,
      state = settings.state,
    }
  end
  if not rows then
    return nil, message, err
  end
  return outcomes.new {
    fields = JOURNAL_FIELDS,
    times = { started = true, finished = true },
    rows = rows,
  }
end

--- The rows of `lastpass.tenants.kinds`.
---@type table<string, lastpass.tenants.Kind>
M.list = {
  plan = {
    writes = false,
    settings = {
      playbook = { "string", "function", "table" },
      text = "string",
      limit = "table",
      expires_in = plan_module.check_expiry,
      via = surface.is_known,
      groups = "table", -- names of companies, by name of their group
    },
    prepare = prepare_plan,
    run = make_plan,
  },
  apply = {
    writes = true,
    settings = applying.settings {
      plan = "string",
      plans = "table", -- by name of the company
      unchanged = "boolean", -- the plan has no steps
      asked = "table", -- waves, budget and first of the run
    },
    run = apply_plan,
    is_failure = is_failure,
  },
  undo = {
    writes = false, -- it makes the plan that takes a run back
    settings = {
      run = "number",
      runs = "table",
      limit = "table",
      expires_in = plan_module.check_expiry,
      via = surface.is_known,
    },
    run = undo_run,
  },
  drift = { writes = false, settings = {}, run = find_drift },
  runs = { writes = false, settings = { limit = "number", state = "string" }, run = list_runs },
}

return M

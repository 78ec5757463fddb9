--- What a run has done, and what it has not; and the file of those whose steps did not go through.
-- @module lastpass.plan.run
local changes = require "lastpass.directory.changes"
local csv = require "lastpass.text.csv"
local document = require "lastpass.plan.document"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local journals = require "lastpass.store"
local signature = require "lastpass.signature"
local state = require "lastpass.plan.state"

local M = {}

---@class lastpass.Run
---@field id integer
---@field plan string        name of the plan
---@field kind "apply"|"undo"|"direct" "direct": of actions, a verb of the program, a list function
---@field of_run? integer    with "undo": the run that was taken back
---@field state "running"|"finished"|"stopped"|"abandoned"
---@field ok boolean         finished, and every step is done or was so before
---@field counts table<string, integer> done, unchanged, refused, stale, not_confirmed, uncertain,
-- unknown, not_tried, held
---@field unused integer     rows of the plan's sources that could not be used
---@field requests integer   calls that wrote
---@field stopped? lastpass.Error why it came to no end
---@field approvals lastpass.store.Approval[] which admins have approved it
local methods = {}
local run_mt = { __name = "lastpass.Run", __index = methods }

function run_mt.__tostring(run)
  return require("lastpass.plan.text").run(run)
end

local states = {
  "done",
  "unchanged",
  "refused",
  "stale",
  "not_confirmed",
  "uncertain",
  "unknown",
  "not_tried",
  "held",
}

--- Every step of the plan in its order, with what became of it.
---@return fun(): table|nil iterator {number, kind, subject, state, reason, code}
function methods:steps()
  local index = 0
  return function()
    index = index + 1
    return self._rows[index]
  end
end

local function rows_of(body, outcomes)
  local rows = {}
  for index, step in ipairs(body.steps) do
    local outcome = outcomes[step.number] or { state = "not_tried" }
    rows[index] = {
      number = step.number,
      kind = step.kind,
      subject = step.subject,
      -- an intent without an outcome: the process ended in between
      state = outcome.state == "intended" and "uncertain" or outcome.state,
      reason = outcome.reason,
      code = outcome.code,
    }
  end
  return rows
end

--- Makes a run object.
---@param fields table id, plan, kind, of_run, state, requests, stopped, approvals, body, outcomes
---@return lastpass.Run
function M.new(fields)
  local body = fields.body
  local run = {
    id = fields.id,
    plan = fields.plan,
    kind = fields.kind,
    of_run = fields.of_run,
    state = fields.state,
    requests = fields.requests or 0,
    stopped = fields.stopped,
    approvals = fields.approvals or {},
    unused = #body.problems,
    counts = {},
    _rows = rows_of(body, fields.outcomes),
    _steps = body.steps,
  }
  for _, name in ipairs(states) do
    run.counts[name] = 0
  end
  for _, row in ipairs(run._rows) do
    run.counts[row.state] = run.counts[row.state] + 1
  end
  run.counts.held = run.counts.held + document.held_count(body)
  run.ok = run.state == "finished" and run.counts.done + run.counts.unchanged == #body.steps
  return setmetatable(run, run_mt)
end

--- The error that a journal remembers.
---@param summary table|nil of a run
---@return lastpass.Error|nil
function M.remembered_error(summary)
  local stopped = summary and summary.stopped
  if not stopped then
    return nil
  end
  local _, _, err = errors.fail(
    stopped.kind,
    stopped.code,
    stopped.message,
    { hint = stopped.hint, command = stopped.command }
  )
  return err
end

local function parse_plan(row)
  local body, message, err = document.parse(row.document, ("the plan of run %d"):format(row.id))
  if not body then
    return nil, message, err
  elseif document.name_in(row.document) ~= row.plan then
    return errors.fail(
      "conflict",
      "plan_changed",
      ("the plan of run %d is not the one that was begun"):format(row.id),
      { hint = "the journal has been changed; make a new plan" }
    )
  end
  return body
end

local function steps_since(steps, since)
  local list = {}
  for _, step in ipairs(steps) do
    if (step.intended_at or 0) >= since then
      list[#list + 1] = step
    end
  end
  return list
end

-- What identity providers changed was no plan: the steps say what was done, and how people were right before.
local function body_of_steps(row, steps)
  local body = document.new()
  body.tenant = row.tenant
  for index, step in ipairs(steps) do
    body.objects[step.subject] = body.objects[step.subject] or step.before
    body.steps[index] = {
      number = step.number,
      kind = step.kind,
      subject = step.subject,
      before = step.before or {},
      after = step.after,
      reason = "an identity provider asked for it",
      rule = "scim",
      reversal = changes.by_name[step.kind].reversal,
    }
  end
  return body
end

--- Reads a run of this client's company, its plan and its steps.
---@param client lastpass.Client
---@param id integer
---@param since? integer epoch seconds: only the steps from then on
---@return table|nil read {journal, tenant, row, body, steps}
---@return string? message
---@return lastpass.Error? err code "no_such_run", "other_tenant" or "plan_changed"
function M.read(client, id, since)
  local journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  local row
  row, message, err = journal:run(id)
  if not row then
    return nil, message, err
  end
  local tenant = journals.tenant(client)
  if row.tenant ~= tenant then
    return errors.fail(
      "conflict",
      "other_tenant",
      ("run %d is of %s, not of %s"):format(id, row.tenant, tenant)
    )
  end
  local steps
  steps, message, err = journal:steps(id)
  if not steps then
    return nil, message, err
  end
  if since then
    steps = steps_since(steps, since)
  end
  local body
  if row.kind == "scim" then
    body = body_of_steps(row, steps)
  else
    body, message, err = parse_plan(row)
  end
  if not body then
    return nil, message, err
  end
  return { journal = journal, tenant = tenant, row = row, body = body, steps = steps }
end

--- What the journal knows of steps, as `lastpass.plan.work` has it.
---@param steps lastpass.store.Step[]
---@return table<integer, lastpass.plan.Outcome>
function M.outcomes(steps)
  local outcomes = {}
  for _, step in ipairs(steps) do
    outcomes[step.number] = {
      state = step.state,
      reason = step.reason,
      code = step.code,
      intended_at = step.intended_at,
      doubt_until = step.doubt_until,
      lost = step.lost,
      confirmed = step.confirmed_at ~= nil,
    }
  end
  return outcomes
end

--- A run as the journal has it.
---@param client lastpass.Client
---@param id integer
---@return lastpass.Run|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function M.of(client, id)
  local read, message, err = M.read(client, id)
  if not read then
    return nil, message, err
  end
  local summary = read.row.summary
  local approvals
  approvals, message, err = read.journal:approvals(id)
  if not approvals then
    return nil, message, err
  end
  return M.new {
    id = id,
    approvals = approvals,
    plan = read.row.plan,
    kind = read.row.kind,
    of_run = read.row.of_run,
    state = read.row.state,
    requests = summary and summary.requests,
    stopped = M.remembered_error(summary),
    body = read.body,
    outcomes = M.outcomes(read.steps),
  }
end

-- Groups are separated by ";". `active` is empty where the plan did not say.
local columns = { "email", "fullname", "groups", "active", "state", "reason", "origin" }

local went_through = { done = true, unchanged = true }

local function line_of(values)
  local texts = {}
  for index, name in ipairs(columns) do
    texts[index] = values[name] or ""
  end
  return csv.line(texts)
end

local function add_once(list, value)
  for _, present in ipairs(list) do
    if present == value then
      return
    end
  end
  list[#list + 1] = value
end

-- A person stands in the file once, with all that was to become of them, or the file would be refused
-- as a source that names somebody twice.
local function add_person(people, order, step, row, objects)
  local key = email.fold(step.subject)
  local person = people[key]
  if not person then
    person = {
      email = step.subject,
      state = objects[step.subject],
      states = {},
      reasons = {},
      origins = {},
    }
    people[key] = person
    order[#order + 1] = person
  end
  local change, after = changes.by_name[step.kind], state.after(person.state, step)
  person.state = after.status == "absent" and person.state or after
  if change.status then
    person.active = change.removes and "false" or "true"
  end
  add_once(person.states, row.state)
  add_once(person.reasons, row.reason)
  add_once(person.origins, step.origin)
end

--- The people whose steps did not go through, as CSV that can be read as a source.
---@param body table of the plan
---@param run lastpass.Run
---@return string
function M.refused_rows(body, run)
  local people, order = {}, {}
  for row in run:steps() do
    if not went_through[row.state] then
      add_person(people, order, body.steps[row.number], row, body.objects)
    end
  end
  local lines = { csv.line(columns) }
  for _, person in ipairs(order) do
    lines[#lines + 1] = line_of {
      email = person.email,
      fullname = person.state.fullname,
      groups = table.concat(person.state.groups or {}, ";"),
      active = person.active,
      state = table.concat(person.states, "; "),
      reason = table.concat(person.reasons, "; "),
      origin = table.concat(person.origins, "; "),
    }
  end
  return table.concat(lines)
end

--- Whether the file of refused rows can be written: asked before anything is done, beside what is there.
---@param path string
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.check_refused_rows(path)
  local trial = path .. ".new"
  local ok, message, err = files.write(trial, "")
  if not ok then
    return nil, message, err
  end
  os.remove(trial)
  return true
end

--- Writes the file of refused rows, whole or not at all.
---@param path string
---@param body table of the plan
---@param run lastpass.Run
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.write_refused_rows(path, body, run)
  return files.write(path, M.refused_rows(body, run))
end

signature.declare("run:", methods, {
  steps = "",
})

return M

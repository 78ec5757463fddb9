--- Applies the plan of one company of many, so that it may be asked again and again: what was applied is not applied
-- twice, what broke off is resumed, and each step has an effect once.
-- @module lastpass.tenants.applying
local documents = require "lastpass.plan.document"
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local runs = require "lastpass.plan.run"

local M = {}

-- Options of `client:apply` that a run over companies passes on. What each company's plan needs to have confirmed was
-- confirmed for all of them.
local PASSED_ON =
  { "chunk", "stop_after", "late_margin", "settle_after", "confirm_within", "approver" }

--- The settings of kinds of work that apply plans.
---@param more table<string, any> their own
---@return table<string, any>
function M.settings(more)
  local settings = { company_in_flight = "number" }
  for _, name in ipairs(PASSED_ON) do
    settings[name] = name == "approver" and "string" or "number"
  end
  for name, kind in pairs(more) do
    settings[name] = kind
  end
  return settings
end

-- So many of a company's newest runs are looked through for one of this plan.
local NEWEST = 1000

--- The run of a plan in the journal of its company, if it has begun.
---@param journal lastpass.store.Journal
---@param tenant string
---@param name string of the plan
---@return lastpass.store.Run|false|nil run false when there is none, or it was taken back
---@return string? message
---@return lastpass.Error? err
function M.run_of_plan(journal, tenant, name)
  local list, message, err = journal:runs { tenant = tenant, limit = NEWEST }
  if not list then
    return nil, message, err
  end
  local undone = {}
  for _, run in ipairs(list) do -- the newest first
    if run.kind == "undo" and run.state == "finished" then
      undone[run.of_run] = true
    elseif run.plan == name and run.state ~= "abandoned" and not undone[run.id] then
      return run
    end
  end
  return false
end

local function options_of(plan, settings, context)
  local options = { cancel = context.is_cancelled, in_flight = settings.company_in_flight }
  for _, name in ipairs(PASSED_ON) do
    options[name] = settings[name]
  end
  local final = documents.final_count(plan.body)
  options.confirm_final = final > 0 and final or nil
  return options
end

local function rows_of(run)
  local rows = {}
  for row in run:steps() do
    rows[#rows + 1] = row
  end
  return rows
end

-- What became of a company, in one word: what is uncertain is not what has failed.
local function state_of(run)
  local counts = run.counts
  if counts.uncertain + counts.unknown > 0 then
    return "uncertain"
  elseif run.state == "finished" then
    return run.ok and "done" or "in part"
  end
  return run.stopped and run.stopped.kind == "cancelled" and "stopped" or "failed"
end

--- What became of one company's plan.
---@class lastpass.tenants.Applied
---@field state "done"|"unchanged"|"in part"|"uncertain"|"failed" "unchanged": there was nothing to do; "in part": the run has
-- finished, and not every step went through; "failed": it did not come to its end
---@field run? integer
---@field counts? table<string, integer> as of `lastpass.Run`
---@field rows table[]  every step with its state
---@field code? string
---@field message? string why it was stopped

local function applied(run)
  local stopped = run.stopped
  return {
    state = state_of(run),
    run = run.id,
    plan = run.plan,
    counts = run.counts,
    rows = rows_of(run),
    code = stopped and stopped.code,
    message = stopped and stopped.message,
  }
end

--- What becomes of a plan without steps.
---@param plan lastpass.Plan
---@return lastpass.tenants.Applied
function M.nothing_to_do(plan)
  return { state = "unchanged", plan = plan.name, rows = {} }
end

--- Applies a plan, or resumes the run that it has begun, or tells what came of it.
---@param client lastpass.Client
---@param plan lastpass.Plan
---@param settings table options of `client:apply` that are passed on
---@param context lastpass.tenants.Context
---@return lastpass.tenants.Applied|nil
---@return string? message when nothing was written, or it was ended in the middle and can be resumed
---@return lastpass.Error? err
function M.apply(client, plan, settings, context)
  if context.is_cancelled() then
    return errors.fail("cancelled", "interrupted", "not begun: the run was ended")
  end
  local journal, message, err = journals.of(client)
  local begun, run
  if journal then
    begun, message, err = M.run_of_plan(journal, journals.tenant(client), plan.name)
  end
  if begun == nil then
    return nil, message, err
  end
  local options = options_of(plan, settings, context)
  if not begun then
    run, message, err = client:apply(plan, options)
  elseif begun.state == "finished" then
    run, message, err = runs.of(client, begun.id)
  else
    options.confirm_final = nil -- confirmed when it began
    run, message, err = client:resume(begun.id, options)
  end
  if run and state_of(run) == "stopped" then
    return nil, run.stopped.message, run.stopped
  elseif not run then
    return nil, message, err
  end
  return applied(run)
end

--- Whether a company counts as failed for the error budget: what is uncertain does, what others have changed meanwhile
-- does not.
---@param state string|nil of `lastpass.tenants.Applied`; nil: there was no outcome
---@param counts? table<string, integer>
---@return boolean
function M.is_failure(state, counts)
  if state == "in part" and counts then
    return counts.refused + counts.not_confirmed > 0
  end
  return state == nil or state == "failed" or state == "uncertain"
end

return M

--- Playbooks in a thread of nginx: loaded, and run.
-- @module lastpass.nginx.thread.playbooks
local answers = require "lastpass.nginx.thread.answers"

local M = {}

local function load_playbook(order)
  local playbook = require "lastpass.plan.playbook"
  local time = require "lastpass.time"
  local declared, message, err = playbook.run(order.path, {
    zone = time.zone(order.timezone),
    now = time.now(),
    text = order.text,
    time_limit = order.time_limit,
  })
  if not declared then
    return answers.failure(message, err)
  end
  return { outcome = "loaded", schedule = declared.schedule }
end

--- Runs a playbook as far as it declares: does it load, and when is it to run?
---@param order table path, text, timezone, time_limit
---@return table answer {outcome = "loaded", schedule} or {outcome = "failed", message, code, line}
function M.load(order)
  return answers.protected(load_playbook, order)
end

local function answer_of_plan(plan)
  local counts = {}
  for kind, count in pairs(plan.body.counts) do
    counts[kind] = count
  end
  return {
    plan = plan.name,
    steps = #plan.body.steps,
    counts = counts,
    unchanged = plan.body.unchanged,
    held = require("lastpass.plan.document").held_count(plan.body),
    problems = #plan.body.problems,
  }
end

local function carry_out(client, plan, answer)
  local run, message, err = client:apply(plan)
  if not run then
    local failed = answers.failure(message, err)
    failed.plan, failed.steps = answer.plan, answer.steps
    return failed
  end
  answer.run, answer.requests, answer.states = run.id, run.requests, {}
  for state, count in pairs(run.counts) do
    answer.states[state] = count > 0 and count or nil
  end
  answer.outcome = run.ok and "applied" or "partial"
  if run.stopped then
    answer.message, answer.code = run.stopped.message, run.stopped.code
    answer.hint = run.stopped.hint
  end
  return answer
end

local function run_playbook(order)
  local client = answers.client(order)
  local plan, message, err = client:plan(order.path, {
    text = order.text,
    time_limit = order.time_limit,
  })
  if not plan then
    return answers.failure(message, err)
  end
  local answer = answer_of_plan(plan)
  if #plan.body.refusals > 0 then
    answer.outcome, answer.code = "refused", "refused_by_guards"
    answer.message = plan.body.refusals[1].message
  elseif answer.steps == 0 then
    answer.outcome = "unchanged"
  elseif not order.apply then
    answer.outcome = "planned"
  else
    return carry_out(client, plan, answer)
  end
  return answer
end

--- Makes a plan of a playbook and, when the order says `apply`, carries it out; guards, journal and locks
-- are those of the program.
---@param order table path, text, apply, time_limit, and what `answers.client` needs
---@return table answer {outcome = "applied", "partial", "unchanged", "planned", "refused" or "failed",
-- plan, steps, counts, run, states, message, code, hint}
function M.run(order)
  return answers.protected(run_playbook, order)
end

return M

--- Plans on the command line: shown, confirmed, applied, and what became of them.
-- @module lastpass.cli.applying
local confirm = require "lastpass.cli.confirm"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local interrupt = require "lastpass.cli.interrupt"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"
local views = require "lastpass.cli.views"

local M = {}

-- ------------------------------------------------------------------ limits

--- Reads limits: "disable=40", "leave=5%", "per_day.disable=80", "per_week.join=30".
---@param list string[]|nil
---@return table|nil limits nil when there are none
---@return string? message
---@return lastpass.Error? err
function M.limits(list)
  local given, message, err = values.pairs("--limit", list, "NAME=COUNT", "^([%a_.]+)=(.+)$")
  if not given then
    return nil, message, err
  end
  local limits = {}
  for full, value in pairs(given) do
    local span, name = full:match "^(per_%a+)%.(.+)$"
    local settings = limits
    if span then
      limits[span] = limits[span] or {}
      settings = limits[span]
    end
    settings[name or full] = tonumber(value) or value
  end
  local guards = require "lastpass.plan.limits"
  local _
  _, message, err = failure.call(guards.merge, "--limit", guards.defaults(), limits, 1)
  if message then
    return nil, message, err
  end
  return limits
end

--- What a command line says of how a plan is made, as options of a call; what is wrong with it is raised.
---@param options table of the command line
---@return table settings limit, via
function M.plan_options(options)
  return { limit = failure.must(M.limits(options.limit)), via = options.via }
end

-- ------------------------------------------------------------------ shown

-- Whether rows are asked for, instead of the whole document.
local function selects_rows(options)
  return options.fields or options.where or options.sort
end

local function steps_of(plan)
  local text = require "lastpass.plan.text"
  local rows = {}
  for position, step in ipairs(plan.body.steps) do
    local row = { what = text.what(step), origin = step.origin or step.rule }
    for _, name in ipairs { "number", "kind", "subject", "reason", "reversal", "via", "why" } do
      row[name] = step[name]
    end
    rows[position] = row
  end
  return rows
end

--- Says which guards refuse a plan, and what would allow it.
---@param session lastpass.cli.Session
---@param plan lastpass.Plan
function M.show_refusals(session, plan)
  for _, refusal in ipairs(plan.body.refusals) do
    session:say("refused by the guard '%s': %s", refusal.guard, refusal.message)
    session:say("  to allow it: %s", failure.in_commands(refusal.allow))
  end
end

--- Shows a plan: for people as text, for programs its document or its steps.
---@param session lastpass.cli.Session
---@param plan lastpass.Plan
function M.show_plan(session, plan)
  local options = session.options
  if options.json and not selects_rows(options) then
    session.streams:write(plan:text())
  elseif session:for_programs() or selects_rows(options) then
    session:show(
      (plan.body.via or plan.body.rest) and views.carried_steps or views.steps,
      steps_of(plan)
    )
  else
    local text = require("lastpass.plan.text").plan(plan, session.streams.width)
    return session:print(failure.in_commands(text))
  end
  M.show_refusals(session, plan)
end

--- The end of a command that makes a plan: saves it when a file is named, and shows it.
---@param session lastpass.cli.Session
---@param plan lastpass.Plan
---@return integer code
function M.hand_over(session, plan)
  local options = session.options
  if options.output then
    failure.must(plan:save(options.output))
  end
  M.show_plan(session, plan)
  return exit.of_plan(plan, options.detailed_exitcode)
end

local function approvals_of(run)
  local list = require("lastpass.json").list {}
  for index, one in ipairs(run.approvals) do
    list[index] = {
      approver = one.approver,
      operator = one.operator,
      reason = one.reason,
      answered_at = require("lastpass.time").iso(one.answered_at),
      log_id = one.log_id,
    }
  end
  return list
end

local RUN_FIELDS = { "id", "plan", "kind", "of_run", "state", "ok", "counts", "requests" }

local function document_of(run, rows)
  local document, stopped = { steps = require("lastpass.json").list(rows) }, run.stopped
  for _, name in ipairs(RUN_FIELDS) do
    document[name] = run[name]
  end
  document.approvals = approvals_of(run)
  document.stopped = stopped and { code = stopped.code, message = stopped.message }
  return document
end

--- Shows a run.
---@param session lastpass.cli.Session
---@param run lastpass.Run
---@param all? boolean whether people are shown the steps that are done, too
function M.show_run(session, run, all)
  local options = session.options
  local rows = {}
  for row in run:steps() do
    rows[#rows + 1] = row
  end
  if options.json and not selects_rows(options) then
    session:print(require("lastpass.json").shown(document_of(run, rows)))
  elseif session:for_programs() or selects_rows(options) then
    session:show(views.run_steps, rows)
  else
    local how = { all = all, width = session.streams.width }
    session:print(failure.in_commands(require("lastpass.plan.text").run(run, how)))
  end
end

-- ------------------------------------------------------------------ applied

--- The options of `client:apply` as the command line has them.
---@param session lastpass.cli.Session
---@return lastpass.plan.ApplyOptions
function M.apply_options(session)
  local options = session.options
  return {
    progress = not options.quiet and true or nil,
    chunk = options.chunk,
    in_flight = options.in_flight,
    stop_after = options.stop_after,
    late_margin = options.late_margin,
    confirm_final = options.confirm_final,
    approver = options.approver,
    refused_rows = options.refused,
    via = options.via,
    cancel = interrupt.has_come,
  }
end

-- Shows a run that has ended or was stopped, and how it can be continued.
local function end_run(session, run)
  M.show_run(session, run)
  if session:for_programs() and run.stopped then
    session:say("lastpass: %s", run.stopped.message)
  end
  if run.refused_rows_error then
    session:say("lastpass: --refused: %s", run.refused_rows_error.message)
    session:say("  lastpass run show %d lists them", run.id)
  end
  if interrupt.has_come() and run.state == "stopped" then
    if session:for_programs() then
      session:say("to continue: lastpass run resume %d", run.id)
    end
    return exit.interrupted
  end
  return exit.of_run(run)
end

local function confirm_plan(session, plan)
  local final = require("lastpass.plan.document").final_count(plan.body)
  if final > 0 then
    local what = "%d of %d steps in %s cannot be taken back"
    local question = what:format(final, plan:count(), session:company())
    failure.must(confirm.type(session, question, tostring(final), "--confirm-final"))
    session.options.confirm_final = final
    return
  end
  local subjects, seen = {}, {}
  for _, step in ipairs(plan.body.steps) do
    if not seen[step.subject] then
      seen[step.subject], subjects[#subjects + 1] = true, step.subject
    end
  end
  local question = ("apply %s to %s in %s?"):format(
    require("lastpass.text").plural(plan:count(), "step"),
    confirm.people(subjects),
    session:company()
  )
  failure.must(confirm.ask(session, question))
end

-- Says who is asked.
local function say_approver(session, asked)
  if asked then
    session:say("%s is asked to approve it: %s", asked.approver, asked.reason)
  end
  return asked
end

--- Finds out who has to approve a plan, before anything is asked, and says whom it will ask.
---@param session lastpass.cli.Session
---@param body table of the plan
---@param only_said? boolean a dry run: what is missing refuses nothing
---@return table|false|nil asked
function M.announce_approval(session, body, only_said)
  local approvals = require "lastpass.plan.approval"
  local client = session:client()
  session.streams:flush()
  if only_said then
    local reason = approvals.reason(client, body)
    return reason and session:say("another admin has to approve it (--approver): %s", reason)
  end
  return say_approver(
    session,
    failure.must(approvals.check(client, body, session.options.approver))
  )
end

--- Says that somebody's phone rings, when all questions here are answered.
---@param session lastpass.cli.Session
---@param asked table|false|nil of `announce_approval`
function M.announce_wait(session, asked)
  if asked then
    session:say("waiting for %s to answer on their phone; Ctrl-C gives up", asked.approver)
  end
end

--- Shows a plan, asks, and applies it.
---@param session lastpass.cli.Session
---@param plan lastpass.Plan
---@return integer code
function M.apply(session, plan)
  local code = exit.of_plan(plan)
  local can_be_applied = code == exit.done or code == exit.partial
  if session.options.dry_run or not can_be_applied or plan:is_empty() then
    M.show_plan(session, plan)
    if can_be_applied then
      M.announce_approval(session, plan.body, true)
    end
    return code
  end
  if not session:for_programs() then
    M.show_plan(session, plan)
  end
  local asked = M.announce_approval(session, plan.body)
  confirm_plan(session, plan)
  session.streams:flush()
  M.announce_wait(session, asked)
  local client, options = session:client(), M.apply_options(session)
  local run = failure.must(failure.call(interrupt.gently, client.apply, client, plan, options))
  return end_run(session, run)
end

--- Continues a run.
---@param session lastpass.cli.Session
---@param id integer
---@return integer code
function M.resume(session, id)
  local client, options = session:client(), M.apply_options(session)
  options.confirm_final = nil
  local read = failure.must(require("lastpass.plan.run").read(client, id))
  session.streams:flush()
  local approver = session.options.approver
  local asked = failure.must(require("lastpass.plan.approval").check_resume(client, read, approver))
  M.announce_wait(session, say_approver(session, asked))
  local run = failure.must(failure.call(interrupt.gently, client.resume, client, id, options))
  return end_run(session, run)
end

-- ------------------------------------------------------------------ as Lua

--- The lines of Lua that make a plan, print it, and save it where the command does.
---@param made string the expression that makes the plan
---@param options table of the command line
---@return string[]
function M.lua(made, options)
  return {
    ("local plan = assert(%s)"):format(made),
    "print(plan)",
    options.output and ("assert(plan:save(%s))"):format(lua_text.value(options.output)),
  }
end

--- The options of `client:apply` and `client:resume` in Lua.
---@param options table of the command line
---@param final? string what to write for confirm_final
---@return string ", { … }", or nothing
function M.options_lua(options, final)
  return lua_text.further {
    progress = not options.quiet and true or nil,
    chunk = options.chunk,
    in_flight = options.in_flight,
    stop_after = options.stop_after,
    confirm_final = final and lua_text.raw(final) or options.confirm_final,
    approver = options.approver,
    refused_rows = options.refused,
    -- which a plan that was made here has by itself
    via = options.plan and not options.plan:lower():find "%.lua$" and options.via or nil,
  }
end

--- The line of Lua that applies `plan`, where the command does.
---@param options table of the command line
---@param final? string what to write for confirm_final
---@return string
function M.apply_lua(options, final)
  if options.dry_run then
    return "-- a dry run ends here"
  end
  return ("print(assert(client:apply(plan%s)))"):format(M.options_lua(options, final))
end

return M

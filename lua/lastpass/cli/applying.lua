--- Plans on the command line: shown, asked about, carried out, and said what became of them.
-- @module lastpass.cli.applying
local advice = require "lastpass.cli.advice"
local confirm = require "lastpass.cli.confirm"
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local interrupt = require "lastpass.cli.interrupt"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local views = require "lastpass.cli.views"

local M = {}

--- Options of whatever carries a plan out.
M.options = {
  { "--confirm-final", "how many steps cannot be taken back", value = "NUMBER", number = true },
  { "--refused", "write the rows that did not go through to this file", value = "FILE.csv" },
  { "--stop-after", "failures that end the run; default 20", value = "COUNT", number = true },
  { "--chunk", "rows of one call", value = "COUNT", number = true },
  { "--in-flight", "calls under way at once; default 4", value = "COUNT", number = true },
  {
    "--late-margin",
    "how long after its time limit a call may still be carried out; default 60",
    value = "SECONDS",
    number = true,
  },
  { "-q --quiet", "no progress" },
}

--- Limits as options: "disable=40", "leave=5%", "per_day.disable=80", "per_week.join=30".
M.limit_option = {
  "--limit",
  "allow so many: disable=40, leave=5%; stronger than the playbook's",
  value = "NAME=COUNT",
  many = true,
}

--- Reads them.
---@param list string[]|nil
---@return table|nil limits nil when there are none
---@return string? message
---@return lastpass.Error? err
function M.limits(list)
  local limits
  for _, text in ipairs(list or {}) do
    local full, value = text:match "^([%a_.]+)=(.+)$"
    if not full then
      return errors.fail("argument", "usage", ("--limit %s: write NAME=COUNT"):format(text))
    end
    local span, name = full:match "^(per_%a+)%.(.+)$"
    limits = limits or {}
    local settings = limits
    if span then
      limits[span] = limits[span] or {}
      settings = limits[span]
    end
    settings[name or full] = tonumber(value) or value
  end
  if limits then
    local room = require "lastpass.plan.limits"
    local _, message, err = mistakes.call(room.merge, "--limit", room.defaults(), limits, 1)
    if message then
      return nil, message, err
    end
  end
  return limits
end

local function steps_of(plan)
  local text = require "lastpass.plan.text"
  local rows = {}
  for place, step in ipairs(plan.body.steps) do
    rows[place] = {
      number = step.number,
      kind = step.kind,
      subject = step.subject,
      what = text.what(step),
      reason = step.reason,
      origin = step.origin or step.rule,
      reversal = step.reversal,
    }
  end
  return rows
end

local function tell_refusals(session, plan)
  for _, refusal in ipairs(plan.body.refusals) do
    session:say("refused by the guard '%s': %s", refusal.guard, refusal.message)
    session:say("  to allow it: %s", advice.in_commands(refusal.allow))
  end
end

--- Shows a plan: for people as text, for programs its document or its steps.
---@param session lastpass.cli.Session
---@param plan lastpass.Plan
function M.show_plan(session, plan)
  local options = session.options
  if options.json and not options.fields and not options.where and not options.sort then
    session.streams:write(plan:text())
  elseif session:for_programs() or options.fields or options.where or options.sort then
    session:show(views.steps, steps_of(plan))
  else
    local text = require("lastpass.plan.text").plan(plan, session.streams.width)
    return session:print(advice.in_commands(text))
  end
  tell_refusals(session, plan)
end

--- The end of a command that makes a plan: it is saved when that is wanted, and shown.
---@param session lastpass.cli.Session
---@param plan lastpass.Plan
---@return integer|nil code
---@return string? message
---@return lastpass.Error? err
function M.hand_over(session, plan)
  local options = session.options
  if options.output then
    local ok, message, err = plan:save(options.output)
    if not ok then
      return nil, message, err
    end
  end
  M.show_plan(session, plan)
  return exit.of_plan(plan, options.detailed_exitcode)
end

--- The lines of Lua for it.
---@param made string the expression that makes the plan
---@param options table
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
  local given = {
    progress = not options.quiet and true or nil,
    chunk = options.chunk,
    in_flight = options.in_flight,
    stop_after = options.stop_after,
    confirm_final = final and lua_text.raw(final) or options.confirm_final,
    refused_rows = options.refused,
  }
  return next(given) and ", " .. lua_text.value(given) or ""
end

--- The line of Lua that carries `plan` out, where the command does.
---@param options table of the command line
---@param final? string what to write for confirm_final
---@return string
function M.apply_lua(options, final)
  if options.dry_run then
    return "-- a dry run ends here"
  end
  return ("print(assert(client:apply(plan%s)))"):format(M.options_lua(options, final))
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
  if options.json and not options.fields and not options.where and not options.sort then
    local json = require "lastpass.json"
    session:print(json.shown {
      id = run.id,
      plan = run.plan,
      kind = run.kind,
      of_run = run.of_run,
      state = run.state,
      ok = run.ok,
      counts = run.counts,
      requests = run.requests,
      stopped = run.stopped and { code = run.stopped.code, message = run.stopped.message } or nil,
      steps = json.list(rows),
    })
  elseif session:for_programs() or options.fields or options.where or options.sort then
    session:show(views.run_steps, rows)
  else
    local how = { all = all, width = session.streams.width }
    session:print(advice.in_commands(require("lastpass.plan.text").run(run, how)))
  end
end

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
    refused_rows = options.refused,
    cancel = interrupt.has_come,
  }
end

-- Ends a run that was begun: shows it, and says how to go on when it was interrupted.
local function end_run(session, run, message, err)
  if not run then
    return nil, message, err
  end
  M.show_run(session, run)
  if session:for_programs() and run.stopped then
    session:say("lastpass: %s", run.stopped.message)
  end
  if interrupt.has_come() and run.state == "stopped" then
    if session:for_programs() then
      session:say("to go on: lastpass run resume %d", run.id)
    end
    return exit.interrupted
  end
  return exit.of_run(run)
end

local function ask(session, plan)
  local final = require("lastpass.plan.document").final_count(plan.body)
  if final > 0 then
    local ok, message, err = confirm.type(
      session,
      ("%d of %d steps in %s cannot be taken back"):format(final, plan:count(), session:company()),
      tostring(final),
      "--confirm-final"
    )
    if not ok then
      return nil, message, err
    end
    session.options.confirm_final = final
    return true
  end
  local subjects, seen = {}, {}
  for _, step in ipairs(plan.body.steps) do
    if not seen[step.subject] then
      seen[step.subject], subjects[#subjects + 1] = true, step.subject
    end
  end
  local question = ("apply %d step%s to %s in %s?"):format(
    plan:count(),
    plan:count() == 1 and "" or "s",
    confirm.people(subjects),
    session:company()
  )
  return confirm.ask(session, question)
end

--- Shows a plan, asks, and carries it out.
---@param session lastpass.cli.Session
---@param plan lastpass.Plan
---@return integer|nil code
---@return string? message
---@return lastpass.Error? err
function M.apply(session, plan)
  local code = exit.of_plan(plan)
  local can_be_applied = code == exit.done or code == exit.partial
  if session.options.dry_run or not can_be_applied or plan:is_empty() then
    M.show_plan(session, plan)
    return code
  end
  if not session:for_programs() then
    M.show_plan(session, plan)
  end
  local ok, message, err = ask(session, plan)
  if not ok then
    return nil, message, err
  end
  session.streams:flush()
  local client = session:client()
  return end_run(
    session,
    mistakes.call(interrupt.gently, client.apply, client, plan, M.apply_options(session))
  )
end

--- Goes on with a run.
---@param session lastpass.cli.Session
---@param id integer
---@return integer|nil code
---@return string? message
---@return lastpass.Error? err
function M.resume(session, id)
  local client = session:client()
  local options = M.apply_options(session)
  options.confirm_final = nil
  return end_run(session, mistakes.call(interrupt.gently, client.resume, client, id, options))
end

return M

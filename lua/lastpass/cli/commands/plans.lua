--- The commands about plans and their runs.
-- @module lastpass.cli.commands.plans
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local options_of = require "lastpass.cli.options"
local values = require "lastpass.cli.values"

local must = failure.must

local function applying()
  return require "lastpass.cli.applying"
end

local function company_plans()
  return require "lastpass.cli.company_plans"
end

-- How a plan is applied.
local refused = {
  "--refused",
  "write the rows that did not go through to this file",
  value = "FILE.csv",
}
local apply_options = values.join(
  {
    options_of.approver,
    refused,
    options_of.stop_after,
  },
  options_of.sending,
  {
    {
      "--late-margin",
      "how long after its time limit a call may still be executed; default 60",
      value = "SECONDS",
      number = true,
    },
    { "-q --quiet", "no progress" },
  }
)
local confirm_final =
  { "--confirm-final", "how many steps cannot be taken back", value = "NUMBER", number = true }

-- ------------------------------------------------------------------ plan and apply

-- A playbook is a program, and only a file that is named as one is run. Anything else is a plan, which is
-- data, or nothing.
local function is_playbook(path)
  return path:lower():find "%.lua$" ~= nil
end

-- What is not JSON was never a plan; load_plan finds out what was changed, or is of another program.
local function check_plan_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return errors.fail("argument", "cannot_read", message)
  end
  local start = file:read(64) or ""
  file:close()
  if not start:find "^%s*{" then
    return errors.fail(
      "argument",
      "not_a_plan",
      path .. ": is not a plan file, and nothing in it was run",
      { file = path, hint = "a playbook's name must end with .lua; lastpass plan -o writes plans" }
    )
  end
  return true
end

-- Makes a plan with the limits of the command line.
local function make_plan(session, method, subject, more)
  local settings = applying().plan_options(session.options)
  for name, value in pairs(more or {}) do
    settings[name] = value
  end
  local client = session:client()
  return must(failure.call(client[method], client, subject, settings))
end

local function plan_of(session, options)
  local path = options.plan
  if is_playbook(path) then
    return make_plan(session, "plan", path)
  elseif #options.limit > 0 then
    must(values.usage "--limit is for making a plan; this one is made")
  end
  must(check_plan_file(path))
  return must(session:client():load_plan(path))
end

-- ------------------------------------------------------------------ runs

local function run_of(session, options)
  local client = session:client()
  return must(failure.call(client.run, client, options.run))
end

local function resume(session, options)
  local run = run_of(session, options)
  if options.dry_run then
    applying().show_run(session, run)
    return 0
  end
  local question = ("continue run %d in %s, %d steps to do?"):format(
    run.id,
    session:company(),
    run.counts.not_tried
  )
  must(require("lastpass.cli.confirm").ask(session, question))
  return applying().resume(session, options.run)
end

local run_argument = { { "run", "number of the run", number = true } }

local function runs_filter(options)
  return { limit = options.limit, state = options.state }
end

return {
  groups = { run = "A script, or a run of a plan." },
  {
    name = "plan",
    summary = "Make a plan of what a playbook would change",
    description = "Nothing is written to LastPass. The plan says who would be changed, why, and "
      .. "what the guards think of it.",
    connects = true,
    rows = true,
    arguments = { { "playbook", "Lua file that declares how the company ought to be" } },
    options = {
      options_of.save_plan,
      options_of.via,
      { "--detailed-exitcode", "end with 2 when there is something to change" },
      options_of.limit_of_playbook,
      options_of.limit_over_all,
      {
        "--expires-in",
        "seconds the plan is good for; default a day",
        value = "SECONDS",
        number = true,
      },
    },
    examples = {
      { "lastpass plan joiners.lua -o today.plan.json", "to be reviewed, then applied" },
      {
        "lastpass plan joiners.lua --limit disable=40",
        "allow more leavers than usual, this once",
      },
      { "lastpass plan joiners.lua --json | jq .plan.counts", "for a program" },
      { "lastpass plan joiners.lua --via scim", "over SCIM what SCIM can do; each step says it" },
      {
        "lastpass plan joiners.lua --tenants group:eu -o eu.plans.json",
        "one plan over many companies",
      },
    },
    topics = { "playbooks", "safety", "tenants", "exit-codes" },
    tenants = {
      kind = "plan",
      run = function(session, options)
        return company_plans().plan(session, options)
      end,
      run_lua = function(options)
        return company_plans().plan_lua(options)
      end,
    },
    lua = function(options)
      local settings = applying().plan_options(options)
      settings.expires_in = options.expires_in
      local made = ("client:plan(%s%s)"):format(
        lua_text.value(options.playbook),
        lua_text.further(settings)
      )
      return table.concat(applying().lua(made, options), "\n")
    end,
    run = function(session, options)
      must(company_plans().check_single(options))
      local more = { expires_in = options.expires_in }
      return applying().hand_over(session, make_plan(session, "plan", options.playbook, more))
    end,
  },
  {
    name = "apply",
    summary = "Apply a plan, or make one of a playbook and apply it",
    description = "The plan is shown, then it asks. Ctrl-C finishes what is under way, saves, and "
      .. "says how to continue; a run that crashed can be continued, too. A plan file is data. A "
      .. "playbook is a program, which is run: with --dry-run as well. A plan over companies is "
      .. "applied in waves; when more companies fail than the budget allows, it stops by itself.",
    connects = true,
    writes = true,
    rows = true,
    arguments = {
      { "plan", "plan file of `lastpass plan -o`, or a playbook, whose name ends with .lua" },
    },
    options = values.join(
      { confirm_final, options_of.via },
      apply_options,
      { options_of.limit_of_playbook, options_of.limit_over_all },
      options_of.waves
    ),
    tenants = {
      kind = "apply",
      is_meant = function(options)
        return not is_playbook(options.plan) and company_plans().is_file(options.plan)
      end,
      run = function(session, options)
        return company_plans().apply(session, options)
      end,
      run_lua = function(options)
        return company_plans().apply_lua(options)
      end,
    },
    examples = {
      { "lastpass apply today.plan.json", "what was reviewed, and nothing else" },
      { "lastpass apply eu.plans.json --budget 2", "over companies, in waves" },
      { "lastpass apply joiners.lua --yes", "from cron; the guards still decide" },
      { "lastpass apply leavers.plan.json --confirm-final 2", "two accounts are deleted" },
    },
    topics = { "playbooks", "safety", "exit-codes" },
    lua = function(options)
      local lines = {
        ("local plan = assert(client:%s(%s%s))"):format(
          is_playbook(options.plan) and "plan" or "load_plan",
          lua_text.value(options.plan),
          is_playbook(options.plan) and lua_text.further(applying().plan_options(options)) or ""
        ),
        options.dry_run and "print(plan)" or nil,
      }
      lines[#lines + 1] = applying().apply_lua(options)
      return table.concat(lines, "\n")
    end,
    run = function(session, options)
      must(company_plans().check_single(options))
      return applying().apply(session, plan_of(session, options))
    end,
  },
  {
    name = "runs",
    summary = "List runs of plans, the newest first",
    connects = true,
    rows = true,
    ends_with_reader = true,
    options = {
      { "--limit", "how many; default 20", value = "COUNT", number = "whole" },
      {
        "--state",
        "only those",
        value = "STATE",
        choices = { "running", "finished", "stopped", "abandoned" },
      },
    },
    examples = { { "lastpass runs --state stopped", "what can be resumed" } },
    topics = { "output" },
    lua = function(options)
      local form = "for _, run in ipairs(assert(client:runs%s)) do print(run.id, run.state) end"
      return form:format(lua_text.options(runs_filter(options)))
    end,
    tenants = {
      kind = "runs",
      view = "runs",
      settings = function(_, options)
        return runs_filter(options)
      end,
    },
    view = "runs",
    list = function(session, options)
      return session:client():runs(runs_filter(options))
    end,
  },
  {
    name = "run show",
    summary = "Show what a run of a plan has done, step by step, and what not",
    connects = true,
    rows = true,
    arguments = run_argument,
    examples = { { "lastpass run show 12 --csv", "every step with its outcome" } },
    topics = { "output" },
    lua = function(options)
      return ("print(assert(client:run(%d)))"):format(options.run)
    end,
    run = function(session, options)
      applying().show_run(session, run_of(session, options), true)
      return 0
    end,
  },
  {
    name = "run resume",
    summary = "Continue a run that broke off",
    description = "What was under way is reconciled with the directory first; nothing is repeated "
      .. "whose outcome is unknown.",
    connects = true,
    writes = true,
    rows = true,
    arguments = run_argument,
    options = apply_options, -- final steps were confirmed when the run began
    examples = { { "lastpass run resume 12 --yes", "without the question" } },
    topics = { "safety", "exit-codes" },
    lua = function(options)
      if options.dry_run then
        return ("print(assert(client:run(%d)))"):format(options.run)
      end
      return ("print(assert(client:resume(%d%s)))"):format(
        options.run,
        applying().options_lua(options)
      )
    end,
    run = resume,
  },
  {
    name = "run undo",
    summary = "Take a run back",
    description = "Makes the plan that leads to what was before, shows it, asks, and applies it. "
      .. "Users who have changed since are left alone, and what cannot come back is listed. A run "
      .. "that began more than a week ago is taken back within the limits of any plan.",
    connects = true,
    writes = true,
    rows = true,
    arguments = run_argument,
    options = values.join(
      { { "-o --output", "save the plan and do not apply it", value = "FILE" }, options_of.limit },
      { confirm_final, options_of.via },
      apply_options
    ),
    examples = { { "lastpass run undo 12 --dry-run", "what would be taken back" } },
    topics = { "safety", "exit-codes" },
    lua = function(options)
      local made = ("client:undo(%d%s)"):format(
        options.run,
        lua_text.further(applying().plan_options(options))
      )
      local lines = applying().lua(made, options)
      if not options.output then
        lines[#lines + 1] = applying().apply_lua(options)
      end
      return table.concat(lines, "\n")
    end,
    run = function(session, options)
      local plan = make_plan(session, "undo", options.run)
      if options.output then
        return applying().hand_over(session, plan)
      end
      return applying().apply(session, plan)
    end,
  },
}

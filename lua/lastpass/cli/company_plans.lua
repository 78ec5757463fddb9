--- Plans over companies on the command line: made, shown, confirmed once, applied in waves, taken back.
-- @module lastpass.cli.company_plans
local applying = require "lastpass.cli.applying"
local confirm = require "lastpass.cli.confirm"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local interrupt = require "lastpass.cli.interrupt"
local lua_text = require "lastpass.cli.lua_text"
local tenants = require "lastpass.cli.tenants"
local text = require "lastpass.text"
local values = require "lastpass.cli.values"
local views = require "lastpass.cli.views"

local M = {}

local must = failure.must

-- ------------------------------------------------------------------ options

local function limits_over_all(options)
  local list = options.limit_over_all
  local given = must(values.pairs("--limit-over-all", list, "NAME=COUNT", "^([%a_]+)=(.+)$"))
  for name, value in pairs(given or {}) do
    given[name] = tonumber(value) or value
  end
  return given
end

-- How a plan over companies is made, as the command line says it.
local function plan_options(options)
  local settings = applying.plan_options(options)
  settings.limit_over_all = limits_over_all(options)
  settings.expires_in = options.expires_in
  settings.time_limit = must(values.duration("time-limit", options.time_limit))
  return settings
end

local function waves_of(options)
  if not options.waves then
    return nil
  end
  local waves, expected = require("lastpass.tenants.waves").parse(options.waves)
  if not waves then
    must(values.usage(("--waves %s: must be %s"):format(options.waves, expected)))
  end
  return waves
end

local function budget_of(options)
  local budget = tonumber(options.budget) or options.budget
  local ok, expected = require("lastpass.tenants.waves").check_budget(budget or 0)
  if not ok then
    must(values.usage(("--budget %s: must be %s"):format(options.budget, expected)))
  end
  return budget
end

-- How it is applied.
local function apply_options(options)
  return {
    waves = waves_of(options),
    budget = budget_of(options),
    first = options.first,
    in_flight = options.companies,
    company_in_flight = options.in_flight,
    time_limit = must(values.duration("time-limit", options.time_limit)),
    chunk = options.chunk,
    stop_after = options.stop_after,
    late_margin = options.late_margin,
    approver = options.approver,
    confirm_final = options.confirm_final,
  }
end

local OVER_COMPANIES = { "waves", "budget", "first", "companies", "limit_over_all" }

--- Refuses what means nothing for one company.
---@param options table
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.check_single(options)
  for _, name in ipairs(OVER_COMPANIES) do
    local value = options[name]
    if value and (type(value) ~= "table" or #value > 0) then
      return values.usage(("--%s is about many companies: --tenants"):format(name:gsub("_", "-")))
    end
  end
  return true
end

-- ------------------------------------------------------------------ the companies

-- Calls of companies end before the leases of a run do.
local function load_set(session)
  local connect = require("lastpass").new
  return tenants.load(session, {
    connect = require("lastpass.tenants.worker").connect(connect),
  })
end

-- The companies of a plan, as far as they are there: others may have other journals.
local function load_for(session, plans)
  local set, names = load_set(session), {}
  for _, entry in ipairs(plans.body.companies) do
    if set:company(entry.company) then
      names[#names + 1] = entry.company
    end
  end
  if #names == 0 then
    local hint = "say where the companies stand as when it was made: --tenants-file, --tenants-of"
    must(values.usage("none of the companies of this plan is known", hint))
  end
  return must(set:select(names))
end

--- Whether a file is a plan over companies.
---@param path string
---@return boolean
function M.is_file(path)
  local file = io.open(path, "rb")
  local start = file and file:read(200) or ""
  if file then
    file:close()
  end
  return require("lastpass.tenants.plan_document").is_named_so(start)
end

-- ------------------------------------------------------------------ shown

local function selects_rows(options)
  return options.fields or options.where or options.sort
end

local function step_rows(plans)
  local plan_text, rows = require "lastpass.plan.text", {}
  for _, entry in ipairs(plans.body.companies) do
    for _, step in ipairs(entry.body.steps) do
      local row = { company = entry.company, what = plan_text.what(step) }
      row.origin = step.origin or step.rule
      for _, name in ipairs { "number", "kind", "subject", "reason", "reversal" } do
        row[name] = step[name]
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

local function show_plans(session, plans)
  local options = session.options
  if options.json and not selects_rows(options) then
    session.streams:write(plans:text())
  elseif session:for_programs() or selects_rows(options) then
    session:show(views.company_steps, step_rows(plans))
  else
    local shown = require("lastpass.tenants.plan_text").plans(plans, session.streams.width)
    return session:print(failure.in_commands(shown))
  end
  session.streams:flush()
  for _, line in
    ipairs(
      require("lastpass.tenants.plan_text").missing_lines(#plans.body.companies, plans.body.missing)
    )
  do
    session:say("%s", line)
  end
  applying.show_refusals(session, plans)
end

local function code_of_plans(plans, detailed)
  if #plans.body.refusals > 0 then
    return exit.guard
  elseif #plans.body.missing > 0 then
    return exit.partial
  end
  local worst = detailed and plans:count() > 0 and exit.changes or exit.done
  for _, entry in ipairs(plans.body.companies) do
    worst = math.max(worst, require("lastpass.tenants.plan_kinds").code_of_plan(entry.body))
  end
  return worst
end

local function show_result(session, result)
  local options = session.options
  if options.json and not selects_rows(options) then
    session:print(require("lastpass.json").shown {
      run = result.id,
      plan = result.plan,
      state = result.state,
      why = result.why,
      companies = result.companies,
      done = result.done,
      uncertain = result.uncertain,
      counts = result.counts,
      missing = require("lastpass.json").list(result.missing),
      rows = require("lastpass.json").list(result.list),
    })
  else
    session:show(views.company_runs, result.list)
  end
  session.streams:flush()
  session:say("%s", require("lastpass.tenants.plan_results").summary(result))
  if result.state == "stopped" then
    session:say("%s", result.why or "it was stopped")
  end
  session:say("%s", tenants.statement(result))
  if result.state ~= "finished" then
    session:say("to continue: the same command again, or lastpass tenants resume %d", result.id)
  end
end

local function code_of_result(result)
  if interrupt.has_come() then
    return exit.interrupted
  end
  return #result.missing > 0 and exit.partial or result.exit_code
end

-- ------------------------------------------------------------------ made and applied

--- The command `plan` over companies.
---@param session lastpass.cli.Session
---@param options table
---@return integer code
function M.plan(session, options)
  if options.queue or options.processes then
    local hint = "lastpass apply FILE --queue leaves applying it to workers"
    must(values.usage("--queue and --processes: a plan over companies is made here", hint))
  end
  local settings = plan_options(options)
  settings.in_flight = options.in_flight
  local set = load_set(session)
  local plans = must(failure.call(set.plan, set, options.playbook, settings))
  if options.output then
    must(plans:save(options.output))
  end
  show_plans(session, plans)
  return code_of_plans(plans, options.detailed_exitcode)
end

local function confirm_plans(session, plans)
  local final, count = plans:final_count(), 0
  for _, entry in ipairs(plans:applicable()) do
    count = count + (#entry.body.steps > 0 and 1 or 0)
  end
  local where = text.plural(count, "company", "companies")
  if final > 0 then
    local form = "%d of %d steps in %s cannot be taken back"
    local question = form:format(final, plans:count(), where)
    must(confirm.type(session, question, tostring(final), "--confirm-final"))
    session.options.confirm_final = final
    return
  end
  local form = "apply %s in %s?"
  must(confirm.ask(session, form:format(text.plural(plans:count(), "step"), where)))
end

-- What is said while it lasts: who failed, and what a company waits for.
local function reporter(session)
  return function(event)
    if session.options.quiet then
      return
    elseif event.what == "failed" then
      session:say("%s: %s", event.company, failure.in_commands(event.message or "failed"))
    elseif event.what == "said" or event.what == "journal" then
      session:say("%s%s", event.company and event.company .. ": " or "", event.message)
    end
  end
end

-- Leaves a plan to workers.
local function put_into_queue(session, set, plans, options)
  local id = must(failure.call(set.queue, set, plans, options))
  session:print(("%d"):format(id))
  session:say("workers apply it: lastpass tenants status %d", id)
  return exit.done
end

local function apply_plans(session, set, plans)
  local code = code_of_plans(plans)
  if session.options.dry_run or #plans.body.refusals > 0 or plans:count() == 0 then
    show_plans(session, plans)
    return code
  end
  if not session:for_programs() then
    show_plans(session, plans)
  end
  confirm_plans(session, plans)
  session.streams:flush()
  local options = apply_options(session.options)
  if session.options.queue then
    options.in_flight, options.time_limit = nil, nil -- the workers' own
    return put_into_queue(session, set, plans, options)
  end
  options.cancel, options.on_event = interrupt.has_come, reporter(session)
  local result = must(failure.call(interrupt.gently, set.apply, set, plans, options))
  show_result(session, result)
  return math.max(code_of_result(result), code == exit.partial and code or 0)
end

--- The command `apply` over companies: of a file, or of a playbook.
---@param session lastpass.cli.Session
---@param options table
---@return integer code
function M.apply(session, options)
  apply_options(options) -- what is wrong with it, before anything is asked
  if options.processes then
    local hint = "--queue leaves it to workers: lastpass worker"
    must(values.usage("--processes: a plan over companies is applied by this process", hint))
  end
  local path = options.plan
  if not path:lower():find "%.lua$" then
    if not M.is_file(path) then
      local hint = "lastpass plan PLAYBOOK --tenants EXPRESSION -o FILE makes one"
      must(values.usage(path .. " is not a plan over companies", hint))
    elseif #options.limit + #options.limit_over_all > 0 then
      must(values.usage "--limit and --limit-over-all are for making a plan; this one is made")
    elseif options.tenants then
      must(values.usage("--tenants is for making a plan; this one has its companies"))
    end
    local plans = must(require("lastpass.tenants.plans").load(path))
    return apply_plans(session, load_for(session, plans), plans)
  end
  local set = load_set(session)
  local settings = plan_options(options)
  settings.in_flight = options.companies
  return apply_plans(session, set, must(failure.call(set.plan, set, path, settings)))
end

--- Takes a run over companies back.
---@param session lastpass.cli.Session
---@param options table
---@return integer code
function M.undo(session, options)
  apply_options(options)
  local settings = plan_options(options)
  settings.in_flight = options.companies
  local set = load_set(session)
  local plans = must(failure.call(set.undo, set, options.run, settings))
  if options.output then
    must(plans:save(options.output))
    show_plans(session, plans)
    return code_of_plans(plans)
  end
  return apply_plans(session, set, plans)
end

-- ------------------------------------------------------------------ as Lua

--- The Lua that makes a plan over companies, and saves it where the command does.
---@param options table
---@return string lines that use `set`
function M.plan_lua(options)
  local settings = plan_options(options)
  settings.in_flight = options.in_flight
  local form = "local plans = assert(set:plan(%s%s))"
  return table.concat({
    form:format(lua_text.value(options.playbook), lua_text.further(settings)),
    "print(plans)",
    options.output and ("assert(plans:save(%s))"):format(lua_text.value(options.output)),
  }, "\n")
end

--- The Lua that applies one.
---@param options table
---@return string lines that use `set`
function M.apply_lua(options)
  local is_playbook = options.plan and options.plan:lower():find "%.lua$"
  local made
  if not options.plan then
    made = ("set:undo(%d%s)"):format(options.run, lua_text.further(plan_options(options)))
  elseif is_playbook then
    made = ("set:plan(%s%s)"):format(
      lua_text.value(options.plan),
      lua_text.further(plan_options(options))
    )
  else
    made = ("set:load_plan(%s)"):format(lua_text.value(options.plan))
  end
  local lines = { ("local plans = assert(%s)"):format(made), "print(plans)" }
  if options.output then
    lines[#lines + 1] = ("assert(plans:save(%s))"):format(lua_text.value(options.output))
  elseif options.dry_run then
    lines[#lines + 1] = "-- a dry run ends here"
  else
    local form = "local result = assert(set:apply(plans%s))"
    lines[#lines + 1] = form:format(lua_text.further(apply_options(options)))
    lines[#lines + 1] = "print(result.state, result.done, #result.missing)"
  end
  return table.concat(lines, "\n")
end

return M

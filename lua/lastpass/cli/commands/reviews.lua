--- The commands about access reviews.
-- @module lastpass.cli.commands.reviews
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local options_of = require "lastpass.cli.options"
local values = require "lastpass.cli.values"

local must = failure.must

local function applying()
  return require "lastpass.cli.applying"
end

local function reporting()
  return require "lastpass.cli.reporting"
end

local function roster()
  return require "lastpass.cli.roster"
end

local function access_review()
  return require("lastpass").report.access_review
end

local review_folder = { { "folder", "folder of the review, as `review export` made it" } }

local function read_decisions(options)
  local read = access_review().read
  return must(failure.call(read, options.folder, must(values.csv(options))))
end

local MOST = 20

-- Reads the decisions, and lists rows that were not understood.
local function decisions_of(session)
  local decisions = read_decisions(session.options)
  for position, problem in ipairs(decisions.problems) do
    if position > MOST then
      session:say("and %d more rows that were not understood", #decisions.problems - MOST)
      break
    end
    session:say("%s: %s", problem.origin, problem.reason)
  end
  return decisions
end

local REVIEW_LUA = 'local review = require("lastpass").report.access_review\n'

local function decisions_lua(options)
  return REVIEW_LUA
    .. ("local decisions = assert(review.read(%s%s))"):format(
      lua_text.value(options.folder),
      lua_text.further(must(values.csv(options)))
    )
end

-- A row for each manager's file.
local function files_of(decisions)
  local list, by_name = {}, {}
  for _, item in ipairs(decisions.campaign.items) do
    local file = by_name[item.file]
    if not file then
      file = {
        file = item.file,
        manager = item.manager,
        items = 0,
        keep = 0,
        remove = 0,
        undecided = 0,
        problems = 0,
      }
      by_name[item.file], list[#list + 1] = file, file
    end
    local one = decisions.by_id[item.id]
    local decision = one and one.decision or "undecided"
    file.items, file[decision] = file.items + 1, file[decision] + 1
  end
  for _, problem in ipairs(decisions.problems) do
    local file = by_name[problem.origin:match "^(.*):%d+$" or problem.origin]
    if file then
      file.problems = file.problems + 1
    end
  end
  return list
end

local function export_review(session, options)
  local settings, columns =
    require("lastpass.cli.report_options").settings(access_review(), options)
  local source = must(roster().open(options, columns))
  settings.roster = source
  local export = access_review().export
  local result, files = must(
    roster().classify(source, failure.call(export, session:client(), options.folder, settings))
  )
  if not reporting().asks_for_rows(options) and not options.html then
    options.table = "managers" -- hundreds of things to decide are for the files
  end
  local code = reporting().finish(session, result)
  if not options.quiet then
    session:say("%s: %d files", options.folder, #files)
  end
  return code
end

local function plan_settings(options)
  local settings = applying().plan_options(options)
  settings.protect = values.list(options.protect)
  return settings
end

local function close_review(session, options)
  -- the report says how many rows were not understood, `review status` which
  local decisions = read_decisions(options)
  local closure = access_review().closure
  return reporting().finish(session, must(closure(session:client(), decisions)))
end

return {
  groups = {
    review = "Access reviews: managers decide in a spreadsheet, a plan applies their decisions.",
  },
  {
    name = "review export",
    summary = "Write a CSV file for each manager: what their people have, to be decided",
    description = "Managers fill in the column decision (keep or remove) and may comment. What has "
      .. "no manager is in unassigned.csv.",
    connects = true,
    rows = true,
    arguments = { { "folder", "folder for the files; must be empty or not exist yet" } },
    definition = "access_review",
    examples = {
      {
        "lastpass review export review-2026-q2 --roster hr.csv --manager 'Manager e-mail'",
        "everything",
      },
      {
        "lastpass review export q2 --roster hr.csv --what group,folder",
        "groups and folders only",
      },
    },
    topics = { "rosters", "report-forms" },
    lua = function(options)
      local settings = require("lastpass.cli.report_options").settings(access_review(), options)
      settings.roster = roster().lua(options)
      return REVIEW_LUA
        .. ("print(assert(review.export(client, %s, %s)))"):format(
          lua_text.value(options.folder),
          lua_text.value(settings)
        )
    end,
    run = export_review,
  },
  {
    name = "review status",
    summary = "Show who has decided, and who has not yet",
    description = "Ends with 3 when there are rows that were not understood; they are listed.",
    rows = true,
    arguments = review_folder,
    options = values.csv_options,
    examples = {
      {
        "lastpass review status review-2026-q2 --where 'u.undecided > 0' --template '$(manager)'",
        "whom to remind",
      },
    },
    topics = { "output", "exit-codes" },
    lua = function(options)
      return decisions_lua(options) .. "\nprint(decisions)"
    end,
    run = function(session)
      local decisions = decisions_of(session)
      session:show(require("lastpass.cli.views").review_files, files_of(decisions))
      return #decisions.problems > 0 and exit.partial or exit.done
    end,
  },
  {
    name = "review plan",
    summary = "Make the plan that applies the decisions",
    description = "Memberships end and accounts are disabled; `lastpass apply` does it. What the "
      .. "API cannot do is listed by `review tasks`.",
    connects = true,
    rows = true,
    arguments = review_folder,
    options = values.join({
      options_of.save_plan,
      { "--protect", "never touch this account", value = "EMAIL", many = true },
      options_of.limit,
    }, values.csv_options),
    examples = {
      {
        "lastpass review plan review-2026-q2 -o q2.plan.json",
        "then lastpass apply q2.plan.json",
      },
    },
    topics = { "playbooks", "safety", "exit-codes" },
    lua = function(options)
      local made = ("review.plan(client, decisions%s)"):format(
        lua_text.further(plan_settings(options))
      )
      return decisions_lua(options) .. "\n" .. table.concat(applying().lua(made, options), "\n")
    end,
    run = function(session, options)
      local settings = plan_settings(options)
      local decisions = read_decisions(options) -- a failure lists the rows itself
      local make = access_review().plan
      local plan = must(failure.call(make, session:client(), decisions, settings))
      return applying().hand_over(session, plan)
    end,
  },
  {
    name = "review tasks",
    summary = "List what has to be done by hand: admin rights and shared folders",
    description = "The API cannot change them; the Admin Console can.",
    rows = true,
    ends_with_reader = true,
    arguments = review_folder,
    options = values.csv_options,
    examples = { { "lastpass review tasks review-2026-q2 --csv", "for a ticket system" } },
    topics = { "output" },
    lua = function(options)
      return decisions_lua(options)
        .. "\nfor _, task in ipairs(review.manual(decisions)) do print(task.task) end"
    end,
    run = function(session)
      local decisions = decisions_of(session)
      local tasks = access_review().manual(decisions)
      session:show(require("lastpass.cli.views").tasks, tasks)
      return #decisions.problems > 0 and exit.partial or exit.done
    end,
  },
  {
    name = "review close",
    summary = "Report how the review has ended: decisions beside what people have now",
    connects = true,
    rows = true,
    arguments = review_folder,
    tables = {},
    options = values.csv_options,
    examples = {
      { "lastpass review close review-2026-q2 --html closure.html", "for the auditor" },
      {
        "lastpass review close review-2026-q2 --where 'u.class == \"open\"'",
        "what still has to be done",
      },
    },
    topics = { "report-forms", "output" },
    lua = function(options)
      return table.concat({
        decisions_lua(options),
        "local report = assert(review.closure(client, decisions))",
        reporting().save_lua(options),
      }, "\n")
    end,
    run = close_review,
  },
}

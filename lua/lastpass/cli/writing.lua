--- Carries a verb out over a list of people: makes a plan of it, asks, writes with a journal, and says of
-- each what became of it. A dry run ends after the plan.
-- @module lastpass.cli.writing
local advice = require "lastpass.cli.advice"
local applying = require "lastpass.cli.applying"
local confirm = require "lastpass.cli.confirm"
local exit = require "lastpass.cli.exit"
local interrupt = require "lastpass.cli.interrupt"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local output = require "lastpass.cli.output"
local verbs = require "lastpass.cli.verbs"
local views = require "lastpass.cli.views"

local M = {}

--- Options of whatever a verb does.
M.options = {
  {
    "--limit",
    "let the guards pass so many: disable=40, per_day.disable=60",
    value = "NAME=COUNT",
    many = true,
  },
  { "--stop-after", "failures that end the run; default 20", value = "COUNT", number = true },
  { "-q --quiet", "no progress, and no line that sums up" },
}

-- A handful needs no sign of progress.
local FEW = 5

local states =
  { "done", "unchanged", "refused", "stale", "uncertain", "unknown", "not_confirmed", "not_tried" }

-- "not_tried" as people read it.
local function outcome_of(state)
  return (state:gsub("_", " "))
end

--- What an outcome looks like: the columns of the verb stand beside it, so that what is left over can be
-- fed back.
---@param name string of `lastpass.cli.verbs`
---@return lastpass.cli.View
function M.view(name)
  local view, fields = {}, {}
  for key, value in pairs(views.outcomes) do
    view[key] = value
  end
  for _, list in ipairs { views.outcomes.fields, verbs.list[name].columns } do
    for _, field in ipairs(list) do
      fields[#fields + 1] = field
    end
  end
  view.fields = fields
  return view
end

-- The rows as they are shown, with those that a file's reader refused, in the order of the file.
local function shown_rows(asked, more, as_planned)
  local list = {}
  for place, row in ipairs(asked.rows) do
    local shown = {}
    for field, value in pairs(more.given and more.given[place] or {}) do
      shown[field] = value
    end
    local item = row.item
    shown.row = more.lines and more.lines[place] or place
    shown.who = row.action and row.action.subject or verbs.who(item)
    shown.email = shown.who
    shown.fullname, shown.groups = shown.fullname or item.fullname, shown.groups or item.groups
    shown.outcome, shown.code = outcome_of(row.state), row.code
    shown.reason = row.reason and advice.in_commands(row.reason)
    if as_planned and row.state ~= "unchanged" then
      shown.outcome = "would be " .. shown.outcome
    end
    list[place] = shown
  end
  for _, row in ipairs(more.refused or {}) do
    list[#list + 1] = row
  end
  table.sort(list, function(a, b)
    return a.row < b.row
  end)
  return list
end

local function sum_of(asked, more, run)
  local counts, parts = { refused = #(more.refused or {}) }, {}
  for _, row in ipairs(asked.rows) do
    counts[row.state] = (counts[row.state] or 0) + 1
  end
  for _, state in ipairs(states) do
    if (counts[state] or 0) > 0 then
      parts[#parts + 1] = ("%d %s"):format(counts[state], outcome_of(state))
    end
  end
  local text = #parts > 0 and table.concat(parts, ", ") or "nothing to do"
  if not run then
    return text
  elseif run.state == "stopped" then
    return ("%s; to go on: lastpass run resume %d"):format(text, run.id)
  end
  local changes = require "lastpass.directory.changes"
  for _, step in ipairs(asked.plan.body.steps) do
    local comes_back = changes.by_name[step.kind].reversal ~= "final"
    if comes_back and not changes.is_traceless(step) then
      return ("%s; run %d, which lastpass run undo %d takes back"):format(text, run.id, run.id)
    end
  end
  return ("%s; run %d"):format(text, run.id)
end

local function code_of(asked, more, run)
  local code = exit.of_batch(require("lastpass.plan.direct").result(asked, run))
  return code == exit.done and #(more.refused or {}) > 0 and exit.partial or code
end

local function show_refusals(session, plan)
  for _, refusal in ipairs(plan.body.refusals) do
    session:say("refused by the guard '%s': %s", refusal.guard, refusal.message)
    session:say("  to allow it: %s", advice.in_commands(refusal.allow))
  end
end

-- What would become of each row.
local function show_plan(session, name, asked, more)
  local text = require "lastpass.plan.text"
  local refusals = asked.plan.body.refusals
  for _, row in ipairs(asked.rows) do
    if not row.state then
      row.state = #refusals > 0 and "refused" or "done"
      row.reason = #refusals > 0 and refusals[1].message or text.what(row.action.step)
      row.code = #refusals > 0 and "refused_by_guards" or nil
    end
  end
  session:show(M.view(name), shown_rows(asked, more, true))
  session.streams:flush()
  for _, group in ipairs(asked.new_groups) do
    session:say("the group '%s' is new", group)
  end
  show_refusals(session, asked.plan)
  if #refusals > 0 then
    return exit.guard
  end
  return code_of(asked, more)
end

local function show_run(session, name, asked, more, run)
  local sum, quiet = sum_of(asked, more, run), session.options.quiet
  local is_stopped = run and run.state == "stopped"
  if is_stopped then
    session:say("%s", sum) -- before a table that nobody reads to its end
  end
  session:show(M.view(name), shown_rows(asked, more))
  session.streams:flush()
  if not is_stopped and not quiet then
    session:say("%s", sum)
  end
  if is_stopped and run.stopped then
    local failure = require "lastpass.cli.failure"
    session:say("%s", failure.text(run.stopped.message, run.stopped))
  end
  if is_stopped and interrupt.has_come() then
    return exit.interrupted
  end
  return code_of(asked, more, run)
end

local function subjects_of(asked)
  local subjects, seen = {}, {}
  for _, row in ipairs(asked.rows) do
    local subject = not row.state and row.action.subject
    if subject and not seen[subject] then
      seen[subject], subjects[#subjects + 1] = true, subject
    end
  end
  return subjects
end

-- What the question is about: what, to whom, where, and which groups it makes.
local function question_of(session, name, asked, subjects)
  local items = {}
  for _, row in ipairs(asked.rows) do
    items[#items + 1] = not row.state and row.item or nil
  end
  local text = ("%s %s in %s"):format(
    verbs.question(name, items),
    confirm.people(subjects),
    session:company()
  )
  local groups = asked.new_groups
  if #groups > 0 then
    local word = #groups == 1 and "the new group" or "the new groups"
    text = ("%s, making %s '%s'"):format(text, word, table.concat(groups, "', '"))
  end
  return require("lastpass.text").clean(text)
end

local function ask(session, name, asked, more)
  local subjects = subjects_of(asked)
  -- a file is never written without a question, and no group made
  local harm = verbs.list[name].harm or (more.lines or #asked.new_groups > 0) and "ask" or nil
  local question = question_of(session, name, asked, subjects)
  return confirm.harm(session, harm, question, subjects, #asked.rows)
end

local function prepare(session, name, items, more)
  local limits, message, err = applying.limits(session.options.limit)
  if message then
    return nil, message, err
  end
  local direct = require "lastpass.plan.direct"
  return direct.prepare(session:client(), verbs.list[name].kind, items, {
    limit = limits,
    lines = more.lines,
    origins = more.origins,
  })
end

--- Carries a verb out.
---@param session lastpass.cli.Session
---@param name string of `lastpass.cli.verbs`
---@param items table[] as `verbs.item` makes them
---@param more? table of a file: lines (by row), origins, given (the values of its rows), refused (rows that
-- were not used)
---@return integer|nil code
---@return string? message
---@return lastpass.Error? err
function M.run(session, name, items, more)
  more = more or {}
  output.check(session, M.view(name))
  local direct = require "lastpass.plan.direct"
  local asked, message, err = prepare(session, name, items, more)
  if not asked then
    return nil, message, err
  elseif session.options.dry_run then
    return show_plan(session, name, asked, more)
  end
  local ok
  ok, message, err = direct.refusal(asked)
  if not ok and not session.options.json then
    show_refusals(session, asked.plan)
    return exit.guard
  elseif ok and not asked.plan:is_empty() then
    ok, message, err = ask(session, name, asked, more)
  end
  if not ok then
    return nil, message, err
  end
  session.streams:flush()
  local options = applying.apply_options(session)
  options.progress = asked.plan:count() > FEW and options.progress or nil
  local run
  run, message, err =
    mistakes.call(interrupt.gently, direct.apply, session:client(), asked, options)
  if message then
    return nil, message, err
  end
  return show_run(session, name, asked, more, run)
end

-- What the call to `client:plan` is given.
local function action_of(verb, items)
  local list = items
  if verb.kind ~= "create" and verb.kind ~= "update" and verb.kind ~= "groups" then
    if verb.kind ~= "rename" then
      list = {}
      for place, item in ipairs(items) do
        list[place] = item.username
      end
    end
  end
  return { [verb.kind] = list }
end

--- The lines of Lua that make the plan, and carry it out unless it is a dry run.
---@param name string of `lastpass.cli.verbs`
---@param list any the items as a value of Lua
---@param options table
---@return string|nil
---@return string? message
---@return lastpass.Error? err
function M.plan_lua(name, list, options)
  local limits, message, err = applying.limits(options.limit)
  if message then
    return nil, message, err
  end
  local verb = verbs.list[name]
  local lines = {
    ("local plan = assert(client:plan(%s%s))"):format(
      lua_text.value(list),
      limits and ", " .. lua_text.value { limit = limits } or ""
    ),
    "print(plan)",
  }
  lines[3] = applying.apply_lua(options, verb.kind == "delete" and "plan:count()" or nil)
  return table.concat(lines, "\n")
end

--- The Lua that does the same.
---@param name string
---@param items table[]
---@param options table
---@return string|nil
---@return string? message
---@return lastpass.Error? err
function M.lua(name, items, options)
  return M.plan_lua(name, action_of(verbs.list[name], items), options)
end

--- The declaration of a command that carries out one verb.
---@param command table name, summary and whatever differs; verb; items(options)
---@return lastpass.cli.Command
function M.command(command)
  local verb, items = command.verb, command.items
  command.connects, command.writes, command.rows = true, true, true
  command.harm = verbs.list[verb].harm
  command.topics = command.topics or { "safety" }
  local options = command.options or {}
  command.options = {}
  for _, list in ipairs { options, M.options } do
    for _, option in ipairs(list) do
      table.insert(command.options, option)
    end
  end
  command.lua = function(given)
    local list, message, err = items(given)
    if not list then
      return nil, message, err
    end
    return M.lua(verb, list, given)
  end
  command.run = function(session, given)
    local list, message, err = items(given)
    if not list then
      return nil, message, err
    end
    return M.run(session, verb, list)
  end
  return command
end

--- The declaration of a command that takes addresses and nothing else.
---@param command table name, summary, verb, and whatever differs
---@return lastpass.cli.Command
function M.of_addresses(command)
  command.arguments = { { "email", "address; several are possible", args = "+", names = "users" } }
  command.items = function(options)
    local list = {}
    for place, address in ipairs(options.email) do
      list[place] = verbs.item(command.verb, { email = address })
    end
    return list
  end
  return M.command(command)
end

return M

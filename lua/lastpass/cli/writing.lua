--- Applies a verb to a list of people: makes a plan of it, asks, writes with a journal, and reports the
-- outcome of each. A dry run ends after the plan.
-- @module lastpass.cli.writing
local applying = require "lastpass.cli.applying"
local confirm = require "lastpass.cli.confirm"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local interrupt = require "lastpass.cli.interrupt"
local lua_text = require "lastpass.cli.lua_text"
local options_of = require "lastpass.cli.options"
local output = require "lastpass.cli.output"
local values = require "lastpass.cli.values"
local verbs = require "lastpass.cli.verbs"
local views = require "lastpass.cli.views"

local M = {}

local must = failure.must

--- Options of every command that applies a verb.
M.options = {
  options_of.limit,
  options_of.stop_after,
  options_of.via,
  options_of.approver,
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

--- How outcomes are shown: with the columns of the verb, so that rows that were not done can be fed back.
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

-- The rows as they are shown, with those that the reader of a file refused, in the order of the file.
local function shown_rows(asked, more, as_planned)
  local list = {}
  for position, row in ipairs(asked.rows) do
    local shown = {}
    for field, value in pairs(more.given and more.given[position] or {}) do
      shown[field] = value
    end
    local item = row.item
    shown.row = more.lines and more.lines[position] or position
    shown.who = row.action and row.action.subject or verbs.who(item)
    shown.email = shown.who
    shown.fullname, shown.groups = shown.fullname or item.fullname, shown.groups or item.groups
    shown.outcome, shown.code = outcome_of(row.state), row.code
    shown.reason = row.reason and failure.in_commands(row.reason)
    if as_planned and row.state ~= "unchanged" then
      shown.outcome = "would be " .. shown.outcome
    end
    list[position] = shown
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
    return ("%s; to continue: lastpass run resume %d"):format(text, run.id)
  end
  local changes = require "lastpass.directory.changes"
  for _, step in ipairs(asked.plan.body.steps) do
    local comes_back = not changes.by_name[step.kind].lost
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
  applying.show_refusals(session, asked.plan)
  if #refusals > 0 then
    return exit.guard
  end
  return code_of(asked, more)
end

local function show_run(session, name, asked, more, run)
  local sum, quiet = sum_of(asked, more, run), session.options.quiet
  local is_stopped = run and run.state == "stopped"
  if is_stopped then
    session:say("%s", sum) -- before a long table
  end
  session:show(M.view(name), shown_rows(asked, more))
  session.streams:flush()
  if not is_stopped and not quiet then
    session:say("%s", sum)
  end
  if is_stopped and run.stopped then
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

local function confirm_verb(session, name, asked, more)
  local subjects = subjects_of(asked)
  -- a file is never written without a question, and no group made
  local harm = verbs.list[name].harm or (more.lines or #asked.new_groups > 0) and "ask" or nil
  local question = question_of(session, name, asked, subjects)
  return confirm.harm(session, harm, question, subjects, #asked.rows)
end

--- Applies a verb.
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
  local settings = applying.plan_options(session.options)
  settings.lines, settings.origins = more.lines, more.origins
  local asked = must(direct.prepare(session:client(), verbs.list[name].kind, items, settings))
  if session.options.dry_run then
    return show_plan(session, name, asked, more)
  end
  local ok, message, err = direct.refusal(asked)
  if not ok and not session.options.json then
    applying.show_refusals(session, asked.plan)
    return exit.guard
  end
  must(ok, message, err)
  local approval
  if not asked.plan:is_empty() then
    approval = applying.announce_approval(session, asked.plan.body)
    must(confirm_verb(session, name, asked, more))
  end
  session.streams:flush()
  applying.announce_wait(session, approval)
  local options = applying.apply_options(session)
  options.progress = asked.plan:count() > FEW and options.progress or nil
  local run = must(failure.call(interrupt.gently, direct.apply, session:client(), asked, options))
  return show_run(session, name, asked, more, run)
end

-- ------------------------------------------------------------------ as Lua

-- What the call to `client:plan` is given: rows, or addresses where there is nothing else to say.
local function action_of(verb, items)
  local change = verb.kind == "update" and "name" or verb.kind
  if (require("lastpass.directory.changes").by_name[change] or {}).fields then
    return { [verb.kind] = items }
  end
  local addresses = {}
  for position, item in ipairs(items) do
    addresses[position] = item.username
  end
  return { [verb.kind] = addresses }
end

--- The lines of Lua that make the plan, and apply it unless it is a dry run.
---@param name string of `lastpass.cli.verbs`
---@param action any the action of the plan as a value of Lua
---@param options table
---@return string
function M.plan_lua(name, action, options)
  local made = ("local plan = assert(client:plan(%s%s))"):format(
    lua_text.value(action),
    lua_text.further(applying.plan_options(options))
  )
  local final = verbs.list[name].kind == "delete" and "plan:count()" or nil
  return table.concat({ made, "print(plan)", applying.apply_lua(options, final) }, "\n")
end

-- ------------------------------------------------------------------ commands

local one_or_more = { { "email", "address; several are possible", args = "+", names = "users" } }

local function items_of_addresses(verb)
  return function(options)
    local items = {}
    for position, address in ipairs(options.email) do
      items[position] = verbs.item(verb, { email = address })
    end
    return items
  end
end

--- Completes the row of a command that applies a verb.
---@param row table verb; items(options), arguments: default addresses and nothing else
function M.complete(row)
  local name = row.verb
  local items = row.items or items_of_addresses(name)
  row.connects, row.writes, row.rows = true, true, true
  row.harm, row.topics = verbs.list[name].harm, row.topics or { "safety" }
  row.arguments = row.arguments or one_or_more
  row.options = values.join(row.options or {}, M.options)
  row.lua = function(options)
    return M.plan_lua(name, action_of(verbs.list[name], must(items(options))), options)
  end
  row.run = function(session, options)
    return M.run(session, name, must(items(options)))
  end
end

return M

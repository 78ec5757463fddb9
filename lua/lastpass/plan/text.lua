--- Plans and runs as an admin reads them: what is added, changed and taken away, why, and what is held back; what
-- became of each step, and what can be done about it.
-- @module lastpass.plan.text
local changes = require "lastpass.directory.changes"
local civil = require "lastpass.time.civil"
local clean = require("lastpass.text").clean
local table_of = require("lastpass.text").table
local time = require "lastpass.time"

local M = {}

-- What a reader could not see, or would take for another character, as an escape.
local function shown(text)
  return text and text:find "[\128-\255]" and require("lastpass.unicode").shown(text) or text
end

local function quoted(value)
  if value == nil or value == "" then
    return "no name"
  end
  return value
end

-- What a step changes, by kind; of the others the verb says all.
local describe = {
  create = function(step)
    local groups = table.concat(step.after.groups, ", ")
    return quoted(step.after.fullname) .. (groups ~= "" and " in " .. groups or "")
  end,
  name = function(step)
    local parts, after = {}, step.after
    if after.fullname then
      parts[1] = ("%s -> %s"):format(quoted(step.before.fullname), after.fullname)
    end
    for field, title in pairs { duousername = "Duo", securidusername = "SecurID" } do
      parts[#parts + 1] = after[field] and ("for %s %s"):format(title, quoted(after[field])) or nil
    end
    table.sort(parts)
    return table.concat(parts, ", ")
  end,
  groups = function(step)
    local parts = {}
    for _, name in ipairs(step.after.join) do
      parts[#parts + 1] = "+" .. name
    end
    for _, name in ipairs(step.after.leave) do
      parts[#parts + 1] = "-" .. name
    end
    return table.concat(parts, ", ")
  end,
  rename = function(step)
    return "-> " .. step.after.email
  end,
  admin_level = function(step)
    local before = step.before and step.before.level
    return (before and before .. " -> " or "") .. step.after.level
  end,
}

--- What a step changes, in a few words.
---@param step lastpass.plan.Step
---@return string
function M.what(step)
  local more = describe[step.kind]
  local verb = changes.by_name[step.kind].verb
  return more and ("%s: %s"):format(verb, more(step)) or verb
end

--- Steps as rows for people: sign, subject, what, why, origin, via.
---@param steps lastpass.plan.Step[]
---@return table[]
function M.step_rows(steps)
  local rows = {}
  for index, step in ipairs(steps) do
    local sign = changes.by_name[step.kind].sign
    if step.kind == "groups" and #step.after.join == 0 then
      sign = "-"
    end
    rows[index] = {
      sign = sign,
      subject = shown(step.subject),
      what = shown(M.what(step)),
      why = shown(step.reason),
      origin = step.origin or step.rule,
      via = step.via,
    }
  end
  return rows
end

local columns = {
  { title = "", field = "sign" },
  { title = "who", field = "subject", whole = true },
  { title = "what", field = "what", wrap = true },
  { title = "why", field = "why", wrap = true },
  { title = "from", field = "origin", wrap = true },
}

-- The same with what carries each step.
local columns_via = {}
for index, column in ipairs(columns) do
  columns_via[index] = column
end
table.insert(columns_via, 4, { title = "via", field = "via" })

local who = { field = "who", whole = true }
local what = { field = "what", wrap = true }
local why = { field = "why", wrap = true }
local from = { field = "from", wrap = true }

local function add_table(lines, title, rows, with, width)
  if #rows == 0 then
    return
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = title
  lines[#lines + 1] = table_of(rows, with, { width = width })
end

local function source_line(source)
  local state = source.complete and "read to its end" or "NOT read to its end: " .. source.failure
  return clean(
    ("%s: %d rows, %d refused, %s"):format(source.name, source.rows, source.refused, state)
  )
end

local function many(count, one)
  return ("%d %s"):format(count, count == 1 and one or one .. "s")
end

--- What a plan comes to, in one line.
---@param body table steps, counts, requests, mails
---@return string
function M.summary(body)
  local parts = {}
  for _, change in ipairs(changes.list) do
    local count = body.counts[change.name]
    if count and count > 0 then
      parts[#parts + 1] = ("%d to %s"):format(count, change.verb)
    end
  end
  local text = #parts > 0 and table.concat(parts, ", ") or "nothing to change"
  if #body.steps == 0 then
    return text
  end
  local mails = many(body.mails, "e-mail") .. " will be sent"
  return ("%s; %s, %s"):format(text, many(body.requests, "request"), mails)
end

-- Of upcoming changes so many lines are for people; the plan file has all.
local UPCOMING = 20

-- "31 Dec: helen.mensah@acme.com is disabled (hr.csv:17)"
local function upcoming_line(change)
  local _, month, day = change.day:match "^(%d+)%-(%d+)%-(%d+)$"
  local origin = change.origin and (" (%s)"):format(change.origin) or ""
  local text = "%d %s: %s %s%s"
  local name = civil.MONTHS[tonumber(month)]:sub(1, 3)
  return text:format(tonumber(day), name, change.subject, change.what, origin)
end

-- What carries the steps of each kind, and why: "disable the account: over SCIM, which does it by …".
local function add_surfaces(lines, body)
  lines[#lines + 1] = ""
  for _, one in ipairs { { "SCIM", body.scim }, { "the REST API", body.rest and body.rest.url } } do
    if one[2] then
      lines[#lines + 1] = ("Over %s (%s):"):format(one[1], clean(one[2]))
    end
  end
  local seen = {}
  for _, step in ipairs(body.steps) do
    local line = ("%s: %s"):format(changes.by_name[step.kind].verb, step.why)
    if not seen[line] then
      seen[line] = true
      lines[#lines + 1] = ("  via %s, %s"):format(step.via, clean(line))
    end
  end
end

local function add_held(lines, body, width)
  local rows = {}
  for index, step in ipairs(body.held) do
    rows[index] = {
      who = shown(step.subject),
      what = shown(M.what(step)),
      why = shown(step.held),
      from = step.origin,
    }
  end
  add_table(lines, "Held back, not part of the plan:", rows, { who, what, why, from }, width)
  for _, more in ipairs(body.held_beyond or {}) do
    local verb = changes.by_name[more.kind].verb
    lines[#lines + 1] = clean(("and %d more to %s: %s"):format(more.count, verb, more.reason))
  end
end

local function add_problems(lines, body, width)
  local rows = {}
  for index, problem in ipairs(body.problems) do
    rows[index] = {
      from = problem.origin,
      who = shown(problem.subject),
      why = shown(problem.reason),
    }
  end
  add_table(lines, "Rows that were not used:", rows, { from, who, why }, width)
end

local function add_upcoming(lines, upcoming)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "What the dates will bring:"
  for index = 1, math.min(#upcoming, UPCOMING) do
    lines[#lines + 1] = clean(shown("  " .. upcoming_line(upcoming[index])))
  end
  if #upcoming > UPCOMING then
    lines[#lines + 1] = ("  and %d more within a month"):format(#upcoming - UPCOMING)
  end
end

-- The rule that the plan itself brings along; whether it applies is up to the company's as well.
local function approval_line(rule)
  if rule.undoes_approved then
    return "another admin has to approve it: what it takes back was approved"
  end
  local who_may = rule.by and table.concat(rule.by, " or ") or "another admin"
  local further = rule.from
    and (", and of %d or more that take access or give it back"):format(rule.from)
  return ("the playbook wants %s to approve steps that cannot be undone%s"):format(
    who_may,
    further or ""
  )
end

--- The whole plan.
---@param plan lastpass.Plan
---@param width? integer the terminal's columns; default as wide as needed
---@return string text
function M.plan(plan, width)
  local body = plan.body
  local lines = {
    ("Plan %s for %s"):format(plan.name:sub(1, 12), body.tenant),
    ("made %s, good until %s; directory of %d users"):format(
      time.iso(body.created),
      time.iso(body.expires),
      body.directory.people
    ),
  }
  for _, source in ipairs(body.sources) do
    lines[#lines + 1] = source_line(source)
  end
  if #body.steps > 0 then
    lines[#lines + 1] = ""
    local with = (body.via or body.rest) and columns_via or columns
    lines[#lines + 1] = table_of(M.step_rows(body.steps), with, { width = width })
  end
  if (body.via or body.rest) and #body.steps > 0 then
    add_surfaces(lines, body)
  end
  add_held(lines, body, width)
  add_problems(lines, body, width)
  if body.upcoming then
    add_upcoming(lines, body.upcoming)
  end
  for _, warning in ipairs(body.warnings) do
    lines[#lines + 1] = "note: " .. clean(shown(warning))
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = M.summary(body)
  local approval = body.settings and body.settings.approval
  if approval then
    lines[#lines + 1] = clean(approval_line(approval))
  end
  for _, refusal in ipairs(body.refusals) do
    lines[#lines + 1] =
      clean(("REFUSED by the guard '%s': %s"):format(refusal.guard, refusal.message))
    lines[#lines + 1] = "  to allow it: " .. refusal.allow
  end
  return table.concat(lines, "\n")
end

local outcomes = {
  { "done", "done" },
  { "unchanged", "so already" },
  { "refused", "refused" },
  { "stale", "stale" },
  { "not_confirmed", "not confirmed" },
  { "uncertain", "uncertain" },
  { "unknown", "unknown" },
  { "not_tried", "not tried" },
  { "held", "held back by the plan" },
}

local outcome_names = {}
for _, entry in ipairs(outcomes) do
  outcome_names[entry[1]] = entry[2]
end

local function outcome_counts(run)
  local parts = {}
  for _, entry in ipairs(outcomes) do
    local count = run.counts[entry[1]]
    if count > 0 then
      parts[#parts + 1] = ("%d %s"):format(count, entry[2])
    end
  end
  return #parts > 0 and table.concat(parts, ", ") or "nothing to do"
end

local function run_rows(run, all)
  local rows = {}
  for row in run:steps() do
    if all or row.state ~= "done" and row.state ~= "unchanged" then
      rows[#rows + 1] = {
        who = row.subject,
        what = M.what(run._steps[row.number]),
        state = outcome_names[row.state],
        why = row.reason or "",
      }
    end
  end
  return rows
end

local run_columns = { who, what, { field = "state" }, why }

-- What the server said and no read can show: the reader of "done" ought to know.
local function note_traceless(run, lines)
  local count = 0
  for row in run:steps() do
    count = count + (row.state == "done" and row.code == "traceless" and 1 or 0)
  end
  if count > 0 then
    lines[#lines + 1] = ("%d of them cannot be confirmed: the directory does not show them"):format(
      count
    )
  end
end

local function add_next_steps(run, lines)
  if run.kind ~= "scim" and (run.state == "stopped" or run.state == "running") then
    lines[#lines + 1] = ("to go on: client:resume(%d)"):format(run.id)
  end
  if run.counts.done + run.counts.uncertain + run.counts.not_confirmed > 0 then
    lines[#lines + 1] = ("to take it back: client:undo(%d) makes the plan"):format(run.id)
  end
end

local function run_title(run)
  local aim = run.of_run and ("takes back run %d, plan"):format(run.of_run) or "plan"
  return ("Run %d (%s %s) %s: %s"):format(
    run.id,
    aim,
    run.plan:sub(1, 12),
    run.state,
    outcome_counts(run)
  )
end

--- The whole run.
---@param run lastpass.Run
---@param options? table all: true for the steps that are done, too; width: the terminal's columns
---@return string
function M.run(run, options)
  options = options or {}
  local lines = { run_title(run) }
  if run.stopped then
    local hint = run.stopped.hint
    local is_new = hint and not hint:find("client:resume", 1, true) -- which stands below
    lines[#lines + 1] = run.stopped.message .. (is_new and "; " .. hint or "")
  end
  for _, approval in ipairs(run.approvals) do
    lines[#lines + 1] = ("approved by %s at %s: %s"):format(
      clean(approval.approver),
      time.iso(approval.answered_at),
      clean(approval.reason)
    )
  end
  note_traceless(run, lines)
  local rows = run_rows(run, options.all)
  if #rows > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = table_of(rows, run_columns, { width = options.width })
    lines[#lines + 1] = ""
  end
  add_next_steps(run, lines)
  return table.concat(lines, "\n")
end

return M

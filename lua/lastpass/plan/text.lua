--- A plan as an admin reads it: what is added, changed and taken away, why, and what is held back.
-- @module lastpass.plan.text
local clean = require("lastpass.text").clean
local kinds = require "lastpass.plan.kinds"
local table_of = require("lastpass.text").table
local time = require "lastpass.time"
local upcoming = require "lastpass.plan.upcoming"

local M = {}

-- What a reader could not see, or would take for another letter, as an escape.
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
}

--- What a step changes, in a few words.
---@param step lastpass.plan.Step
---@return string
function M.what(step)
  local more = describe[step.kind]
  local verb = kinds.by_name[step.kind].verb
  return more and ("%s: %s"):format(verb, more(step)) or verb
end

local function rows_of(steps)
  local rows = {}
  for place, step in ipairs(steps) do
    local sign = kinds.by_name[step.kind].sign
    if step.kind == "groups" and #step.after.join == 0 then
      sign = "-"
    end
    rows[place] = {
      sign = sign,
      subject = shown(step.subject),
      what = shown(M.what(step)),
      why = shown(step.reason),
      origin = step.origin or step.rule,
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

local function summary(body)
  local parts = {}
  for _, kind in ipairs(kinds.list) do
    local count = body.counts[kind.name]
    if count and count > 0 then
      parts[#parts + 1] = ("%d to %s"):format(count, kind.verb)
    end
  end
  return #parts > 0 and table.concat(parts, ", ") or "nothing to change"
end

-- Of what dates will bring so many lines are for people; the plan file has all.
local UPCOMING = 20

local function many(count, one, more)
  return ("%d %s"):format(count, count == 1 and one or more)
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
    lines[#lines + 1] = table_of(rows_of(body.steps), columns, { width = width })
  end
  local held = {}
  for place, step in ipairs(body.held) do
    held[place] = {
      who = shown(step.subject),
      what = shown(M.what(step)),
      why = shown(step.held),
      from = step.origin,
    }
  end
  add_table(lines, "Held back, not part of the plan:", held, { who, what, why, from }, width)
  for _, more in ipairs(body.held_beyond or {}) do
    local verb = kinds.by_name[more.kind].verb
    lines[#lines + 1] = clean(("and %d more to %s: %s"):format(more.count, verb, more.reason))
  end
  local problems = {}
  for place, problem in ipairs(body.problems) do
    problems[place] = {
      from = problem.origin,
      who = shown(problem.subject),
      why = shown(problem.reason),
    }
  end
  add_table(lines, "Rows that were not used:", problems, { from, who, why }, width)
  if body.upcoming then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "What the dates will bring:"
    for place, change in ipairs(body.upcoming) do
      if place > UPCOMING then
        lines[#lines + 1] = ("  and %d more within a month"):format(#body.upcoming - UPCOMING)
        break
      end
      lines[#lines + 1] = clean(shown("  " .. upcoming.line(change)))
    end
  end
  for _, warning in ipairs(body.warnings) do
    lines[#lines + 1] = "note: " .. clean(shown(warning))
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = summary(body)
    .. (
      #body.steps > 0
        and ("; %s, %s"):format(
          many(body.requests, "request", "requests"),
          many(body.mails, "e-mail will be sent", "e-mails will be sent")
        )
      or ""
    )
  for _, refusal in ipairs(body.refusals) do
    lines[#lines + 1] =
      clean(("REFUSED by the guard '%s': %s"):format(refusal.guard, refusal.message))
    lines[#lines + 1] = "  to allow it: " .. refusal.allow
  end
  return table.concat(lines, "\n")
end

return M

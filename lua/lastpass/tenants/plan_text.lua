--- A plan over companies as an admin reviews it: each company's figures, the steps, what is limited over all, and who has
-- no plan.
-- @module lastpass.tenants.plan_text
local clean = require("lastpass.text").clean
local documents = require "lastpass.plan.document"
local plan_text = require "lastpass.plan.text"
local plural = require("lastpass.text").plural
local table_of = require("lastpass.text").table
local time = require "lastpass.time"

local M = {}

-- So many steps are shown to people; the file has all.
local MOST_STEPS = 200

local company_columns = {
  { title = "company", field = "company", whole = true },
  { title = "people", field = "people" },
  { title = "steps", field = "steps" },
  { title = "held", field = "held" },
  { title = "unused rows", field = "problems" },
  { title = "what", field = "what", wrap = true },
}

local step_columns = {
  { title = "", field = "sign" },
  { title = "company", field = "company", whole = true },
  { title = "who", field = "subject", whole = true },
  { title = "what", field = "what", wrap = true },
  { title = "why", field = "why", wrap = true },
}

local function refusal_text(body)
  local parts = {}
  for index, refusal in ipairs(body.refusals) do
    parts[index] = ("REFUSED by the guard '%s': %s"):format(refusal.guard, refusal.message)
  end
  return table.concat(parts, "; ")
end

local function first_part(text)
  return (text:gsub(";.*$", ""))
end

--- One row for each company that has a plan.
---@param plans lastpass.tenants.Plans
---@return table[] rows company, cid, people, steps, held, problems, refused, what
function M.rows(plans)
  local rows = {}
  for index, entry in ipairs(plans.body.companies) do
    local body = entry.body
    local is_refused = #body.refusals > 0
    rows[index] = {
      company = entry.company,
      cid = entry.cid,
      people = body.directory and body.directory.people,
      steps = #body.steps,
      held = documents.held_count(body),
      problems = #body.problems,
      refused = is_refused,
      what = clean(is_refused and refusal_text(body) or first_part(plan_text.summary(body))),
    }
  end
  return rows
end

-- Whether there is anything to see about a company.
local function is_worth_a_row(row)
  return row.steps + row.held + row.problems > 0 or row.refused
end

local function text_row(row)
  local texts = {}
  for name, value in pairs(row) do
    texts[name] = type(value) == "number" and ("%d"):format(value) or value
  end
  return texts
end

local function add_companies(lines, plans, width)
  local shown, unchanged = {}, 0
  for _, row in ipairs(M.rows(plans)) do
    if is_worth_a_row(row) then
      shown[#shown + 1] = text_row(row)
    else
      unchanged = unchanged + 1
    end
  end
  if #shown > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = table_of(shown, company_columns, { width = width })
  end
  if unchanged > 0 then
    local form = "%s with nothing to change"
    lines[#lines + 1] = form:format(plural(unchanged, "company", "companies"))
  end
end

local function add_steps(lines, plans, width)
  local rows, count = {}, 0
  for _, entry in ipairs(plans:applicable()) do
    for _, row in ipairs(#rows < MOST_STEPS and plan_text.step_rows(entry.body.steps) or {}) do
      row.company = entry.company
      rows[#rows + 1] = #rows < MOST_STEPS and row or nil
    end
    count = count + #entry.body.steps
  end
  if #rows > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = table_of(rows, step_columns, { width = width })
  end
  if count > #rows then
    lines[#lines + 1] = ("and %d more; the plan's file has all of them"):format(count - #rows)
  end
end

--- "497 of 500 companies; 3 not: …", as all that is read of companies ends.
---@param done integer
---@param missing lastpass.tenants.Missing[]
---@return string[] lines
function M.missing_lines(done, missing)
  local lines = {}
  local form = "%d of %d companies have a plan"
  lines[1] = form:format(done, done + #missing)
  for _, entry in ipairs(missing) do
    lines[#lines + 1] = clean(("no plan for %s: %s"):format(entry.company, entry.message))
  end
  return lines
end

local function title(plans)
  local body = plans.body
  local aim = body.of_run and ("takes back run %d"):format(body.of_run)
    or body.playbook and body.playbook.file
    or "actions"
  local chosen = body.select and (", " .. body.select) or ""
  return ("Plan %s over %s (%s%s)"):format(
    plans.name:sub(1, 12),
    plural(body.companies_in_set, "company", "companies"),
    aim,
    chosen
  )
end

--- The whole plan.
---@param plans lastpass.tenants.Plans
---@param width? integer the terminal's columns; default as wide as needed
---@return string text
function M.plans(plans, width)
  local body = plans.body
  local lines = {
    clean(title(plans)),
    ("made %s, good until %s; %s"):format(
      time.iso(body.created),
      time.iso(body.expires),
      plural(body.people, "person", "people")
    ),
  }
  add_companies(lines, plans, width)
  add_steps(lines, plans, width)
  lines[#lines + 1] = ""
  for _, line in ipairs(M.missing_lines(#body.companies, body.missing)) do
    lines[#lines + 1] = line
  end
  local together = {
    steps = { plans:count() > 0 or nil },
    counts = body.counts,
    requests = body.requests,
    mails = body.mails,
  }
  lines[#lines + 1] = "together: " .. plan_text.summary(together)
  for _, refusal in ipairs(body.refusals) do
    lines[#lines + 1] =
      clean(("REFUSED by the guard '%s': %s"):format(refusal.guard, refusal.message))
    lines[#lines + 1] = "  to allow it: " .. refusal.allow
  end
  return table.concat(lines, "\n")
end

return M

--- Access reviews: what people may do, decided by their managers in CSV files, applied by a plan, and
-- closed with a report.
--
--     local review = report.access_review
--     assert(review.export(acme, "review-2026-q2", { roster = source.csv "hr.csv" }))
--     -- … managers fill in the column "decision": keep or remove …
--     local decisions = assert(review.read "review-2026-q2")
--     local plan = assert(review.plan(acme, decisions))
--     for _, task in ipairs(review.manual(decisions)) do print(task.task) end
--     assert(acme:apply(plan))
--     print(assert(review.closure(acme, decisions)))
-- @module lastpass.report.access_review
local accounts = require "lastpass.report.accounts"
local apply = require "lastpass.report.access_review.apply"
local campaign = require "lastpass.report.access_review.campaign"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local result = require "lastpass.report.result"
local rosters = require "lastpass.report.roster"
local signature = require "lastpass.signature"
local values = require "lastpass.report.values"

local M = {
  name = "access_review",
  title = "Access review",
  summary = "What there is to decide: who has an account, admin rights, groups, shared folders",
  row_title = "To decide",
  tables = { "managers" },
}

-- The kinds of things, in the order in which they are asked about.
local classes_of = {
  { "account", "Accounts", "somebody can log in, or is invited to" },
  { "admin", "Admin rights", "somebody administers the company" },
  { "group", "Groups", "somebody is a member of a group" },
  { "folder", "Shared folders", "somebody has a right to a shared folder" },
}

--- The names of the kinds of things, and the position of each in the order.
---@type string[]
M.kinds = {}
local order = {}
for position, class in ipairs(classes_of) do
  M.kinds[position], order[class[1]] = class[1], position
end

M.options = {
  { "roster", "roster", "a source of people", is_required = true },
  {
    "manager",
    "field",
    "the roster's column with the manager's address",
    default = "manager",
    value = "FIELD",
  },
  { "what", "list", "only these", one_of = M.kinds, value = "KINDS" },
  {
    "exclude",
    "exclusions",
    "accounts that are left aside, each with the reason",
    value = "WHO=WHY",
  },
}

M.columns = {
  { name = "id", title = "Id" },
  { name = "manager", title = "Manager" },
  { name = "person", title = "Person" },
  accounts.columns.fullname,
  { name = "kind", title = "Kind" },
  { name = "what", title = "What" },
  { name = "right", title = "Right" },
  { name = "through", title = "Through group" },
  accounts.columns.last_login,
}

local function manager_of(roster, user, field)
  local person = roster.by_address[email.fold(user.email)]
  local address = person and person[field]
  address = type(address) == "string" and email.check(address) or nil
  -- nobody decides about themselves
  if not address or email.fold(address) == email.fold(user.email) then
    return nil
  end
  return email.fold(address)
end

-- Sorts the items and numbers them; gives how many people they are about.
local function number_items(rows)
  for _, row in ipairs(rows) do
    row.order, row.sort_manager = order[row.kind], row.manager or "\255"
  end
  values.sort(rows, "sort_manager", "person", "order", "what", "through")
  local people, count = {}, 0
  for position, row in ipairs(rows) do
    row.order, row.sort_manager = nil, nil
    row.id = ("R%05d"):format(position)
    if not people[row.person] then
      people[row.person], count = true, count + 1
    end
  end
  return count
end

local function collect_items(reading, options)
  local roster, message, err = rosters.read(reading, options.roster)
  if not roster then
    return nil, message, err
  end
  local excluded, unused = rosters.exclusions(options.exclude)
  local kinds, found = {}, { rows = {}, unassigned = 0, unused = unused }
  for _, kind in ipairs(options.what or M.kinds) do
    kinds[kind] = true
  end
  found.disabled, message, err = campaign.each_item(reading, kinds, function(user, item)
    if excluded(email.fold(user.email)) then
      return
    end
    item.person, item.fullname = user.email, user.fullname
    item.last_login = user.last_login
    item.manager = manager_of(roster, user, options.manager)
    found.unassigned = found.unassigned + (item.manager and 0 or 1)
    found.rows[#found.rows + 1] = item
  end)
  if not found.disabled then
    return nil, message, err
  end
  found.people = number_items(found.rows)
  return found
end

local function manager_table(rows)
  local by_manager, list = {}, {}
  for _, row in ipairs(rows) do
    local name = row.manager or "(nobody)"
    local one = by_manager[name]
    if not one then
      one = { manager = name, items = 0, people = 0, seen = {} }
      by_manager[name], list[#list + 1] = one, one
    end
    one.items = one.items + 1
    if not one.seen[row.person] then
      one.seen[row.person], one.people = true, one.people + 1
    end
  end
  values.sort(list, "manager")
  return {
    name = "managers",
    title = "By manager",
    columns = {
      { name = "manager", title = "Manager" },
      { name = "people", title = "People", kind = "count" },
      { name = "items", title = "To decide", kind = "count" },
    },
    rows = list,
  }
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local found, message, err = collect_items(reading, options)
  if not found then
    return nil, message, err
  end
  local classes, by_name = values.classes(classes_of)
  for _, row in ipairs(found.rows) do
    by_name[row.kind].count = by_name[row.kind].count + 1
  end
  local notes = {
    "The API cannot change admin rights and shared folders; deciding against them makes a task.",
    ("%d disabled accounts are left out: nobody can log in to them."):format(found.disabled),
  }
  rosters.note_unused(notes, found.unused)
  return {
    population = ("%d things to decide about %d people"):format(#found.rows, found.people),
    rows = found.rows,
    classes = classes,
    partitions = { { count = #found.rows, of = "Things to decide" } },
    totals = {
      { name = "items", title = "To decide", value = #found.rows, kind = "count" },
      { name = "people", title = "People", value = found.people, kind = "count" },
      { name = "unassigned", title = "Without manager", value = found.unassigned, kind = "count" },
    },
    tables = { manager_table(found.rows) },
    notes = notes,
  }
end

local functions = {}
M.functions = functions

--- Writes a campaign: one CSV file for each manager, with the columns "decision" and "comment" to be
-- filled in, and campaign.json, which knows what was asked.
---@param subject lastpass.Client|lastpass.Snapshot
---@param folder string must be empty or not there yet
---@param options table as of `report.access_review`
---@return lastpass.Report|nil report what was asked
---@return string|string[] files names; or the message
---@return lastpass.Error? err code "not_empty", "cannot_write"
function functions.export(subject, folder, options)
  if folder == "" then
    errors.raise(2, "access_review.export: needs the path of a folder")
  end
  local report, message, err = result.make(M, subject, options, "access_review.export")
  if not report then
    return nil, message, err
  end
  local files
  files, message, err = campaign.write(report, folder)
  if not files then
    return nil, message, err
  end
  return report, files
end

--- Reads the managers' decisions. Files that a spreadsheet has saved with semicolons or tabs, or in
-- windows-1252, are read as well; one that cannot be read is among the problems, and the others count.
---@param folder string as `export` wrote it, with the files filled in
---@param options? table delimiter, encoding: of all files; default what each of them shows
---@return lastpass.report.Decisions|nil
---@return string? message
---@return lastpass.Error? err code "not_a_campaign", "cannot_read"
function functions.read(folder, options)
  return campaign.decisions(folder, options)
end

local function check_decisions(where, decisions)
  if not campaign.is_decisions(decisions) then
    errors.raise(3, "%s: needs decisions, as access_review.read gives them", where)
  end
end

--- Makes the plan that applies the decisions: memberships end, accounts are disabled.
---@param client lastpass.Client
---@param decisions lastpass.report.Decisions
---@param options? table protect (list of addresses), limit, expires_in: as of plans
---@return lastpass.Plan|nil
---@return string? message
---@return lastpass.Error? err code "bad_decisions" while there are rows that cannot be understood
function functions.plan(client, decisions, options)
  check_decisions("access_review.plan", decisions)
  return apply.plan(client, decisions, options)
end

--- What the plan cannot do, because the API cannot: admin rights and shared folders.
---@param decisions lastpass.report.Decisions
---@return table[] tasks {id, person, kind, what, task, origin}
function functions.manual(decisions)
  check_decisions("access_review.manual", decisions)
  return apply.manual(decisions)
end

--- How the campaign has ended: what was kept, what was removed, what is still open.
---@param subject lastpass.Client|lastpass.Snapshot
---@param decisions lastpass.report.Decisions
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function functions.closure(subject, decisions)
  check_decisions("access_review.closure", decisions)
  return apply.closure(subject, decisions)
end

signature.declare("access_review.", functions, {
  export = "subject: table, folder: string, options?: table",
  read = "folder: string, options?: table",
  plan = "client: table, decisions: table, options?: table",
  manual = "decisions: table",
  closure = "subject: table, decisions: table",
})

return M

--- Access reviews: what people may do, decided by their managers in CSV files, carried out by a plan,
-- and closed with a report.
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
local errors = require "lastpass.error"
local exclusions = require "lastpass.report.exclusions"
local items_room = require "lastpass.report.access_review.items"
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local roster_room = require "lastpass.report.roster"
local signature = require "lastpass.signature"
local statistics = require "lastpass.report.statistics"

local M = {}

local classes_of = {
  { "account", "Accounts", "somebody can log in, or is invited to" },
  { "admin", "Admin rights", "somebody administers the company" },
  { "group", "Groups", "somebody is a member of a group" },
  { "folder", "Shared folders", "somebody has a right to a shared folder" },
}

local columns = {
  { name = "id", title = "Id" },
  { name = "manager", title = "Manager" },
  { name = "person", title = "Person" },
  { name = "fullname", title = "Name" },
  { name = "kind", title = "Kind" },
  { name = "what", title = "What" },
  { name = "right", title = "Right" },
  { name = "through", title = "Through group" },
  { name = "last_login", title = "Last log-in", kind = "time" },
}

local function check(where, options)
  options = errors.check_options(where, options, {
    roster = roster_room.is_source,
    manager = "string",
    what = "table",
    exclude = "table",
  }, 3)
  if not options.roster then
    errors.raise(3, "%s: needs the option 'roster', a source of people", where)
  end
  for _, kind in ipairs(options.what or {}) do
    if not items_room.kinds[kind] then
      errors.raise(
        3,
        "%s: option 'what' lists account, admin, group and folder, not '%s'",
        where,
        kind
      )
    end
  end
  exclusions.check(where, options.exclude)
  return options
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
  statistics.sort(list, "manager")
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

local function make(where, subject, options)
  local reading, message, err = reading_room.open(where, subject, { live = true })
  local found
  if reading then
    found, message, err = items_room.collect(reading, options)
  end
  if not found then
    return nil, message, err
  end
  local classes, by_name = statistics.classes(classes_of)
  for _, row in ipairs(found.rows) do
    by_name[row.kind].count = by_name[row.kind].count + 1
  end
  local notes = {
    "The API cannot change admin rights and shared folders; deciding against them makes a task.",
    ("%d disabled accounts are left out: nobody can log in to them."):format(found.disabled),
  }
  for _, pattern in ipairs(found.unused) do
    notes[#notes + 1] = ("The exclusion '%s' matches nobody."):format(pattern)
  end
  return result.new {
    name = "access_review",
    title = "Access review",
    statement = reading:statement(
      ("%d things to decide about %d people"):format(#found.rows, found.people),
      { roster = options.roster, manager = options.manager or "manager", what = options.what }
    ),
    columns = columns,
    rows = found.rows,
    row_title = "To decide",
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

--- What there is to decide: who has an account, admin rights, groups, shared folders.
---@param subject lastpass.Client|lastpass.Snapshot
---@param options table roster (a source of people, required), manager (its field with the manager's
-- address; default "manager"), what (list of "account", "admin", "group", "folder"; default all),
-- exclude (address or pattern = reason)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.make(subject, options)
  return make("report.access_review", subject, check("report.access_review", options))
end

--- Writes a campaign: one CSV file for each manager, with the columns "decision" and "comment" to be
-- filled in, and campaign.json, which knows what was asked.
---@param subject lastpass.Client|lastpass.Snapshot
---@param folder string must be empty or not there yet
---@param options table as of `report.access_review`
---@return lastpass.Report|nil report what was asked
---@return string|string[] files names; or the message
---@return lastpass.Error? err code "not_empty", "cannot_write"
function M.export(subject, folder, options)
  if folder == "" then
    errors.raise(2, "access_review.export: needs the path of a folder")
  end
  options = check("access_review.export", options)
  local report, message, err = make("access_review.export", subject, options)
  if not report then
    return nil, message, err
  end
  local files
  files, message, err = require("lastpass.report.access_review.campaign").write(report, folder)
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
function M.read(folder, options)
  return require("lastpass.report.access_review.decisions").read(folder, options)
end

local function check_decisions(where, decisions)
  if not require("lastpass.report.access_review.decisions").is(decisions) then
    errors.raise(3, "%s: needs decisions, as access_review.read gives them", where)
  end
end

--- Makes the plan that carries the decisions out: memberships end, accounts are disabled.
---@param client lastpass.Client
---@param decisions lastpass.report.Decisions
---@param options? table protect (list of addresses), limit, expires_in: as of plans
---@return lastpass.Plan|nil
---@return string? message
---@return lastpass.Error? err code "bad_decisions" while there are rows that cannot be understood
function M.plan(client, decisions, options)
  check_decisions("access_review.plan", decisions)
  return require("lastpass.report.access_review.carry_out").plan(client, decisions, options)
end

--- What the plan cannot do, because the API cannot: admin rights and shared folders.
---@param decisions lastpass.report.Decisions
---@return table[] tasks {id, person, kind, what, task, origin}
function M.manual(decisions)
  check_decisions("access_review.manual", decisions)
  return require("lastpass.report.access_review.carry_out").manual(decisions)
end

--- How the campaign has ended: what was kept, what was removed, what is still open.
---@param subject lastpass.Client|lastpass.Snapshot
---@param decisions lastpass.report.Decisions
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.closure(subject, decisions)
  check_decisions("access_review.closure", decisions)
  return require("lastpass.report.access_review.closure").make(subject, decisions)
end

signature.declare("access_review.", M, {
  make = "subject: table, options?: table",
  export = "subject: table, folder: string, options?: table",
  read = "folder: string, options?: table",
  plan = "client: table, decisions: table, options?: table",
  manual = "decisions: table",
  closure = "subject: table, decisions: table",
})

return M

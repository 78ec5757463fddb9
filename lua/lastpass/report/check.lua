--- Checks: rules about a company, in Lua; what does not hold is a finding, unless it is waived.
-- @module lastpass.report.check
local book_room = require "lastpass.report.check.book"
local errors = require "lastpass.error"
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local signature = require "lastpass.signature"
local statistics = require "lastpass.report.statistics"
local subjects_room = require "lastpass.report.check.subjects"
local tables = require "lastpass.report.check.tables"
local waivers = require "lastpass.report.check.waivers"

local M = {}

local classes_of = {
  { "passed", "Passed", "what the rule says is so" },
  { "error", "Errors", "what a rule of this severity says is not so" },
  { "warning", "Warnings", "what a rule of this severity says is not so" },
  { "note", "Notes", "what a rule of this severity says is not so" },
  { "waived", "Waived", "not so either, but accepted until a day" },
}

local columns = {
  { name = "severity", title = "Severity" },
  { name = "rule", title = "Rule" },
  { name = "subject", title = "Subject" },
  { name = "message", title = "What is wrong", long = true },
  { name = "waived", title = "Waived", kind = "flag" },
  { name = "reason", title = "Waiver", long = true },
}

local function needs_of(book)
  local needs = {}
  for _, rule in ipairs(book.rules) do
    needs[rule.each] = true
    for _, name in ipairs(rule.needs or {}) do
      needs[name] = true
    end
  end
  return needs
end

local function name_of(one, each)
  return each == "user" and one.email or each == "company" and "the company" or one.name
end

local function waiver_text(waiver)
  return ("%s%s (%s %s)"):format(
    waiver.reason,
    waiver.by and ", " .. waiver.by or "",
    waiver.holds and "until" or "expired on",
    waiver.expires
  )
end

local function note_finding(run, rule, one)
  local subject = name_of(one, rule.each)
  local message = rule.message or rule.title
  if type(message) == "function" then
    message = message(one, run.company)
  end
  local waiver = waivers.find(run.book.waivers, rule.name, subject)
  local waived = waiver ~= nil and waiver.holds
  run.rows[#run.rows + 1] = {
    rule = rule.name,
    severity = rule.severity,
    subject = subject,
    each = rule.each,
    message = message,
    waived = waived,
    reason = waiver and waiver_text(waiver) or nil,
    expired_waiver = waiver ~= nil and not waived,
  }
  return waived and "waived" or rule.severity
end

local function class_of(run, rule, one)
  if rule.applies and not rule.applies(one, run.company) then
    return nil
  elseif rule.holds(one, run.company) then
    return "passed"
  end
  return note_finding(run, rule, one)
end

-- A rule is somebody's program: its mistakes are told, with its name.
local function judge(run, rule, one)
  local ok, class = pcall(class_of, run, rule, one)
  if not ok then
    local message = ("rule '%s': %s"):format(rule.name, tostring(class))
    return errors.fail("argument", "rule_mistake", message, { rule = rule.name })
  elseif class then
    run.counts[class] = run.counts[class] + 1
    run.tested[rule.name] = run.tested[rule.name] + 1
  end
  return true
end

local function judge_all(run, each, iterate)
  local rules = {}
  for _, rule in ipairs(run.book.rules) do
    rules[#rules + 1] = rule.each == each and rule or nil
  end
  if #rules == 0 then
    return true
  end
  for one in iterate do
    for _, rule in ipairs(rules) do
      local ok, message, err = judge(run, rule, one)
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

local function each_of(list)
  local place = 0
  return function()
    place = place + 1
    return list[place]
  end
end

local function run_book(book, subjects)
  local run = { book = book, company = subjects.company, rows = {}, counts = {}, tested = {} }
  for _, class in ipairs(classes_of) do
    run.counts[class[1]] = 0
  end
  for _, rule in ipairs(book.rules) do
    run.tested[rule.name] = 0
  end
  for _, one in ipairs {
    { "company", each_of { subjects.company } },
    { "user", subjects.users() },
    { "group", each_of(subjects.groups) },
    { "folder", each_of(subjects.folders) },
  } do
    local ok, message, err = judge_all(run, one[1], one[2])
    if not ok then
      return nil, message, err
    end
  end
  local rank = { error = 1, warning = 2, note = 3 }
  for _, row in ipairs(run.rows) do
    row.rank = rank[row.severity] + (row.waived and 3 or 0)
  end
  statistics.sort(run.rows, "rank", "rule", "subject")
  return run
end

local function assemble(reading, run, effective)
  local counts, tests = run.counts, 0
  local classes, by_name = statistics.classes(classes_of)
  for name, count in pairs(counts) do
    by_name[name].count, tests = count, tests + count
  end
  local open = counts.error + counts.warning + counts.note
  return result.new {
    name = "check",
    title = "Check",
    statement = reading:statement(
      ("%d rules, tested %d times on people, folders, groups and the company"):format(
        #run.book.rules,
        tests
      ),
      effective
    ),
    columns = columns,
    rows = run.rows,
    row_title = "Findings",
    classes = classes,
    partitions = { { count = tests, of = "Tests" } },
    totals = {
      { name = "rules", title = "Rules", value = #run.book.rules, kind = "count" },
      { name = "tests", title = "Tests", value = tests, kind = "count" },
      { name = "findings", title = "Findings", value = open, kind = "count" },
      { name = "errors", title = "Errors", value = counts.error, kind = "count" },
    },
    tables = { tables.rules(run), tables.waivers(run.book) },
    notes = { "Findings that are waived, and those of severity note, do not make the check fail." },
    findings = run.rows,
    rules = run.book.rules,
    failed = counts.error + counts.warning,
  }
end

local function check_waived_rules(book)
  for _, waiver in ipairs(book.waivers) do
    if not book.by_name[waiver.rule] then
      local names = {}
      for name in pairs(book.by_name) do
        names[#names + 1] = name
      end
      local nearest = errors.nearest(waiver.rule, names)
      local hint = nearest and (" (did you mean '%s'?)"):format(nearest) or ""
      local message = ("a waiver names the rule '%s', which is not used%s"):format(
        waiver.rule,
        hint
      )
      return errors.fail("argument", "rule_mistake", message)
    end
  end
  return true
end

--- Checks a company by rules. `report.failed` counts findings of severity error and warning that are
-- not waived; a program ends with code 7 when there are any.
---@param subject lastpass.Client|lastpass.Snapshot
---@param options? table rules (path of a Lua file, or list of names and rules; default all that are
-- there), waivers (list, or path of a Lua file with `waive`), domains (internal ones, for folders;
-- default those of active admins)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err code "rule_mistake" with the place
function M.make(subject, options)
  options = errors.check_options("report.check", options, {
    rules = { "string", "table" },
    waivers = { "string", "table" },
    domains = "table",
  })
  local book, message, err = book_room.open(options.rules, options.waivers)
  local ok = book
  if book then
    ok, message, err = check_waived_rules(book)
  end
  if not ok then
    return nil, message, err
  end
  local reading, subjects, run
  reading, message, err = reading_room.open("report.check", subject, { live = true })
  if not reading then
    return nil, message, err
  end
  waivers.prepare(book.waivers, reading.client:zone(), reading.now)
  subjects, message, err = subjects_room.read(reading, needs_of(book), options)
  if subjects then
    run, message, err = run_book(book, subjects)
  end
  if not run then
    return nil, message, err
  end
  return assemble(reading, run, {
    rules = type(options.rules) == "string" and options.rules or #book.rules,
    waivers = #book.waivers,
    domains = options.domains,
  })
end

--- The rules that a check would use. Nothing is read.
---@param rules? string|table path of a Lua file, or list of names and rules; default all there are
---@return table[]|nil list {name, title, severity, each}
---@return string? message
---@return lastpass.Error? err code "rule_mistake" with the place
function M.rules(rules)
  local book, message, err = book_room.open(rules)
  if not book then
    return nil, message, err
  end
  local list = {}
  for place, rule in ipairs(book.rules) do
    list[place] =
      { name = rule.name, title = rule.title, severity = rule.severity, each = rule.each }
  end
  return list
end

signature.declare("report.check.", M, {
  rules = "rules?: string|table",
})

return M

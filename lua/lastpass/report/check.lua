--- Checks: rules about a company, in Lua; what does not hold is a finding, unless it is waived.
-- `report.failed` counts findings of severity error and warning that are not waived; a program ends with
-- code 7 when there are any.
-- @module lastpass.report.check
local books = require "lastpass.report.check.book"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"
local subjects_of = require("lastpass.report.check.subjects").read
local values = require "lastpass.report.values"

local M = {
  name = "check",
  title = "Check",
  summary = "Check the company by rules",
  row_title = "Findings",
  tables = { "rules", "waivers" },
}

M.options = {
  {
    "rules",
    "file_or_list",
    "path of a Lua file, or list of names and rules; default all there are",
  },
  {
    "waivers",
    "file_or_list",
    "further waivers: a list, or path of a Lua file with the word waive",
  },
  {
    "domains",
    "list",
    "internal domains, for folders; default those of active admins",
    flag = "--domain",
    value = "DOMAIN",
  },
}

local classes_of = {
  { "passed", "Passed", "what the rule asks for holds" },
  { "error", "Errors", "what a rule of this severity asks for does not hold" },
  { "warning", "Warnings", "what a rule of this severity asks for does not hold" },
  { "note", "Notes", "what a rule of this severity asks for does not hold" },
  { "waived", "Waived", "does not hold either, but accepted until a day" },
}

M.columns = {
  {
    name = "severity",
    title = "Severity",
    tones = { error = "bad", warning = "warn" },
  },
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
    waiver.is_valid and "until" or "expired on",
    waiver.expires
  )
end

local function note_finding(run, rule, one)
  local subject = name_of(one, rule.each)
  local message = rule.message or rule.title
  if type(message) == "function" then
    message = message(one, run.company)
  end
  local waiver = books.find_waiver(run.book.waivers, rule.name, subject)
  local waived = waiver ~= nil and waiver.is_valid
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
  local class = waived and "waived" or rule.severity
  run.rows[#run.rows].class = class
  return class
end

local function classify(run, rule, one)
  if rule.applies and not rule.applies(one, run.company) then
    return nil
  elseif rule.holds(one, run.company) then
    return "passed"
  end
  return note_finding(run, rule, one)
end

-- A rule is somebody's program: its errors are reported, with its name.
local function test(run, rule, one)
  local ok, class = pcall(classify, run, rule, one)
  if not ok then
    local message = ("rule '%s': %s"):format(rule.name, tostring(class))
    return errors.fail("argument", "rule_mistake", message, { rule = rule.name })
  elseif class then
    run.counts[class] = run.counts[class] + 1
    run.tested[rule.name] = run.tested[rule.name] + 1
  end
  return true
end

local function test_all(run, each, iterate)
  local rules = {}
  for _, rule in ipairs(run.book.rules) do
    rules[#rules + 1] = rule.each == each and rule or nil
  end
  if #rules == 0 then
    return true
  end
  for one in iterate do
    for _, rule in ipairs(rules) do
      local ok, message, err = test(run, rule, one)
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

local function each_of(list)
  local position = 0
  return function()
    position = position + 1
    return list[position]
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
    local ok, message, err = test_all(run, one[1], one[2])
    if not ok then
      return nil, message, err
    end
  end
  local rank = { error = 1, warning = 2, note = 3 }
  for _, row in ipairs(run.rows) do
    row.rank = rank[row.severity] + (row.waived and 3 or 0)
  end
  values.sort(run.rows, "rank", "rule", "subject")
  return run
end

--- What each rule has found.
---@param run table book, rows, tested
---@return table
function M.rule_table(run)
  local rows, found = {}, {}
  for _, row in ipairs(run.rows) do
    local one = found[row.rule] or { findings = 0, waived = 0 }
    found[row.rule] = one
    local field = row.waived and "waived" or "findings"
    one[field] = one[field] + 1
  end
  for position, rule in ipairs(run.book.rules) do
    local one = found[rule.name] or { findings = 0, waived = 0 }
    rows[position] = {
      rule = rule.name,
      title = rule.title,
      severity = rule.severity,
      tested = run.tested[rule.name],
      findings = one.findings,
      waived = one.waived,
    }
  end
  return {
    name = "rules",
    title = "Rules",
    columns = {
      { name = "rule", title = "Rule" },
      { name = "title", title = "What ought to be so", long = true },
      { name = "severity", title = "Severity" },
      { name = "tested", title = "Tested", kind = "count" },
      { name = "findings", title = "Findings", kind = "count" },
      { name = "waived", title = "Waived", kind = "count" },
    },
    rows = rows,
  }
end

--- The waivers, and whether they are valid.
---@param book table
---@return table
function M.waiver_table(book)
  local rows = {}
  for position, waiver in ipairs(book.waivers) do
    local state = waiver.used == 0 and "matches nothing" or waiver.is_valid and "holds" or "expired"
    rows[position] = {
      rule = waiver.rule,
      subject = waiver.subject,
      state = state,
      expires = waiver.expires,
      reason = waiver.reason,
      by = waiver.by,
      used = waiver.used,
    }
  end
  return {
    name = "waivers",
    title = "Waivers",
    columns = {
      { name = "rule", title = "Rule" },
      { name = "subject", title = "Subject" },
      { name = "state", title = "State" },
      { name = "expires", title = "Last day" },
      { name = "used", title = "Findings", kind = "count" },
      { name = "reason", title = "Reason", long = true },
      { name = "by", title = "By" },
    },
    rows = rows,
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

--- Opens the book of rules, before anything is asked.
function M.prepare(options)
  local book, message, err = books.open(options.rules, options.waivers)
  local ok = book
  if book then
    ok, message, err = check_waived_rules(book)
  end
  return ok and book, message, err
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options, book)
  books.prepare_waivers(book.waivers, reading.client:zone(), reading.now)
  local subjects, message, err = subjects_of(reading, needs_of(book), options)
  local run
  if subjects then
    run, message, err = run_book(book, subjects)
  end
  if not run then
    return nil, message, err
  end
  local counts, tests = run.counts, 0
  local classes, by_name = values.classes(classes_of)
  for name, count in pairs(counts) do
    by_name[name].count, tests = count, tests + count
  end
  local open = counts.error + counts.warning + counts.note
  return {
    population = ("%d rules, tested %d times on people, folders, groups and the company"):format(
      #book.rules,
      tests
    ),
    options = {
      rules = type(options.rules) == "string" and options.rules or #book.rules,
      waivers = #book.waivers,
      domains = options.domains,
    },
    rows = run.rows,
    classes = classes,
    partitions = { { count = tests, of = "Tests" } },
    totals = {
      {
        name = "rules",
        title = "Rules",
        value = #book.rules,
        kind = "count",
        is_same = true,
        of = "rules",
        where = {},
      },
      { name = "tests", title = "Tests", value = tests, kind = "count" },
      {
        name = "findings",
        title = "Findings",
        value = open,
        kind = "count",
        where = { waived = false },
      },
      {
        name = "errors",
        title = "Errors",
        value = counts.error,
        kind = "count",
        where = { class = "error" },
      },
    },
    tables = { M.rule_table(run), M.waiver_table(book) },
    notes = { "Findings that are waived, and those of severity note, do not make the check fail." },
    findings = run.rows,
    rules = book.rules,
    failed = counts.error + counts.warning,
  }
end

M.functions = {}

--- The rules that a check would use. Nothing is read.
---@param rules? string|table path of a Lua file, or list of names and rules; default all there are
---@return table[]|nil list {name, title, severity, each}
---@return string? message
---@return lastpass.Error? err code "rule_mistake" with file and line
function M.functions.rules(rules)
  local book, message, err = books.open(rules)
  if not book then
    return nil, message, err
  end
  local list = {}
  for position, rule in ipairs(book.rules) do
    list[position] =
      { name = rule.name, title = rule.title, severity = rule.severity, each = rule.each }
  end
  return list
end

signature.declare("report.check.", M.functions, { rules = "rules?: string|table" })

return M

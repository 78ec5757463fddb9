--- What a report is: rows, classes that add up, totals, and a statement of where it all comes from; and
-- how it is made from its definition.
-- @module lastpass.report.result
local errors = require "lastpass.error"
local readings = require "lastpass.report.reading"
local rosters = require "lastpass.report.roster"
local signature = require "lastpass.signature"
local totals = require "lastpass.report.totals"

local M = {}

--- Where the numbers come from.
---@class lastpass.report.Statement
---@field population string   whom or what the report is about, with the number
---@field query string[]      what was asked for
---@field read_at integer     UTC, seconds since 1970: when it was read
---@field as_of integer       ages are counted up to this time
---@field complete boolean    nothing is missing
---@field completeness string how that is known, or what is missing
---@field tool string         name and version of this library
---@field company? string     what the company is called, where somebody has said so
---@field account string      address of the API and account number
---@field options table       the options in effect

---@class lastpass.report.Column
---@field name string  field of the rows
---@field title string
---@field tones? table<string, "bad"|"warn"> colours of values
---@field tone? "bad"|"warn"  colour of everything in a list
---@field kind? "text"|"list"|"flag"|"count"|"score"|"share"|"days"|"duration"|"time" default "text"

---@class lastpass.Report
---@field name string
---@field title string
---@field statement lastpass.report.Statement
---@field columns lastpass.report.Column[]
---@field rows table[]
---@field row_title string       what the rows are
---@field totals lastpass.report.Total[]
---@field classes_of string|nil  the table whose rows the classes divide; default the rows
---@field classes table[]|nil    {name, title, count, meaning}: everybody is in exactly one
---@field sums string[]          that the classes add up, and to what
---@field notes string[]         assumptions, and what the numbers do not say
---@field tables table[]         further tables {name, title, columns, rows, is_first (before the rows),
-- is_detail (not on a terminal)}
---@field partitions table[]     what the classes add up to: {of, count, field}
---@field companies? table       of a report over several: {count, done, missing}; see `lastpass.report.companies`
local methods = {}
local report_mt = { __name = "lastpass.Report", __index = methods }

-- The forms in which a report is written: module, name of its function, ending of a file when it is not
-- the form's name, and whether it is for findings of checks alone.
local forms = {
  table = { "lastpass.report.render.plain", "table", ending = "txt" },
  csv = { "lastpass.report.render.plain", "csv" },
  json = { "lastpass.report.render.plain", "json" },
  html = { "lastpass.report.render.html", "render" },
  junit = { "lastpass.report.check.formats", "junit", ending = "xml", is_for_findings = true },
  sarif = { "lastpass.report.check.formats", "sarif", is_for_findings = true },
}

local by_ending = {}
for name, form in pairs(forms) do
  by_ending[form.ending or name] = name
end

local function render(where, report, format, options)
  local names = {}
  for name, form in pairs(forms) do
    names[#names + 1] = (report.findings or not form.is_for_findings) and name or nil
    if name == format and names[#names] == name then
      return require(form[1])[form[2]](report, options or {})
    end
  end
  table.sort(names)
  local nearest = type(format) == "string" and errors.nearest(format, names)
  return errors.raise(
    3,
    "%s: there is no format '%s' (%s)",
    where,
    tostring(format),
    nearest and "did you mean '" .. nearest .. "'?" or "known are: " .. table.concat(names, ", ")
  )
end

--- Writes the report as text.
---@param format "table"|"csv"|"json"|"html"|"junit"|"sarif" the last two for `report.check` alone
---@param options? table table: width (columns of the terminal), paint(tone, line); csv: of (name of a further table),
-- guard (false leaves formulas as they are); html: max_rows (rows of a table; default 2000)
---@return string text
function methods:render(format, options)
  return render("report:render", self, format, options)
end

--- Writes the report to a file, which only its owner can read; a file of that name is replaced.
---@param path string
---@param format? string default by the ending: .txt, .csv, .json, .html, .xml (JUnit), .sarif
---@param options? table as of `render`
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function methods:save(path, format, options)
  local ending = path:match "%.(%w+)$"
  local text = render("report:save", self, format or by_ending[ending] or ending, options)
  return require("lastpass.files").write(path, text)
end

--- The class of that name, or nil.
---@param name string
---@return table|nil
function methods:class(name)
  for _, class in ipairs(self.classes or {}) do
    if class.name == name then
      return class
    end
  end
  return nil
end

--- The total of that name, or nil.
---@param name string
---@return any
function methods:total(name)
  for _, total in ipairs(self.totals) do
    if total.name == name then
      return total.value
    end
  end
  return nil
end

function report_mt.__tostring(report)
  return require("lastpass.report.render.plain").table(report, {})
end

-- The classes have to come to the number they divide: a report that does not add up is not made.
local function sum_of_classes(name, classes, partition)
  local sum, parts = 0, {}
  for _, class in ipairs(classes) do
    local count = class[partition.field or "count"] or 0
    sum = sum + count
    parts[#parts + 1] = ("%.0f"):format(count)
  end
  if sum ~= partition.count then
    error(
      ("report.%s: the classes come to %.0f, not to %.0f: %s"):format(
        name,
        sum,
        partition.count,
        partition.of
      ),
      0
    )
  end
  return ("%s: %s = %.0f"):format(partition.of, table.concat(parts, " + "), sum)
end

--- Makes a report.
---@param fields table name, title, statement, columns, rows, and what else a report has;
-- partitions: {of, count, field}: what the classes have to add up to; shares and percentiles among the totals are
-- computed here
---@return lastpass.Report
function M.new(fields)
  fields.sums, fields.notes = {}, fields.notes or {}
  fields.totals, fields.tables = fields.totals or {}, fields.tables or {}
  fields.row_title = fields.row_title or "Rows"
  fields.partitions = fields.partitions or {}
  totals.complete(fields.totals, fields.rows)
  for position, partition in ipairs(fields.partitions) do
    fields.sums[position] = sum_of_classes(fields.name, fields.classes, partition)
  end
  return setmetatable(fields, report_mt)
end

---- What an option may be: the type of its value, what is checked beside it, and how the reference calls
-- it. The program reads each kind from words of its own.
M.kinds = {
  number = { "number" },
  boolean = { "boolean" },
  field = { "string", type = "string" },
  duration = { "number", type = "seconds" },
  time = { { "number", "string" }, type = "number|string" },
  list = { "table", type = "string[]" },
  file_or_list = { { "string", "table" }, type = "string|table" },
  roster = { rosters.is_source, type = "lastpass.source.People" },
  status = { "table", rosters.check_active, type = "{ field, inactive, active }" },
  exclusions = { "table", rosters.check_exclude, type = "{ address or pattern = reason }" },
}

---@class lastpass.report.Option
---@field [1] string         name
---@field [2] string         kind
---@field [3] string         what it is
---@field default? any
---@field is_required? boolean
---@field least? number      the smallest value; whole numbers only with `is_whole`
---@field is_whole? boolean
---@field one_of? string[]   what a list may hold
---@field flag? string       of the program, when it is not the name: "--domain"
---@field help? string       of the program, when it uses other words
---@field value? string      how the program calls its value: "DAYS"
---@field is_own? boolean   it is about one company, and cannot be said of several at once

---@class lastpass.report.Definition
---@field name string
---@field title string|fun(options: table): string
---@field summary string     in one line, without a full stop
---@field description? string
---@field options lastpass.report.Option[]
---@field takes_record? boolean|fun(options: table): boolean a stored directory suffices
---@field columns? lastpass.report.Column[]
---@field row_title? string
---@field tables? string[]   names of its further tables
---@field functions? table   what it can do beside being made: `report.check.rules`
---@field examples? table[]  {line of the program, what it does}
---@field prepare? fun(options: table): table|nil, string?, lastpass.Error? what `compute` needs beside, made
-- before anything is asked
---@field compute fun(reading: lastpass.report.Reading, options: table, prepared?: table): table|nil, string?, lastpass.Error?
-- population, rows, classes, partitions, totals, and what else a report has; options when others than
-- those given are in effect

local function is_number_from(least, is_whole)
  return function(value)
    return type(value) == "number" and value >= least and (not is_whole or value % 1 == 0),
      ("a %s from %d on"):format(is_whole and "whole number" or "number", least)
  end
end

local function check_list(where, option, list)
  local known = {}
  for _, word in ipairs(option.one_of) do
    known[word] = true
  end
  for _, word in ipairs(list) do
    if not known[word] then
      local form = "%s: option '%s' lists %s, not '%s'%s"
      local nearest = errors.did_you_mean(tostring(word), option.one_of)
      local words = table.concat(option.one_of, ", ")
      errors.raise(3, form, where, option[1], words, tostring(word), nearest)
    end
  end
end

--- Checks the options of a report, and completes them.
---@param where string how it is called, for messages
---@param definition lastpass.report.Definition
---@param given table|nil
---@return table options
function M.options(where, definition, given)
  local known, options = {}, {}
  for _, option in ipairs(definition.options) do
    known[option[1]] = option.least and is_number_from(option.least, option.is_whole)
      or M.kinds[option[2]][1]
  end
  given = errors.check_options(where, given, known, 3)
  for _, option in ipairs(definition.options) do
    local name, check = option[1], M.kinds[option[2]][2]
    if given[name] == nil and option.is_required then
      errors.raise(3, "%s: needs the option '%s', %s", where, name, option[3])
    elseif given[name] ~= nil and check then
      check(where, given[name])
    elseif given[name] ~= nil and option.one_of then
      check_list(where, option, given[name])
    end
    options[name] = given[name]
    if options[name] == nil then
      options[name] = option.default
    end
  end
  return options
end

--- Makes a report from its definition.
---@param definition lastpass.report.Definition
---@param subject lastpass.Client|lastpass.Snapshot|lastpass.directory.Record
---@param given table|nil options
---@param where? string how it is called, for messages
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.make(definition, subject, given, where)
  where = where or "report." .. definition.name
  local options = M.options(where, definition, given)
  local takes_record, title = definition.takes_record, definition.title
  if type(takes_record) == "function" then
    takes_record = takes_record(options)
  end
  local prepared, message, err
  if definition.prepare then
    prepared, message, err = definition.prepare(options)
    if not prepared then
      return nil, message, err
    end
  end
  local reading, found
  reading, message, err = readings.open(where, subject, { live = not takes_record })
  if reading then
    found, message, err = definition.compute(reading, options, prepared)
  end
  if not found then
    return nil, message, err
  end
  found.name = definition.name
  found.title = type(title) == "function" and title(options) or title
  found.statement = reading:statement(found.population, found.options or options)
  found.columns = found.columns or definition.columns
  found.row_title = definition.row_title
  found.population, found.options = nil, nil
  return M.new(found)
end

--- Whether a value is a report.
---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == report_mt
end

signature.declare("report:", methods, {
  render = "format: string, options?: table",
  save = "path: string, format?: string, options?: table",
  class = "name: string",
  total = "name: string",
})

return M

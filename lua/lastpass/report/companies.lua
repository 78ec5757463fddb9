--- A report over several companies, made of the reports of each: their rows with a column of the company, classes and
-- totals of all, each company's figures, and the companies that gave no result, named with why and for how long.
-- @module lastpass.report.companies
local json = require "lastpass.json"
local result = require "lastpass.report.result"
local tables = require "lastpass.report.companies.tables"
local text = require "lastpass.text"
local time = require "lastpass.time"
local totals = require "lastpass.report.totals"

local M = {}

local kept =
  { "name", "title", "statement", "columns", "row_title", "classes", "class_columns", "classes_of" }
local lists = { "rows", "totals", "partitions", "notes", "tables" }

--- A report as plain data, which may be stored as JSON and merged somewhere else.
---@param report lastpass.Report
---@return table data
function M.data(report)
  local data = { failed = report.failed }
  for _, name in ipairs(kept) do
    data[name] = report[name]
  end
  for _, name in ipairs(lists) do
    data[name] = json.list(report[name])
  end
  if report.rules then -- of a check: without their functions
    data.rules = json.list {}
    for position, rule in ipairs(report.rules) do
      data.rules[position] =
        { name = rule.name, title = rule.title, severity = rule.severity, each = rule.each }
    end
  end
  return data
end

-- ------------------------------------------------------------------ companies without a result

--- A company that gave no result.
---@class lastpass.report.Missing
---@field company string
---@field cid? integer
---@field code? string
---@field message string
---@field age? number  seconds since its last good result; nil when there is none that is known

--- How old the last good result of a company is, in words.
---@param age any seconds; anything but a number: not known
---@return string
function M.age(age)
  return type(age) == "number" and ("last result %s ago"):format(text.duration(age))
    or "no earlier result is known"
end

local MOST_NAMED = 20

--- What is missing, in one sentence: "497 of 500 companies; 3 not: beta: timed out (last result 2 h 00 m ago); …".
---@param count integer companies
---@param missing lastpass.report.Missing[]
---@param most? integer so many are named; default 20
---@return string
function M.sentence(count, missing, most)
  local form = "%s of %s companies"
  local sentence = form:format(text.count(count - #missing), text.count(count))
  if #missing == 0 then
    return sentence
  end
  local named = {}
  for position = 1, math.min(#missing, most or MOST_NAMED) do
    local one = missing[position]
    named[position] = ("%s: %s (%s)"):format(one.company, one.message, M.age(one.age))
  end
  if #missing > #named then
    named[#named + 1] = ("and %s more"):format(text.count(#missing - #named))
  end
  return ("%s; %s not: %s"):format(sentence, text.count(#missing), table.concat(named, "; "))
end

-- ------------------------------------------------------------------ merging

---@class lastpass.report.Merger
local methods = {}
local merger_mt = { __index = methods }

--- Begins a report over companies.
---@param definition table name, title, row_title, columns: what the report is called when no company gave a result
---@return lastpass.report.Merger
function M.new(definition)
  return setmetatable({ definition = definition, parts = {} }, merger_mt)
end

--- Adds the report of one company.
---@param company string
---@param cid integer|string|nil
---@param data table as of `data`; the merger takes its rows over
function methods:add(company, cid, data)
  self.parts[#self.parts + 1] = { company = company, cid = cid, data = data }
end

-- Columns in the order in which companies have them; a company may have more than another.
local function join_columns(list, more)
  local position = 1 -- after the company
  for _, column in ipairs(more) do
    local found
    for index, one in ipairs(list) do
      found = one.name == column.name and index or found
    end
    if not found then
      table.insert(list, position + 1, column)
    end
    position = found or position + 1
  end
end

local function add_rows(list, part, rows)
  for _, row in ipairs(rows) do
    row.company = part.company
    list[#list + 1] = row
  end
end

local function merge_classes(merged, data)
  for _, class in ipairs(data.classes or {}) do
    local sum = merged.class_by_name[class.name]
    if not sum then
      sum = { name = class.name, title = class.title, meaning = class.meaning }
      merged.class_by_name[class.name] = sum
      merged.classes[#merged.classes + 1] = sum
    end
    for name, value in pairs(class) do
      if type(value) == "number" then
        sum[name] = (sum[name] or 0) + value
      end
    end
  end
end

-- One line of what is the same of all companies; what is not stands in the table of statements.
local function merge_partitions(merged, data)
  for _, partition in ipairs(data.partitions) do
    local key = partition.of
    local sum = merged.partition_by_name[key]
    if not sum then
      sum = { of = partition.of, field = partition.field, count = 0 }
      merged.partition_by_name[key] = sum
      merged.partitions[#merged.partitions + 1] = sum
    end
    sum.count = sum.count + partition.count
  end
end

local function merge_tables(merged, part)
  for _, one in ipairs(part.data.tables) do
    local sum = merged.table_by_name[one.name]
    if not sum then
      sum = { name = one.name, title = one.title, columns = { tables.COMPANY }, rows = {} }
      sum.is_detail = one.is_detail
      merged.table_by_name[one.name] = sum
      merged.tables[#merged.tables + 1] = sum
    end
    join_columns(sum.columns, one.columns)
    add_rows(sum.rows, part, one.rows)
  end
end

local function count_texts(counts, list)
  for _, one in ipairs(list) do
    counts[one] = (counts[one] or 0) + 1
    counts.order[#counts.order + 1] = counts[one] == 1 and one or nil
  end
end

-- What all companies say alike.
local function common(counts, companies)
  local list = {}
  for _, one in ipairs(counts.order) do
    list[#list + 1] = counts[one] == companies and one or nil
  end
  return list
end

local function merge_rules(merged, data)
  merged.failed = (merged.failed or 0) + (data.failed or 0)
  for _, rule in ipairs(data.rules or {}) do
    if not merged.rule_by_name[rule.name] then
      merged.rule_by_name[rule.name] = rule
      merged.rules[#merged.rules + 1] = rule
    end
  end
end

local function merge(self)
  local merged = {
    columns = { tables.COMPANY },
    rows = {},
    classes = {},
    class_by_name = {},
    partitions = {},
    partition_by_name = {},
    tables = {},
    table_by_name = {},
    rules = {},
    rule_by_name = {},
    sums = totals.sums(),
    notes = { order = {} },
    queries = { order = {} },
    gaps = {},
  }
  table.sort(self.parts, function(a, b)
    return a.company < b.company
  end)
  for _, part in ipairs(self.parts) do
    local data = part.data
    join_columns(merged.columns, data.columns)
    add_rows(merged.rows, part, data.rows)
    merge_classes(merged, data)
    merge_partitions(merged, data)
    merge_tables(merged, part)
    merge_rules(merged, data)
    merged.sums:add(data.totals)
    count_texts(merged.notes, data.notes)
    count_texts(merged.queries, data.statement.query)
    if not data.statement.complete then
      merged.gaps[#merged.gaps + 1] = part.company .. ": " .. data.statement.completeness
    end
  end
  return merged
end

-- ------------------------------------------------------------------ the report

local function population_of(companies, partitions)
  local parts = {}
  for position, partition in ipairs(partitions) do
    parts[position] = ("%s %s"):format(
      partition.of:gsub("^%u", string.lower),
      text.count(partition.count)
    )
  end
  local form = "%s of %s companies%s"
  return form:format(
    text.count(companies.done),
    text.count(companies.count),
    #parts > 0 and ": " .. table.concat(parts, ", ") or ""
  )
end

local function statement_of(self, merged, companies, now)
  local first, last
  for _, part in ipairs(self.parts) do
    local read_at = part.data.statement.read_at
    first, last = math.min(first or read_at, read_at), math.max(last or read_at, read_at)
  end
  local complete = #companies.missing == 0 and #merged.gaps == 0
  local said = { M.sentence(companies.count, companies.missing) }
  for _, gap in ipairs(merged.gaps) do
    said[#said + 1] = gap
  end
  local query = common(merged.queries, companies.done)
  for position, one in ipairs(query) do
    query[position] = ("%s, of each company"):format(one)
  end
  if first and last > first then
    query[#query + 1] = ("companies were read from %s to %s"):format(
      time.iso(first),
      time.iso(last)
    )
  end
  local any = self.parts[1] and self.parts[1].data.statement
  return {
    population = population_of(companies, merged.partitions),
    account = M.sentence(companies.count, companies.missing, 0):match "^[^;]*",
    query = query,
    read_at = first or now,
    as_of = last or now,
    complete = complete,
    completeness = (complete and "complete: " or "not complete: ") .. table.concat(said, "; "),
    tool = "lastpass-lua " .. require "lastpass.version",
    options = any and any.options or {},
  }
end

-- A figure about companies themselves, and where they are listed.
local function figure(name, title, value, where, of)
  return {
    name = name,
    title = title,
    value = value,
    kind = "count",
    where = where,
    of = of or "companies",
  }
end

local SEVERAL = "Somebody who is in several companies is counted in each of them."

--- Makes the report: rows and figures of all companies that gave a result.
---@param missing lastpass.report.Missing[] those that gave none
---@param now? integer the time of a report without any result
---@return lastpass.Report
function methods:finish(missing, now)
  local absent = {}
  for position, one in ipairs(missing) do
    absent[position] = one
  end
  table.sort(absent, function(a, b)
    return a.company < b.company
  end)
  local merged = merge(self)
  local done = #self.parts
  local companies = { count = done + #absent, done = done, missing = absent }
  local sums, unknown = merged.sums:list(merged.rows)
  local notes = common(merged.notes, done)
  local further = { tables.companies(self.parts, sums, absent) }
  if #absent > 0 then
    further[2] = tables.missing(absent)
  end
  for _, one in ipairs(merged.tables) do
    further[#further + 1] = one
  end
  further[#further + 1] = tables.statements(self.parts, notes)
  for _, note in ipairs(unknown) do
    notes[#notes + 1] = note
  end
  notes[#notes + 1] = SEVERAL
  local figures = {
    figure("companies", "Companies", companies.count, {}),
    figure("companies_done", "With a result", done, { result = tables.DONE }),
    figure("companies_missing", "Without", #absent, {}, "missing"),
  }
  for _, total in ipairs(sums) do
    figures[#figures + 1] = total
  end
  local definition, first = self.definition, self.parts[1] and self.parts[1].data
  local title = definition.title
  local report = result.new {
    name = definition.name,
    title = ("%s, %s"):format(
      first and first.title or type(title) == "string" and title or definition.name,
      text.plural(companies.count, "company", "companies")
    ),
    statement = statement_of(self, merged, companies, now or os.time()),
    columns = merged.columns,
    rows = merged.rows,
    row_title = first and first.row_title or definition.row_title,
    totals = figures,
    classes = #merged.classes > 0 and merged.classes or nil,
    class_columns = first and first.class_columns,
    classes_of = first and first.classes_of,
    partitions = merged.partitions,
    tables = further,
    notes = notes,
    companies = companies,
  }
  table.insert(
    report.sums,
    1,
    ("Companies: %d with a result + %d without = %d"):format(done, #absent, companies.count)
  )
  if #merged.rules > 0 then
    report.findings, report.rules, report.failed = merged.rows, merged.rules, merged.failed
  end
  return report
end

return M

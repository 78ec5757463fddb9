--- What a report is: rows, classes that add up, totals, and a statement of where it all comes from.
-- @module lastpass.report.result
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

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
---@field account string      address of the API and account number
---@field options table       the options in effect

---@class lastpass.report.Column
---@field name string  field of the rows
---@field title string
---@field kind? "text"|"list"|"flag"|"count"|"score"|"share"|"days"|"duration"|"time" default "text"

---@class lastpass.Report
---@field name string
---@field title string
---@field statement lastpass.report.Statement
---@field columns lastpass.report.Column[]
---@field rows table[]
---@field row_title string       what the rows are
---@field totals table[]         {name, title, value, kind}
---@field classes table[]|nil    {name, title, count, meaning}: everybody is in exactly one
---@field sums string[]          that the classes add up, and to what
---@field notes string[]         assumptions, and what the numbers do not say
---@field tables table[]         further tables {name, title, columns, rows}
local methods = {}
local report_mt = { __name = "lastpass.Report", __index = methods }

local formats = {
  table = "lastpass.report.render.table",
  csv = "lastpass.report.render.csv",
  json = "lastpass.report.render.json",
  html = "lastpass.report.render.html",
  junit = "lastpass.report.check.junit",
  sarif = "lastpass.report.check.sarif",
}

local function format_names(report)
  local names = {}
  for name in pairs(formats) do
    if report.findings or name ~= "junit" and name ~= "sarif" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

local function renderer(report, format, where)
  local names = format_names(report)
  for _, name in ipairs(names) do
    if name == format then
      return require(formats[name])
    end
  end
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
---@param options? table table: width (columns of the terminal); csv: of (name of a further table),
-- guard (false leaves formulas as they are); html: max_rows (rows of a table; default 2000)
---@return string|nil text
---@return string? message
---@return lastpass.Error? err code "no_penlight" for HTML
function methods:render(format, options)
  return renderer(self, format, "report:render").render(self, options or {})
end

local endings = { txt = "table", sarif = "sarif", xml = "junit" }

--- Writes the report to a file, which only its owner can read; a file of that name is replaced.
---@param path string
---@param format? string default by the ending: .txt, .csv, .json, .html, .xml (JUnit), .sarif
---@param options? table as of `render`
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write", "no_penlight"
function methods:save(path, format, options)
  local ending = path:match "%.(%w+)$"
  format = format or endings[ending] or ending
  local text, message, err = renderer(self, format, "report:save").render(self, options or {})
  if not text then
    return nil, message, err
  end
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
  return require("lastpass.report.render.table").render(report, {})
end

-- The classes have to come to the number they divide: a report that does not add up is not made.
local function add_up(name, classes, partition)
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
-- partitions: {of, count, field}: what the classes have to add up to
---@return lastpass.Report
function M.new(fields)
  fields.sums, fields.notes = {}, fields.notes or {}
  fields.totals, fields.tables = fields.totals or {}, fields.tables or {}
  fields.row_title = fields.row_title or "Rows"
  for place, partition in ipairs(fields.partitions or {}) do
    fields.sums[place] = add_up(fields.name, fields.classes, partition)
  end
  fields.partitions = nil
  return setmetatable(fields, report_mt)
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

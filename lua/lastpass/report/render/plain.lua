--- A report as a table for a terminal, as CSV and as JSON.
-- @module lastpass.report.render.plain
local csv = require "lastpass.text.csv"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local lay_out = require("lastpass.text").table
local text = require "lastpass.text"
local time = require "lastpass.time"
local values = require "lastpass.report.values"

local M = {}

-- So many columns stay, however narrow the terminal is.
local STAYING = 3

--- How a column is laid out: whom a row is about and times are not cut, long texts go on below, and what
-- stands far to the right is left out first where space is short.
---@param column lastpass.report.Column
---@param position integer
---@return table column as of `text.table`, without title and field
function M.layout(column, position)
  local is_long = column.long or column.kind == "list"
  return {
    align = values.is_number(column.kind) and "right" or "left",
    whole = position == 1 or column.kind == "time",
    wrap = is_long or nil,
    rank = position > STAYING and not column.long and position or nil,
  }
end

local function table_columns(list)
  local columns = {}
  for position, column in ipairs(list) do
    local layout = M.layout(column, position)
    layout.title = column.title
    layout.field = function(row)
      return values.shown(row[column.name], column.kind)
    end
    columns[position] = layout
  end
  return columns
end

--- The columns of a report's classes.
---@param report lastpass.Report
---@return lastpass.report.Column[]
function M.class_columns(report)
  local list = {
    { name = "title", title = "Class" },
    { name = "count", title = "Count", kind = "count" },
  }
  for _, column in ipairs(report.class_columns or {}) do
    list[#list + 1] = column
  end
  list[#list + 1] = { name = "meaning", title = "Meaning", long = true }
  return list
end

-- The gravest colour among the values of a row.
local function tone_of(columns, row)
  local tone
  for _, column in ipairs(columns) do
    local own = column.tones and not row.waived and column.tones[row[column.name]]
    tone = own == "bad" and own or tone or own
  end
  return tone or nil
end

-- A row may be several lines, and colour ends with its line.
local function painter(columns, rows, paint)
  return paint
    and function(text_of, number)
      local tone = number and tone_of(columns, rows[number])
      return tone
          and (text_of:gsub("[^\n]+", function(line)
            return paint(tone, line)
          end))
        or text_of
    end
end

local function add_table(lines, title, columns, rows, options)
  lines[#lines + 1] = ""
  lines[#lines + 1] = title
  lines[#lines + 1] = ""
  lines[#lines + 1] = lay_out(rows, table_columns(columns), {
    width = options.width,
    paint = painter(columns, rows, options.paint),
  })
end

local function add_tables(lines, report, options, is_first)
  for _, one in ipairs(report.tables) do
    if not one.is_detail and (one.is_first or false) == is_first then
      add_table(lines, one.title, one.columns, one.rows, options)
    end
  end
end

local function add_totals(lines, report)
  local parts = {}
  for _, total in ipairs(report.totals) do
    parts[#parts + 1] = ("%s: %s"):format(total.title, values.total(total))
  end
  lines[#lines + 1] = table.concat(parts, "   ")
end

--- The lines of the statement, as {title, text}.
---@param statement lastpass.report.Statement
---@return table[]
function M.statement(statement)
  local list = {
    { "Population", statement.population },
    { "Company", statement.company },
    { "Account", statement.account },
    { "Read", time.iso(statement.read_at) },
    { "Ages as of", time.iso(statement.as_of) },
    { "Completeness", statement.completeness },
  }
  for _, query in ipairs(statement.query) do
    list[#list + 1] = { "Query", query }
  end
  list[#list + 1] = { "Options", M.options(statement.options) }
  list[#list + 1] = { "Tool", statement.tool }
  if not statement.company then
    table.remove(list, 2)
  end
  return list
end

local function option_text(value)
  if type(value) ~= "table" then
    return tostring(value)
  elseif #value > 0 then
    local parts = {}
    for position, item in ipairs(value) do
      parts[position] = option_text(item)
    end
    return table.concat(parts, ", ")
  end
  return "{ " .. M.options(value) .. " }"
end

--- Options in one line, by name.
---@param options table
---@return string
function M.options(options)
  local parts = {}
  for name, value in pairs(options) do
    parts[#parts + 1] = ("%s = %s"):format(tostring(name), option_text(value))
  end
  table.sort(parts)
  return #parts > 0 and table.concat(parts, "; ") or "none"
end

--- Lays the report out for a terminal.
---@param report lastpass.Report
---@param options table width: the terminal's columns; paint: function(tone, line), for colour
---@return string text lines without a final newline
function M.table(report, options)
  errors.check_options("report:render", options, { width = "number", paint = "function" })
  local lines = { text.clean(report.title), ("="):rep(text.width(report.title)), "" }
  add_totals(lines, report)
  if report.classes then
    add_table(lines, "Classes", M.class_columns(report), report.classes, options)
    lines[#lines + 1] = ""
    for _, sum in ipairs(report.sums) do
      lines[#lines + 1] = text.clean(sum)
    end
  end
  local title = ("%s (%s)"):format(report.row_title, text.count(#report.rows))
  add_tables(lines, report, options, true)
  add_table(lines, title, report.columns, report.rows, options)
  add_tables(lines, report, options, false)
  lines[#lines + 1] = ""
  for _, note in ipairs(report.notes) do
    lines[#lines + 1] = "Note: " .. text.clean(note)
  end
  lines[#lines + 1] = ""
  for _, entry in ipairs(M.statement(report.statement)) do
    lines[#lines + 1] = ("%-13s %s"):format(entry[1], text.clean(entry[2]))
  end
  return table.concat(lines, "\n")
end

--- Writes rows as CSV (RFC 4180): a header, CRLF, quotes where they are needed.
---@param columns lastpass.report.Column[] the header has their names
---@param rows table[]
---@param guarded boolean
---@return string text
function M.write_csv(columns, rows, guarded)
  local lines, names = {}, {}
  for index, column in ipairs(columns) do
    names[index] = column.name
  end
  lines[1] = csv.line(names, { guard = false })
  local options = { guard = guarded }
  for number, row in ipairs(rows) do
    local cells = {}
    for index, column in ipairs(columns) do
      cells[index] = values.plain(row[column.name], column.kind)
    end
    lines[number + 1] = csv.line(cells, options)
  end
  return table.concat(lines)
end

local function named_table(report, name)
  if name == nil then
    return report
  end
  local names = {}
  for _, one in ipairs(report.tables) do
    names[#names + 1] = one.name
    if one.name == name then
      return one
    end
  end
  return errors.raise(
    3,
    "report:render: there is no table '%s' (known are: %s)",
    name,
    table.concat(names, ", ")
  )
end

--- Writes the rows of the report, or of one of its tables, as CSV. The statement is not part of it.
---@param report lastpass.Report
---@param options table of: name of a further table; guard: false leaves formulas as they are
---@return string text
function M.csv(report, options)
  errors.check_options("report:render", options, { of = "string", guard = "boolean" })
  local one = named_table(report, options.of)
  return M.write_csv(one.columns, one.rows, options.guard ~= false)
end

local function json_list(list, copy)
  local result = json.list {}
  for position, item in ipairs(list or {}) do
    result[position] = copy and copy(item) or item
  end
  return result
end

local function json_value(value, kind)
  if value == nil then
    return json.null
  elseif kind == "time" then
    return time.iso(value)
  end
  return type(value) == "table" and json_list(value) or value
end

local function json_rows(rows, columns)
  return json_list(rows, function(row)
    local object = {}
    for _, column in ipairs(columns) do
      object[column.name] = json_value(row[column.name], column.kind)
    end
    return object
  end)
end

local function json_column(column)
  return { name = column.name, title = column.title, kind = column.kind or "text" }
end

local function json_table(one)
  return {
    name = one.name,
    title = one.title,
    columns = json_list(one.columns, json_column),
    rows = json_rows(one.rows, one.columns),
  }
end

local function json_total(total)
  return {
    name = total.name,
    title = total.title,
    value = json_value(total.value, total.kind),
    kind = total.kind,
  }
end

-- An option that is an empty list would look like an object.
local function json_options(value)
  if type(value) ~= "table" then
    return value
  end
  local copy = #value > 0 and json.list {} or {}
  for name, item in pairs(value) do
    copy[name] = json_options(item)
  end
  return copy
end

--- The statement as a JSON object.
---@param statement lastpass.report.Statement
---@return table
function M.json_statement(statement)
  return {
    population = statement.population,
    company = statement.company,
    account = statement.account,
    query = json_list(statement.query),
    read_at = time.iso(statement.read_at),
    as_of = time.iso(statement.as_of),
    complete = statement.complete,
    completeness = statement.completeness,
    tool = statement.tool,
    options = json_options(statement.options),
  }
end

-- A company without a result; `age` is in seconds, and null when no earlier result is known.
local function json_missing(one)
  return {
    company = one.company,
    cid = one.cid or json.null,
    code = one.code or json.null,
    message = one.message,
    age = one.age or json.null,
  }
end

--- Writes the report as one JSON object: equal reports give equal bytes. Times are ISO 8601 in UTC,
-- durations seconds, shares fractions of 1. A report over companies says how many they are, how many gave a
-- result, and which did not.
---@param report lastpass.Report
---@param options table none
---@return string text with a final newline
function M.json(report, options)
  errors.check_options("report:render", options, {})
  local companies = report.companies or {}
  return json.encode {
    companies = companies.count,
    done = companies.done,
    missing = companies.missing and json_list(companies.missing, json_missing),
    format = "lastpass.report",
    version = 1,
    name = report.name,
    title = report.title,
    statement = M.json_statement(report.statement),
    columns = json_list(report.columns, json_column),
    rows = json_rows(report.rows, report.columns),
    classes = json_list(report.classes),
    sums = json_list(report.sums),
    totals = json_list(report.totals, json_total),
    tables = json_list(report.tables, json_table),
    notes = json_list(report.notes),
  } .. "\n"
end

return M

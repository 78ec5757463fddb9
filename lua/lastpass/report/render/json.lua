--- A report as one JSON object: equal reports give equal bytes.
-- @module lastpass.report.render.json
local errors = require "lastpass.error"
local json = require "lastpass.json"
local time = require "lastpass.time"

local M = {}

local function value_of(value, kind)
  if value == nil then
    return json.null
  elseif kind == "time" then
    return time.iso(value)
  elseif type(value) == "table" then
    local list = json.list {}
    for place, item in ipairs(value) do
      list[place] = item
    end
    return list
  end
  return value
end

local function rows_of(rows, columns)
  local list = json.list {}
  for number, row in ipairs(rows) do
    local object = {}
    for _, column in ipairs(columns) do
      object[column.name] = value_of(row[column.name], column.kind)
    end
    list[number] = object
  end
  return list
end

local function columns_of(columns)
  local list = json.list {}
  for place, column in ipairs(columns) do
    list[place] = { name = column.name, title = column.title, kind = column.kind or "text" }
  end
  return list
end

local function table_of(one)
  return {
    name = one.name,
    title = one.title,
    columns = columns_of(one.columns),
    rows = rows_of(one.rows, one.columns),
  }
end

local function totals_of(totals)
  local list = json.list {}
  for place, total in ipairs(totals) do
    list[place] = {
      name = total.name,
      title = total.title,
      value = value_of(total.value, total.kind),
      kind = total.kind,
    }
  end
  return list
end

local function list_of(list, copy)
  local result = json.list {}
  for place, item in ipairs(list or {}) do
    result[place] = copy and copy(item) or item
  end
  return result
end

-- An option that is an empty list would look like an object.
local function options_of(value)
  if type(value) ~= "table" then
    return value
  end
  local copy = #value > 0 and json.list {} or {}
  for name, item in pairs(value) do
    copy[name] = options_of(item)
  end
  return copy
end

--- The statement as an object.
---@param statement lastpass.report.Statement
---@return table
function M.statement(statement)
  return {
    population = statement.population,
    account = statement.account,
    query = list_of(statement.query),
    read_at = time.iso(statement.read_at),
    as_of = time.iso(statement.as_of),
    complete = statement.complete,
    completeness = statement.completeness,
    tool = statement.tool,
    options = options_of(statement.options),
  }
end

--- Writes the report. Times are ISO 8601 in UTC, durations seconds, shares fractions of 1.
---@param report lastpass.Report
---@param options table none
---@return string text with a final newline
function M.render(report, options)
  errors.check_options("report:render", options, {})
  return json.encode {
    format = "lastpass.report",
    version = 1,
    name = report.name,
    title = report.title,
    statement = M.statement(report.statement),
    columns = columns_of(report.columns),
    rows = rows_of(report.rows, report.columns),
    classes = list_of(report.classes),
    sums = list_of(report.sums),
    totals = totals_of(report.totals),
    tables = list_of(report.tables, table_of),
    notes = list_of(report.notes),
  } .. "\n"
end

return M

--- Tables that a report over companies has beside those of its reports: each company's figures, companies without a
-- result, and what each company's report says of itself.
-- @module lastpass.report.companies.tables
local errors = require "lastpass.error"

local M = {}

--- The column that tells rows of companies apart.
M.COMPANY = { name = "company", title = "Company" }
local COMPANY = M.COMPANY
local ACCOUNT = { name = "cid", title = "Account" }

local states = { [true] = "complete", [false] = "not complete" }

--- What a company with a result has in the table of companies.
M.DONE = { "complete", "not complete" }

local RESULT = {
  name = "result",
  title = "Result",
  tones = { none = "bad", ["not complete"] = "warn" },
}

--- A line for each company, those without a result too.
---@param parts table[] {company, cid, data}
---@param sums lastpass.report.Total[]
---@param missing lastpass.report.Missing[]
---@return table
function M.companies(parts, sums, missing)
  local columns = { COMPANY, ACCOUNT, RESULT }
  for _, total in ipairs(sums) do
    columns[#columns + 1] = { name = total.name, title = total.title, kind = total.kind }
  end
  local rows = {}
  for _, part in ipairs(parts) do
    local row = { company = part.company, cid = part.cid and tostring(part.cid) }
    row.result = states[part.data.statement.complete]
    for _, total in ipairs(part.data.totals) do
      row[total.name] = total.value
    end
    rows[#rows + 1] = row
  end
  for _, one in ipairs(missing) do
    rows[#rows + 1] =
      { company = one.company, cid = one.cid and tostring(one.cid), result = "none" }
  end
  table.sort(rows, function(a, b)
    return a.company < b.company
  end)
  return {
    name = "companies",
    title = "Companies",
    columns = columns,
    rows = rows,
    is_first = true, -- before the rows
  }
end

local missing_columns = {
  COMPANY,
  ACCOUNT,
  { name = "message", title = "Why", long = true },
  { name = "code", title = "Code" },
  { name = "age", title = "Since the last result", kind = "duration" },
}

--- Companies without a result, and why.
---@param missing lastpass.report.Missing[]
---@return table
function M.missing(missing)
  local rows = {}
  for position, one in ipairs(missing) do
    rows[position] = {
      company = one.company,
      cid = one.cid and tostring(one.cid),
      message = one.message,
      code = one.code,
      age = one.age,
    }
  end
  return {
    name = "missing",
    title = "Companies without a result",
    columns = missing_columns,
    rows = rows,
    is_first = true,
  }
end

local statement_columns = {
  COMPANY,
  { name = "account", title = "Account", long = true },
  { name = "population", title = "Population", long = true },
  { name = "read_at", title = "Read", kind = "time" },
  { name = "completeness", title = "Completeness", long = true },
  { name = "notes", title = "Notes", long = true },
}

--- What each company's report says of itself.
---@param parts table[]
---@param common_notes string[] notes that all of them have
---@return table
function M.statements(parts, common_notes)
  local is_common, rows = errors.set_of(common_notes), {}
  for position, part in ipairs(parts) do
    local statement, notes = part.data.statement, {}
    for _, note in ipairs(part.data.notes) do
      notes[#notes + 1] = not is_common[note] and note or nil
    end
    rows[position] = {
      company = part.company,
      account = statement.account,
      population = statement.population,
      read_at = statement.read_at,
      completeness = statement.completeness,
      notes = #notes > 0 and table.concat(notes, " ") or nil,
    }
  end
  return {
    name = "statements",
    title = "Statements",
    columns = statement_columns,
    rows = rows,
    is_detail = true, -- not on a terminal
  }
end

return M

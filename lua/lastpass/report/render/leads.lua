--- Which figures of a page lead to which rows. A figure is a link to a mark before the table; while the browser is at the
-- mark, the style sheet shows the rows that it counts and no others. So it needs no script.
-- @module lastpass.report.render.leads
local html = require "lastpass.html"
local text = require "lastpass.text"

local M = {}

local MOST_LISTED = 16

---@class lastpass.report.Leads
---@field count integer
---@field marks table<table, table[]>   of each table: {id, title, count}
---@field classes table<table, string>  of each row: the names of its marks
---@field most integer                  rows of a table that are shown
---@field by_company table<table, table> of each table: its rows, all and by company
local methods = {}
local leads_mt = { __index = methods }

--- Begins a page.
---@param most integer rows of a table that are shown
---@return lastpass.report.Leads
function M.new(most)
  local leads = { count = 0, marks = {}, classes = {}, most = most, by_company = {} }
  return setmetatable(leads, leads_mt)
end

local function holds(value, wanted)
  if type(value) == "table" then
    for _, one in ipairs(value) do
      if one == wanted then
        return true
      end
    end
    return false
  end
  return value == wanted
end

-- Whether a row has the value of a field, or one of a list of values.
local function matches(row, where)
  for field, wanted in pairs(where) do
    local value = row[field]
    local found = false
    for _, one in ipairs(type(wanted) == "table" and wanted or { wanted }) do
      found = found or holds(value, one)
    end
    if not found and not (wanted == false and value == nil) then
      return false
    end
  end
  return true
end

-- Rows with their position: all of them, or those of one company.
local function rows_of(leads, one, company)
  local lists = leads.by_company[one]
  if not lists then
    lists = { all = {}, of = {} }
    leads.by_company[one] = lists
    for number, row in ipairs(one.rows) do
      local entry = { number = number, row = row }
      lists.all[number] = entry
      if row.company then
        lists.of[row.company] = lists.of[row.company] or {}
        table.insert(lists.of[row.company], entry)
      end
    end
  end
  return company and (lists.of[company] or {}) or lists.all
end

--- Makes a mark for rows of a table.
---@param one table a table of the report, or the report itself
---@param title string what the rows are
---@param where table fields and values; {} for all rows
---@param expected? integer so many rows have to be there, or the figure leads nowhere
---@return string|nil address "#only-3"; nil when no row is there, or not all are shown
function methods:to(one, title, where, expected)
  local found = {}
  for _, entry in ipairs(rows_of(self, one, where.company)) do
    if matches(entry.row, where) then
      if entry.number > self.most then
        return nil -- some would be missing
      end
      found[#found + 1] = entry.row
    end
  end
  if #found == 0 or expected and #found ~= expected then
    return nil
  end
  self.count = self.count + 1
  local id = "only-" .. self.count
  for _, row in ipairs(found) do
    self.classes[row] = (self.classes[row] and self.classes[row] .. " " or "") .. "o" .. self.count
  end
  local marks = self.marks[one] or {}
  self.marks[one] = marks
  marks[#marks + 1] = {
    id = id,
    title = title,
    count = #found,
    is_listed = not where.company and #found < #one.rows,
  }
  return "#" .. id
end

--- The class of a row.
---@param row table
---@return string|false
function methods:class(row)
  return self.classes[row] or false
end

-- Which rows can be chosen; those of single companies are chosen in the table of companies.
local function choices(marks, id)
  local items = { html.li(html.a({ href = "#" .. id }, "All")) }
  for _, mark in ipairs(marks) do
    if mark.is_listed and #items < MOST_LISTED then
      local title = ("%s (%s)"):format(mark.title, text.count(mark.count))
      items[#items + 1] = html.li(html.a({ href = "#" .. mark.id }, title))
    end
  end
  return #items > 1 and html.ul({ class = "tags choices" }, items) or nil
end

--- The marks before a table, and links to them.
---@param one table
---@param id string of the section, which shows all rows again
---@return lastpass.html.Markup|nil
function methods:before(one, id)
  local marks = self.marks[one] or {}
  local lines = {}
  for position, mark in ipairs(marks) do
    local form = "Only “%s”: %s of %s rows. "
    lines[position] = html.p(
      { id = mark.id, class = "only" },
      form:format(mark.title, text.count(mark.count), text.count(#one.rows)),
      html.a({ href = "#" .. id }, "Show all")
    )
  end
  return #lines > 0 and html.join(choices(marks, id), lines) or nil
end

--- The rules of the style sheet that go with the marks. Each is found by the class of its rows: a browser tries a rule that
-- ends in `tr` on every row of the page, for every mark.
---@return string
function methods:style()
  if self.count == 0 then
    return ""
  end
  local rules = {}
  for number = 1, self.count do
    rules[number] = ("#only-%d:target~.scroll .o%d"):format(number, number)
  end
  return ".only:target~.scroll { --rows: none; }\ntbody tr { display: var(--rows, table-row); }\n"
    .. table.concat(rules, ",\n")
    .. " { --rows: table-row; }\n"
end

return M

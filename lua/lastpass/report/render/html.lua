--- A report as one HTML page that needs nothing else: no network, no script.
-- @module lastpass.report.render.html
local components = require "lastpass.html.components"
local errors = require "lastpass.error"
local html = require "lastpass.html"
local leads = require "lastpass.report.render.leads"
local plain = require "lastpass.report.render.plain"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

local M = {}

local MAX_ROWS, MAX_ROWS_OF_COMPANIES = 2000, 10000

local POLICY = html.raw(
  '<meta http-equiv="Content-Security-Policy" content="'
    .. "default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)

local function column_class(column)
  return values.is_number(column.kind) and "number"
    or (column.kind == "time" or column.kind == "list") and column.kind
    or column.long and "long"
    or column.kind == nil and "text"
    or nil
end

-- A value as it is shown, in its colour when it has one; findings one by one.
local function cell_of(column, value)
  if column.tone and type(value) == "table" then
    local marks = {}
    for position, one in ipairs(value) do
      marks[position] = html.join(html.span({ class = "mark " .. column.tone }, one), " ")
    end
    return html.join(marks)
  end
  local shown = values.shown(value, column.kind)
  local tone = column.tones and column.tones[value]
  return tone and html.span({ class = "mark " .. tone }, shown) or shown
end

local function table_of(page, id, caption, one)
  local headings, lines = {}, {}
  local columns, rows = one.columns, one.rows
  for position, column in ipairs(columns) do
    headings[position] = { title = column.title, class = column_class(column) }
  end
  for number = 1, math.min(#rows, page.most) do
    local row = rows[number]
    local cells, links = { class = page.leads:class(row) }, page.links[row] or {}
    for position, column in ipairs(columns) do
      local cell, address = cell_of(column, row[column.name]), links[column.name]
      cells[position] = address and html.a({ href = address }, cell) or cell
    end
    lines[number] = cells
  end
  return components.table("caption-" .. id, caption, headings, lines)
end

-- A heading and the table under it; the caption names what is cut off, and where it is.
local function table_section(page, id, one, title)
  if #one.rows == 0 then
    return components.section(id, title, html.p "None.")
  end
  local count, most = #one.rows, page.most
  local caption = ("%s: %s."):format(title, text.plural(count, "row"))
  if count > most then
    caption = ("%s The first %s of %s rows; all of them are in the CSV and JSON forms."):format(
      caption,
      text.count(most),
      text.count(count)
    )
  end
  return components.section(id, title, page.leads:before(one, id), table_of(page, id, caption, one))
end

-- ------------------------------------------------------------------ what leads where

local function table_named(report, name)
  for _, one in ipairs(report.tables) do
    if one.name == name then
      return one
    end
  end
  return name == nil and report or nil
end

-- The rows that a figure counts, of one company or of all. Figures of people may have several rows for each.
local function lead_of_total(page, total, company)
  local one = total.where and total.value and table_named(page.report, total.of)
  if not one then
    return nil
  end
  local where, title = {}, total.title
  for field, value in pairs(total.where) do
    where[field] = value
  end
  if company then
    where.company, title = company, ("%s of %s"):format(total.title, company)
  end
  return page.leads:to(one, title, where)
end

local function lead_to_classes(page)
  local report = page.report
  local one = table_named(report, report.classes_of)
  for _, class in ipairs(report.classes or {}) do
    local where = { class = { class.name, class.title } }
    local address = one and page.leads:to(one, class.title, where, class.count)
    page.links[class] = address and { count = address } or nil
  end
end

-- So many marks a page has for figures of single companies; with more of them, the figures of a company lead to all its
-- rows.
local MOST_MARKS = 3000

-- Each company's figures, and its name, to its rows.
local function lead_to_companies(page)
  local report = page.report
  local list = report.companies and table_named(report, "companies") or { rows = {} }
  local is_exact = #list.rows * #report.totals <= MOST_MARKS
  for _, row in ipairs(list.rows) do
    local all = page.leads:to(report, row.company, { company = row.company })
    local links = { company = all }
    for _, total in ipairs(report.totals) do
      local value = row[total.name]
      if total.where and type(value) == "number" and value > 0 then
        links[total.name] = is_exact and lead_of_total(page, total, row.company)
          or not is_exact and total.of == nil and all
          or nil
      end
    end
    page.links[row] = links
  end
end

-- ------------------------------------------------------------------ parts of the page

local function contents_of(sections)
  local items = {}
  for position, one in ipairs(sections) do
    local count = one.count and (" (%s)"):format(text.count(one.count)) or ""
    items[position] = html.li(html.a({ href = "#" .. one.id }, one.title .. count))
  end
  return html.nav({ ["aria-label"] = "Contents" }, html.ul({ class = "tags" }, items))
end

local function header_of(report, sections)
  local statement = report.statement
  local missing = not statement.complete and statement.completeness:gsub("^not complete: ", "")
  return html.header(
    statement.company and html.p({ class = "crumb" }, statement.company),
    html.h1(report.title),
    html.p({ class = "lead" }, statement.population),
    html.p(
      { class = "meta" },
      "Read ",
      components.time(statement.read_at, values.shown(statement.read_at, "time")),
      " from ",
      statement.account
    ),
    missing and components.warning("Not complete:", missing),
    contents_of(sections)
  )
end

local function summary_of(page)
  local report, figures = page.report, {}
  for position, total in ipairs(report.totals) do
    local address, value = lead_of_total(page, total), values.total(total)
    figures[position] = { total.title, address and html.a({ href = address }, value) or value }
  end
  local classes = report.classes
  return components.section(
    "summary",
    "Summary",
    components.figures(figures),
    classes
      and {
        html.figure(
          html.figcaption(report.statement.population, ", by class"),
          components.chart(classes)
        ),
        table_of(
          { report = report, most = #classes, leads = page.leads, links = page.links },
          "classes",
          "Everybody and everything counted is in exactly one class",
          { columns = plain.class_columns(report), rows = classes }
        ),
      },
    components.list(report.sums, "sums"),
    #report.notes > 0 and { html.h3 "Notes", components.list(report.notes) }
  )
end

-- The sections with tables, in their order.
local function sections_of(report)
  local first, others = {}, {}
  for position, one in ipairs(report.tables) do
    local list = one.is_first and first or others
    list[#list + 1] = { id = "table-" .. position, title = one.title, of = one, count = #one.rows }
  end
  local results = { id = "results", title = report.row_title, of = report, count = #report.rows }
  first[#first + 1] = results
  for _, one in ipairs(others) do
    first[#first + 1] = one
  end
  return first
end

--- Makes the page.
---@param report lastpass.Report
---@param options table max_rows: most rows of one table; default 2000, and 10000 over several companies
---@return string text
function M.render(report, options)
  errors.check_options("report:render", options, { max_rows = "number" })
  local most = options.max_rows or report.companies and MAX_ROWS_OF_COMPANIES or MAX_ROWS
  local page = { report = report, most = most, leads = leads.new(most), links = {} }
  lead_to_classes(page)
  lead_to_companies(page)
  local statement, sections = report.statement, sections_of(report)
  local summary, tables = summary_of(page), {} -- the summary has leads, which tables need
  for position, one in ipairs(sections) do
    tables[position] = table_section(page, one.id, one.of, one.title)
  end
  table.insert(sections, 1, { id = "summary", title = "Summary" })
  sections[#sections + 1] = { id = "statement", title = "Statement" }
  local style = require "lastpass.html.style" .. page.leads:style()
  return components.document {
    title = ("%s%s – %s"):format(
      statement.company and statement.company .. ": " or "",
      report.title,
      values.shown(statement.read_at, "time")
    ),
    head = {
      POLICY,
      html.meta { name = "referrer", content = "no-referrer" },
      html.link { rel = "icon", href = "data:," },
      html.element("style", html.raw(style)),
    },
    skip = { "#results", "Skip to the results" },
    header = header_of(report, sections),
    main = html.main(
      summary,
      tables,
      components.section(
        "statement",
        "Statement",
        components.facts(plain.statement(statement), true)
      )
    ),
    footer = html.footer(html.p(statement.tool, ", report “", report.name, "”")),
  }
end

return M

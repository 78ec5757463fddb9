--- A report as one HTML page that needs nothing else: no network, no script.
-- @module lastpass.report.render.html
local components = require "lastpass.html.components"
local errors = require "lastpass.error"
local html = require "lastpass.html"
local plain = require "lastpass.report.render.plain"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

local M = {}

local MAX_ROWS = 2000

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

local function table_of(id, caption, columns, rows, most)
  local headings, lines = {}, {}
  for position, column in ipairs(columns) do
    headings[position] = { title = column.title, class = column_class(column) }
  end
  for number = 1, math.min(#rows, most) do
    local cells = {}
    for position, column in ipairs(columns) do
      cells[position] = values.shown(rows[number][column.name], column.kind)
    end
    lines[number] = cells
  end
  return components.table("caption-" .. id, caption, headings, lines)
end

-- A heading and the table under it; the caption names what is cut off, and where it is.
local function table_section(id, title, columns, rows, most)
  if #rows == 0 then
    return components.section(id, title, html.p "None.")
  end
  local caption = ("%s: %s."):format(title, text.plural(#rows, "row"))
  if #rows > most then
    caption = ("%s The first %s of %s rows; all of them are in the CSV and JSON forms."):format(
      caption,
      text.count(most),
      text.count(#rows)
    )
  end
  return components.section(id, title, table_of(id, caption, columns, rows, most))
end

local function header_of(report)
  local statement = report.statement
  local missing = not statement.complete and statement.completeness:gsub("^not complete: ", "")
  return html.header(
    html.h1(report.title),
    html.p({ class = "lead" }, statement.population),
    html.p(
      { class = "meta" },
      "Read ",
      components.time(statement.read_at, values.shown(statement.read_at, "time")),
      " from ",
      statement.account
    ),
    missing and components.warning("Not complete:", missing)
  )
end

local function summary_of(report)
  local figures = {}
  for position, total in ipairs(report.totals) do
    figures[position] = { total.title, values.total(total) }
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
          "classes",
          "Everybody and everything counted is in exactly one class",
          plain.class_columns(report),
          classes,
          #classes
        ),
      },
    components.list(report.sums, "sums"),
    #report.notes > 0 and { html.h3 "Notes", components.list(report.notes) }
  )
end

--- Makes the page.
---@param report lastpass.Report
---@param options table max_rows: most rows of one table; default 2000
---@return string text
function M.render(report, options)
  errors.check_options("report:render", options, { max_rows = "number" })
  local most = options.max_rows or MAX_ROWS
  local statement = report.statement
  local tables = {}
  for position, one in ipairs(report.tables) do
    tables[position] = table_section("table-" .. position, one.title, one.columns, one.rows, most)
  end
  return components.document {
    title = ("%s – %s"):format(report.title, values.shown(statement.read_at, "time")),
    head = {
      POLICY,
      html.meta { name = "referrer", content = "no-referrer" },
      html.link { rel = "icon", href = "data:," },
      html.element("style", html.raw(require "lastpass.html.style")),
    },
    skip = { "#results", "Skip to the results" },
    header = header_of(report),
    main = html.main(
      summary_of(report),
      table_section("results", report.row_title, report.columns, report.rows, most),
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

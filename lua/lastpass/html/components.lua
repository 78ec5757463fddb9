--- What pages are made of: the document, sections, figures, facts, tables, bars and charts. The style
-- sheet for them is `lastpass.html.style`.
-- @module lastpass.html.components
local html = require "lastpass.html"
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

--- A whole page.
---@param page table title, head (more elements of the head), skip ({address, title}: the way past the
-- header), header, main, footer (markup)
---@return string
function M.document(page)
  local body = html.element(
    "html",
    { lang = "en" },
    html.head(
      html.meta { charset = "utf-8" },
      html.meta { name = "viewport", content = "width=device-width, initial-scale=1" },
      html.meta { name = "color-scheme", content = "light dark" },
      html.title(page.title),
      page.head
    ),
    html.body(
      html.a({ class = "skip", href = page.skip[1] }, page.skip[2]),
      page.header,
      page.main,
      page.footer
    )
  )
  return "<!DOCTYPE html>\n" .. body.text .. "\n"
end

--- A part of a page under a heading.
---@param id string
---@param title any
---@param ... any
---@return lastpass.html.Markup
function M.section(id, title, ...)
  return html.section({ ["aria-labelledby"] = id }, html.h2({ id = id }, title), ...)
end

--- A list.
---@param items any[]
---@param class? string
---@return lastpass.html.Markup|nil nothing without items
function M.list(items, class)
  local lines = {}
  for position, item in ipairs(items) do
    lines[position] = html.li(item)
  end
  return #lines > 0 and html.ul({ class = class or false }, lines) or nil
end

--- Names with their values, one below the other.
---@param list table[] {name, value}; those without a value are left out
---@param is_wide? boolean each takes the whole width
---@return lastpass.html.Markup
function M.facts(list, is_wide)
  local items = {}
  for _, fact in ipairs(list) do
    items[#items + 1] = fact[2] and html.div(html.dt(fact[1]), html.dd(fact[2]))
  end
  return html.dl({ class = is_wide and "facts wide" or "facts" }, items)
end

--- Figures beside one another.
---@param list table[] {title, value, note}
---@return lastpass.html.Markup
function M.figures(list)
  local items = {}
  for position, one in ipairs(list) do
    items[position] = html.div(html.dt(one[1]), html.dd(one[2], one[3] and html.small(one[3])))
  end
  return html.dl({ class = "totals" }, items)
end

--- A warning that stands above everything else.
---@param title string
---@param ... any
---@return lastpass.html.Markup
function M.warning(title, ...)
  return html.p({ class = "warning", role = "note" }, html.strong(title), " ", ...)
end

--- A time, exact for programs.
---@param at number epoch seconds
---@param ... any how it is shown
---@return lastpass.html.Markup
function M.time(at, ...)
  return html.time({ datetime = time.iso(at) }, ...)
end

--- An address, which may be broken behind its "@" and before the dots of its domain.
---@param address string
---@return lastpass.html.Markup
function M.email(address)
  local name, domain = address:match "^(.*@)(.*)$"
  if not name then
    return html.bdi(address)
  end
  local pieces = { name, html.raw "<wbr>" }
  for piece in domain:gmatch "%.*[^.]*" do
    if piece ~= "" then
      pieces[#pieces + 1] = #pieces > 2 and html.raw "<wbr>"
      pieces[#pieces + 1] = piece
    end
  end
  return html.bdi(pieces)
end

-- What a column is called; a link when the list can be sorted by it.
local function column_title(column)
  local arrow = column.sorted
    and html.span({ ["aria-hidden"] = "true" }, column.sorted == "ascending" and " ↑" or " ↓")
  if not column.href then
    return html.join(column.title, arrow)
  end
  local class = column.sorted and "sorted" or false
  return html.join(html.a({ href = column.href, class = class }, column.title), arrow)
end

-- A column may have a second name under which it can be sorted.
local function column_heading(column)
  local other = column.other
  local sorted = column.sorted or other and other.sorted
  local titles = other and html.join(column_title(column), " · ", column_title(other))
    or column_title(column)
  return html.th({ scope = "col", class = column.class, ["aria-sort"] = sorted }, titles)
end

--- A table; the first cell of each row is its heading.
---@param id string of its caption
---@param caption any
---@param columns table[] title, class, href and sorted ("ascending", "descending"), other (a second such for
-- the same column)
---@param rows table[][] cells; `class` of the whole row
---@param more? table quiet (the caption is for readers of the screen alone)
---@return lastpass.html.Markup
function M.table(id, caption, columns, rows, more)
  local headings, lines = {}, {}
  for position, column in ipairs(columns) do
    headings[position] = column_heading(column)
  end
  for number, row in ipairs(rows) do
    local cells = { html.th({ scope = "row", class = columns[1].class }, row[1]) }
    for position = 2, #columns do
      cells[position] = html.td({ class = columns[position].class or false }, row[position])
    end
    lines[number] = html.tr({ class = row.class or false }, cells)
  end
  return html.div(
    { class = "scroll", role = "region", ["aria-labelledby"] = id, tabindex = "0" },
    html.element(
      "table",
      html.caption({ id = id, class = more and more.quiet and "unseen" or false }, caption),
      html.thead(html.tr(headings)),
      html.tbody(lines)
    )
  )
end

--- A bar in a cell of a table. The number stands in a cell of its own, so nobody has to see this one.
---@param count number
---@param whole number what would fill it
---@return lastpass.html.Markup
function M.bar(count, whole)
  local length = whole > 0 and count / whole * 100 or 0
  if count > 0 then
    length = math.max(length, 0.8) -- few are not none
  end
  return html.svg({
    class = "inline",
    viewBox = "0 0 100 8",
    preserveAspectRatio = "none",
    ["aria-hidden"] = "true",
  }, html.rect { width = ("%.2f"):format(length), height = "8" })
end

-- Wide: the label left of the bar. Narrow: above it.
local chart_shapes = {
  wide = { width = 640, left = 190, line = 30, top = 6, label_x = 178, label_y = 14, cut = 26 },
  narrow = { width = 340, left = 1, line = 46, top = 22, label_x = 1, label_y = -5, cut = 44 },
}

local BAR = 18
local NUMBER = 90 -- for the number after the longest bar

local function chart_bar(shape, bar, position, most)
  local top = (position - 1) * shape.line + shape.top
  local length = most > 0 and bar.count / most * (shape.width - shape.left - NUMBER) or 0
  if bar.count > 0 then
    length = math.max(length, 2) -- few are not none
  end
  local number_x = ("%.1f"):format(shape.left + length + 8)
  return html.join(
    html.text(
      { class = "label", x = shape.label_x, y = top + shape.label_y },
      text.cut(bar.title, shape.cut)
    ),
    html.rect { x = shape.left, y = top, width = ("%.1f"):format(length), height = BAR, rx = 3 },
    html.text({ class = "value", x = number_x, y = top + 14 }, text.count(bar.count))
  )
end

local function draw_chart(name, bars)
  local shape, most = chart_shapes[name], 0
  local height = #bars * shape.line + 4
  local words, drawn = {}, {}
  for _, bar in ipairs(bars) do
    most = math.max(most, bar.count)
  end
  for position, bar in ipairs(bars) do
    words[position] = ("%s %s"):format(bar.title, text.count(bar.count))
    drawn[position] = chart_bar(shape, bar, position, most)
  end
  local axis = shape.left - 1
  return html.svg({
    class = name,
    viewBox = ("0 0 %d %d"):format(shape.width, height),
    role = "img",
    ["aria-label"] = "Bar chart: " .. table.concat(words, ", "),
  }, html.line { x1 = axis, y1 = 0, x2 = axis, y2 = height }, drawn)
end

--- Horizontal bars; every number is text too. Scaled to the width of a telephone the letters of a wide
-- chart could not be read, so there are two; the style sheet shows one of them.
---@param bars table[] {title, count}
---@return lastpass.html.Markup
function M.chart(bars)
  return html.join(draw_chart("wide", bars), draw_chart("narrow", bars))
end

return M

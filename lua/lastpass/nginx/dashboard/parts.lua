--- Parts that several pages have: tables, figures, charts, the form above a list, the way to further
-- pages, what stands where there is nothing.
-- @module lastpass.nginx.dashboard.parts
local html = require "lastpass.nginx.dashboard.html"
local text = require "lastpass.text"
local time = require "lastpass.time"
local values = require "lastpass.report.values"

local M = {}

--- A time, exact for programs: "2026-03-01 10:00"; the column says that it is UTC.
---@param at number|nil epoch seconds
---@param with_zone? boolean writes " UTC"
---@return lastpass.nginx.dashboard.Markup|nil
function M.time(at, with_zone)
  if not at then
    return nil
  end
  -- never broken within the date
  local date, clock, zone = values.shown(at, "time"):match "^(%S+) (%S+)(.*)$"
  return html.time(
    { datetime = time.iso(at) },
    html.span(date),
    " ",
    html.span(clock, with_zone and zone)
  )
end

--- How long ago something was, in one unit: "5 minutes ago".
---@param at number
---@param now number
---@return string
function M.ago(at, now)
  local minutes = math.floor((now - at) / 60)
  if minutes < 1 then
    return "less than a minute ago"
  elseif minutes < 120 then
    return text.plural(minutes, "minute") .. " ago"
  elseif minutes < 48 * 60 then
    return text.plural(math.floor(minutes / 60), "hour") .. " ago"
  end
  return text.plural(math.floor(minutes / 1440), "day") .. " ago"
end

--- The head of a page.
---@param title any
---@param more table crumb (markup of the way back), meta (any)
---@return lastpass.nginx.dashboard.Markup
function M.head(title, more)
  return html.div(
    { class = "head" },
    more.crumb and html.p({ class = "crumb" }, more.crumb),
    html.h1(title),
    more.meta and html.p({ class = "meta" }, more.meta)
  )
end

--- An address, which may be broken behind its "@" and before the dots of its domain.
---@param address string
---@return lastpass.nginx.dashboard.Markup
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

--- When the directory that is shown was read.
---@param call lastpass.nginx.dashboard.Call
---@return table
function M.freshness(call)
  local read_at = call.view.read_at
  return { "Directory read ", M.ago(read_at, call.now), ", ", M.time(read_at, true) }
end

--- A warning where the directory is older than it should be.
---@param call lastpass.nginx.dashboard.Call
---@return lastpass.nginx.dashboard.Markup|nil
function M.stale(call)
  if not call.view.stale then
    return nil
  end
  return html.p(
    { class = "warning", role = "note" },
    html.strong "Not up to date. ",
    "LastPass has not answered since ",
    M.time(call.view.read_at, true),
    "; what you see is from then. It is tried again all the time."
  )
end

--- A part of a page under a heading.
---@param id string
---@param title string
---@param ... any
---@return lastpass.nginx.dashboard.Markup
function M.section(id, title, ...)
  return html.section({ ["aria-labelledby"] = id }, html.h2({ id = id }, title), ...)
end

--- Figures beside one another.
---@param list table[] {title, value, note}
---@return lastpass.nginx.dashboard.Markup
function M.figures(list)
  local items = {}
  for place, one in ipairs(list) do
    items[place] = html.div(html.dt(one[1]), html.dd(one[2], one[3] and html.small(one[3])))
  end
  return html.dl({ class = "totals" }, items)
end

--- A bar in a cell of a table. The number stands in a cell of its own, so nobody has to see this one.
---@param count number
---@param whole number what would fill it
---@return lastpass.nginx.dashboard.Markup
function M.bar(count, whole)
  local length = whole > 0 and count / whole * 100 or 0
  if count > 0 then
    length = math.max(length, 0.8) -- few are not none
  end
  return html.raw(
    (
      '<svg class="inline" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
      .. '<rect width="%.2f" height="8"/></svg>'
    ):format(length)
  )
end

-- What a column is called; a link when the list can be sorted by it.
local function title_of(column)
  local arrow = column.sorted
    and html.span({ ["aria-hidden"] = "true" }, column.sorted == "ascending" and " ↑" or " ↓")
  if not column.href then
    return html.join(column.title, arrow)
  end
  local class = column.sorted and "sorted" or false
  return html.join(html.a({ href = column.href, class = class }, column.title), arrow)
end

-- A column may have a second name under which it can be sorted.
local function heading(column)
  local other = column.other
  local sorted = column.sorted or other and other.sorted
  local titles = other and html.join(title_of(column), " · ", title_of(other)) or title_of(column)
  return html.th({ scope = "col", class = column.class, ["aria-sort"] = sorted }, titles)
end

--- A table; the first cell of each row is its heading.
---@param id string
---@param caption any
---@param columns table[] title, class, href and sorted ("ascending", "descending"), other (a second such for
-- the same column)
---@param rows table[][] cells
---@param more? table quiet (the caption is for readers of the screen alone)
---@return lastpass.nginx.dashboard.Markup
function M.table(id, caption, columns, rows, more)
  local heads, lines = {}, {}
  for place, column in ipairs(columns) do
    heads[place] = heading(column)
  end
  for number, row in ipairs(rows) do
    local cells = {}
    for place, column in ipairs(columns) do
      local cell, class = row[place], column.class
      if place == 1 then
        cells[1] = html.th({ scope = "row", class = class }, cell)
      else
        cells[place] = html.td({ class = class or false }, cell)
      end
    end
    lines[number] = html.tr(cells)
  end
  return html.div(
    { class = "scroll", role = "region", ["aria-labelledby"] = id, tabindex = "0" },
    html.element(
      "table",
      html.caption({ id = id, class = more and more.quiet and "unseen" or false }, caption),
      html.thead(html.tr(heads)),
      html.tbody(lines)
    )
  )
end

return M

--- Parts of the dashboard's pages: the head of a page, times, and what is around a list: the form that
-- narrows it, how many there are, the links to further pages, what stands where it is empty.
-- @module lastpass.nginx.dashboard.parts
local components = require "lastpass.html.components"
local html = require "lastpass.html"
local plain = require "lastpass.report.render.plain"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

local M = {}

local ROWS_AT_ONCE = 1000 -- of a CSV file, before other requests have their turn

--- A time: "2026-03-01 10:00"; the column says that it is UTC.
---@param at number|nil epoch seconds
---@param with_zone? boolean writes " UTC"
---@return lastpass.html.Markup|nil
function M.time(at, with_zone)
  if not at then
    return nil
  end
  -- never broken within the date
  local date, clock, zone = values.shown(at, "time"):match "^(%S+) (%S+)(.*)$"
  return components.time(at, html.span(date), " ", html.span(clock, with_zone and zone))
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

--- "12.5 %".
---@param count number
---@param of number
---@return string text "–" of nothing
function M.share(count, of)
  return of > 0 and values.shown(count / of, "share") or "–"
end

--- What is less important.
---@param ... any
---@return lastpass.html.Markup
function M.quiet(...)
  return html.span({ class = "quiet" }, ...)
end

--- A mark beside a name; a bad one is a finding.
---@param title string
---@param is_bad? boolean
---@return lastpass.html.Markup
function M.mark(title, is_bad)
  return html.span({ class = is_bad and "mark bad" or "mark" }, title)
end

--- The link to a person.
---@param call lastpass.nginx.dashboard.Call
---@param email string
---@param title? any default the address
---@return lastpass.html.Markup
function M.person(call, email, title)
  local href = call:url("person", { { "email", email } })
  return html.a({ href = href }, title or components.email(email))
end

--- A link to a list of people.
---@param call lastpass.nginx.dashboard.Call
---@param title any
---@param params table[] query of the list of people
---@return lastpass.html.Markup
function M.people(call, title, params)
  return html.a({ href = call:url("people", params) }, title)
end

--- The head of a page.
---@param title any
---@param more table crumb (markup of the way back), meta (any)
---@return lastpass.html.Markup
function M.head(title, more)
  return html.div(
    { class = "head" },
    more.crumb and html.p({ class = "crumb" }, more.crumb),
    html.h1(title),
    more.meta and html.p({ class = "meta" }, more.meta)
  )
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
---@return lastpass.html.Markup|nil
function M.stale(call)
  if not call.view.stale then
    return nil
  end
  return components.warning(
    "Not up to date.",
    "LastPass has not answered since ",
    M.time(call.view.read_at, true),
    "; what you see is from then. It is tried again all the time."
  )
end

--- A field of a form with its label.
---@param id string also its name
---@param title string
---@param field lastpass.html.Markup
---@param class? string
---@return lastpass.html.Markup
function M.field(id, title, field, class)
  return html.div({ class = class or "field" }, html.label({ ["for"] = id }, title), field)
end

--- A choice.
---@param id string also its name
---@param options table[] {value, title}
---@param chosen string
---@return lastpass.html.Markup
function M.choice(id, options, chosen)
  local items = {}
  for position, option in ipairs(options) do
    items[position] = html.option({ value = option[1], selected = option[1] == chosen }, option[2])
  end
  return html.select({ id = id, name = id }, items)
end

--- The field that is searched by.
---@param value string
---@param title string
---@return lastpass.html.Markup
function M.search(value, title)
  local input = html.input {
    type = "search",
    id = "q",
    name = "q",
    value = value,
    maxlength = "200",
    autocomplete = "off",
    spellcheck = "false",
  }
  return M.field("q", title, input, "search")
end

--- The form above a list. It works by its button; with the script the list follows what is typed.
---@param address string without what narrows
---@param fields any
---@param is_one? boolean the form has the search only
---@return lastpass.html.Markup
function M.form(address, fields, is_one)
  return html.form(
    {
      class = is_one and "filters one" or "filters",
      method = "get",
      action = address,
      role = "search",
      ["data-live"] = true,
    },
    fields,
    html.div(
      { class = "go" },
      html.button({ type = "submit" }, "Show"),
      html.a({ class = "button", href = address }, "Clear")
    )
  )
end

--- What stands where a list is empty.
---@param title string
---@param ... any what to do about it
---@return lastpass.html.Markup
function M.empty(title, ...)
  return html.div({ class = "empty" }, html.p({ class = "title" }, title), html.p(...))
end

--- "51–100 of 1,234 people".
---@param page lastpass.nginx.dashboard.Page
---@param one string
---@param many? string
---@return string
function M.counted(page, one, many)
  if page.count <= page.last - page.first + 1 then
    return text.plural(page.count, one, many)
  end
  return ("%s–%s of %s"):format(
    text.count(page.first),
    text.count(page.last),
    text.plural(page.count, one, many)
  )
end

--- The links to the pages before and after.
---@param page lastpass.nginx.dashboard.Page
---@param address fun(more: table[]): string
---@return lastpass.html.Markup|nil
function M.pager(page, address)
  if not page.before and not page.after then
    return nil
  end
  local function link(name, mark, rel, title)
    return mark
      and html.a({ class = "button", rel = rel, href = address { { name, mark } } }, title)
  end
  return html.nav(
    { class = "pager", ["aria-label"] = "Pages of the list" },
    page.before and html.a({ class = "button", href = address {} }, "First"),
    link("before", page.before, "prev", "Previous"),
    link("after", page.after, "next", "Next")
  )
end

--- A list that follows a form: how many there are, and the list itself.
---@param found any
---@param ... any
---@return lastpass.html.Markup
function M.results(found, ...)
  return html.join(
    html.p({ id = "found", role = "status" }, found),
    html.div({ id = "results" }, ...)
  )
end

--- The link to the whole list as CSV.
---@param address string of the list, with format=csv
---@return lastpass.html.Markup
function M.csv_link(address)
  return html.p({ class = "more" }, html.a({ href = address }, "All of them as CSV"))
end

--- A page with a form and its list; for the script, the list alone.
---@param call lastpass.nginx.dashboard.Call
---@param page table section, title, one (what is listed), meta, form, results, note (below the list);
-- csv: columns ({name, kind}) and each(add), which adds every row of the list, on all its pages
---@return table page title, section, main; part (the list alone); or csv (its text)
function M.list_page(call, page)
  if call:is_part() then
    return { part = page.results }
  elseif call:param "format" == "csv" then
    local rows = {}
    page.csv.each(function(row)
      rows[#rows + 1] = row
      if #rows % ROWS_AT_ONCE == 0 then
        call.pause()
      end
    end)
    return { csv = plain.write_csv(page.csv.columns, rows, true), section = page.section }
  end
  return {
    title = page.title,
    section = page.section,
    main = html.join(
      M.head(page.title, { meta = page.meta or M.freshness(call) }),
      not page.meta and M.stale(call),
      html.section({ ["aria-label"] = "List of " .. page.one }, page.form, page.results, page.note)
    ),
  }
end

return M

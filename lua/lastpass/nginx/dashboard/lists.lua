--- What is around a list: how many there are, the ways to further pages, what stands where it is empty.
-- @module lastpass.nginx.dashboard.lists
local html = require "lastpass.nginx.dashboard.html"
local text = require "lastpass.text"

local M = {}

--- What stands where a list is empty.
---@param title string
---@param ... any what to do about it
---@return lastpass.nginx.dashboard.Markup
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

--- The ways to the pages before and after.
---@param page lastpass.nginx.dashboard.Page
---@param address fun(more: table[]): string
---@return lastpass.nginx.dashboard.Markup|nil
function M.pager(page, address)
  if not page.before and not page.after then
    return nil
  end
  local function way(name, mark, rel, title)
    return mark
      and html.a({ class = "button", rel = rel, href = address { { name, mark } } }, title)
  end
  return html.nav(
    { class = "pager", ["aria-label"] = "Pages of the list" },
    page.before and html.a({ class = "button", href = address {} }, "First"),
    way("before", page.before, "prev", "Previous"),
    way("after", page.after, "next", "Next")
  )
end

--- A list that follows a form: how many there are, and the list itself.
---@param found any
---@param ... any
---@return lastpass.nginx.dashboard.Markup
function M.results(found, ...)
  return html.join(
    html.p({ id = "found", role = "status" }, found),
    html.div({ id = "results" }, ...)
  )
end

return M

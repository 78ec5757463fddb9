--- Tables of classes that divide people: with bars, shares, and the way to those in them.
-- @module lastpass.nginx.dashboard.classes
local html = require "lastpass.nginx.dashboard.html"
local parts = require "lastpass.nginx.dashboard.parts"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

local M = {}

--- "12.5 %".
---@param count number
---@param of number
---@return string text "–" of nothing
function M.share(count, of)
  return of > 0 and values.shown(count / of, "share") or "–"
end

--- A link to people.
---@param call lastpass.nginx.dashboard.Call
---@param title any
---@param params table[] query of the list of people
---@return lastpass.nginx.dashboard.Markup
function M.people(call, title, params)
  return html.a({ href = call:url("people", params) }, title)
end

--- A table of classes with bars; every number is a text too.
---@param call lastpass.nginx.dashboard.Call
---@param id string
---@param caption string
---@param list table[] {title, count, meaning}
---@param more table whole (what the shares are of), title (of the first column), params (class -> query
-- of the people in it)
---@return lastpass.nginx.dashboard.Markup
function M.table(call, id, caption, list, more)
  local rows = {}
  for place, class in ipairs(list) do
    local title = more.params and M.people(call, class.title, more.params(class)) or class.title
    rows[place] = {
      { title, class.meaning and html.span({ class = "address" }, class.meaning) },
      parts.bar(class.count, more.whole),
      text.count(class.count),
      M.share(class.count, more.whole),
    }
  end
  return parts.table(id, caption, {
    { title = more.title or "Class", class = "class" },
    { title = html.span({ class = "unseen" }, "Bar"), class = "chart" },
    { title = "People", class = "number" },
    { title = "Share", class = "number" },
  }, rows)
end

return M

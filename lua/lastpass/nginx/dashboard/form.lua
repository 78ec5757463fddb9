--- The form above a list, and its fields.
-- @module lastpass.nginx.dashboard.form
local html = require "lastpass.nginx.dashboard.html"

local M = {}

--- A field of a form with its label.
---@param id string also its name
---@param title string
---@param field lastpass.nginx.dashboard.Markup
---@param class? string
---@return lastpass.nginx.dashboard.Markup
function M.field(id, title, field, class)
  return html.div({ class = class or "field" }, html.label({ ["for"] = id }, title), field)
end

--- A choice.
---@param id string also its name
---@param options table[] {value, title}
---@param chosen string
---@return lastpass.nginx.dashboard.Markup
function M.choice(id, options, chosen)
  local items = {}
  for place, option in ipairs(options) do
    items[place] = html.option({ value = option[1], selected = option[1] == chosen }, option[2])
  end
  return html.select({ id = id, name = id }, items)
end

--- The field that is searched by.
---@param value string
---@param title string
---@return lastpass.nginx.dashboard.Markup
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
---@param address string
---@param fields any
---@param more table one (there is the search only), clear (address without what narrows, or nil)
---@return lastpass.nginx.dashboard.Markup
function M.show(address, fields, more)
  return html.form(
    {
      class = more.one and "filters one" or "filters",
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

return M

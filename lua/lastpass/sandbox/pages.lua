--- What pages of the sandbox have in common, whichever surface they are of: headers, the frame, refusals, forms.
-- @module lastpass.sandbox.pages
local components = require "lastpass.html.components"
local html = require "lastpass.html"
local percent = require "lastpass.text.percent"
local style = require "lastpass.html.style"

local M = {}

local POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"

local headers = {
  ["Content-Type"] = "text/html; charset=utf-8",
  ["Cache-Control"] = "no-store",
  -- with "no-referrer" browsers send the forms of these pages with "Origin: null"
  ["Referrer-Policy"] = "same-origin",
  ["X-Content-Type-Options"] = "nosniff",
}

--- Headers of a page.
---@param more? table
---@return table<string, any>
function M.headers(more)
  local all = { ["Content-Security-Policy"] = POLICY }
  for _, list in ipairs { headers, more or {} } do
    for name, value in pairs(list) do
      all[name] = value
    end
  end
  return all
end

--- A page.
---@param page table title, lead, main (markup), status, headers, class (for the journal); style (address of the style
-- sheet), head (more of it), footer (list of markup)
---@return table reply as `server:answer` takes it, with `headers`
function M.page(page)
  return {
    status = page.status or 200,
    class = page.class,
    headers = M.headers(page.headers),
    body = components.document {
      title = page.title .. " – LastPass sandbox",
      head = html.join(html.link { rel = "stylesheet", href = page.style }, page.head),
      skip = { "#main", "Skip to the content" },
      header = html.header(
        html.h1(page.title),
        page.lead and html.p({ class = "lead" }, page.lead)
      ),
      main = html.main({ id = "main", tabindex = "-1" }, page.main),
      footer = html.footer(
        html.p("A sandbox: no LastPass, no password, nobody's data. ", html.join(page.footer or {}))
      ),
    },
  }
end

--- The style sheet.
function M.style()
  return {
    status = 200,
    headers = { ["Content-Type"] = "text/css; charset=utf-8" },
    body = style,
  }
end

--- A redirect.
---@param location string
---@param more? table headers
function M.redirect(location, more)
  local all = M.headers(more)
  all.Location = location
  return { status = 302, headers = all, body = "" }
end

--- What was refused, with the code and the next step, as an admin has to see it here.
---@param message string
---@param err? lastpass.Error
---@return lastpass.html.Markup
function M.refusal(message, err)
  local facts = {}
  if err then
    facts = {
      { "Code", html.code(err.code) },
      { "Check", err.title and ("%s (%s)"):format(err.title, err.section) },
      { "What to do", err.hint },
      { "In the browser of a real site", err.browser },
    }
  end
  return html.section(components.warning("Refused:", message), components.facts(facts, true))
end

--- A field of a form that nobody sees.
function M.hidden(name, value)
  return html.input { type = "hidden", name = name, value = value }
end

--- The fields of a form; none when one comes twice.
---@return table<string, string>
function M.read_form(request)
  local fields = {}
  for _, one in ipairs(percent.form(request.body) or {}) do
    if fields[one.name] then
      return {}
    end
    fields[one.name] = one.value
  end
  return fields
end

--- Whether a form comes from a page of this site, or from no browser.
---@param request table
---@param origin string of this site
function M.is_own_form(request, origin)
  local from = request.headers.origin
  return from == nil or from == origin
end

return M

--- What all pages of the dashboard have around them: the bar with its links, the footer, the headers
-- that keep browsers strict; and the pages about problems, and what to do about them.
-- @module lastpass.nginx.dashboard.frame
local assets = require "lastpass.nginx.dashboard.assets"
local components = require "lastpass.html.components"
local html = require "lastpass.html"
local version = require "lastpass.version"

local M = {}

local NAME = "LastPass dashboard"

local POLICY = table.concat({
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
}, "; ")

--- The headers of every page.
---@param more? table further ones
---@return table
function M.headers(more)
  local headers = {
    ["content-type"] = "text/html; charset=utf-8",
    ["cache-control"] = "no-store",
    ["content-security-policy"] = POLICY,
    ["x-content-type-options"] = "nosniff",
    ["x-frame-options"] = "DENY",
    ["referrer-policy"] = "same-origin",
    ["cross-origin-opener-policy"] = "same-origin",
    ["cross-origin-resource-policy"] = "same-origin",
  }
  for name, value in pairs(more or {}) do
    headers[name] = value
  end
  return headers
end

--- Sends the browser to another page.
---@param location string
---@param more? table further headers
---@return table response
function M.redirect(location, more)
  local headers = M.headers(more)
  headers.location = location
  return { status = 303, headers = headers, body = "" }
end

local links = {
  { "", "Overview" },
  { "people", "People" },
  { "groups", "Groups" },
  { "folders", "Folders" },
  { "events", "Events" },
}

local function navigation(call, section)
  local items = {}
  for position, link in ipairs(links) do
    local is_current = link[1] == section and "page" or nil
    items[position] = html.a({ href = call:url(link[1]), ["aria-current"] = is_current }, link[2])
  end
  return html.nav({ ["aria-label"] = "Pages" }, components.list(items))
end

local LOGO = html.svg(
  { width = "20", height = "20", viewBox = "0 0 20 20", ["aria-hidden"] = "true" },
  html.rect { x = "1", y = "2", width = "18", height = "4", rx = "1.5" },
  html.rect { x = "1", y = "8", width = "12", height = "4", rx = "1.5" },
  html.rect { x = "1", y = "14", width = "6", height = "4", rx = "1.5" }
)

local function who_is_signed_in(prefix, session)
  if not session then
    return nil
  end
  return html.div(
    { class = "who" },
    html.span(session.name),
    session.csrf
      and html.form(
        { method = "post", action = prefix .. "/~sign-out" },
        html.input { type = "hidden", name = "csrf", value = session.csrf },
        html.button({ type = "submit" }, "Sign out")
      )
  )
end

local function bar(prefix, page, name)
  local call = page.call
  local home = call and call:url "" or prefix .. "/"
  return html.header(
    { class = "bar" },
    html.div(
      html.a({ class = "brand", href = home }, LOGO, html.bdi(name)),
      call and navigation(call, page.section),
      who_is_signed_in(prefix, page.session)
    )
  )
end

--- Makes a page.
---@param prefix string
---@param page table title, main (markup), status, headers, session, call and section (for pages of a
-- company)
---@return table response
function M.page(prefix, page)
  local name = page.call and page.call.tenant.name or NAME
  local function asset(what)
    return prefix .. "/~assets/" .. assets.name(what)
  end
  return {
    status = page.status or 200,
    headers = M.headers(page.headers),
    body = components.document {
      title = ("%s – %s"):format(page.title, name),
      head = {
        html.meta { name = "robots", content = "noindex" },
        html.link { rel = "icon", type = "image/svg+xml", href = asset "icon" },
        html.link { rel = "stylesheet", href = asset "style" },
        html.script { src = asset "script", defer = true },
      },
      skip = { "#main", "Skip to the content" },
      header = bar(prefix, page, name),
      main = html.main({ id = "main", tabindex = "-1" }, page.main),
      footer = html.footer(html.p("lastpass-lua ", version, ", read only")),
    },
  }
end

--- A page about a problem.
---@param prefix string
---@param problem table status, title, text, steps (list), links (list of {address, title}), headers,
-- session, call, section
---@return table response
function M.problem(prefix, problem)
  local buttons = {}
  for position, link in ipairs(problem.links or {}) do
    buttons[position] = html.a({ class = "button", href = link[1] }, link[2])
  end
  problem.main = html.section(
    { class = "problem" },
    html.p({ class = "code" }, ("%d"):format(problem.status)),
    html.h1(problem.title),
    html.p({ class = "lead" }, problem.text),
    components.list(problem.steps or {}),
    #buttons > 0 and html.p({ class = "go" }, buttons)
  )
  return M.page(prefix, problem)
end

--- There is no such page.
---@param prefix string
---@param more table text, session, call, section
---@return table response
function M.missing(prefix, more)
  return M.problem(prefix, {
    status = 404,
    title = "This is not here",
    text = more.text or "There is no page with this address, or it is not for you to see.",
    session = more.session,
    call = more.call,
    section = more.section,
    links = { { more.call and more.call:url "" or prefix .. "/", "To the overview" } },
  })
end

local advice = {
  auth = "The administrator should check the provisioning hash; LastPass refuses it.",
  throttled = "LastPass asks for fewer questions. Wait a little.",
  transport = "The administrator should check that it reaches LastPass.",
}

local function sentence(text)
  return (tostring(text):gsub("^%l", string.upper):gsub("%.?$", ".", 1))
end

--- What is to be shown could not be read from LastPass.
---@param prefix string
---@param failure table message, err
---@param more table session, call, section, retry (address of the page)
---@return table response
function M.unavailable(prefix, failure, more)
  local err = failure.err or {}
  local wait = math.max(1, math.ceil(err.retry_after or 10))
  return M.problem(prefix, {
    status = 503,
    title = "LastPass has not answered yet",
    text = "What belongs on this page could not be read.",
    steps = {
      { "The reason: ", html.q(failure.message) },
      err.hint and sentence(err.hint)
        or advice[err.kind]
        or "The administrator of this server finds more in its error log.",
      ("It is tried again in %d seconds at the latest."):format(wait),
    },
    headers = { ["retry-after"] = ("%d"):format(wait) },
    session = more.session,
    call = more.call,
    section = more.section,
    links = { { more.retry, "Try again" } },
  })
end

--- The method is not one of this page's.
---@param prefix string
---@param allowed string
---@return table response
function M.wrong_method(prefix, allowed)
  return M.problem(prefix, {
    status = 405,
    title = "That does not work here",
    text = "The dashboard is for reading: it changes nothing.",
    headers = { allow = allowed },
    links = { { prefix .. "/", "To the dashboard" } },
  })
end

--- A failure of this server; its log has the rest.
---@param prefix string
---@param id string of the request
---@return table response
function M.mistake(prefix, id)
  return M.problem(prefix, {
    status = 500,
    title = "Something went wrong here",
    text = "The mistake is on this server, not on your side.",
    steps = {
      "Try again; if it happens once more, report it to the administrator of this server.",
      { "Its error log has the reason under the request ", html.code(id), "." },
    },
    links = { { prefix .. "/", "To the dashboard" } },
  })
end

return M

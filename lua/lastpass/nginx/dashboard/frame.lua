--- What all pages of the dashboard have around them: the head of the document, the bar with its ways,
-- the foot; and the headers that keep browsers strict.
-- @module lastpass.nginx.dashboard.frame
local assets = require "lastpass.nginx.dashboard.assets"
local html = require "lastpass.nginx.dashboard.html"
local version = require "lastpass.version"

local M = {}

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

local function asset_url(prefix, what)
  return prefix .. "/~assets/" .. assets.name(what)
end

local function head(prefix, title)
  return html.head(
    html.meta { charset = "utf-8" },
    html.meta { name = "viewport", content = "width=device-width, initial-scale=1" },
    html.meta { name = "color-scheme", content = "light dark" },
    html.meta { name = "robots", content = "noindex" },
    html.title(title),
    html.link { rel = "icon", type = "image/svg+xml", href = asset_url(prefix, "icon") },
    html.link { rel = "stylesheet", href = asset_url(prefix, "style") },
    html.script { src = asset_url(prefix, "script"), defer = true }
  )
end

local ways = {
  { "", "Overview" },
  { "people", "People" },
  { "groups", "Groups" },
  { "folders", "Folders" },
  { "events", "Events" },
}

local function ways_of(call, section)
  local items = {}
  for place, way in ipairs(ways) do
    local attributes = { href = call:url(way[1]) }
    attributes["aria-current"] = way[1] == section and "page" or nil
    items[place] = html.li(html.a(attributes, way[2]))
  end
  return html.nav({ ["aria-label"] = "Pages" }, html.ul(items))
end

local LOGO = html.raw(
  '<svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">'
    .. '<rect x="1" y="2" width="18" height="4" rx="1.5"/>'
    .. '<rect x="1" y="8" width="12" height="4" rx="1.5"/>'
    .. '<rect x="1" y="14" width="6" height="4" rx="1.5"/></svg>'
)

local function who(prefix, session)
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

local function bar(prefix, page)
  local call = page.call
  local name = call and call.tenant.name or "LastPass dashboard"
  return html.header(
    { class = "bar" },
    html.div(
      html.a(
        { class = "brand", href = call and call:url "" or prefix .. "/" },
        LOGO,
        html.bdi(name)
      ),
      call and ways_of(call, page.section),
      who(prefix, page.session)
    )
  )
end

--- Makes a page.
---@param prefix string
---@param page table title, main (markup), status, headers, session, call and section (for pages of a
-- company)
---@return table response
function M.page(prefix, page)
  local name = page.call and page.call.tenant.name or "LastPass dashboard"
  local body = html.element(
    "html",
    { lang = "en" },
    head(prefix, ("%s – %s"):format(page.title, name)),
    html.body(
      html.a({ class = "skip", href = "#main" }, "Skip to the content"),
      bar(prefix, page),
      html.main({ id = "main", tabindex = "-1" }, page.main),
      html.footer(html.p("lastpass-lua ", version, ", read only"))
    )
  )
  return {
    status = page.status or 200,
    headers = M.headers(page.headers),
    body = "<!DOCTYPE html>\n" .. body.text,
  }
end

return M

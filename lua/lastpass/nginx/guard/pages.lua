--- The few pages of guards. They say what happened and what to do, and tell nobody more than that: the reason is in
-- the log, under the number that the page shows.
-- @module lastpass.nginx.guard.pages
local base64 = require "lastpass.text.base64"
local components = require "lastpass.html.components"
local digest = require "lastpass.digest"
local html = require "lastpass.html"
local json = require "lastpass.json"
local style = require "lastpass.html.style"

local M = {}

local POLICY = "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; "
  .. "frame-ancestors 'none'; base-uri 'none'"
local policy

local function hash(text)
  return base64.encode(digest.sha256(text))
end

local function headers(more)
  policy = policy or POLICY:format(hash(style))
  local all = {
    ["Content-Type"] = "text/html; charset=utf-8",
    ["Cache-Control"] = "no-store",
    ["Content-Security-Policy"] = policy,
    ["X-Content-Type-Options"] = "nosniff",
    ["Referrer-Policy"] = "same-origin",
  }
  for name, value in pairs(more or {}) do
    all[name] = value
  end
  return all
end

--- A page of any content.
---@param page table status, title, main (markup), refresh (seconds until a browser without script asks again), script (text
-- of ours), images (data: images are shown)
---@return table response {status, headers, body}
function M.document(page)
  local all = headers()
  if page.script then
    local more = ("; script-src 'sha256-%s'; connect-src 'self'"):format(hash(page.script))
    all["Content-Security-Policy"] = all["Content-Security-Policy"] .. more
  end
  if page.images then
    all["Content-Security-Policy"] = all["Content-Security-Policy"] .. "; img-src data:"
  end
  local refresh = page.refresh
    and html.noscript(html.meta { ["http-equiv"] = "refresh", content = tostring(page.refresh) })
  local body = components.document {
    title = page.title,
    head = html.join(html.element("style", html.raw(style)), refresh),
    skip = { "#main", "Skip to the content" },
    main = html.main({ id = "main" }, html.section({ class = "card" }, page.main)),
    footer = page.script and html.element("script", html.raw(page.script)),
  }
  return { status = page.status, headers = all, body = body }
end

--- A page of text.
---@param status integer
---@param title string
---@param ... any paragraphs
---@return table response {status, headers, body}
function M.page(status, title, ...)
  local paragraphs = {}
  for position = 1, select("#", ...) do
    local text = select(position, ...)
    paragraphs[position] = type(text) == "string" and html.p(text) or text
  end
  return M.document { status = status, title = title, main = { html.h1(title), paragraphs } }
end

--- A page that says that something does not work at the moment.
---@param status integer
---@param seconds integer when it may be tried again
---@param title string
---@param ... any paragraphs
---@return table response
function M.later(status, seconds, title, ...)
  local response = M.page(status, title, ...)
  response.headers["Retry-After"] = ("%d"):format(seconds)
  return response
end

--- A link to a path of this server.
function M.link(path, title)
  return html.a({ class = "button", href = path }, title)
end

--- A form of one button.
function M.button(action, title, fields)
  local hidden = {}
  for position, field in ipairs(fields or {}) do
    hidden[position] = html.input { type = "hidden", name = field[1], value = field[2] }
  end
  return html.form(
    { method = "post", action = action },
    hidden,
    html.button({ type = "submit" }, title)
  )
end

--- A form that asks for an address, whose domain says which identity provider.
function M.email_form(action, target)
  return html.form(
    { method = "get", action = action },
    html.input { type = "hidden", name = "target", value = target },
    html.label({ ["for"] = "email" }, "Your e-mail address"),
    html.input { type = "email", id = "email", name = "email", autocomplete = "email" },
    html.button({ type = "submit" }, "Go on")
  )
end

--- Sends the browser elsewhere.
---@param location string
---@return table response
function M.redirect(location)
  return {
    status = 303,
    headers = headers { Location = location, ["Content-Type"] = "text/plain" },
    body = "",
  }
end

local TITLES = {
  [400] = "Bad Request",
  [401] = "Unauthorized",
  [403] = "Forbidden",
  [404] = "Not Found",
  [405] = "Method Not Allowed",
  [429] = "Too Many Requests",
  [500] = "Internal Server Error",
  [503] = "Service Unavailable",
}

--- What programs get: problem details (RFC 9457).
---@param status integer
---@param code string
---@param detail string
---@param fields? table more members
---@param more? table headers
---@return table response
function M.problem(status, code, detail, fields, more)
  local problem = {
    type = "about:blank",
    title = TITLES[status],
    status = status,
    detail = detail,
    code = code,
  }
  for name, value in pairs(fields or {}) do
    problem[name] = value
  end
  local all = {
    ["Content-Type"] = "application/problem+json",
    ["Cache-Control"] = "no-store",
    ["X-Content-Type-Options"] = "nosniff",
  }
  for name, value in pairs(more or {}) do
    all[name] = value
  end
  return { status = status, headers = all, body = json.encode(problem) .. "\n" }
end

--- Adds headers Set-Cookie to a response.
---@param response table
---@param list string[]
---@return table response
function M.with_cookies(response, list)
  local all = response.headers["Set-Cookie"] or {}
  for _, text in ipairs(list) do
    all[#all + 1] = text
  end
  response.headers["Set-Cookie"] = #all > 0 and all or nil
  return response
end

--- Adds headers Set-Cookie to what the current request will be answered with: several guards may stand before a location.
---@param list string[]
function M.add_cookies(list)
  local before = ngx.header["Set-Cookie"]
  local all = type(before) == "table" and before or { before }
  for _, text in ipairs(list) do
    all[#all + 1] = text
  end
  ngx.header["Set-Cookie"] = all
end

--- Sends a response, and ends the request.
---@param response table
function M.send(response)
  ngx.status = response.status
  for name, value in pairs(response.headers) do
    if name == "Set-Cookie" then
      M.add_cookies(value)
    else
      ngx.header[name] = value
    end
  end
  ngx.header["Content-Length"] = #response.body
  ngx.print(response.body)
  return ngx.exit(response.status)
end

return M

--- The few pages of the guard. They say what happened and what to do, and tell nobody more than that: the reason is in
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

local function headers(more)
  policy = policy or POLICY:format(base64.encode(digest.sha256(style)))
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

--- A page.
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
  local body = components.document {
    title = title,
    head = html.element("style", html.raw(style)),
    skip = { "#main", "Skip to the content" },
    main = html.main({ id = "main" }, html.section({ class = "card" }, html.h1(title), paragraphs)),
  }
  return { status = status, headers = headers(), body = body }
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
  [401] = "Unauthorized",
  [403] = "Forbidden",
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

--- Sends a response, and ends the request.
---@param response table
function M.send(response)
  ngx.status = response.status
  for name, value in pairs(response.headers) do
    ngx.header[name] = value
  end
  ngx.header["Content-Length"] = #response.body
  ngx.print(response.body)
  return ngx.exit(response.status)
end

return M

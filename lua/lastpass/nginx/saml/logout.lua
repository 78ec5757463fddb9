--- The guard's own locations for signing out: by the person, and by the identity provider (single logout).
-- @module lastpass.nginx.saml.logout
local adapter = require "lastpass.nginx.gateway.adapter"
local binding = require "lastpass.saml.binding"
local login = require "lastpass.nginx.saml.login"
local metrics = require "lastpass.nginx.metrics"
local pages = require "lastpass.nginx.guard.pages"
local sessions = require "lastpass.nginx.saml.session"

local M = {}

local LONGEST = 3 * 256 * 1024

-- Whether the person is on a page of this server, or has typed the address: a page of somebody else's could sign
-- people out otherwise.
local function is_own(guard, request)
  local site = request.headers["sec-fetch-site"]
  if site then
    return site == "same-origin" or site == "none"
  end
  local origin = request.headers.origin
  return request.method == "POST" and origin ~= nil and origin == guard.settings.url
end

local function not_ended(guard, message, err)
  login.log(guard, ngx.ERR, err and err.code or "failed", message, err)
  local text = "Signing out did not work. Please try again in a moment."
  local button = pages.button(guard.settings.routes.logout, "Sign out")
  return pages.later(503, 5, "You are still signed in", text, button)
end

-- A message to the identity provider: an address, or a form that sends itself.
local function send_on(url, form)
  if form then
    return {
      status = 200,
      body = form,
      headers = {
        ["Content-Type"] = "text/html; charset=utf-8",
        ["Content-Security-Policy"] = binding.policy(),
        ["Cache-Control"] = "no-store",
      },
    }
  end
  return pages.redirect(url)
end

local function signed_out(guard)
  return pages.redirect(
    guard.settings.url .. (guard.settings.after_logout or guard.settings.routes.signed_out)
  )
end

--- The page at the end.
---@param guard lastpass.nginx.saml.Guard
---@return table response
function M.signed_out_page(guard)
  return pages.page(
    200,
    "You are signed out",
    "Your session here has ended on all its servers. Sessions of other applications may go on.",
    pages.link(guard.settings.routes.login, "Sign in again")
  )
end

--- Signs the person out, here first, then at the identity provider.
---@param guard lastpass.nginx.saml.Guard
---@param request table
---@return table response
function M.leave(guard, request)
  if request.method ~= "POST" and request.method ~= "GET" then
    return pages.problem(405, "method", "this address takes GET and POST")
  end
  local session = guard.sessions:find(request.headers.cookie, request.now)
  if session and not is_own(guard, request) then
    return pages.page(
      200,
      "Sign out?",
      "You are signed in as " .. session.account .. ".",
      pages.button(guard.settings.routes.logout, "Sign out")
    )
  end
  local response = signed_out(guard)
  if session then
    local ok, message, err = guard:revoke({ sessions.session_key(session.id) }, request.now)
    if not ok then
      return not_ended(guard, message, err)
    end
    metrics.count("lastpass_saml_logouts_total", { guard = guard.settings.name, by = "person" })
    local url, details = guard:provider():logout(session.subject)
    if url and details.kind ~= "none" then
      response = send_on(url, details.form)
    elseif not url then
      ngx.log(ngx.WARN, "lastpass saml: the identity provider is not told of a logout: ", details)
    end
  end
  return pages.with_cookies(response, guard.sessions:forget(request.cookies))
end

local function keys_of(result, issuer)
  local keys, indexes = {}, result.session_index
  local name = result.name_id
  for position, index in ipairs(indexes or {}) do
    keys[position] = sessions.index_key(issuer, name, index)
  end
  if #keys == 0 then
    keys[1] = sessions.name_key(issuer, name)
  end
  return keys
end

--- Takes LogoutRequests and LogoutResponses.
---@param guard lastpass.nginx.saml.Guard
---@param request table
---@return table response
function M.consume(guard, request)
  local given = {}
  if request.method == "POST" then
    given.form = adapter.body(LONGEST) or ""
  elseif request.method == "GET" then
    given.query = ngx.var.args or ""
  else
    return pages.problem(405, "method", "this address takes GET and POST")
  end
  if not guard.settings.provider.key then
    return pages.problem(404, "no_logout", "single logout needs the settings key and cert")
  end
  local result, message, err = guard:provider():consume_logout(given)
  if not result then
    login.log(guard, ngx.WARN, err and err.code or "failed", message, err)
    return pages.page(
      403,
      "This message was refused",
      "Nobody was signed out by it.",
      "Number of this attempt: " .. ngx.var.request_id
    )
  elseif result.kind == "response" then
    return signed_out(guard)
  end
  local ok
  ok, message, err = guard:revoke(keys_of(result, result.issuer), request.now)
  if not ok then
    return not_ended(guard, message, err)
  end
  metrics.count("lastpass_saml_logouts_total", { guard = guard.settings.name, by = "idp" })
  return pages.with_cookies(
    send_on(result.reply_url, result.form),
    guard.sessions:forget(request.cookies)
  )
end

return M

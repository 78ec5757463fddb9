--- The guard's own locations for signing in: the start, and the assertion consumer service (ACS) to which the identity
-- provider's answer comes.
-- @module lastpass.nginx.saml.login
local accounts = require "lastpass.nginx.saml.account"
local adapter = require "lastpass.nginx.gateway.adapter"
local binding = require "lastpass.saml.binding"
local cookies = require "lastpass.nginx.guard.cookies"
local logins = require "lastpass.nginx.saml.logins"
local metrics = require "lastpass.nginx.metrics"
local pages = require "lastpass.nginx.guard.pages"
local posts = require "lastpass.nginx.guard.posts"
local requests = require "lastpass.nginx.guard.request"

local M = {}

local MOST_PARAMETERS = 20
local LONGEST_TARGET = 2000
local LONGEST_ANSWER = 3 * 256 * 1024 -- Base64 in a form, of which each "+" and "/" takes three bytes

local function headers_of(request, name)
  return request.headers[name]
end

local function log(guard, level, code, message, err)
  metrics.count("lastpass_saml_refusals_total", { guard = guard.settings.name, code = code })
  ngx.log(
    level,
    "lastpass saml: ",
    guard.settings.name,
    ": ",
    code,
    " (",
    err and err.section or "guard",
    "): ",
    message,
    err and err.hint and "; " .. err.hint or "",
    "; request ",
    ngx.var.request_id
  )
end

M.log = log

local function failed(guard, message, err)
  log(guard, ngx.ERR, err and err.code or "failed", message, err)
  return pages.later(
    503,
    60,
    "Signing in does not work at the moment",
    "Please try again in a few minutes. If it stays so, tell your administrator this number: "
      .. ngx.var.request_id
  )
end

local with_cookies = pages.with_cookies

-- What the service provider asks the identity provider for.
local function wanted(login, choice)
  local requirement = login.requirement or {}
  return {
    idp = choice.idp or requirement.idp,
    domain = choice.domain,
    path = login.target,
    force_authn = requirement.max_age ~= nil and choice.is_step_up or nil,
    max_auth_age = requirement.max_age,
    authn_context = requirement.contexts,
  }
end

local function too_long(guard)
  return pages.page(
    414,
    "This address is too long",
    "You are not signed in, and the address is too long to come back to it afterwards. "
      .. "Sign in first, then open it again.",
    pages.link(guard.settings.routes.login, "Sign in")
  )
end

-- Several identity providers, and nothing says which.
local function choose_page(guard, login)
  local links = {}
  for position, entity in ipairs(guard:providers():entities()) do
    local path = ("%s?idp=%s&target=%s"):format(
      guard.settings.routes.login,
      ngx.escape_uri(entity.entity_id),
      ngx.escape_uri(login.target)
    )
    links[position] = pages.link(path, entity.entity_id)
  end
  local response = pages.page(
    300,
    "Where do you sign in?",
    pages.email_form(guard.settings.routes.login, login.target),
    unpack(links)
  )
  -- whoever chooses begins anew: the form that was sent is not forgotten over it
  return with_cookies(response, login.post and { guard.posts:cookie(login.post, posts.TTL) } or {})
end

--- Sends a browser to the identity provider.
---@param guard lastpass.nginx.saml.Guard
---@param request table
---@param login table target, requirement, post
---@param choice? table idp, domain, is_step_up
---@return table response
function M.begin(guard, request, login, choice)
  if #login.target > LONGEST_TARGET then
    return too_long(guard)
  end
  local url
  local list, started, err = guard.logins:begin(request.cookies, login, request.now, function()
    local answer, details, why = guard:provider():login_url(wanted(login, choice or {}))
    if not answer then
      return nil, details, why
    end
    url = answer
    return details
  end)
  if not list and started == "too long" then
    return too_long(guard)
  elseif not list and err and err.code == "unknown_idp" then
    return choose_page(guard, login)
  elseif not list then
    return failed(guard, started, err)
  end
  metrics.count("lastpass_saml_starts_total", { guard = guard.settings.name })
  local response
  if started.form then
    response = { status = 200, body = started.form, headers = {} }
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = binding.policy()
    response.headers["Cache-Control"] = "no-store"
  else
    response = pages.redirect(url)
  end
  return with_cookies(response, list)
end

local function lost_page(guard, request)
  metrics.count(
    "lastpass_saml_refusals_total",
    { guard = guard.settings.name, code = "cookie_lost" }
  )
  ngx.log(
    ngx.WARN,
    "lastpass saml: ",
    guard.settings.name,
    ": cookie_lost (guard): the cookie of the sign-on did not come back, twice; request ",
    ngx.var.request_id
  )
  return with_cookies(
    pages.page(
      403,
      "Signing in did not work",
      "Your browser did not send back the cookie that this page had set, or the sign-in page was "
        .. "open for too long. Allow cookies for this site, and try once more.",
      pages.link(guard.settings.routes.login, "Sign in"),
      "Number of this attempt: " .. ngx.var.request_id
    ),
    { logins.forget_again(), unpack(guard.sessions:forget(request.cookies)) }
  )
end

-- The second attempt. First it is tried whether the browser takes cookies at all; a third one does not follow.
local function start_again(guard, request, step)
  if step == "1" then
    if logins.is_again(request.cookies) then
      return lost_page(guard, request)
    end
    local again = pages.redirect(guard.settings.url .. guard.settings.routes.login .. "?again=2")
    return with_cookies(again, { logins.mark_again() })
  elseif not logins.is_again(request.cookies) then
    return lost_page(guard, request)
  end
end

--- The start of a sign-on: GET with target (a path to return to); idp, domain or email where several identity
-- providers are known.
---@param guard lastpass.nginx.saml.Guard
---@param request table
---@return table response
function M.start(guard, request)
  if request.method ~= "GET" and request.method ~= "HEAD" then
    return pages.problem(405, "method", "this address takes GET")
  end
  local query = request.query
  local count = 0
  for name, value in pairs(query) do
    count = count + 1
    if count > MOST_PARAMETERS then
      return pages.problem(400, "bad_parameter", "there are too many parameters")
    end
    if type(value) ~= "string" then
      local text = value == true and "a parameter has no value: %s" or "a parameter came twice: %s"
      return pages.problem(400, "bad_parameter", text:format(name))
    end
  end
  if query.target and not requests.is_target(query.target) then
    return pages.problem(400, "bad_target", "'target' must be a path of this server")
  end
  local target = query.target
    or query.again and guard.logins:last_target(request.cookies, request.now)
    or guard.settings.landing
  local session = guard.sessions:find(headers_of(request, "cookie"), request.now)
  if session and query.again then
    -- the back button: the answer was an old one, and nothing is amiss
    return with_cookies(pages.redirect(guard.settings.url .. target), { logins.forget_again() })
  end
  local response = query.again and start_again(guard, request, query.again)
  return response
    or M.begin(
      guard,
      request,
      { target = target, again = query.again ~= nil or nil },
      { idp = query.idp, domain = query.domain or (query.email or ""):match "@([^@%s]+)$" }
    )
end

-- ---- the answer ----

-- Codes of an answer that does not belong to a request of this browser, which a second attempt may cure.
local is_lost = {
  request_unknown = true,
  request_expired = true,
  other_browser = true,
  replayed = true,
}

local TOO_WEAK =
  "This page asks for a stronger or more recent sign-in than your identity provider made."
local NUMBER = " Please tell your administrator this number: "
local is_too_weak = { wrong_authn_context = true, authn_too_old = true }

local function refuse(guard, message, err)
  local code = err and err.code or "failed"
  if is_lost[code] then
    log(guard, ngx.NOTICE, code, message, err)
    return pages.redirect(guard.settings.url .. guard.settings.routes.login .. "?again=1")
  elseif code == "state_failed" or code == "replay_failed" or code == "state_full" then
    return failed(guard, message, err)
  end
  log(guard, ngx.WARN, code, message, err)
  if is_too_weak[code] then
    return pages.page(403, "You cannot be signed in", TOO_WEAK .. NUMBER .. ngx.var.request_id)
  end
  return with_cookies(
    pages.page(
      403,
      "Signing in was refused",
      err and err.browser or "The sign-in could not be completed.",
      pages.link(guard.settings.routes.login, "Try again"),
      "Number of this attempt: " .. ngx.var.request_id
    ),
    { logins.forget_again() }
  )
end

local function kept_attributes(guard, identity)
  local kept = {}
  for _, name in ipairs(guard.settings.attributes) do
    kept[name] = identity.attributes[name]
  end
  return kept
end

local function sizes_of(attributes)
  local parts = {}
  for name, values in pairs(attributes) do
    parts[#parts + 1] = ("%s %d bytes"):format(name, #table.concat(values))
  end
  table.sort(parts)
  return table.concat(parts, ", ")
end

local function trouble(guard, code, text, message)
  log(guard, ngx.ERR, code, message)
  return pages.page(403, "You cannot be signed in", text .. NUMBER .. ngx.var.request_id)
end

-- The person has signed in: the session, and the way to where they wanted to go.
local function arrive(guard, request, login, identity)
  local account, code, problem = accounts.of(guard.settings, identity, guard.feed:has_accounts())
  if not account then
    return trouble(guard, code, "It is not known which account is yours.", problem)
  end
  local attributes = kept_attributes(guard, identity)
  local session, is_over = guard.sessions:begin(identity, account, attributes, request.now)
  if is_over then
    log(guard, ngx.WARN, "just_ended", "all sessions of the account were ended a moment ago")
    local text = "Your sessions were ended a moment ago. Please sign in again in a minute."
    local link = pages.link(guard.settings.routes.login, "Sign in")
    return pages.later(503, 5, "You have just been signed out", text, link)
  end
  local headers, bytes = guard.sessions:store(session, request.cookies)
  if not headers then
    local message = "the session takes %d bytes, and cookies have %d: keep fewer attributes (%s)"
    return trouble(
      guard,
      "session_too_large",
      "What is known of you does not fit into a cookie.",
      message:format(bytes, cookies.LONGEST, sizes_of(attributes))
    )
  end
  local requirement = login and login.requirement
  if requirement and not guard:satisfies(session, requirement, request.now) then
    local message =
      "the identity provider signed the person in by '%s' at %s; the path asks for more"
    return trouble(
      guard,
      "step_up_failed",
      TOO_WEAK,
      message:format(tostring(identity.authn_context), tostring(identity.auth_time))
    )
  end
  metrics.count(
    "lastpass_saml_logins_total",
    { guard = guard.settings.name, issuer = identity.issuer }
  )
  local target = login and login.target or identity.relay
  if not requests.is_target(target) then
    target = guard.settings.landing
  end
  local response = pages.redirect(guard.settings.url .. target)
  with_cookies(response, headers)
  with_cookies(response, login and login.headers or {})
  if login and login.post then
    with_cookies(response, { guard.posts:cookie(login.post) })
  end
  if login and login.again then
    with_cookies(response, { logins.forget_again() })
  end
  return response
end

--- The assertion consumer service.
---@param guard lastpass.nginx.saml.Guard
---@param request table
---@return table response
function M.consume(guard, request)
  if request.method ~= "POST" then
    return pages.page(
      405,
      "There is nothing to see here",
      "This is where identity providers send people who have signed in.",
      pages.link(guard.settings.routes.login, "Sign in")
    )
  end
  local form = adapter.body(LONGEST_ANSWER) or ""
  local login, identity, message, err = guard.logins:finish(
    request.cookies,
    request.now,
    function(browsers)
      return guard:provider():consume(form, {
        browser = browsers,
        method = request.method,
        content_type = request.headers["content-type"] or "",
      })
    end
  )
  if not identity then
    return refuse(guard, message, err)
  end
  return arrive(guard, request, login, identity)
end

return M

--- What the guard does with a request: lets it pass with the headers that say who it is, answers it at one of the guard's
-- own locations, or sends it to sign in.
-- @module lastpass.nginx.saml.guard
local classify = require "lastpass.nginx.guard.classify"
local cookies = require "lastpass.nginx.guard.cookies"
local gateway_tokens = require "lastpass.nginx.gateway.tokens"
local login = require "lastpass.nginx.saml.login"
local logout = require "lastpass.nginx.saml.logout"
local metrics = require "lastpass.nginx.metrics"
local pages = require "lastpass.nginx.guard.pages"
local paths = require "lastpass.nginx.guard.paths"
local posts = require "lastpass.nginx.guard.posts"
local requests = require "lastpass.nginx.guard.request"
local sessions = require "lastpass.nginx.saml.session"

---@class lastpass.nginx.saml.Guard
---@field settings table of `lastpass.nginx.saml.options`
---@field sessions lastpass.nginx.saml.Sessions
---@field logins lastpass.nginx.saml.Logins
---@field posts lastpass.nginx.guard.Posts
---@field revoked lastpass.nginx.guard.Revoked
---@field feed lastpass.nginx.guard.Feed
local methods = {}
local guard_mt = { __name = "lastpass.nginx.saml.Guard", __index = methods }

local traceback = debug.traceback

local M = {}

-- ---- what a session must be ----

--- Whether a session is what a path asks for.
---@param session lastpass.nginx.saml.Session
---@param requirement table contexts, max_age, idp
---@param now number
---@return boolean
function methods:satisfies(session, requirement, now) -- luacheck: ignore self
  if requirement.idp and session.issuer ~= requirement.idp then
    return false
  end
  local is_context = not requirement.contexts
  for _, context in ipairs(requirement.contexts or {}) do
    is_context = is_context or context == session.context
  end
  if not is_context or not requirement.max_age then
    return is_context
  end
  return session.auth_time ~= nil and now - session.auth_time <= requirement.max_age
end

-- ---- those who have no session ----

local CHALLENGE = 'Cookie realm="lastpass", form-action="%s"'

local function refuse_program(self, request, target, code, detail)
  local settings = self.settings
  local url = settings.url .. settings.routes.login
  local page = request.headers.referer
  if request.method == "GET" and target ~= "" then
    url = url .. "?target=" .. ngx.escape_uri(target)
  elseif page and page:sub(1, #settings.url + 1) == settings.url .. "/" then
    url = url .. "?target=" .. ngx.escape_uri(page:sub(#settings.url + 1))
  end
  metrics.count("lastpass_saml_requests_total", { guard = settings.name, result = code })
  local challenge = CHALLENGE:format(settings.url .. settings.routes.login)
  if self.tokens then
    challenge = 'Bearer realm="lastpass", ' .. challenge
  end
  return pages.problem(401, code, detail, { login_url = url }, { ["WWW-Authenticate"] = challenge })
end

local NOT_KEPT = {
  foreign = "The form came from another site, so it was not kept.",
  large = "The form is too large to be kept while you sign in (%d KiB at most), so nothing of it "
    .. "was kept.",
}

local NO_ROOM = {
  full = "lua_shared_dict lastpass_saml_posts is full",
  many = "too many forms of one address are kept",
}

local function begin_with_form(self, request, login_of)
  local length = tonumber(ngx.var.http_content_length)
  local id, reason = self.posts:keep(request.headers, login_of.target, length, login_of.account)
  if id then
    login_of.post = id
    return login.begin(self, request, login_of, login_of.choice)
  elseif reason == "full" or reason == "many" then
    login.log(self, ngx.ERR, "posts_" .. reason, NO_ROOM[reason])
    local text = "You are not signed in any more, and there is no room at the moment to keep what "
      .. "you sent. Nothing was saved: go back, and send it again."
    return pages.later(reason == "many" and 429 or 503, 10, "Please try again in a moment", text)
  end
  return pages.page(
    reason == "large" and 413 or 403,
    "You are not signed in any more",
    NOT_KEPT[reason]:format(self.settings.post_max / 1024)
      .. " Nothing was saved. Sign in, then go back and send it again.",
    pages.link(self.settings.routes.login, "Sign in")
  )
end

local why = {
  none = "you are not signed in",
  expired = "the session has expired",
  idle = "the session was not used for too long",
  revoked = "the session has ended",
  step_up = "this address asks for a stronger or more recent sign-in",
}

local function without_session(self, request, reason, requirement, former)
  local target = requests.target()
  local kind = classify.of(request.method, request.headers)
  if kind == "api" then
    local code = reason == "step_up" and "step_up_required" or "not_signed_in"
    return refuse_program(self, request, target, code, why[reason])
  end
  local login_of = {
    target = target,
    account = former and former.account,
    requirement = requirement
      and { contexts = requirement.contexts, max_age = requirement.max_age, idp = requirement.idp },
    choice = { is_step_up = reason == "step_up" },
  }
  metrics.count("lastpass_saml_requests_total", { guard = self.settings.name, result = reason })
  if kind == "form" then
    return begin_with_form(self, request, login_of)
  end
  return login.begin(self, request, login_of, login_of.choice)
end

-- It is not known whether sessions still count: nobody passes.
local function unknown(self, request)
  local text = "whether this session still counts cannot be checked at the moment"
  local response
  if classify.of(request.method, request.headers) == "api" then
    response = pages.problem(503, "sessions_unknown", text)
  else
    local title = "Please try again in a moment"
    response = pages.later(503, 5, title, "It is being looked into: " .. text .. ".")
  end
  response.headers["Retry-After"] = "5"
  metrics.count("lastpass_saml_requests_total", { guard = self.settings.name, result = "unknown" })
  return response
end

-- ---- those who have a token ----

local function has_token(self)
  local header = self.tokens and ngx.var.http_authorization
  return header ~= nil and header ~= false and gateway_tokens.find(self.tokens, header) ~= nil
end

-- Neither the token nor our cookies are of use to the application, and a path that asks how somebody signed in is not for
-- those who have not.
local function pass_with_token(self, requirement, now)
  if requirement then
    local text = "this address asks for a sign-in, and takes no token"
    return refuse_program(self, requests.of(now), requests.target(), "step_up_required", text)
  end
  local header = ngx.var.http_cookie
  local rest, is_changed = cookies.without(header or "", sessions.PREFIX)
  if is_changed and rest then
    ngx.req.set_header("Cookie", rest)
  elseif is_changed then
    ngx.req.clear_header "Cookie"
  end
  ngx.req.clear_header "Authorization"
end

-- ---- passing ----

local function set_from(headers, position)
  for at = position, #headers do
    ngx.req.set_header(headers[at][1], headers[at][2])
  end
end

-- LuaJIT compiles no loop of so few rounds, nor what is around it: the first two are none.
local function set_headers(self, entry)
  local headers = entry.headers
  if not headers then
    headers = self.settings.headers:of(entry.session)
    entry.headers = headers
  end
  local first, second = headers[1], headers[2]
  if first then
    ngx.req.set_header(first[1], first[2])
  end
  if second then
    ngx.req.set_header(second[1], second[2])
    if headers[3] then
      set_from(headers, 3)
    end
  end
end

local function strip_cookies(entry)
  if entry.rest then
    ngx.req.set_header("Cookie", entry.rest)
  else
    ngx.req.clear_header "Cookie"
  end
end

local NOT_SENT = {
  gone = "You are signed in again, but the form was kept for too long or on another server, or was "
    .. "sent already. Go back to it, look whether it was saved, and send it again if not.",
  other = "The form was sent when somebody else was signed in here. Nothing was saved.",
}

-- A form that was kept while the person signed in.
local function send_kept(self, header, account)
  local form, reason = self.posts:take(header, requests.target(), account)
  if form then
    pages.add_cookies { self.posts:forget() }
    posts.restore(form)
  elseif reason then
    local response = pages.page(
      410,
      "What you sent was not kept",
      NOT_SENT[reason],
      pages.link(self.settings.landing, "Go on")
    )
    response.headers["Set-Cookie"] = { self.posts:forget() }
    return response
  end
end

local function pass(self, entry, header, now)
  local renewed = self.sessions:renew(entry, now)
  if renewed then
    pages.add_cookies(renewed)
  end
  set_headers(self, entry)
  requests.note_session(entry.session)
  if entry.has_form == nil then
    entry.has_form = self.posts:is_named(header)
  end
  if entry.has_form and ngx.req.get_method() == "GET" then
    local response = send_kept(self, header, entry.session.account)
    if response then
      return response
    end
  end
  strip_cookies(entry)
end

local own = {
  acs = login.consume,
  login = login.start,
  logout = logout.leave,
  slo = logout.consume,
  signed_out = logout.signed_out_page,
}

own.metadata = function(self)
  local text, err = self:provider():metadata {}
  if not text then
    ngx.log(ngx.ERR, "lastpass saml: metadata: ", tostring(err))
    return pages.problem(503, "no_metadata", "there is no metadata at the moment")
  end
  return {
    status = 200,
    body = text,
    headers = {
      ["Content-Type"] = "application/samlmetadata+xml",
      ["Content-Disposition"] = 'attachment; filename="metadata.xml"',
      ["Cache-Control"] = "public, max-age=300",
      ["X-Content-Type-Options"] = "nosniff",
    },
  }
end

--- Answers the guard's own locations, where `guard` does not stand before them: for content_by_lua of a location that
-- has the prefix.
function methods:serve()
  local route = self.settings.by_path[ngx.var.uri]
  if not route then
    return pages.send(pages.problem(404, "not_found", "there is nothing at this address"))
  end
  return pages.send(own[route](self, requests.of(ngx.now())))
end

-- Of what a path asks for, the first that a session is not enough for.
local function first_unmet(self, session, requirement, others, now)
  if not self:satisfies(session, requirement, now) then
    return requirement
  end
  for _, other in ipairs(others or {}) do
    if not self:satisfies(session, other, now) then
      return other
    end
  end
end

-- Decides about the current request: nil lets it pass.
local function decide(self, given)
  local settings, var = self.settings, ngx.var
  settings.headers:remove_incoming(ngx.req)
  local path = var.uri
  local route = settings.by_path[path]
  local now = ngx.now()
  if route then
    return own[route](self, requests.of(now))
  end
  local requirement, others = given, nil
  if not given then
    requirement, others = paths.find(settings.paths, path)
  end
  if has_token(self) then
    return pass_with_token(self, requirement, now)
  end
  local header = var.http_cookie
  local session, reason, entry = self.sessions:find(header, now)
  if session and self.feed:is_late(now) then
    session, reason = nil, "unknown"
  end
  if reason == "unknown" then
    return unknown(self, requests.of(now))
  end
  local unmet = session and requirement and first_unmet(self, session, requirement, others, now)
  if unmet then
    session, reason, requirement = nil, "step_up", unmet
  end
  if not session then
    return without_session(self, requests.of(now), reason, requirement, entry and entry.session)
  end
  return pass(self, entry, header, now)
end

--- Lets the current request pass, or answers it. For access_by_lua.
---@param given? table requirement of this location
function methods:guard(given)
  local ok, response = xpcall(decide, traceback, self, given)
  if not ok then
    ngx.log(ngx.ERR, "lastpass saml: ", response)
    response = pages.problem(
      500,
      "internal",
      "internal error of this server; its log has the request " .. ngx.var.request_id
    )
  end
  if response then
    return pages.send(response)
  end
end

--- Ends sessions, here and on all machines that have the journal.
---@param keys string[] of `lastpass.nginx.guard.revoked`
---@param now number
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:revoke(keys, now)
  return self.feed:revoke(keys, now)
end

--- What makes the service provider.
---@return lastpass.nginx.saml.Providers
function methods:providers()
  return self._providers
end

--- The service provider.
---@return lastpass.saml.Sp
function methods:provider()
  return self._providers.sp
end

--- Makes a guard of its parts.
---@param parts table settings, sessions, logins, posts, revoked, feed, tokens (of the gateway, that may pass)
---@param made lastpass.nginx.saml.Providers
---@return lastpass.nginx.saml.Guard
function M.new(parts, made)
  parts._providers = made
  return setmetatable(parts, guard_mt)
end

return M

--- The dashboard: the directory for people with a browser. It only reads, works without script, and
-- shows each company to those alone whose token is for it. Everything but `serve` runs without nginx.
--
--     location /dashboard { content_by_lua_block { site:dashboard() } }
-- @module lastpass.nginx.dashboard
local adapter = require "lastpass.nginx.gateway.adapter"
local assets = require "lastpass.nginx.dashboard.assets"
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"
local frame = require "lastpass.nginx.dashboard.frame"
local metrics = require "lastpass.nginx.metrics"
local pages = require "lastpass.nginx.dashboard.pages"
local sessions = require "lastpass.nginx.dashboard.session"
local settings_of = require("lastpass.nginx.dashboard.settings").complete
local sign_in = require "lastpass.nginx.dashboard.sign_in"
local tokens = require "lastpass.nginx.gateway.tokens"

---@class lastpass.nginx.Dashboard
local methods = {}
local dashboard_mt = { __name = "lastpass.nginx.Dashboard", __index = methods }

local M = {}

local known = {
  tenants = "table",
  tokens = "table",
  settings = "table",
  dict = { "table", "userdata" },
  pause = "function",
  sleep = "function",
  spawn = "function",
  guards = "function",
  clock = "function",
  note = "function",
}

local required = { "tenants", "tokens", "dict" }

local function nothing() end

local function at_once(task)
  task()
end

--- Makes a dashboard; wrong options raise.
---@param given table tenants (by name), tokens (see `lastpass.nginx.gateway.tokens`), settings (see
-- `lastpass.nginx.dashboard.settings`), dict (of `ngx.shared`), and what is done by nginx:
-- pause, sleep, spawn, clock, note, guards (name of a company -> reports of its SAML guards)
---@param level? integer whose line is blamed; default the caller
---@return lastpass.nginx.Dashboard
function M.new(given, level)
  level = (level or 1) + 1
  errors.check_options("dashboard", given, known, level)
  for _, name in ipairs(required) do
    if given[name] == nil then
      errors.raise(level, "dashboard: option '%s' is missing", name)
    end
  end
  local settings = settings_of(given.settings, level)
  local sleep = given.sleep or nothing
  settings.pause = function()
    sleep(0.005) -- somebody else computes the same
  end
  settings.guards = given.guards
  local list = tokens.read(given.tokens, given.tenants, level)
  return setmetatable({
    settings = settings,
    tokens = list,
    dict = given.dict,
    note = given.note or nothing,
    sessions = sessions.new { dict = given.dict, settings = settings, tokens = list },
    tenants = given.tenants,
    recent = {},
    context = {
      settings = settings,
      pause = given.pause or nothing,
      sleep = sleep,
      spawn = given.spawn or at_once,
      clock = given.clock or os.time,
    },
  }, dashboard_mt)
end

local READ = { GET = true, HEAD = true }

local function is_list_part(request)
  for _, pair in ipairs(request.query or {}) do
    if pair[1] == "part" then
      return true
    end
  end
  return false
end

local function without_session(self, request)
  if is_list_part(request) then
    return { status = 401, headers = frame.headers(), body = "" }
  end
  return sign_in.ask(self.settings.prefix, request)
end

local function answer_form(self, request, rest)
  local prefix = self.settings.prefix
  if rest == "/~sign-out" then
    return request.method == "POST" and sign_in.leave(self, request)
      or frame.wrong_method(prefix, "POST")
  elseif request.method == "POST" then
    return sign_in.enter(self, request)
  elseif not READ[request.method] then
    return frame.wrong_method(prefix, "GET, HEAD, POST")
  end
  local next_page
  for _, pair in ipairs(request.query or {}) do
    next_page = pair[1] == "next" and pair[2] or next_page
  end
  return sign_in.page(prefix, next_page)
end

local function answer(self, request, rest)
  local session = self.sessions:find(request)
  if not session then
    return without_session(self, request), "none"
  elseif rest == "" or rest == "/" then
    return pages.companies(self, session), "companies"
  end
  return pages.show(self, request, session, rest)
end

--- Answers a request.
---@param request table method, path (decoded, without the query), query (list of {name, value}),
-- headers (names in lower case), body, scheme, remote_address, id, now (epoch seconds)
---@return table response {status, headers, body}
---@return string page what was asked for, for counting
function methods:handle(request)
  local prefix = self.settings.prefix
  local rest = request.path:sub(1, #prefix) == prefix and request.path:sub(#prefix + 1)
  if not rest or rest ~= "" and rest:sub(1, 1) ~= "/" then
    return frame.missing(prefix, {}), "missing"
  elseif rest == "/~sign-in" or rest == "/~sign-out" then
    return answer_form(self, request, rest), rest:sub(3)
  elseif not READ[request.method] then
    return frame.wrong_method(prefix, "GET, HEAD"), "missing"
  end
  local asset = rest:match "^/~assets/([%w.-]+)$"
  if asset then
    return assets.respond(asset) or frame.missing(prefix, {}), "assets"
  end
  return answer(self, request, rest)
end

local request_headers = { "host", "origin", "sec-fetch-site" }

-- An error of ours goes to the log, not to the browser.
local function on_error(message)
  return debug.traceback(tostring(message), 2)
end

--- Answers the request that nginx is at. For content_by_lua.
function methods:serve()
  local started = ngx.now()
  local request = adapter.request(sign_in.MAX_BODY, request_headers)
  request.scheme = ngx.var.scheme
  request.headers.cookie = ngx.var.http_cookie -- joined, however many headers there are
  local ok, response, page = xpcall(function()
    return self:handle(request)
  end, on_error)
  if not ok then
    ngx.log(ngx.ERR, "lastpass dashboard: ", response)
    response, page = frame.mistake(self.settings.prefix, request.id), "mistake"
  end
  adapter.respond(response, request.id)
  metrics.count("lastpass_dashboard_requests_total", { page = page, status = response.status })
  ngx.update_time()
  metrics.observe("lastpass_dashboard_request_seconds", { page = page }, ngx.now() - started)
end

local function sleep(seconds)
  ngx.sleep(seconds)
  ngx.update_time()
end

local function in_background(task)
  ngx.timer.at(0, function(premature)
    if not premature then
      task()
    end
  end)
end

local function to_log(what, fields)
  metrics.count("lastpass_dashboard_sign_ins_total", { outcome = what })
  local name = fields.name and (" " .. fields.name) or ""
  ngx.log(ngx.NOTICE, "lastpass dashboard: ", what, name, " from ", fields.remote_address or "?")
end

local of_sites = setmetatable({}, { __mode = "k" })

--- The dashboard of a site. Made in init_by_lua, its settings are checked by `nginx -t`.
---@param site lastpass.nginx.Site
---@return lastpass.nginx.Dashboard
function M.of(site)
  local dashboard = of_sites[site]
  if not dashboard then
    dashboard = M.new({
      tenants = site.tenants,
      tokens = site.options.tokens or {},
      settings = site.options.dashboard,
      dict = dicts.get "lastpass_sessions",
      pause = require("lastpass.nginx.thread").pause,
      sleep = sleep,
      spawn = in_background,
      clock = ngx.now,
      note = to_log,
      guards = site.options.saml and require("lastpass.nginx.saml").report,
    }, 2)
    of_sites[site] = dashboard
  end
  return dashboard
end

--- Answers the request that nginx is at, for a site. For content_by_lua.
---@param site lastpass.nginx.Site
function M.serve(site)
  return M.of(site):serve()
end

return M

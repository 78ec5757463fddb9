--- What the second-factor guard does with a request: lets it pass, answers it at one of the guard's own locations, or sends
-- it to show a factor.
-- @module lastpass.nginx.mfa.guard
local asking = require "lastpass.nginx.mfa.ask"
local changing = require "lastpass.nginx.mfa.change"
local classify = require "lastpass.nginx.guard.classify"
local cookies = require "lastpass.nginx.guard.cookies"
local email = require "lastpass.email"
local hints = require "lastpass.nginx.mfa.hints"
local metrics = require "lastpass.nginx.metrics"
local mfa_pages = require "lastpass.nginx.mfa.pages"
local outcomes = require "lastpass.mfa.outcomes"
local pages = require "lastpass.nginx.guard.pages"
local paths = require "lastpass.nginx.guard.paths"
local people = require "lastpass.nginx.mfa.person"
local posts = require "lastpass.nginx.guard.posts"
local proofs = require "lastpass.nginx.mfa.proof"
local requests = require "lastpass.nginx.guard.request"

---@class lastpass.nginx.mfa.Guard
---@field settings table of `lastpass.nginx.mfa.options`
---@field proofs lastpass.nginx.mfa.Proofs
---@field challenges lastpass.nginx.mfa.Challenges|nil
---@field codes lastpass.nginx.mfa.Codes|nil
---@field posts lastpass.nginx.guard.Posts
---@field revoked lastpass.nginx.guard.Revoked
---@field feed lastpass.nginx.guard.Feed
---@field state fun(): lastpass.state.State
local methods = {}
local guard_mt = { __name = "lastpass.nginx.mfa.Guard", __index = methods }

local M = {}

-- ---- what is asked for ----

local function both(one, other)
  if not one or not other then
    return one or other
  end
  local set = {}
  for name in pairs(one) do
    set[name] = other[name]
  end
  return set
end

-- Of what several places ask for, all counts.
local function merge(one, other)
  if not one or not other then
    return one or other or {}
  end
  local max_age = one.max_age and other.max_age and math.min(one.max_age, other.max_age)
    or one.max_age
    or other.max_age
  return {
    max_age = max_age,
    by = both(one.by, other.by),
    methods = both(one.methods, other.methods),
    method_list = one.method_list or other.method_list,
  }
end

local function requirement_of(settings, path, given)
  local all = { max_age = settings.max_age, by = settings.by }
  local found, others = paths.find(settings.paths, path)
  all = merge(all, found)
  for _, other in ipairs(others or {}) do
    all = merge(all, other)
  end
  return merge(all, given)
end

-- ---- those who do not pass ----

local function count(self, result)
  metrics.count("lastpass_mfa_requests_total", { guard = self.settings.name, result = result })
end

local CHALLENGE = 'Cookie realm="lastpass", form-action="%s"'

local function refuse_program(self, request, code, detail, asked)
  local url = self.settings.url .. self.settings.routes.ask
  if asked and request.method == "GET" then
    url = self.settings.url .. hints.address(self.settings.routes.ask, asked)
  end
  local challenge = CHALLENGE:format(self.settings.url .. self.settings.routes.ask)
  return pages.problem(401, code, detail, { mfa_url = url }, { ["WWW-Authenticate"] = challenge })
end

local NOBODY = {
  no_account = "it is not known who you are: sign in first",
  account_no_address = "your account is known by no e-mail address, so it cannot be asked for a "
    .. "second factor",
}

local function without_person(self, request, code)
  count(self, code)
  if code == "account_no_address" then
    local text = "lastpass mfa: %s: account_no_address: whatever names the person gives no e-mail "
      .. "address; request %s"
    ngx.log(ngx.ERR, text:format(self.settings.name, ngx.var.request_id))
  end
  if classify.of(request.method, request.headers) == "api" then
    return pages.problem(401, code, NOBODY[code])
  end
  return mfa_pages.trouble(
    401,
    "You are not signed in",
    "It does not work: " .. NOBODY[code] .. "."
  )
end

local WHY = {
  none = "this address asks for a second factor",
  expired = "the second factor has expired",
  other = "the second factor was shown for another session, person or device",
  revoked = "the second factor has ended",
  step_up = "this address asks for a second factor that is stronger or more recent",
}

local NOT_KEPT = {
  foreign = "The form came from another site, so it was not kept.",
  large = "The form is too large to be kept meanwhile (%d KiB at most), so nothing of it was kept.",
}

local NO_ROOM = {
  full = "lua_shared_dict lastpass_mfa_posts is full",
  many = "too many forms of one address are kept",
}

local function keep_form(self, request, target, person)
  local length = tonumber(ngx.var.http_content_length)
  local id, reason = self.posts:keep(request.headers, target, length, person.account)
  if id then
    return id
  elseif reason == "full" or reason == "many" then
    ngx.log(ngx.ERR, "lastpass mfa: ", self.settings.name, ": ", NO_ROOM[reason])
    local text = "There is no room at the moment to keep what you sent. Nothing was saved: go "
      .. "back, and send it again."
    local status = reason == "many" and 429 or 503
    return nil, pages.later(status, 10, "Please try again in a moment", text)
  end
  return nil,
    mfa_pages.trouble(
      reason == "large" and 413 or 403,
      "A second factor is needed first",
      NOT_KEPT[reason]:format(self.settings.post_max / 1024)
        .. " Nothing was saved. Confirm that it is you, then go back and send it again.",
      { self.settings.routes.ask, "Confirm that it is you" }
    )
end

local function without_proof(self, request, person, reason, requirement)
  count(self, reason)
  local target = requests.target()
  local asked = hints.of(target, requirement)
  local kind = classify.of(request.method, request.headers)
  if kind == "api" then
    local code = reason == "step_up" and "step_up_required" or "second_factor_required"
    return refuse_program(self, request, code, WHY[reason], asked)
  elseif not requests.is_target(target) then
    local text = "The address is too long to come back to it afterwards. Confirm that it is you "
      .. "first, then open it again."
    local link = { self.settings.routes.ask, "Confirm that it is you" }
    return mfa_pages.trouble(414, "This address is too long", text, link)
  end
  local response =
    pages.redirect(self.settings.url .. hints.address(self.settings.routes.ask, asked))
  if kind == "form" then
    local id, problem = keep_form(self, request, target, person)
    if not id then
      return problem
    end
    pages.with_cookies(response, { self.posts:cookie(id, posts.TTL) })
  end
  return response
end

-- It is not known whether proofs still count: nobody passes.
local function unknown(self, request)
  count(self, "unknown")
  local text = "whether your second factor still counts cannot be checked at the moment"
  local response = classify.of(request.method, request.headers) == "api"
      and pages.problem(503, "proofs_unknown", text)
    or mfa_pages.trouble(503, "Please try again in a moment", "It is being looked into: " .. text)
  response.headers["Retry-After"] = "5"
  return response
end

-- ---- passing ----

local NOT_SENT = {
  gone = "The form was kept for too long or on another server, or was sent already. Go back to it, "
    .. "look whether it was saved, and send it again if not.",
  other = "The form was sent when somebody else was signed in here. Nothing was saved.",
}

local function send_kept(self, header, account)
  local form, reason = self.posts:take(header, requests.target(), account)
  if form then
    pages.add_cookies { self.posts:forget() }
    posts.restore(form)
  elseif reason then
    local link = { self.settings.landing, "Go on" }
    local response = mfa_pages.trouble(410, "What you sent was not kept", NOT_SENT[reason], link)
    return pages.with_cookies(response, { self.posts:forget() })
  end
end

local function pass(self, person, proof, is_current)
  count(self, "passed")
  local header = ngx.var.http_cookie
  if not is_current then
    pages.add_cookies(self.proofs:reseal(proof))
  end
  if self.posts:is_named(header) and ngx.req.get_method() == "GET" then
    local response = send_kept(self, header, person.account)
    if response then
      return response
    end
  end
  local rest, is_changed = cookies.without(header or "", proofs.PREFIX)
  if is_changed and rest then
    ngx.req.set_header("Cookie", rest)
  elseif is_changed then
    ngx.req.clear_header "Cookie"
  end
  ngx.ctx.lastpass_mfa_proof = proof
end

-- ---- the guard's own locations ----

local own = {
  ask = asking.ask,
  push = asking.push,
  wait = asking.wait,
  poll = asking.poll,
  code = asking.code,
  factors = changing.factors,
  add = changing.add,
  confirm = changing.confirm,
  remove = changing.remove,
  recovery = changing.recovery,
  forget = changing.forget,
}

-- Those that only show; the others take a form, and say so themselves.
local shows = { ask = true, wait = true, poll = true, factors = true }

local function answer_own(self, route, request, person)
  if shows[route] and request.method ~= "GET" and request.method ~= "HEAD" then
    local text = "this address takes GET"
    return pages.problem(405, "method", text, nil, { Allow = "GET, HEAD" })
  end
  if self.feed:is_late(request.now) then
    return unknown(self, request)
  end
  return own[route](self, {
    request = request,
    person = person,
    device = self.proofs:device(request.cookies),
    keys = self.settings.keys,
    url = self.settings.url,
  })
end

local function decide(self, given)
  local settings = self.settings
  local now = ngx.now()
  local path = ngx.var.uri
  local route = settings.by_path[path]
  local person, reason = people.of(settings.person)
  if not person then
    return without_person(self, requests.of(now), reason)
  elseif route then
    return answer_own(self, route, requests.of(now), person)
  end
  local requirement = requirement_of(settings, path, given)
  local present = cookies.read(ngx.var.http_cookie)
  local proof, is_current
  proof, reason, is_current = self.proofs:find(present, person, now)
  if reason == "unknown" or self.feed:is_late(now) then
    return unknown(self, requests.of(now))
  end
  if proof and not proofs.satisfies(proof, requirement, now) then
    proof, reason = nil, "step_up"
  end
  if not proof then
    return without_proof(self, requests.of(now), person, reason, requirement)
  end
  return pass(self, person, proof, is_current)
end

local function protected(self, fn, ...)
  local ok, response = xpcall(fn, debug.traceback, self, ...)
  if not ok then
    ngx.log(ngx.ERR, "lastpass mfa: ", response)
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

--- Lets the current request pass, or answers it. For access_by_lua.
---@param given? table requirement of this location
function methods:guard(given)
  return protected(self, decide, given)
end

local function serve(self)
  local route = self.settings.by_path[ngx.var.uri]
  if not route then
    return pages.problem(404, "not_found", "there is nothing at this address")
  end
  local request = requests.of(ngx.now())
  local person, reason = people.of(self.settings.person)
  if not person then
    return without_person(self, request, reason)
  end
  return answer_own(self, route, request, person)
end

--- Answers the guard's own locations, where `guard` does not stand before them. For content_by_lua.
function methods:serve()
  return protected(self, serve)
end

local function hear(self)
  local known = self.challenges and self.challenges:callback(ngx.req.get_uri_args(10))
  return known and { status = 204, headers = {}, body = "" }
    or pages.problem(404, "not_found", "no such request is under way")
end

--- Answers what LastPass calls when a phone has answered. It shows nothing, and decides nothing.
function methods:callback()
  return protected(self, hear)
end

--- The proof of the current request, when it is what is asked for.
---@param request table
---@param person lastpass.nginx.mfa.Person
---@param requirement table
---@return lastpass.nginx.mfa.Proof|nil
function methods:proof_of(request, person, requirement)
  local proof = self.proofs:find(request.cookies, person, request.now)
  return proof and proofs.satisfies(proof, requirement, request.now) and proof or nil
end

--- Has a person confirm something without a page: for writes of the gateway.
---@param account string
---@param shown string a code, or "push": their phone is asked, and waited for
---@return lastpass.mfa.Result
function methods:confirm(account, shown)
  local person = { account = email.fold(account) }
  if shown == "push" then
    if not self.challenges or not self.settings.by.push then
      return outcomes.result("not_enrolled", { user = account })
    end
    return self.challenges:ask_and_wait(person)
  elseif not self.codes then
    return outcomes.result("not_enrolled", { user = account })
  end
  return (self.codes:verify(person, { code = shown }, { by = self.settings.by, now = ngx.now() }))
end

--- Ends proofs, here and on all machines that have the journal.
---@param keys string[] of `lastpass.nginx.mfa.proof`
---@param now number
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:revoke(keys, now)
  return self.feed:revoke(keys, now)
end

--- Makes a guard of its parts.
---@param parts table settings, proofs, challenges, codes, posts, revoked, feed, state
---@return lastpass.nginx.mfa.Guard
function M.new(parts)
  return setmetatable(parts, guard_mt)
end

return M

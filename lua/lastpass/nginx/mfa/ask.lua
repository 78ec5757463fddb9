--- The guard's own locations where somebody shows a second factor. A GET has no effect but that a result is taken: a phone
-- rings, and a code is tried, only when a person has sent a form of ours; so links, prefetching, the back button and a
-- cookie that is lost ring nobody, and lead to a page.
-- @module lastpass.nginx.mfa.ask
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local forms = require "lastpass.nginx.mfa.form"
local hints = require "lastpass.nginx.mfa.hints"
local json = require "lastpass.json"
local mfa_pages = require "lastpass.nginx.mfa.pages"
local outcomes = require "lastpass.mfa.outcomes"
local pages = require "lastpass.nginx.guard.pages"

local M = {}

local CHOICE_TTL = 366 * 86400 - 60

local STATUS = { locked = 429, throttled = 429, unreachable = 503, error = 503 }

-- ---- what a person has chosen ----

local function choice_key(person)
  return "mfa choice:" .. digest.hex(email.fold(person.account), 32)
end

-- What a person used last, wherever that was; a state that does not answer is no reason to show no page.
local function preferred_of(guard, person, offers)
  local chosen = offers.push and offers.code and guard.state():get(choice_key(person))
  if chosen == "push" or chosen == "code" then
    return chosen
  end
  return offers.push and "push" or "code"
end

local function remember_choice(guard, person, choice)
  local state, key = guard.state(), choice_key(person)
  if state:get(key) ~= choice then
    state:put(key, choice, CHOICE_TTL)
  end
end

-- ---- pages ----

local function read_query(guard, context)
  return hints.read(context.request.query, guard.settings.landing)
end

local function bad_address()
  return pages.problem(400, "bad_parameter", "a parameter of this address is not one of ours")
end

local function link_back(guard, asked)
  return { hints.address(guard.settings.routes.ask, asked), "Confirm that it is you" }
end

-- The factors that secrets exist for; a store that fails is a failure of this page's, and push goes on.
local function factors_of(guard, person)
  if not guard.codes then
    return {}
  end
  local list, message = guard.codes:list(person)
  if not list then
    ngx.log(ngx.ERR, "lastpass mfa: ", guard.settings.name, ": factors: ", tostring(message))
  end
  return list or {}, list == nil
end

-- Which ways there are, of those that the page takes.
local function offers_of(guard, requirement, factors)
  local has = { push = guard.challenges ~= nil }
  for _, factor in ipairs(factors) do
    has[factor.kind == "totp" and "code" or factor.kind] = true
  end
  local by = requirement.methods and { push = true } or requirement.by
  return {
    push = by.push and has.push,
    code = by.code and has.code or by.recovery and has.recovery,
  }
end

--- The page that asks, with whatever is to be said above it.
---@param guard lastpass.nginx.mfa.Guard
---@param context table
---@param asked table hints
---@param more? table complaint, status, challenge (id), retry_after, cookies
---@return table response
function M.page(guard, context, asked, more)
  more = more or {}
  local device, header = context.device, nil
  if not device then
    device, header = guard.proofs:new_device()
  end
  local settings, person = guard.settings, context.person
  local factors, failed = factors_of(guard, person)
  local offers = offers_of(guard, hints.requirement(asked, settings), factors)
  asked.token =
    forms.token(settings.keys, person, device, context.request.now, more.challenge or nil)
  local response = mfa_pages.ask(settings, asked, {
    status = more.status or (failed and not offers.push and 503) or nil,
    offers = offers,
    preferred = preferred_of(guard, person, offers),
    factors = factors,
    complaint = more.complaint,
    account = person.account,
    may_add = guard.codes ~= nil and guard.codes:can_change(),
  })
  if more.retry_after then
    response.headers["Retry-After"] = ("%d"):format(math.ceil(more.retry_after))
  end
  pages.with_cookies(response, { header })
  return pages.with_cookies(response, more.cookies or {})
end

-- A form that was not ours, or came too late: nothing has happened.
local function refuse_form(guard, context, reason, asked)
  if reason == "method" then
    return pages.problem(405, "method", "this address takes POST", nil, { Allow = "POST" })
  elseif reason == "old" and asked then
    local text = "This page was open for too long. Please try once more."
    return M.page(guard, context, asked, { complaint = text, status = 403 })
  elseif reason == "no_device" then
    return mfa_pages.trouble(
      403,
      "Your browser sends no cookies",
      "Nothing was sent to your phone, and no code was used. Allow cookies for this site, and try "
        .. "once more.",
      link_back(guard, asked or { target = guard.settings.landing })
    )
  end
  return mfa_pages.trouble(
    reason == "foreign" and 403 or 400,
    "This form is not ours",
    "It came from another page, or was changed on its way. Nothing has happened.",
    link_back(guard, asked or { target = guard.settings.landing })
  )
end

M.refuse_form = refuse_form

local function arrive(guard, asked)
  return pages.redirect(guard.settings.url .. asked.target)
end

-- Who is back on one of these pages with a proof that is enough: the back button, or another tab was faster.
local function has_arrived(guard, context, asked)
  local requirement = hints.requirement(asked, guard.settings)
  return guard:proof_of(context.request, context.person, requirement) ~= nil
end

--- The proof, and the way to where the person wanted to go.
local function succeed(guard, context, asked, shown)
  local headers = guard.proofs:begin(context.person, context.device, shown, context.request.now)
  if not headers then
    local text = "Your second factors were ended a moment ago. Please try again in a minute."
    return M.page(guard, context, asked, { complaint = text, status = 503, retry_after = 5 })
  end
  remember_choice(guard, context.person, shown.by == "push" and "push" or "code")
  local response = pages.with_cookies(arrive(guard, asked), headers)
  return pages.with_cookies(response, guard.challenges and { guard.challenges.forget() } or {})
end

local function fail_page(guard, context, asked, result, more)
  more = more or {}
  more.complaint = outcomes.for_user(result.outcome)
  more.status = STATUS[result.outcome] or 403
  more.retry_after = result.retry_after
  return M.page(guard, context, asked, more)
end

--- GET: the page that asks.
function M.ask(guard, context)
  local asked = read_query(guard, context)
  if not asked then
    return bad_address()
  elseif has_arrived(guard, context, asked) then
    return arrive(guard, asked)
  end
  return M.page(guard, context, asked)
end

-- ---- phones ----

--- POST: asks the person's phone.
function M.push(guard, context)
  local fields, reason = forms.read(context, {})
  local asked = fields and hints.read(fields, guard.settings.landing)
  if not asked then
    return refuse_form(guard, context, fields and "bad" or reason)
  elseif not guard.challenges then
    return refuse_form(guard, context, "bad", asked)
  end
  local requirement = hints.requirement(asked, guard.settings)
  local result, cookie = guard.challenges:begin(
    context.person,
    context.device,
    requirement.method_list,
    context.request.now
  )
  if result then
    if result.failed_open then
      return succeed(guard, context, asked, { by = "push", evidence = "failed_open" })
    end
    return fail_page(guard, context, asked, result, { challenge = reason })
  end
  local response =
    pages.redirect(guard.settings.url .. hints.address(guard.settings.routes.wait, asked))
  return pages.with_cookies(response, { cookie })
end

local function pending_of(guard, context)
  local request, device = context.request, context.device
  return guard.challenges
    and device
    and guard.challenges:pending(request.cookies, context.person, device, request.now)
end

local function wait_page(guard, context, asked)
  local factors = factors_of(guard, context.person)
  local offers = offers_of(guard, hints.requirement(asked, guard.settings), factors)
  asked.token =
    forms.token(guard.settings.keys, context.person, context.device, context.request.now)
  local routes = guard.settings.routes
  return mfa_pages.wait(guard.settings, asked, {
    here = hints.address(routes.wait, asked),
    ask = hints.address(routes.ask, asked),
    poll = routes.poll,
    has_code = offers.code,
    factors = factors,
  })
end

--- GET: the page that waits for the phone; when the phone has answered, what follows from it.
function M.wait(guard, context)
  local asked = read_query(guard, context)
  if not asked then
    return bad_address()
  elseif has_arrived(guard, context, asked) then
    return arrive(guard, asked)
  end
  local pending = pending_of(guard, context)
  if not pending then
    return M.page(guard, context, asked)
  end
  local result = guard.challenges:look(pending, context.request.now)
  if not result then
    return wait_page(guard, context, asked)
  elseif not result.ok then
    return fail_page(guard, context, asked, result, { cookies = { guard.challenges.forget() } })
  end
  return succeed(guard, context, asked, {
    by = "push",
    asked = pending.asked,
    evidence = result.evidence or "answered",
    at = result.at,
  })
end

--- GET, by the script of the waiting page: answers when the phone has, or after a while.
function M.poll(guard, context)
  local pending = pending_of(guard, context)
  local result = pending and guard.challenges:wait(pending)
  local state = not pending and "none" or result and result.outcome or "pending"
  return {
    status = 200,
    headers = {
      ["Content-Type"] = "application/json",
      ["Cache-Control"] = "no-store",
      ["X-Content-Type-Options"] = "nosniff",
    },
    body = json.encode { state = state } .. "\n",
  }
end

-- ---- codes ----

--- POST: a code of an app, or a recovery code.
function M.code(guard, context)
  local fields, reason = forms.read(context, { "code", "factor" })
  local asked = fields and hints.read(fields, guard.settings.landing)
  if not asked then
    return refuse_form(guard, context, fields and "bad" or reason)
  elseif not guard.codes or not fields.code then
    return refuse_form(guard, context, "bad", asked)
  end
  local requirement = hints.requirement(asked, guard.settings)
  local result, by = guard.codes:verify(context.person, fields, {
    by = requirement.methods and {} or requirement.by,
    challenge = reason,
    now = context.request.now,
  })
  if not result.ok then
    return fail_page(guard, context, asked, result, {
      challenge = result.code ~= "challenge_over" and reason or nil,
    })
  end
  local pending = pending_of(guard, context)
  if pending then
    guard.challenges:cancel(pending)
  end
  return succeed(guard, context, asked, { by = by, evidence = "proved" })
end

return M

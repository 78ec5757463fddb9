--- The browser redirect variant (mfa §2.4): webauth gives an address for the browser, which waits there for the phone and
-- goes back; WebAuthCheckToken tells the application.
-- @module lastpass.sandbox.mfa.web
local calls = require "lastpass.sandbox.mfa.calls"
local digest = require "lastpass.digest"
local pages = require "lastpass.sandbox.mfa.pages"
local phones = require "lastpass.sandbox.mfa.phone"
local plain = require "lastpass.sandbox.mfa.plain"
local redirects = require "lastpass.sandbox.pages"
local schema = require "lastpass.sandbox.schema"
local states = require "lastpass.sandbox.mfa.state"

local M = {}

-- Seconds that a login by the browser lives, and how many are remembered.
local LIFETIME, MOST = 600, 1000

-- ---- logins under way, by the browser's handle and by the application's token ----

local function logins_of(company)
  local state = states.of(company)
  state.web = state.web or { by_handle = {}, by_token = {}, order = {}, first = 1, last = 0 }
  return state.web
end

local function forget_first(logins)
  local login = logins.order[logins.first]
  logins.by_handle[login.handle], logins.by_token[login.token] = nil, nil
  logins.order[logins.first] = nil
  logins.first = logins.first + 1
end

local function add(company, login)
  local logins = logins_of(company)
  while logins.last - logins.first + 1 >= MOST do
    forget_first(logins)
  end
  login.company, login.ends = company, company.clock:seconds() + LIFETIME
  login.handle = digest.to_hex(digest.random(20))
  login.token = digest.to_hex(digest.random(20))
  logins.by_handle[login.handle], logins.by_token[login.token] = login, login
  logins.last = logins.last + 1
  logins.order[logins.last] = login
  return login
end

local function find(server, index, name)
  local company, login = states.find(server, function(state)
    return state.web and state.web[index][name or ""]
  end)
  return login and company.clock:seconds() < login.ends and login or nil
end

-- ---- webauth ----

local needed, text = { "string", required = true }, { "string" }

local fields = {
  APIKey = needed,
  Username = needed,
  SuccessUrl = needed,
  NotRegisteredUrl = needed,
  CancelUrl = needed,
  AuthType = text,
}

local function is_usable(url)
  local host, rest = url:match "^https?://([^/?#]+)(.*)$"
  return host and #url <= 2048 and not host:find '[%s%c@"<>\\]' and not rest:find '[%s%c"<>\\]'
end

local function check(given, settings)
  local complaint = schema.object(fields, given, settings.strict)
  if complaint then
    return complaint
  elseif given.Username == "" or #given.Username > 254 then
    return "Wrong value of field: Username"
  elseif given.AuthType and given.AuthType ~= "Web" and given.AuthType ~= "Workstation" then
    return "Wrong value of field: AuthType"
  end
  for _, name in ipairs { "SuccessUrl", "NotRegisteredUrl", "CancelUrl" } do
    if not is_usable(given[name]) then
      return "Wrong value of field: " .. name
    end
  end
  return nil
end

--- POST /auth/webauth
function M.begin(server, request, effects)
  local origin = server:origin(request)
  return plain.with_company(server, request, effects, function(_, company, given, write)
    local complaint = check(given, company.settings)
    if complaint then
      return write(calls.failed(complaint))
    end
    local login = add(company, {
      address = given.Username,
      success = given.SuccessUrl,
      not_registered = given.NotRegisteredUrl,
      cancel = given.CancelUrl,
    })
    return write(calls.succeeded {
      RedirectUrl = origin .. "/mfa/web?login=" .. login.handle,
      Token = login.token,
    })
  end)
end

local token_fields = { apiKey = needed, token = needed }

--- POST /Auth/WebAuthCheckToken: its fields begin with small letters.
function M.check(server, request, effects)
  return plain.with_company(server, request, effects, function(_, company, given, write)
    local complaint = schema.object(token_fields, given, company.settings.strict)
    local login = not complaint and find(server, "by_token", given.token)
    if not login or login.company ~= company then
      return write(calls.failed(complaint or "Invalid token"))
    end
    return write(calls.succeeded {
      Username = login.email or login.address,
      IsAuthenticated = login.status == "Success",
    })
  end, "apiKey")
end

-- ---- the browser ----

-- Ends a login: the browser goes back, however often it comes.
local function go(login, address, status)
  login.status, login.target = login.status or status, login.target or address
  local reply = redirects.redirect(login.target)
  reply.class = login.status
  return reply
end

-- The phone rings when the browser comes, not before.
local function ring(server, request, login)
  local company = login.company
  local phone = phones.find(company, login.address)
  login.email = phone.email
  local refusal = phones.refusal(company, phone, request.peer)
  if refusal then
    local has_phone = phone.state ~= "absent" and phone.state ~= "unpaired"
    return go(login, has_phone and login.cancel or login.not_registered, refusal)
  end
  login.challenge = phones.ring(server, company, {
    key = phone.key,
    email = phone.email,
    device = (request.headers["user-agent"] or ""):sub(1, 200),
    ip = request.peer,
  })
  return nil
end

--- GET and POST /mfa/web: the browser waits for the phone, or gives up.
function M.page(server, request)
  local is_post = request.method == "POST"
  local handle = (is_post and redirects.read_form(request) or request.query).login
  local login = find(server, "by_handle", handle)
  if not login then
    return pages.refused("LastPass MFA", "this sign-in is over, or is not known here; begin again")
  elseif is_post and not redirects.is_own_form(request, server:origin(request)) then
    return pages.refused("LastPass MFA", "the form is of another site", 403)
  elseif is_post then
    return go(login, login.cancel, "Cancelled")
  elseif login.status then
    return go(login)
  end
  local reply = not login.challenge and ring(server, request, login)
  if reply then
    return reply
  end
  local status = phones.outcome(login.challenge)
  if status then
    return go(login, status == "Success" and login.success or login.cancel, status)
  end
  return pages.waiting { handle = handle, email = login.email }
end

return M

--- A session: what is known of somebody who has signed in. It is kept by the browser, sealed; the server keeps nothing
-- but the list of those that have ended before their time (`lastpass.nginx.guard.revoked`).
-- @module lastpass.nginx.saml.session
local base64url = require("lastpass.text.base64").url
local cookies = require "lastpass.nginx.guard.cookies"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local json = require "lastpass.json"
local recent = require "lastpass.nginx.guard.recent"
local revocations = require "lastpass.nginx.guard.revoked"

---@class lastpass.nginx.saml.Session
---@field id string
---@field account string        key of the account: the address in lower case
---@field issued number         epoch seconds, by the clock of the journal
---@field used number           when a request was seen last, at most a minute too early
---@field ends number
---@field auth_time number|nil  when the identity provider has authenticated the person
---@field context string|nil    AuthnContextClassRef
---@field issuer string
---@field name_id string        as it was received, with its qualifiers in `subject`
---@field session_index string|nil
---@field subject table         what a LogoutRequest repeats
---@field attributes table<string, string[]>
---@field keys string[]         under which it can have been revoked
---@field checked integer|nil   at which version of the list of revocations it was not on it

---@class lastpass.nginx.saml.Sessions
local methods = {}
local sessions_mt = { __name = "lastpass.nginx.saml.Sessions", __index = methods }

local M = {}

--- What names of the guard's cookies begin with.
M.PREFIX = "__Host-lastpass_saml"

--- The cookie of the session.
M.COOKIE = M.PREFIX

--- What headers may show of a session, beside attributes.
M.fields = {
  account = true,
  name_id = true,
  session_index = true,
  issuer = true,
  context = true,
  auth_time = true,
}

local TOUCH = 60 -- seconds between notes that a session is in use
local CLOCKS_DIFFER = 300 -- seconds, at most
-- What a worker keeps of sessions it has seen, twice that at most. Only what these keys have sealed is kept: nobody else can
-- drive it out.
local MOST_CACHED = 4000
local MOST_BYTES = 4 * 1024 * 1024 -- of cookies

--- Makes the sessions of a guard.
---@param options table keys, purpose, lifetime, idle, revoked
---@return lastpass.nginx.saml.Sessions
function M.new(options)
  return setmetatable({
    _keys = options.keys,
    _purpose = options.purpose,
    _lifetime = options.lifetime,
    _idle = options.idle,
    _touch = math.min(TOUCH, options.idle / 4),
    _revoked = options.revoked,
    _headers = recent.new(MOST_CACHED, MOST_BYTES),
    _opened = recent.new(MOST_CACHED, MOST_BYTES),
  }, sessions_mt)
end

--- The key of all sessions of a name at an identity provider, in the list of revocations.
---@param issuer string
---@param name_id string
---@return string
function M.name_key(issuer, name_id)
  return "name " .. digest.hex(issuer .. "\0" .. name_id, 32)
end

--- The key of one session there.
---@param issuer string
---@param name_id string
---@param index string SessionIndex
---@return string
function M.index_key(issuer, name_id, index)
  return "index " .. digest.hex(issuer .. "\0" .. name_id .. "\0" .. index, 32)
end

--- The key of one session here.
---@param id string
---@return string
function M.session_key(id)
  return "session " .. id
end

local function complete(session)
  session.keys = {
    M.session_key(session.id),
    revocations.account_key(session.account),
    M.name_key(session.issuer, session.name_id),
    session.session_index and M.index_key(session.issuer, session.name_id, session.session_index),
  }
  return session
end

-- The names of what is sealed are short: every request carries it.
local names = {
  i = "id",
  a = "account",
  t = "issued",
  u = "used",
  e = "ends",
  w = "auth_time",
  c = "context",
  o = "issuer",
  n = "name_id",
  x = "session_index",
  s = "subject",
  v = "attributes",
}

local function encode(session)
  local short = {}
  for name, field in pairs(names) do
    short[name] = session[field]
  end
  return json.encode(short)
end

local function decode(text)
  local short = json.decode(text)
  if type(short) ~= "table" then
    return nil
  end
  local session = {}
  for name, field in pairs(names) do
    session[field] = short[name]
  end
  return session.id and session.account and session.issued and complete(session) or nil
end

--- Begins a session.
---@param identity table what the service provider has verified
---@param account string
---@param attributes table<string, string[]>
---@param now number
---@return lastpass.nginx.saml.Session
---@return boolean is_over it has ended before it began: whoever could have it was disabled this very moment
function methods:begin(identity, account, attributes, now)
  local ends = now + self._lifetime
  if identity.session_not_on_or_after then
    ends = math.min(ends, identity.session_not_on_or_after)
  end
  local session = complete {
    id = base64url.encode(digest.random(16)),
    account = email.fold(account),
    issued = self._revoked:clock(now),
    used = math.floor(now),
    ends = math.floor(ends),
    auth_time = identity.auth_time,
    context = identity.authn_context,
    issuer = identity.issuer,
    name_id = identity.name_id,
    session_index = identity.session_index,
    subject = identity.subject,
    attributes = attributes,
  }
  return session, self._revoked:has(session, now)
end

--- The headers that store a session in the browser.
---@param session lastpass.nginx.saml.Session
---@param present? table<string, string> cookies of the request
---@return string[]|nil headers nil when the session is too large for cookies
---@return integer? bytes of what did not fit
function methods:store(session, present)
  local sealed = self._keys:seal(self._purpose, encode(session))
  local headers = cookies.spread(M.COOKIE, sealed, "Lax", present)
  return headers, not headers and #sealed or nil
end

--- The headers that have the browser forget it.
---@param present table<string, string>
---@return string[]
function methods:forget(present) -- luacheck: ignore self
  return cookies.forget_all(M.COOKIE, "Lax", present)
end

-- ---- reading ----

-- What is in a cookie of ours: other cookies beside it may change with every request.
local function unseal(self, sealed)
  local opened = self._opened:get(sealed)
  if not opened then
    local text, is_current = self._keys:open(self._purpose, sealed)
    local session = text and decode(text)
    if not session then
      return nil
    end
    opened = { session = session, is_current = is_current }
    self._opened:put(sealed, opened)
  end
  return opened
end

local function read(self, header)
  local present = cookies.read(header)
  local sealed, has_surplus = cookies.gather(M.COOKIE, present)
  local opened = sealed and unseal(self, sealed)
  local rest = cookies.without(header, M.PREFIX)
  return {
    session = opened and opened.session or false,
    is_current = opened and opened.is_current and not has_surplus,
    rest = rest or false,
    present = has_surplus and present or nil,
  }
end

local function entry_of(self, header)
  local entry = self._headers:get(header)
  if not entry then
    entry = read(self, header)
    if entry.session then
      self._headers:put(header, entry)
    end
  end
  return entry
end

--- The session of a request.
---@param header string|nil Cookie
---@param now number
---@return lastpass.nginx.saml.Session|nil session
---@return string reason of having none: "none", "expired", "idle", "revoked", "unknown" (whether it was revoked)
---@return table|nil entry rest (the header without our cookies, or false), is_current
function methods:find(header, now)
  if not header then
    return nil, "none", nil
  end
  local entry = entry_of(self, header)
  local session = entry.session
  if not session then
    return nil, "none", entry
  elseif now >= session.ends or session.ends > now + self._lifetime + CLOCKS_DIFFER then
    return nil, "expired", entry -- or it began when a clock was far ahead, or may be that long no more
  elseif now - session.used >= self._idle then
    return nil, "idle", entry
  end
  local version = self._revoked:version()
  if not version then
    return nil, "unknown", entry
  elseif session.checked ~= version then
    if self._revoked:has(session, now) then
      return nil, "revoked", entry
    end
    session.checked = version
  end
  return session, "", entry
end

--- The headers that renew a session, when it is time: after a minute of use, when the keys have
-- changed, or when parts of an older cookie are in the way.
---@param entry table of `find`
---@param now number
---@return string[]|nil
function methods:renew(entry, now)
  local session = entry.session
  if entry.is_current and now - session.used < self._touch then
    return nil
  end
  local used = session.used
  session.used = math.floor(now)
  local headers = self:store(session, entry.present)
  session.used = used -- what is cached is the cookie that was sent, not the one that goes out
  return headers
end

return M

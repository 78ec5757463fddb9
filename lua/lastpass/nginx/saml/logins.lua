--- Sign-ons that are under way. What is to be known of one when the answer comes (which request, where to go then) is
-- kept by the browser that began it, in a sealed cookie of its own: so several tabs can sign in at once, nobody fills
-- this server's memory by beginning, and the answer may come to any machine that has the keys. That cookie must come
-- with a form that another site sends, so it is SameSite=None, and lives for ten minutes.
--
-- To the service provider this is a store (`lastpass.state`): what it writes while a sign-on begins goes into the cookie;
-- what it takes while the answer is read comes from there, once, and all else is in a `lua_shared_dict` or a database.
-- @module lastpass.nginx.saml.logins
local base64url = require("lastpass.text.base64").url
local cookies = require "lastpass.nginx.guard.cookies"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local sessions = require "lastpass.nginx.saml.session"

---@class lastpass.nginx.saml.Logins
local methods = {}
local logins_mt = { __name = "lastpass.nginx.saml.Logins", __index = methods }

local M = {}

--- Seconds that a sign-on may take.
M.TTL = 600

local MOST = 6 -- at once in a browser; the oldest one makes room
local LONGEST = 3500 -- bytes of one cookie
local PREFIX = sessions.PREFIX .. "_r_"
local AGAIN = sessions.PREFIX .. "_again"
local AGAIN_TTL = 120

--- Makes the sign-ons of a guard.
---@param options table keys, purpose, state (gives where everything else is)
---@return lastpass.nginx.saml.Logins
function M.new(options)
  return setmetatable({
    _keys = options.keys,
    _purpose = options.purpose,
    _state = options.state,
  }, logins_mt)
end

-- ---- the store that the service provider has ----

-- The sign-on that begins or ends with the current request of nginx: {writing = table} or {reading = list}.
local function current()
  return ngx.ctx.lastpass_saml_login
end

local function take(self, key)
  for _, login in ipairs(current().reading) do
    local value = login.state[key]
    if value ~= nil then
      local fresh, message, err = self._state():add("taken " .. digest.hex(key, 32), "1", M.TTL)
      if not fresh then
        return nil, message, err
      end
      current().taken = login
      return value
    end
  end
  return self._state():take(key)
end

--- The store for the service provider.
---@return lastpass.state.State
function methods:store()
  local this = self
  local store = {}
  function store.add(_, key, value, ttl)
    local login = current()
    if not login or not login.writing then
      return this._state():add(key, value, ttl)
    elseif login.writing[key] ~= nil then
      return false
    end
    login.writing[key] = value
    return true
  end
  function store.put(_, key, value, ttl)
    local login = current()
    if not login or not login.writing then
      return this._state():put(key, value, ttl)
    end
    login.writing[key] = value
    return true
  end
  function store.get(_, key)
    local login = current()
    for _, one in ipairs(login and login.reading or {}) do
      if one.state[key] ~= nil then
        return one.state[key]
      end
    end
    return this._state():get(key)
  end
  function store.take(_, key)
    local login = current()
    if login and login.reading then
      return take(this, key)
    end
    return this._state():take(key)
  end
  function store.advance(_, key, number, ttl)
    return this._state():advance(key, number, ttl)
  end
  return store
end

-- ---- cookies ----

local function open_all(self, present, now)
  local list = {}
  for name, sealed in pairs(present) do
    if name:sub(1, #PREFIX) == PREFIX then
      local text = self._keys:open(self._purpose, sealed)
      local login = text and json.decode(text) or { began = 0, state = {} }
      login.name = name
      login.is_over = now - login.began >= M.TTL
      list[#list + 1] = login
    end
  end
  table.sort(list, function(a, b)
    return a.began > b.began
  end)
  return list
end

local function forget(login)
  return cookies.forget(login.name, "None")
end

--- Has the service provider begin a sign-on, and keeps what it writes.
---@param present table<string, string> cookies of the request
---@param login table target, requirement, post (id), again, as `finish` gives them back
---@param now number
---@param begin fun(): any, ... calls the service provider: gives its request, or nil and a failure; the request's
-- `browser` is kept as well
---@return string[]|nil headers that set the cookie
---@return any ... the request, or message and err; "too long" when the target does not fit
function methods:begin(present, login, now, begin)
  local context = { writing = {} }
  ngx.ctx.lastpass_saml_login = context
  local request, message, err = begin()
  ngx.ctx.lastpass_saml_login = nil
  if not request then
    return nil, message, err
  end
  local sealed = self._keys:seal(
    self._purpose,
    json.encode {
      began = math.floor(now),
      state = context.writing,
      browser = request.browser,
      target = login.target,
      requirement = login.requirement,
      post = login.post,
      again = login.again,
    }
  )
  if #sealed > LONGEST then
    return nil, "too long"
  end
  local name = PREFIX .. base64url.encode(digest.random(6))
  local headers = { cookies.set(name, sealed, "None", M.TTL) }
  for position, other in ipairs(open_all(self, present, now)) do
    if other.is_over or position >= MOST then
      headers[#headers + 1] = forget(other)
    end
  end
  return headers, request
end

--- Has the service provider read an answer, with what the browser kept of the requests.
---@param present table<string, string> cookies of the request
---@param now number
---@param read fun(browsers: string[]): any, ... calls the service provider with the marks of this browser
---@return table|nil login that was answered: target, requirement, post; and headers, which forget its cookie
---@return any ... what `read` gives
function methods:finish(present, now, read)
  local reading, browsers = {}, {}
  for _, login in ipairs(open_all(self, present, now)) do
    if not login.is_over then
      reading[#reading + 1] = login
      browsers[#browsers + 1] = login.browser
    end
  end
  local context = { reading = reading }
  ngx.ctx.lastpass_saml_login = context
  local value, message, err = read(browsers)
  ngx.ctx.lastpass_saml_login = nil
  local login = context.taken
  if login then
    login.headers = { forget(login) }
  end
  return login, value, message, err
end

--- The target of the sign-on that began last, for when an answer could not be matched with its request.
---@param present table<string, string>
---@param now number
---@return string|nil
function methods:last_target(present, now)
  local login = open_all(self, present, now)[1]
  return login and not login.is_over and login.target or nil
end

-- ---- one retry ----

--- The cookie that says that a sign-on is tried a second time. It is no use to anybody else, so it is not sealed.
---@return string
function M.mark_again()
  return cookies.set(AGAIN, "1", "Lax", AGAIN_TTL)
end

---@param present table<string, string>
---@return boolean
function M.is_again(present)
  return present[AGAIN] ~= nil
end

---@return string
function M.forget_again()
  return cookies.forget(AGAIN, "Lax")
end

return M

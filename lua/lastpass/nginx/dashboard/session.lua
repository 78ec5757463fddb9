--- Who has signed in. A browser has a random text; the server stores only its SHA-256, in a
-- `lua_shared_dict`, for all workers. What somebody may see is asked of their token each time, so a
-- token that was taken out of the configuration is worth nothing from the next reload on.
-- @module lastpass.nginx.dashboard.session
local base64url = require("lastpass.text.base64").url
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"

---@class lastpass.nginx.dashboard.Session
---@field name string                      whose token it is
---@field tenants table<string, true>|nil  nil: all of them
---@field csrf string|nil                  proves that a form is ours; nil when a guard knows who it is
---@field key string|nil                   of the entry in the dict

---@class lastpass.nginx.dashboard.Sessions
local methods = {}
local sessions_mt = { __name = "lastpass.nginx.dashboard.Sessions", __index = methods }

local M = {}

--- The name of the cookie.
M.COOKIE = "lastpass_dashboard"

local ID_LENGTH = 43 -- 32 bytes as base64url
local TOUCH = 30 -- seconds between notes that a session is in use

--- Makes the sessions of a dashboard.
---@param options table dict, settings, tokens (list)
---@return lastpass.nginx.dashboard.Sessions
function M.new(options)
  local by_name = {}
  for _, token in ipairs(options.tokens) do
    by_name[token.name] = token
  end
  return setmetatable({
    _dict = options.dict,
    _settings = options.settings,
    _tokens = by_name,
  }, sessions_mt)
end

local function key_of(id)
  return "dashboard session " .. digest.hex(id)
end

-- A token that was replaced under its old name is another one.
local function mark_of(token)
  return digest.hex("dashboard\0" .. token.digest, 16)
end

local function is_secure(self, request)
  if self._settings.secure ~= nil then
    return self._settings.secure
  end
  return request.scheme == "https"
end

--- The header by which a browser stores an id, or with an empty one forgets it.
local function cookie(self, request, id)
  return ("%s=%s; Path=%s; HttpOnly; SameSite=Strict%s%s"):format(
    M.COOKIE,
    id,
    self._settings.prefix,
    is_secure(self, request) and "; Secure" or "",
    id == "" and "; Max-Age=0" or ""
  )
end

--- Begins a session.
---@param request table
---@param token lastpass.nginx.gateway.Token
---@return string|nil cookie nil when one more has no space
function methods:begin(request, token)
  local id = base64url.encode(digest.random(32))
  local entry = json.encode {
    name = token.name,
    mark = mark_of(token),
    ends = math.floor(request.now + self._settings.lifetime),
    used = math.floor(request.now),
  }
  if not dicts.add(self._dict, key_of(id), entry, self._settings.idle) then
    return nil
  end
  return cookie(self, request, id)
end

local function id_in(request)
  for name, value in (request.headers.cookie or ""):gmatch "([^=;%s]+)=([^;%s]*)" do
    if name == M.COOKIE then
      return #value == ID_LENGTH and value:find "^[%w_-]+$" and value or nil
    end
  end
end

-- Noted on the side: a session that somebody ends meanwhile stays ended.
local function touch(self, key, entry, now)
  if now - entry.used < TOUCH then
    return
  end
  local left = math.min(self._settings.idle, entry.ends - now)
  if self._dict:expire(key, left) then
    dicts.set(self._dict, key .. " used", math.floor(now), left)
  end
end

local function entry_of(self, key)
  local text = self._dict:get(key)
  local entry = text and json.decode(text)
  if entry then
    entry.used = self._dict:get(key .. " used") or entry.used
  end
  return entry
end

--- Whose request it is: of somebody whom a guard in front knows, or of somebody with a session.
---@param request table
---@return lastpass.nginx.dashboard.Session|nil
function methods:find(request)
  local guard = self._settings.identify
  local known = guard and guard(request)
  if known then
    return { name = known.name, tenants = known.tenants and errors.set_of(known.tenants) }
  end
  local id = id_in(request)
  local key = id and key_of(id)
  local entry = key and entry_of(self, key)
  if not entry or request.now >= entry.ends then
    return nil
  end
  local token = self._tokens[entry.name]
  if not token or not token.scopes.read or not digest.same(mark_of(token), entry.mark) then
    return nil
  end
  touch(self, key, entry, request.now)
  return {
    name = token.name,
    tenants = token.tenants,
    csrf = base64url.encode(digest.hmac(id, "dashboard form")),
    key = key,
  }
end

--- Ends a session.
---@param request table
---@param session lastpass.nginx.dashboard.Session|nil
---@return string cookie
function methods:finish(request, session)
  if session and session.key then
    self._dict:delete(session.key)
    self._dict:delete(session.key .. " used")
  end
  return cookie(self, request, "")
end

return M

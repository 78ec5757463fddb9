--- Forms that were sent without a session: kept while the person signs in, and then sent on once, byte for byte. What is
-- kept is sealed; its name is known to the browser that sent it alone.
--
-- A form of another site is not kept: the session's cookie does not go with such a form (SameSite=Lax), and keeping it
-- would give it the session after all.
-- @module lastpass.nginx.guard.posts
local adapter = require "lastpass.nginx.gateway.adapter"
local base64url = require("lastpass.text.base64").url
local cookies = require "lastpass.nginx.guard.cookies"
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local requests = require "lastpass.nginx.guard.request"
local state = require "lastpass.state"

---@class lastpass.nginx.guard.Posts
local methods = {}
local posts_mt = { __name = "lastpass.nginx.guard.Posts", __index = methods }

local M = {}

--- Seconds for which a form is kept.
M.TTL = 600

local PURPOSE = "post"
local MOST_OF_ADDRESS = 20 -- forms, of those that are kept at the same time: anybody can send one

--- Makes the store.
---@param options table keys, dict, cookie (its name), url (of this server), most (bytes), behind_proxy (whether
-- connections are those of a proxy)
---@return lastpass.nginx.guard.Posts
function M.new(options)
  return setmetatable({
    _keys = options.keys,
    _dict = options.dict,
    _state = state.dict(options.dict),
    _is_behind_proxy = options.behind_proxy,
    _cookie = options.cookie,
    _url = options.url,
    _most = options.most,
  }, posts_mt)
end

-- The way back to the page that it was sent from, and what applications compare.
local KEPT = { "content-type", "origin", "referer" }

-- Whether one more of the current request's address may be kept, and why not.
local function is_allowed(self)
  local address = requests.address(self._is_behind_proxy)
  if not address then
    return true
  end
  local count = self._state:increment("forms of " .. digest.to_hex(address), 1, M.TTL)
  return count ~= nil and count <= MOST_OF_ADDRESS, count and "many" or "full"
end

--- Keeps the form of the current request.
---@param headers table by names in lower case
---@param target string path and query that it was sent to
---@param length number|nil Content-Length
---@param account string|nil whose session it was that has ended: nobody else sends the form
---@return string|nil id for `replay`
---@return string? reason "foreign", "large", "many" (of one address), or "full"
function methods:keep(headers, target, length, account)
  if not requests.is_own(headers, self._url) then
    return nil, "foreign"
  elseif length and length > self._most then
    return nil, "large"
  end
  local body = adapter.body(self._most) or ""
  if #body > self._most then
    return nil, "large"
  end
  local ok, reason = is_allowed(self)
  if not ok then
    return nil, reason
  end
  local kept = {}
  for _, name in ipairs(KEPT) do
    kept[name] = headers[name]
  end
  local id = base64url.encode(digest.random(16))
  local head = json.encode { target = target, headers = kept, account = account }
  local sealed = self._keys:seal_bytes(PURPOSE .. id, ("%d:%s%s"):format(#head, head, body))
  if not dicts.add(self._dict, digest.hex(id, 32), sealed, M.TTL) then
    return nil, "full"
  end
  return id
end

--- The cookie that has the next request for the form's address send it.
---@param id string
---@param seconds? integer until then; default 60
---@return string
function methods:cookie(id, seconds)
  return cookies.set(self._cookie, self._keys:seal(PURPOSE, id), "Lax", seconds or 60)
end

--- Whether a Cookie header may have a form to send.
---@param header string|nil
---@return boolean
function methods:is_named(header)
  return header ~= nil and header:find(self._cookie, 1, true) ~= nil
end

--- Takes the form that belongs to the current request: nobody gets it twice.
---@param header string Cookie
---@param target string path and query of the request
---@param account string who is signed in now
---@return table|nil form {body, headers}
---@return string? reason "gone" (it was sent already, or was kept for too long), "other" (somebody else's); nil: there is
-- none for this address
function methods:take(header, target, account)
  local sealed = cookies.read(header)[self._cookie]
  local id = sealed and self._keys:open(PURPOSE, sealed)
  if not id then
    return nil
  end
  local key = digest.hex(id, 32)
  local bytes = self._dict:get(key)
  local text = bytes and self._keys:open_bytes(PURPOSE .. id, bytes)
  if not text then
    return nil, "gone"
  end
  local length, rest = text:match "^(%d+):(.*)$"
  local head = json.decode(rest:sub(1, length))
  if head.target ~= target then
    return nil -- another tab
  elseif head.account and head.account ~= account then
    return nil, "other"
  elseif not dicts.add(self._dict, key .. " taken", true, M.TTL) then
    return nil, "gone"
  end
  self._dict:delete(key)
  return { body = rest:sub(length + 1), headers = head.headers }
end

--- The cookie that forgets it.
---@return string
function methods:forget()
  return cookies.forget(self._cookie, "Lax")
end

--- Makes the current request the form that was kept.
---@param form table of `take`
function M.restore(form)
  ngx.req.read_body()
  ngx.req.set_method(ngx.HTTP_POST)
  ngx.req.set_body_data(form.body)
  for _, name in ipairs(KEPT) do
    if form.headers[name] then
      ngx.req.set_header(name, form.headers[name])
    else
      ngx.req.clear_header(name)
    end
  end
end

return M

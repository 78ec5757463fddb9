--- The current request of nginx, as far as guards have to know it.
-- @module lastpass.nginx.guard.request
local classify = require "lastpass.nginx.guard.classify"
local cookies = require "lastpass.nginx.guard.cookies"

local M = {}

local LONGEST_TARGET = 2000
local MOST_PARAMETERS = 100 -- more than any location of a guard takes

local SENDER = { "cookie", "origin", "referer", "sec-fetch-site" }

local function read_headers(into, names)
  local var = ngx.var
  for _, name in ipairs(names) do
    into[name] = var["http_" .. name:gsub("-", "_")]
  end
  return into
end

--- The current request.
---@param now number
---@return table request method, headers (by names in lower case), cookies, query, now
function M.of(now)
  local headers = read_headers(read_headers({}, classify.READ), SENDER)
  return {
    method = ngx.req.get_method(),
    headers = headers,
    cookies = cookies.read(headers.cookie),
    query = ngx.req.get_uri_args(MOST_PARAMETERS),
    now = now,
  }
end

local is_session_wanted = false

--- Says that something that stands before locations asks whose session a request has: noting it costs a table for each.
function M.want_session()
  is_session_wanted = true
end

--- Notes the session that the current request has, for what stands before the location as well.
---@param session lastpass.nginx.saml.Session
function M.note_session(session)
  if is_session_wanted then
    ngx.ctx.lastpass_saml_session = session
  end
end

--- The session that the current request has, as the SAML guard noted it.
---@return lastpass.nginx.saml.Session|nil
function M.session()
  return ngx.ctx.lastpass_saml_session
end

local MAPPED = ("\0"):rep(10) .. "\255\255" -- before an IPv4 address, on a socket that takes both

--- Whose request it is, as far as addresses tell: that of the connection, of IPv6 the network, which a household has to
-- itself.
---@param is_behind_proxy boolean|nil whether all connections are those of a proxy
---@return string|nil address nil when it is not known: nginx was not told to believe the proxy (set_real_ip_from)
function M.address(is_behind_proxy)
  local var = ngx.var
  if is_behind_proxy and (var.realip_remote_addr or var.remote_addr) == var.remote_addr then
    return nil
  end
  local bytes = var.binary_remote_addr
  if #bytes ~= 16 then
    return bytes
  end
  return bytes:sub(1, 12) == MAPPED and bytes:sub(13) or bytes:sub(1, 8)
end

--- Path and query as they came; a proxy's form of the request line has scheme and host before them.
---@return string
function M.target()
  return (ngx.var.request_uri:gsub("^%a[%w+.-]*://[^/?#]*", ""))
end

--- Whether a text is a path of this server, with whatever follows it. Everything else is refused, and never repaired.
---@param text any
---@return boolean
function M.is_target(text)
  return type(text) == "string"
    and #text <= LONGEST_TARGET
    and text:find "^/" ~= nil
    and not text:find "[%c\\%s]"
end

--- Whether a page of this server sent a request; who cannot say so does not count.
---@param headers table by names in lower case
---@param url string scheme and host of this server
---@return boolean
function M.is_own(headers, url)
  local site = headers["sec-fetch-site"]
  if site then
    return site == "same-origin"
  end
  local origin = headers.origin
  if origin then
    return origin == url
  end
  local referer = headers.referer
  return referer ~= nil and (referer .. "/"):sub(1, #url + 1) == url .. "/"
end

return M

--- Addresses that requests go to (https, or http to this machine), and those of proxies.
-- @module lastpass.transport.address
local errors = require "lastpass.error"

local M = {}

-- Names that stand for this machine.
local loopback = { localhost = true, ["127.0.0.1"] = true, ["[::1]"] = true }

local function bad(message)
  return errors.fail(
    "transport",
    "bad_url",
    message,
    { hint = "the address must begin with https://" }
  )
end

local function port_of(text, scheme)
  if text == "" then
    return scheme == "https" and 443 or 80
  end
  local port = tonumber(text)
  return port and port >= 1 and port <= 65535 and port or nil
end

---@class lastpass.Address
---@field scheme "http"|"https"
---@field authority string as it is in the address, for the header Host
---@field host string name, or number without brackets
---@field port integer
---@field target string path and query
---@field is_loopback boolean

--- Takes an address apart.
---@param url string
---@return lastpass.Address|nil
---@return string? message
---@return lastpass.Error? err code "bad_url"
function M.parse(url)
  local scheme, rest = url:match "^(https?)://([^%c ]+)$"
  if not scheme then
    return bad "the address is not one of https"
  end
  local authority, target = rest:match "^([^/?#@]+)([^#]*)"
  local host, port = (authority or ""):match "^(%[[%x:.]+%]):?(%d*)$"
  if not host then
    host, port = (authority or ""):match "^([%w._-]+):?(%d*)$"
  end
  port = host and port_of(port, scheme)
  if not port or target:find("@", 1, true) and target:sub(1, 1) == "@" then
    return bad "the address is not understood"
  elseif scheme == "http" and not loopback[host] then
    return bad "http goes to this machine only"
  end
  return {
    scheme = scheme,
    authority = authority,
    host = (host:gsub("^%[(.*)%]$", "%1")),
    port = port,
    target = target:sub(1, 1) == "/" and target or "/" .. target,
    is_loopback = loopback[host] == true,
  }
end

-- What libcurl takes as a proxy.
local proxy_schemes =
  { http = true, https = true, socks4 = true, socks4a = true, socks5 = true, socks5h = true }

-- Scheme, name with password, the rest. A password that was not encoded may hold any of "@/?#:", so
-- only what follows the last "@" is the host.
local function split_proxy(text)
  local scheme, rest = text:match "^(%w+)://(.*)$"
  rest = rest or text
  local user, host = rest:match "^(.*)@(.-)$"
  return scheme, user, host or rest
end

--- What is wrong with the address of a proxy. The answer shows no part of it.
---@param text string
---@return string|nil problem nil when it is good
function M.proxy_problem(text)
  local scheme, user, host = split_proxy(text)
  if user and user:find "[@/?#%s%c]" then
    return "has a character before its last @ that must be percent-encoded there: "
      .. "%40 for @, %23 for #, %2F for /, %3F for ?, %20 for a blank"
  elseif user and user:find "%%" and user:gsub("%%%x%x", ""):find("%", 1, true) then
    return "has a % before its @ that begins no code: write %25 for it"
  elseif
    scheme and not proxy_schemes[scheme:lower()]
    or not (host:match "^[%w._-]+:?%d*/?$" or host:match "^%[[%x:.]+%]:?%d*/?$")
  then
    return "must be as http://host:port or http://user:password@host:port"
  end
  return nil
end

--- Why what goes to an address may not go through a proxy: who has the proxy reads all of it.
---@param url string
---@param verify? boolean whether certificates are verified; default true
---@return string|nil reason nil when it may
function M.proxy_refusal(url, verify)
  if url:lower():find "^http:" then
    return "cannot be used with http: only what goes to this machine is not encrypted, and a proxy "
      .. "would read it"
  elseif verify == false then
    return "cannot be used without verification (verify = false): a proxy could read all of it"
  end
  return nil
end

--- Why a client's option `proxy` cannot be used.
---@param options table proxy, url, verify
---@return string|nil reason nil when it can, or there is none
function M.proxy_fault(options)
  local proxy = options.proxy
  if not proxy or proxy == "" then
    return nil
  end
  return M.proxy_problem(proxy) or M.proxy_refusal(options.url, options.verify)
end

--- An address as it may be shown: a password in it as three stars.
---@param text string
---@return string
function M.without_password(text)
  local head, rest = text:match "^(%w[%w+.-]*://)(.*)$"
  local user, host = (rest or text):match "^(.*)(@.-)$"
  if not user or not user:find(":", 1, true) then
    return text
  end
  return (head or "") .. user:match "^[^:]*" .. ":***" .. host
end

return M

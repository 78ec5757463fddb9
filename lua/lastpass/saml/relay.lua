--- Where a browser may go after a sign-on. Whoever made the link or the form chose the address, so it is a path of this
-- site or an address that is listed, spelled so that no browser can read it in another way (saml §5).
-- @module lastpass.saml.relay
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

--- The longest address, in bytes.
M.MAX_BYTES = 2048

--- Rules of a service provider, checked.
---@class lastpass.saml.RelayRules
---@field default string    where to go when nothing was asked for
---@field paths? string[]   beginnings; nil: any path of this site
---@field hosts table<string, true> "https://app.acme.example", as they are listed

-- RFC 3986: what an address consists of. Browsers drop tabs and line breaks, read "\" as "/", and guess at the rest.
local NO_URI = "[^%w%-._~:/?#%[%]@!$&'()*+,;=%%]"

local function refuse(target, why)
  return checks.fail("relay_refused", { detail = ("'%s': %s"):format(target:sub(1, 200), why) })
end

-- Percent-encoded slashes, backslashes and dots: servers and proxies that decode them see another path.
local function has_hidden(text)
  local lower = text:lower()
  return lower:find("%2f", 1, true) or lower:find("%5c", 1, true)
end

-- Some servers take what follows a semicolon for a parameter, and ".." before it for what it is alone.
local function has_dot_segment(path)
  local lower = path:lower():gsub("%%2e", "."):gsub("%%3b", ";")
  return (lower .. "/"):find("/%.%.?[/;]") ~= nil
end

-- Why a path must not be used; nil when it may.
local function problem_of_path(target)
  local path = target:match "^[^?#]*"
  local second = path:sub(2, 2)
  if path:sub(1, 1) ~= "/" then
    return "a path begins with a slash"
  elseif second == "/" or has_hidden(path:sub(2, 4)) then
    return "what follows the first slash would be read as a host"
  elseif path:find("//", 1, true) or has_dot_segment(path) or has_hidden(path) then
    return "its path can be read in more than one way"
  end
  return nil
end

local function begins_with_one_of(path, list)
  for _, beginning in ipairs(list) do
    local rest = path:sub(#beginning + 1)
    local ends_segment = beginning:sub(-1) == "/" or rest == "" or rest:find "^[/?#]"
    if path:sub(1, #beginning) == beginning and ends_segment then
      return true
    end
  end
  return false
end

-- Scheme and host in lower case, and what follows them; nil when it is not an address of that form.
local function split(target)
  local scheme, authority, rest = target:match "^(%a[%w+.-]*)://([^/?#]*)(.*)$"
  if not scheme or authority == "" then
    return nil
  end
  return (scheme .. "://" .. authority):lower(), authority, rest
end

--- Checks an address to go on to.
---@param target string
---@param rules lastpass.saml.RelayRules of `rules`
---@return string|nil target as it is
---@return string? message
---@return lastpass.Error? err code "relay_refused", "relay_too_long"
function M.check(target, rules)
  if #target > M.MAX_BYTES then
    local detail = ("%d bytes, %d are allowed"):format(#target, M.MAX_BYTES)
    return checks.fail("relay_too_long", { detail = detail, hint = "shorten the address" })
  elseif target:find(NO_URI) or target:gsub("%%%x%x", ""):find("%", 1, true) then
    return refuse(target, "it has a byte that no address has")
  end
  if target:sub(1, 1) == "/" then
    local problem = problem_of_path(target)
    if problem then
      return refuse(target, problem)
    elseif rules.paths and not begins_with_one_of(target, rules.paths) then
      return refuse(target, "the path is not among those of the option relay")
    end
    return target
  end
  local host, authority, rest = split(target)
  if not host then
    return refuse(target, "it is neither a path of this site nor a whole address")
  elseif authority:find("@", 1, true) then
    return refuse(target, "it has a user's name before the host")
  elseif not rules.hosts[host] then
    return refuse(target, "the host is not among those of the option relay")
  end
  local problem = rest:sub(1, 1) == "/" and problem_of_path(rest)
  if problem then
    return refuse(target, problem)
  end
  return target
end

local LOOPBACK = { ["localhost"] = true, ["127.0.0.1"] = true, ["[::1]"] = true }

local function check_host(where, host)
  local known, authority, rest = split(host)
  local name = known and (authority:match "^%[[%x:.]+%]" or authority:match "^[%w.-]+")
  local port = name and authority:sub(#name + 1)
  if not name or rest ~= "" or not (port == "" or port:find "^:%d+$") then
    errors.raise(3, "%s: relay.hosts: '%s' is not of the form https://host", where, host)
  elseif not known:find "^https://" and not (known:find "^http://" and LOOPBACK[name:lower()]) then
    errors.raise(3, "%s: relay.hosts: '%s' must be https", where, host)
  end
  return known
end

local known_rules = { paths = "table", hosts = "table", default = "string" }

--- Makes rules of what a program says: mistakes raise.
---@param where string the function that is given them, for messages
---@param given? table `paths` (beginnings; default any path of this site), `hosts` ("https://app.acme.example"),
-- `default` ("/")
---@return lastpass.saml.RelayRules
function M.rules(where, given)
  given = errors.check_options(where .. ": relay", given, known_rules, 3)
  local rules = { paths = given.paths, hosts = {}, default = given.default or "/" }
  for _, host in ipairs(given.hosts or {}) do
    rules.hosts[check_host(where, host)] = true
  end
  for _, path in ipairs(given.paths or {}) do
    if problem_of_path(path) or path:find(NO_URI) then
      errors.raise(2, "%s: relay.paths: '%s' is not a path", where, path)
    end
  end
  local ok, message = M.check(rules.default, { hosts = rules.hosts })
  if not ok then
    errors.raise(2, "%s: relay.default: %s", where, message)
  end
  return rules
end

signature.declare("saml.relay.", M, {
  check = "target: string, rules: table",
  rules = "where: string, given?: table",
})

return M

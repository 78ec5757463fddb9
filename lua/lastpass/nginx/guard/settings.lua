--- Kinds of settings that guards have in common, and what browsers call their server.
-- @module lastpass.nginx.guard.settings
local errors = require "lastpass.error"

local M = {}

--- A number of seconds, for `errors.check_options`.
---@param lowest number
---@param highest number
function M.seconds(lowest, highest)
  return function(value)
    return type(value) == "number" and value >= lowest and value <= highest,
      ("seconds from %g to %g"):format(lowest, highest)
  end
end

--- A number of bytes.
---@param lowest integer
---@param highest integer
function M.bytes(lowest, highest)
  return function(value)
    return type(value) == "number" and value % 1 == 0 and value >= lowest and value <= highest,
      ("a number of bytes from %d to %d"):format(lowest, highest)
  end
end

--- The path of a location of ours.
function M.path(value)
  return type(value) == "string" and value:find "^/[%w._~-][%w._~/-]*$" ~= nil and not value:find(
    "//",
    1,
    true
  ) and not value:find "/$" and not (value .. "/"):find("/../", 1, true),
    "a path such as /saml, without a slash at its end"
end

--- An address.
function M.url(value)
  return type(value) == "string" and value:find "^https?://[^%s]+$" ~= nil, "an address"
end

--- A path of this server with whatever follows it.
function M.target(value)
  return type(value) == "string"
    and value:find "^/" ~= nil
    and not value:find "^//"
    and not value:find "[\\%c%s]",
    "a path"
end

local is_loopback = { localhost = true, ["127.0.0.1"] = true, ["[::1]"] = true }

--- Scheme, host with port, and the rest of an address.
---@param address string
function M.split(address)
  return address:match "^(https?)://([^/?#]+)(.*)$"
end

local function host_of(authority)
  return authority:match "^(%[.-%])" or authority:match "^[^:]+"
end

--- Checks what browsers call this server; errors raise.
---@param guard string
---@param settings table url; gets scheme, authority, host
---@param level integer
function M.check_url(guard, settings, level)
  local scheme, authority, rest = M.split(settings.url)
  if not authority or rest ~= "" or authority:find("@", 1, true) then
    errors.raise(
      level + 1,
      guard .. ": 'url' must be scheme and host alone, such as https://app.acme.example"
    )
  elseif scheme == "http" and not is_loopback[host_of(authority)] then
    errors.raise(
      level + 1,
      guard .. ": 'url' is http: browsers would not send cookies that are Secure to %s; use https",
      authority
    )
  end
  settings.scheme, settings.authority, settings.host = scheme, authority, host_of(authority)
end

return M

--- The parts of an address that requests go to: https, or http to this machine.
-- @module lastpass.transport.address
local errors = require "lastpass.error"

local M = {}

-- Names that stand for this machine, as the C core has them.
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

return M

--- What the commands about RADIUS share: which servers, and their secret.
-- @module lastpass.cli.mfa_radius
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

--- Which servers.
---@type lastpass.cli.Option[]
M.options = {
  {
    "--server",
    "address of the RADIUS server, with :port when it is not 1812; repeat it for further ones",
    value = "HOST",
    many = true,
  },
  { "--secret-file", "file with the shared secret, mode 600", value = "FILE" },
  { "--secret-fd", "open descriptor that it is read from", value = "NUMBER", number = "whole" },
}

--- The shared secret that the command line means; what is wrong is raised.
---@param options table
---@return userdata secret
function M.secret(options)
  local secret = require "lastpass.secret"
  if (options.secret_file == nil) == (options.secret_fd == nil) then
    must(values.usage "one of --secret-file and --secret-fd is needed: the shared secret")
  end
  return options.secret_file and must(secret.file(options.secret_file))
    or must(secret.descriptor(options.secret_fd))
end

-- "host", "host:1812", "[::1]:1812".
local function address_of(text)
  local host, port = text:match "^%[([%x:.]+)%]:?(%d*)$"
  if not host then
    host, port = text:match "^([^:]+):?(%d*)$"
  end
  local number = tonumber(port ~= "" and port or nil)
  if not host or port ~= "" and not (number and number >= 1 and number <= 65535) then
    must(values.usage(("--server %s: write HOST or HOST:PORT"):format(text)))
  end
  return { host = host, port = number }
end

--- The servers that the command line means.
---@param options table
---@return table[] servers of `mfa.radius.new`
function M.servers(options)
  local given = values.list(options.server)
  if not given then
    must(values.usage "--server is needed")
  end
  local secret, servers = M.secret(options), {}
  for position, text in ipairs(given) do
    servers[position] = address_of(text)
    servers[position].secret = secret
  end
  return servers
end

--- The shared secret as Lua.
---@param options table
---@return table
function M.secret_lua(options)
  if options.secret_fd then
    return lua_text.raw(
      ('assert(require("lastpass").secret.descriptor(%d))'):format(options.secret_fd)
    )
  end
  local form = 'assert(require("lastpass").secret.file(%s))'
  return lua_text.raw(form:format(lua_text.value(options.secret_file or "radius.secret")))
end

--- The servers as Lua.
---@param options table
---@return table[]
function M.servers_lua(options)
  local servers = {}
  for position, text in ipairs(options.server) do
    servers[position] = address_of(text)
    servers[position].secret = M.secret_lua(options)
  end
  return servers
end

return M

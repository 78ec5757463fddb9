--- The SCIM endpoint of a company, which the option `scim` of its client names (scim §1): `client:scim()`; and
-- `client:mfa()`, of `second_factor`.
-- @module lastpass.directory.endpoint
local errors = require "lastpass.error"
local scim = require "lastpass.scim"
local scim_options = require "lastpass.scim.options"
local second_factor = require "lastpass.directory.second_factor"
local secret = require "lastpass.secret"
local signature = require "lastpass.signature"
local transport_address = require "lastpass.transport.address"

local M = {}

-- The methods of the model, also for programs that never ask for `lastpass.scim` itself.
for name in pairs(require "lastpass.directory.scim") do
  scim.extensions[name] = "lastpass.directory.scim"
end

-- By the option's table: the client that speaks to the endpoint. A client made by `with` shares it.
local clients = setmetatable({}, { __mode = "k" })

-- How this machine reaches other ones is the same for both interfaces.
local INHERITED = { "ca_file", "proxy", "connect_timeout" }

local WHERE = "lastpass.new: option 'scim'"

-- A token of one company must not go to another one's endpoint, nor to LastPass's when the company is a sandbox.
local function check_company(options, level)
  local given, cid = options.scim, ("%.0f"):format(tonumber(options.cid))
  local in_url = given.url and given.url:match "/scimapi/(%d+)"
  local other = given.cid and ("%.0f"):format(tonumber(given.cid) or 0) or in_url
  if other and other ~= cid then
    local text = "%s is that of the account %s, and 'cid' is %s"
    errors.raise(level + 1, text, WHERE, other, cid)
  elseif not given.url then
    local host = (transport_address.parse(options.url) or {}).host
    if host ~= "lastpass.com" then
      errors.raise(level + 1, "%s needs a 'url': 'url' is not that of lastpass.com", WHERE)
    end
  end
end

-- What the option `scim` says.
local function check_scim(options, level)
  local given = options.scim
  for name in pairs(given) do
    scim_options.check_name(WHERE, name, level + 1)
  end
  if not secret.is_known(given.token) then
    local text = "%s: 'token' must be made by lastpass.secret, or be {file = …}, {env = …} or "
      .. "{command = …}; a string would stay in memory"
    errors.raise(level + 1, text, WHERE)
  end
  check_company(options, level + 1)
end

--- Checks the options about services beside the Enterprise API: `scim`, `mfa`, `approval`; raises at the caller's line.
---@param options table of `lastpass.new`, complete
---@param level integer 1 is the caller of `check`
function M.check(options, level)
  if options.scim then
    check_scim(options, level + 1)
  end
  if options.mfa or options.approval then
    second_factor.check(options, level + 1)
  end
end

M.mfa = second_factor.mfa

local NO_SCIM = "this client has no SCIM endpoint"
local NO_SCIM_HINT = "give it the option scim = { token = … }, or write into the profile "
  .. '"scim_token": {"file": PATH}'

-- What only shows when the token was read is no mistake of the line that asks.
local function open_client(client, given)
  local token, message, err = secret.open(given.token)
  if not token then
    return nil, message, err
  end
  local options = {}
  for _, name in ipairs(INHERITED) do
    options[name] = client:option(name)
  end
  local transport = client:option "transport"
  options.transport = type(transport) == "string" and transport or nil
  for name, value in pairs(given) do
    options[name] = value
  end
  options.token = token
  if not options.url and not options.cid then
    options.cid = client:option "cid"
  end
  local ok, made = pcall(scim.new, options)
  if ok then
    return made
  end
  local text = tostring(made):gsub("^[^:]*:%d+: ", ""):gsub("^lastpass%.scim%.new: ", "")
  return errors.fail("argument", "bad_option", "option 'scim': " .. text)
end

--- The client of the company's SCIM endpoint, made on first use from the option `scim`.
---@return lastpass.scim.Client|nil
---@return string? message
---@return lastpass.Error? err code "no_scim" without that option; those of reading its token
function M.scim(client)
  local given = client:option "scim"
  if not given then
    return errors.fail("argument", "no_scim", NO_SCIM, { hint = NO_SCIM_HINT })
  end
  if not clients[given] then
    local made, message, err = open_client(client, given)
    if not made then
      return nil, message, err
    end
    clients[given] = made
  end
  return clients[given]
end

signature.declare("client:", M, { scim = "", mfa = "" })

return M

--- The interfaces of a company beside the Enterprise API, which the options of its client name: the SCIM endpoint (scim §1),
-- `client:scim()`; the REST API (business §1), `client:rest()`; and `client:mfa()`, of `second_factor`.
-- @module lastpass.directory.endpoint
local business_options = require "lastpass.business.options"
local errors = require "lastpass.error"
local scheduler = require "lastpass.transport.scheduler"
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

-- By the option's table: the client that speaks to the interface. A client made by `with` shares it.
local clients = setmetatable({}, { __mode = "k" })

-- How this machine reaches other ones is the same for all interfaces.
local INHERITED = { "ca_file", "proxy", "connect_timeout" }

local WHERE = "lastpass.new: option 'scim'"
local WHERE_REST = "lastpass.new: option 'rest'"

-- A secret must not go to LastPass's own address when the company is a sandbox.
local function check_url(where, options, given, level)
  local host = not given.url and (transport_address.parse(options.url) or {}).host
  if host and host ~= "lastpass.com" then
    errors.raise(level + 1, "%s needs a 'url': 'url' is not that of lastpass.com", where)
  end
end

-- A token of one company must not go to another one's endpoint.
local function check_company(options, level)
  local given, cid = options.scim, ("%.0f"):format(tonumber(options.cid))
  local in_url = given.url and given.url:match "/scimapi/(%d+)"
  local other = given.cid and ("%.0f"):format(tonumber(given.cid) or 0) or in_url
  if other and other ~= cid then
    local text = "%s is that of the account %s, and 'cid' is %s"
    errors.raise(level + 1, text, WHERE, other, cid)
  end
  check_url(WHERE, options, given, level + 1)
end

local function check_secret(where, given, name, level)
  if not secret.is_known(given[name]) then
    local text = "%s: '%s' must be made by lastpass.secret, or be {file = …}, {env = …} or "
      .. "{command = …}; a string would stay in memory"
    errors.raise(level + 1, text, where, name)
  end
end

-- What the option `scim` says.
local function check_scim(options, level)
  local given = options.scim
  for name in pairs(given) do
    scim_options.check_name(WHERE, name, level + 1)
  end
  check_secret(WHERE, given, "token", level + 1)
  check_company(options, level + 1)
end

-- What the option `rest` says.
local function check_rest(options, level)
  local given = options.rest
  for name in pairs(given) do
    if name ~= "parent_key" then
      business_options.check_name(WHERE_REST, name, level + 1)
    end
  end
  if given.key ~= nil or given.parent_key == nil then
    check_secret(WHERE_REST, given, "key", level + 1)
  end
  if given.parent_key ~= nil then
    check_secret(WHERE_REST, given, "parent_key", level + 1)
  end
  check_url(WHERE_REST, options, given, level + 1)
end

--- Checks the options about services beside the Enterprise API: `scim`, `rest`, `mfa`, `approval`; raises at the caller's
-- line.
---@param options table of `lastpass.new`, complete
---@param level integer 1 is the caller of `check`
function M.check(options, level)
  if options.scim then
    check_scim(options, level + 1)
  end
  if options.rest then
    check_rest(options, level + 1)
  end
  if options.mfa or options.approval then
    second_factor.check(options, level + 1)
  end
end

M.mfa = second_factor.mfa

-- What only shows when the secret was read is no mistake of the line that asks.
local function open_client(client, name, given, secret_name, make)
  local opened, message, err = secret.open(given[secret_name])
  if not opened then
    return nil, message, err
  end
  local options = {}
  for _, inherited in ipairs(INHERITED) do
    options[inherited] = client:option(inherited)
  end
  local transport = client:option "transport"
  options.transport = type(transport) == "string" and transport or nil
  for key, value in pairs(given) do
    options[key] = value
  end
  options[secret_name] = opened
  if name == "scim" and not options.url and not options.cid then
    options.cid = client:option "cid"
  end
  local ok, made = pcall(make, options)
  if ok then
    return made
  end
  local text = tostring(made):gsub("^[^:]*:%d+: ", ""):gsub("^lastpass%.%a+%.new: ", "")
  return errors.fail("argument", "bad_option", ("option '%s': %s"):format(name, text))
end

local function client_of(client, name, secret_name, make, given)
  given = given or client:option(name)
  if not clients[given] then
    local made, message, err = open_client(client, name, given, secret_name, make)
    if not made then
      return nil, message, err
    end
    clients[given] = made
  end
  return clients[given]
end

local NO_SCIM = "this client has no SCIM endpoint"
local NO_SCIM_HINT = "give it the option scim = { token = … }, or write into the profile "
  .. '"scim_token": {"file": PATH}'

--- The client of the company's SCIM endpoint, made on first use from the option `scim`.
---@return lastpass.scim.Client|nil
---@return string? message
---@return lastpass.Error? err code "no_scim" without that option; those of reading its token
function M.scim(client)
  if not client:option "scim" then
    return errors.fail("argument", "no_scim", NO_SCIM, { hint = NO_SCIM_HINT })
  end
  return client_of(client, "scim", "token", scim.new)
end

-- By the option's table: what the clients of the company and of its parent are made from.
local own_settings = setmetatable({}, { __mode = "k" })
local parent_settings = setmetatable({}, { __mode = "k" })

local function copied(cache, given, key)
  if not cache[given] then
    local settings = {}
    for name, value in pairs(given) do
      settings[name] = value
    end
    settings.key, settings.parent_key = key, nil
    cache[given] = settings
  end
  return cache[given]
end

local function without_parent(given)
  return copied(own_settings, given, given.key)
end

local function of_parent(given)
  return copied(parent_settings, given, given.parent_key)
end

local NO_REST = "this client has no key of the REST API"
local NO_REST_HINT = "give it the option rest = { key = … }, or write into the profile "
  .. '"rest_key": {"file": PATH}'

--- The client of the company's REST API, made on first use from the option `rest`.
---@return lastpass.business.Client|nil
---@return string? message
---@return lastpass.Error? err code "no_rest" without that option; those of reading its key
function M.rest(client)
  local given = client:option "rest"
  if not (given and given.key) then
    return errors.fail("argument", "no_rest", NO_REST, { hint = NO_REST_HINT })
  end
  return client_of(client, "rest", "key", require("lastpass.business").new, without_parent(given))
end

--- The client of the REST API of the company that manages this one, made on first use from the option `rest.parent_key`.
---@param client lastpass.Client
---@return lastpass.business.Client|false|nil false without that option
---@return string? message
---@return lastpass.Error? err those of reading its key
function M.parent(client)
  local given = client:option "rest"
  if not (given and given.parent_key) then
    return false
  end
  return client_of(client, "rest", "key", require("lastpass.business").new, of_parent(given))
end

local function find_listed(parent, cid)
  for company in parent:managed_companies() do
    if company.id == cid then
      return company
    end
  end
  return false
end

--- The company of a client as the one that manages it lists it (business §2.4).
---@param client lastpass.Client
---@param parent lastpass.business.Client of `endpoint.parent`
---@return table|false|nil company false when it is not listed
---@return string? message
---@return lastpass.Error? err
function M.listed(client, parent)
  return scheduler.caught(find_listed, parent, ("%.0f"):format(tonumber(client:option "cid")))
end

signature.declare("client:", M, { scim = "", rest = "", mfa = "" })
signature.declare("directory.endpoint.", M, {
  parent = "client: table",
  listed = "client: table, parent: table",
})

return M

--- The options of a client: what they default to, and what is refused. `lastpass.enterprise.option_list` describes
-- them.
-- @module lastpass.enterprise.options
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

--- The documented address; no other is known to serve this API (enterprise-api §1.3).
M.DEFAULT_URL = "https://lastpass.com/enterpriseapi.php"

local function positive(value)
  return type(value) == "number" and value > 0, "a number above 0"
end

local function whole(lowest, highest)
  local expected = ("an integer from %d to %d"):format(lowest, highest)
  return function(value)
    return type(value) == "number"
      and value == math.floor(value)
      and value >= lowest
      and value <= highest,
      expected
  end
end

local known = {
  cid = { "number", "string" },
  provhash = "userdata",
  url = "string",
  apiuser = "string",
  timezone = "string",
  timeout = positive,
  lease = whole(1, 86400),
  connect_timeout = positive,
  retries = whole(0, 20),
  rate = positive,
  max_bytes = whole(1024, 2 ^ 40),
  page_size = whole(1, 2000),
  chunk = whole(1, 100000),
  in_flight = whole(1, 64),
  ca_file = "string",
  proxy = "string",
  verify = "boolean",
  http_version = function(value)
    return value == "1.1" or value == "2", '"1.1" or "2"'
  end,
  transport = { "string", "table" },
  journal = function(value)
    return type(value) == "string" and value ~= "", "a path or postgresql://user@host/database"
  end,
  protect = "table",
  mfa = "table",
  rest = "table",
  approval = "table",
  scim = function(value)
    return type(value) == "table" and value.token ~= nil, "a table with a 'token'"
  end,
  limiter = function(value)
    return type(value) == "table" and value.acquire and value.back_off and true,
      "an object with acquire and back_off"
  end,
}
for _, name in ipairs { "now", "on_request", "on_wait", "on_retry", "on_reply" } do
  known[name] = "function"
end

local defaults = {
  url = M.DEFAULT_URL,
  timezone = "America/New_York",
  timeout = 120,
  connect_timeout = 10,
  retries = 3,
  max_bytes = 256 * 1024 * 1024,
  page_size = 2000,
  chunk = 100,
  in_flight = 4,
}

local function check_account_number(cid, level)
  local text = type(cid) == "number" and ("%.0f"):format(cid) or cid
  if
    not text:match "^%d+$"
    or #text > 15
    or tonumber(text) ~= tonumber(cid)
    or tonumber(cid) == 0
  then
    errors.raise(
      level + 1,
      "lastpass.new: option 'cid' must be the account number, a positive integer"
    )
  end
end

local function check_secret(provhash, level)
  local problem
  if not core.secret.is(provhash) then
    problem = "must be made by lastpass.secret"
  elseif provhash:number() == 0 then
    problem = "is a secret that was closed"
  elseif not provhash:is_plain() then
    problem = "has a character that no hash has (blank, quote, backslash or beyond ASCII); is it "
      .. "the right file?"
  elseif provhash:starts_with "lpkey_" then
    -- enterprise-api §1.2: the newer REST interface's keys do not work here
    problem = "holds a key of the LastPass REST API (lpkey_…), which the option 'rest' takes; "
      .. "the Enterprise API needs the provisioning hash (Admin Console, Advanced)"
  end
  if problem then
    errors.raise(level + 1, "lastpass.new: option 'provhash' " .. problem)
  end
end

local function check_protected(list, level)
  local entry, reason = require("lastpass.email").list_problem(list or {})
  if entry then
    local text = "lastpass.new: option 'protect' must be a list of e-mail addresses; '%s': %s"
    errors.raise(level + 1, text, entry, reason)
  end
end

-- Between "//" and the path, in lower case. "https://localhost:1@evil.example/" is not localhost.
local function authority_of(url)
  return (url:match "^%a+://([^/?#\\]*)" or ""):lower()
end

local function is_this_machine(url)
  local host = authority_of(url):gsub(":%d*$", "")
  return host == "localhost" or host == "[::1]" or host:match "^127%.%d+%.%d+%.%d+$" ~= nil
end

local function check_address(url, level)
  local scheme = (url:match "^(%a+)://[^/]" or ""):lower()
  if scheme ~= "https" and scheme ~= "http" then
    errors.raise(level + 1, "lastpass.new: option 'url' must begin with https://")
  end
  if authority_of(url):find("@", 1, true) then
    errors.raise(level + 1, "lastpass.new: option 'url' must not hold a user name (there is an @)")
  end
  if scheme == "http" and not is_this_machine(url) then
    errors.raise(
      level + 1,
      "lastpass.new: option 'url' must be https: over http the hash would be readable on the way"
    )
  end
end

--- Raises when no option has that name, naming the nearest.
---@param where string who asks, for the message
---@param name string
---@param level integer 1 is the caller of `check_name`
function M.check_name(where, name, level)
  if not known[name] then
    local nearest = errors.did_you_mean(name, errors.names_of(known))
    errors.raise(level + 1, "%s: there is no option '%s'%s", where, tostring(name), nearest)
  end
end

--- Checks and completes the options of `lastpass.new`; raises at the caller's line.
---@param given table
---@param level integer 1 is the caller of `complete`
---@return table options a copy, with the defaults
function M.complete(given, level)
  level = level + 1
  if type(given) ~= "table" then
    errors.raise(level, "lastpass.new: needs a table of options")
  end
  errors.check_options("lastpass.new", given, known, level)
  for _, name in ipairs { "cid", "provhash" } do
    if given[name] == nil then
      errors.raise(level, "lastpass.new: option '%s' is missing", name)
    end
  end
  local options = {}
  for name, value in pairs(defaults) do
    options[name] = value
  end
  for name, value in pairs(given) do
    options[name] = value
  end
  check_account_number(options.cid, level)
  check_secret(options.provhash, level)
  check_address(options.url, level)
  check_protected(options.protect, level)
  if given.timezone then -- the default is known to be good
    local zone, message = require("lastpass.time").zone(given.timezone)
    if not zone then
      errors.raise(level, "lastpass.new: option 'timezone': %s", message)
    end
  end
  if options.verify == false and not is_this_machine(options.url) then
    errors.raise(level, "lastpass.new: option 'verify' can be false for this machine only")
  end
  if options.proxy then
    local problem = require("lastpass.transport.address").proxy_fault(options)
    if problem then
      errors.raise(level, "lastpass.new: option 'proxy' %s", problem)
    end
  end
  return options
end

return M

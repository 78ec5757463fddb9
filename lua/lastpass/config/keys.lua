--- The keys of a profile: which there are, what they must be, and paths made absolute.
-- @module lastpass.config.keys
local transport_address = require "lastpass.transport.address"
local email = require "lastpass.email"

local M = {}

local function text(value)
  if type(value) == "string" and value ~= "" then
    return value
  end
  return nil, "must be a text"
end

-- Environment variables and flags bring numbers as text; files must not.
local function as_number(value, origin)
  if origin.numbers_as_text and type(value) == "string" then
    return value:find "^%d+%.?%d*$" and tonumber(value) or nil
  end
  return type(value) == "number" and value or nil
end

local function whole_from(low)
  return function(value, origin)
    local number = as_number(value, origin)
    if number and number >= low and number < 2 ^ 53 and number == math.floor(number) then
      -- 1000.0 becomes the integer where Lua has integers.
      return math.floor(number)
    end
    return nil, ("must be a whole number, %d or more"):format(low)
  end
end

local function above_zero(unit)
  return function(value, origin)
    local number = as_number(value, origin)
    if number and number > 0 and number < math.huge then
      return number
    end
    return nil, ("must be a number of %s above 0"):format(unit)
  end
end

-- "~" is the home folder; what is relative in a file is relative to that file, so that a cron job
-- finds it from any folder.
local function resolve(path, origin)
  if path == "~" or path:sub(1, 2) == "~/" then
    if not origin.home then
      return nil, 'cannot be found: "~" needs the environment variable HOME'
    end
    return origin.home .. path:sub(2)
  elseif path:sub(1, 1) == "/" or not origin.directory then
    return path
  end
  return origin.directory .. "/" .. path
end

local function path(value, origin)
  local given, expected = text(value)
  if not given then
    return nil, expected
  end
  return resolve(given, origin)
end

local function journal(value, origin)
  if type(value) == "string" and value:match "^postgres" then
    return value
  end
  return path(value, origin)
end

local function address(value)
  local found = type(value) == "string" and email.check(value)
  if not found then
    return nil, "must be an e-mail address"
  end
  return found
end

-- Accounts that nothing is taken from, by address.
local function addresses(value)
  local expected = "must be a list of e-mail addresses"
  if type(value) ~= "table" then
    return nil, expected
  end
  local list, count = {}, 0
  for _ in pairs(value) do
    count = count + 1
  end
  for index, one in ipairs(value) do
    list[index] = address(one)
    if not list[index] then
      return nil, ("%s; entry %d is not one"):format(expected, index)
    end
  end
  if count ~= #list then
    return nil, expected
  end
  return list
end

-- The paths of an interface by name; whoever uses them knows which there are.
local function paths(value)
  local expected = "must be an object of paths by name"
  if type(value) ~= "table" or #value > 0 then
    return nil, expected
  end
  for name, one in pairs(value) do
    if type(name) ~= "string" or type(one) ~= "string" or one:sub(1, 1) ~= "/" then
      return nil, expected .. '; each begins with "/"'
    end
  end
  return value
end

local function one_of(...)
  local names = { ... }
  return function(value)
    for _, name in ipairs(names) do
      if value == name then
        return value
      end
    end
    return nil, ('must be "%s"'):format(table.concat(names, '" or "'))
  end
end

local IN_PLAIN_TEXT = "must not be written here in plain text, where backups and other programs "
  .. "read it: put the %s alone into a file that only you can read, and write "
  .. '"%s": {"file": "~/.config/lastpass/acme.%s"}'

local SECRET_KINDS = { "file", "env", "command" }

-- Account hashes are 64 hexadecimal digits (enterprise-api §1.2); no path or name looks so.
local function looks_like_hash(value)
  return #value >= 32 and value:find "^%x+$" ~= nil
end

-- Where a secret is. Nothing that was found here may appear in a message: it may be the secret.
local function read_secret(value, origin, in_plain_text)
  if type(value) == "string" then
    return nil, in_plain_text
  elseif type(value) ~= "table" then
    return nil, 'must be {"file": …}, {"env": …} or {"command": …}'
  elseif value.value ~= nil then
    return nil, in_plain_text
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  local kind
  for _, name in ipairs(SECRET_KINDS) do
    kind = value[name] ~= nil and name or kind
  end
  if count ~= 1 or not kind then
    return nil, 'must have exactly one of the keys "file", "env" and "command"'
  end
  local given = text(value[kind])
  if not given then
    return nil, ('must have a text as its "%s"'):format(kind)
  elseif looks_like_hash(given) then
    return nil, in_plain_text
  elseif kind == "file" then
    local expanded, reason = resolve(given, origin)
    return expanded and { kind = kind, value = expanded }, reason
  end
  return { kind = kind, value = given }
end

local function secret_of(key, word)
  local in_plain_text = IN_PLAIN_TEXT:format(word, key, word)
  return function(value, origin)
    return read_secret(value, origin, in_plain_text)
  end
end

-- Names of groups of companies.
local function names(value)
  local expected = "must be a list of names"
  if type(value) ~= "table" then
    return nil, expected
  end
  local count = 0
  for _, one in pairs(value) do
    count = count + 1
    if type(one) ~= "string" or one == "" or one:find '["%c]' then
      return nil, expected .. " without quotes and control characters"
    end
  end
  return count == #value and value or nil, expected
end

-- Where the hash of each managed company is: {"provhash": {"file": "~/hashes/{cid}.hash"}}.
local function managed(value, origin)
  local form = 'must be {"provhash": {"file": …}} with {cid} in the path'
  if type(value) ~= "table" or type(value.provhash) ~= "table" or next(value, next(value)) then
    return nil, form
  end
  local in_plain_text = IN_PLAIN_TEXT:format("hash", "provhash", "hash")
  local provhash, reason = read_secret(value.provhash, origin, in_plain_text)
  if not provhash then
    return nil, 'has a "provhash" that ' .. reason
  elseif not provhash.value:find("{cid}", 1, true) then
    return nil, form
  end
  return { provhash = provhash }
end

local function proxy(value)
  local given, expected = text(value)
  if not given then
    return nil, expected
  end
  local problem = transport_address.proxy_problem(given)
  return not problem and given or nil, problem
end

local CHECKS = {
  cid = whole_from(1),
  provhash = secret_of("provhash", "hash"),
  url = text,
  apiuser = text,
  timezone = text,
  timeout = above_zero "seconds",
  connect_timeout = above_zero "seconds",
  retries = whole_from(0),
  rate = above_zero "calls per second",
  max_bytes = whole_from(1),
  ca_file = path,
  journal = journal,
  protect = addresses,
  proxy = proxy,
  scim_url = text,
  scim_token = secret_of("scim_token", "token"),
  scim_dialect = text,
  rest_url = text,
  rest_key = secret_of("rest_key", "rest-key"),
  rest_parent_key = secret_of("rest_parent_key", "rest-key"),
  mfa_url = text,
  mfa_mode = one_of("plain", "secured"),
  mfa_key = secret_of("mfa_key", "mfa-key"),
  mfa_private_key = secret_of("mfa_private_key", "pem"),
  mfa_app = text,
  mfa_ip = text,
  mfa_endpoints = paths,
  operator = address,
  approvers = addresses,
  approve_from = whole_from(1),
  transport = text,
  groups = names,
  managed = managed,
}

--- The keys that say where a secret is.
M.secrets =
  { "provhash", "scim_token", "rest_key", "rest_parent_key", "mfa_key", "mfa_private_key" }

--- The keys' names, sorted.
M.names = {}
for name in pairs(CHECKS) do
  M.names[#M.names + 1] = name
end
table.sort(M.names)

--- Whether there is such a key.
---@param name any
---@return boolean
function M.is_known(name)
  return CHECKS[name] ~= nil
end

--- Checks one value and brings it into the form that `lastpass.new` takes.
---@param name string
---@param value any
---@param origin table where it was read: directory and home for paths, numbers_as_text
---@return any value nil when it is wrong
---@return string? reason "must be …", without the value
function M.check(name, value, origin)
  return CHECKS[name](value, origin)
end

return M

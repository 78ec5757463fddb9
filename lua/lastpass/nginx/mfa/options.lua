--- The settings of a second-factor guard. Errors raise, so that `nginx -t` finds them.
-- @module lastpass.nginx.mfa.options
local errors = require "lastpass.error"
local guard_keys = require "lastpass.nginx.guard.keys"
local guard_paths = require "lastpass.nginx.guard.paths"
local guard_settings = require "lastpass.nginx.guard.settings"
local people = require "lastpass.nginx.mfa.person"

local M = {}

local seconds = guard_settings.seconds

--- What somebody can show: an answer of their phone, a code of an app, one of the codes for when both are lost.
M.factors = { push = true, code = true, recovery = true }

local function one_of(...)
  local allowed = errors.set_of { ... }
  local text = table.concat({ ... }, " or ")
  return function(value)
    return allowed[value] == true, text
  end
end

local known = {
  -- what browsers call this server: "https://app.acme.example"
  url = guard_settings.url,
  -- a name, where one nginx has several guards
  name = "string",
  -- where the guard's own locations are
  prefix = guard_settings.path,
  -- where somebody arrives who did not come from a page of the application
  landing = guard_settings.target,
  cookie_keys = "table",
  -- who the person is: "saml" (the SAML guard has let them pass), a function, or { header = NAME, from = ADDRESSES }
  account = { "string", "function", "table" },
  -- requests to phones: options of `lastpass.mfa.new`, or a client
  push = "table",
  -- secrets of codes: "journal", or an object with list, add and remove
  factors = { "string", "table" },
  -- what seals them in the journal: { { id, secret }, … }
  factor_keys = "table",
  -- the name that apps show beside a code
  issuer = "string",
  -- which factors count at all; default those that are set up
  by = "table",
  -- seconds for which a proof is remembered
  lifetime = seconds(60, 30 * 86400),
  -- with what it ends: the session of whoever has signed the person in, or only with the device
  remember = one_of("session", "device"),
  -- of all locations, and of some: { { path = "/admin", max_age = 300, by = { "push" } }, … }
  max_age = seconds(1, 30 * 86400),
  paths = "table",
  -- how old the proof may be that adds or removes a factor
  change_age = seconds(10, 300),
  -- who has no factor yet: "refuse", or "fresh_sign_on" (signed in less than `change_age` ago)
  first_factor = one_of("refuse", "fresh_sign_on"),
  post_max = guard_settings.bytes(0, 1024 * 1024),
  -- limits and used codes: "dict" (of this machine) or "journal" (of all machines)
  state = one_of("dict", "journal"),
  -- of codes, see `lastpass.mfa.lockout`
  limits = "table",
  -- lets people in while LastPass cannot be reached: { minutes, people }, see `lastpass.mfa.fail_open`
  fail_open = "table",
  -- requests to LastPass for the state of phones, by each worker in a second
  polls_per_second = function(value)
    return type(value) == "number" and value >= 1 and value <= 10000, "a number from 1 to 10000"
  end,
  -- the same: how many may be under way at once, on this machine
  polls_at_once = function(value)
    return type(value) == "number" and value >= 1 and value <= 1000 and value % 1 == 0,
      "a whole number from 1 to 1000"
  end,
  -- TLS ends at a proxy before this nginx: addresses count only where nginx was told to believe it (set_real_ip_from)
  behind_proxy = "boolean",
  journal = "string",
  tenant = "string",
  stale_after = seconds(5, 86400),
  journal_every = seconds(0.05, 60),
  events_every = function(value)
    return value == false or seconds(1, 3600)(value), "seconds from 1 to 3600, or false"
  end,
  thread_pool = "string",
}

M.defaults = {
  name = "default",
  prefix = "/mfa",
  landing = "/",
  account = "saml",
  lifetime = 8 * 3600,
  remember = "session",
  change_age = 300,
  first_factor = "refuse",
  post_max = 64 * 1024,
  state = "dict",
  polls_per_second = 200,
  polls_at_once = 32,
  stale_after = 60,
  journal_every = 0.5,
  events_every = 15,
  thread_pool = "lastpass",
}

local of_location = {
  path = function(value)
    return type(value) == "string" and value:find "^/" ~= nil, "a path"
  end,
  max_age = seconds(1, 30 * 86400),
  by = "table",
  methods = "table",
  name = "string",
}

-- Words of a list as a set; what is not allowed raises.
local function set_of(where, name, list, allowed, level)
  local set = {}
  for _, word in ipairs(list) do
    if type(word) ~= "string" or allowed and not allowed[word] then
      local hint = allowed and errors.did_you_mean(word, errors.names_of(allowed)) or ""
      errors.raise(level + 1, "mfa: %s: %s: there is no '%s'%s", where, name, tostring(word), hint)
    end
    set[word] = true
  end
  if next(set) == nil then
    errors.raise(level + 1, "mfa: %s: '%s' is empty: nobody could pass", where, name)
  end
  return set
end

local function methods_of(where, list, level)
  local set = set_of(where, "methods", list, nil, level + 1)
  for word in pairs(set) do
    if not word:find "^%a+$" or #word > 32 then
      errors.raise(level + 1, "mfa: %s: methods: '%s' is not a word", where, word)
    end
  end
  return set
end

--- Checks what a path, or a location, asks for.
---@param where string
---@param given table max_age (seconds since the proof), by (list: "push", "code", "recovery"), methods (list: what the phone
-- is to be asked for, such as "fingerprint")
---@param level integer
---@return table requirement path, max_age, by (set), methods (set)
function M.requirement(where, given, level)
  errors.check_options("mfa: " .. where, given, of_location, level + 1)
  return {
    path = given.path,
    max_age = given.max_age,
    by = given.by and set_of(where, "by", given.by, M.factors, level + 1),
    methods = given.methods and methods_of(where, given.methods, level + 1),
    method_list = given.methods,
  }
end

-- What a path takes has to be set up, or nobody could pass.
local function check_available(settings, where, requirement, level)
  for name in pairs(requirement.methods and { push = true } or requirement.by or {}) do
    if not settings.by[name] then
      local text = "mfa: %s: '%s' is not among the factors that count ('by' of setup)"
      errors.raise(level + 1, text, where, name)
    end
  end
end

local function check_paths(settings, level)
  local list = {}
  for position, entry in ipairs(settings.paths or {}) do
    local where = ("paths[%d]"):format(position)
    list[position] = M.requirement(where, entry, level + 1)
    if not list[position].path then
      errors.raise(level + 1, "mfa: %s: 'path' is missing", where)
    end
    check_available(settings, where, list[position], level + 1)
  end
  settings.paths = guard_paths.sort(list)
end

--- The guard's own locations, below its prefix.
M.routes = {
  "ask",
  "push",
  "wait",
  "poll",
  "code",
  "factors",
  "add",
  "confirm",
  "remove",
  "recovery",
  "forget",
}

local function set_routes(settings)
  settings.routes, settings.by_path = {}, {}
  for _, name in ipairs(M.routes) do
    local path = settings.prefix .. "/" .. name
    settings.routes[name], settings.by_path[path] = path, name
  end
end

-- What is wrong with the options of a client is said here, and not by the first request.
local function check_push(settings, level)
  local push = settings.push
  if not push or push.challenge then
    return
  end
  local options = { state = require("lastpass.state").memory() }
  for name, value in pairs(push) do
    options[name] = value
  end
  local client, message = require("lastpass.mfa.client").new(options, level + 1)
  if not client then
    errors.raise(level + 1, "mfa: push: %s", message)
  end
end

local function check_factors(settings, level)
  local factors = settings.factors
  if factors ~= nil and factors ~= "journal" and type(factors) ~= "table" then
    errors.raise(level + 1, "mfa: 'factors' must be \"journal\", or an object with list")
  elseif type(factors) == "table" and type(factors.list) ~= "function" then
    errors.raise(level + 1, "mfa: 'factors' has no method 'list'")
  elseif (factors == "journal") ~= (settings.factor_keys ~= nil) then
    errors.raise(
      level + 1,
      "mfa: factors = \"journal\" and 'factor_keys' belong together: these keys seal the secrets"
    )
  elseif not factors and not settings.push then
    errors.raise(level + 1, "mfa: needs 'push', 'factors', or both: there is nothing to show")
  end
  local available = {
    push = settings.push and true,
    code = factors and true,
    recovery = factors and true,
  }
  settings.by = settings.by and set_of("setup", "by", settings.by, M.factors, level + 1)
    or available
  for name in pairs(settings.by) do
    if not available[name] then
      local needed = name == "push" and "push" or "factors"
      errors.raise(level + 1, "mfa: by: '%s' needs the option '%s'", name, needed)
    end
  end
end

--- Reads the settings; errors raise.
---@param given table
---@param level integer whose line an error names
---@return table settings
function M.read(given, level)
  errors.check_options("mfa", given, known, level + 1)
  for _, name in ipairs { "url", "cookie_keys" } do
    if given[name] == nil then
      errors.raise(level + 1, "mfa: option '%s' is missing", name)
    end
  end
  local settings = {}
  for name, value in pairs(M.defaults) do
    settings[name] = value
  end
  for name, value in pairs(given) do
    settings[name] = value
  end
  guard_settings.check_url("mfa", settings, level + 1)
  set_routes(settings)
  check_factors(settings, level + 1)
  check_paths(settings, level + 1)
  check_push(settings, level + 1)
  settings.issuer = settings.issuer or settings.host
  settings.person = people.read(settings.account, level + 1)
  settings.keys = guard_keys.read(given.cookie_keys, "mfa", "cookie_keys", level + 1)
  if given.factor_keys then
    settings.factor_keys =
      guard_keys.read(given.factor_keys, "mfa factors", "factor_keys", level + 1)
  end
  return settings
end

return M

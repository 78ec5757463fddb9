--- The settings of a guard. Errors raise, so that `nginx -t` finds them: addresses come from here and nowhere else, and
-- what contradicts itself is refused before anybody has relied on one half of it.
-- @module lastpass.nginx.saml.options
local errors = require "lastpass.error"
local saml_headers = require "lastpass.nginx.saml.headers"
local guard_keys = require "lastpass.nginx.guard.keys"
local guard_paths = require "lastpass.nginx.guard.paths"
local guard_settings = require "lastpass.nginx.guard.settings"
local option_kinds = require "lastpass.option_kinds"
local sessions = require "lastpass.nginx.saml.session"

local M = {}

local function raise(level, text, ...)
  errors.raise(level + 1, "saml: " .. text, ...)
end

local seconds, bytes = guard_settings.seconds, guard_settings.bytes
local path, url, target = guard_settings.path, guard_settings.url, guard_settings.target

local any_idp = { "string", "table", "function" }

-- Those that the service provider is given as they are.
local of_provider = {
  key = { "userdata", "table" },
  cert = "string",
  previous_keys = "table",
  want = "string",
  want_encrypted = "boolean",
  skew = "number",
  allow_unsolicited = "boolean",
  allow_sha1 = "boolean",
  allow_cbc = "boolean",
  allow_advice = "boolean",
  min_rsa_bits = "number",
  check_certificate_dates = "boolean",
  name_id_format = "string",
  name_id_attribute = "string",
  unique_attributes = "boolean",
  relay = "table",
  slo = "string",
  logout_url = "string",
  sign_requests = "boolean",
}

local known = {
  -- what browsers call this server: "https://app.acme.example"; all addresses below begin with it
  url = url,
  -- a name, where one nginx has several guards
  name = "string",
  -- where the guard's own locations are
  prefix = path,
  entity_id = "string",
  acs_url = url,
  slo_url = url,
  -- where somebody arrives who did not come from a page of the application
  landing = target,
  -- where logging out leads to; default the page that says so
  after_logout = target,
  -- metadata: a path, what `saml.metadata.read` gives, options of `saml.metadata.source`, or a list of these
  idp = any_idp,
  cookie_keys = "table",
  -- which address names the account in LastPass: "name_id", or "attribute:NAME"
  account = "string",
  headers = "table",
  -- attributes that the session keeps beside those of `headers`
  attributes = "table",
  lifetime = seconds(60, 30 * 86400),
  idle = seconds(60, 30 * 86400),
  -- { { path = "/admin", authn_context = "…" or list, max_age = 300, idp = "…" }, … }
  paths = "table",
  -- tokens of the gateway pass: true (all that may read), or a list of their names
  tokens = { "boolean", "table" },
  post_max = bytes(0, 1024 * 1024),
  -- journal of the program and other machines: path or DSN; default that of `tenant`
  journal = "string",
  -- the company whose leavers lose their sessions
  tenant = "string",
  -- what may pass since the journal was last read: afterwards nobody knows whether a session still counts
  stale_after = seconds(5, 86400),
  -- between readings of the journal, and of LastPass's events (false: not)
  journal_every = seconds(0.05, 60),
  events_every = function(value)
    return value == false or seconds(1, 3600)(value), "seconds from 1 to 3600, or false"
  end,
  thread_pool = "string",
  -- what was answered and used, each good once: "dict" (on this machine) or "journal" (on all machines)
  state = option_kinds.one_of { "dict", "journal" },
  -- the server block in nginx.conf that is compared with `url`; false: not
  check_server = "boolean",
  -- TLS ends at a proxy before this nginx, which listens for plain HTTP, or on another port
  behind_proxy = "boolean",
  warn_days = seconds(0, 365),
}
for name, expected in pairs(of_provider) do
  known[name] = expected
end

M.defaults = {
  name = "default",
  prefix = "/saml",
  landing = "/",
  account = "name_id",
  lifetime = 8 * 3600,
  idle = 3600,
  post_max = 64 * 1024,
  stale_after = 60,
  journal_every = 0.5,
  events_every = 15,
  thread_pool = "lastpass",
  state = "dict",
  check_server = true,
  warn_days = 30,
}

-- An address of ours that was given must be one of this server.
local function check_own(settings, name, default, level)
  local given = settings[name] or settings.url .. default
  local scheme, authority, rest = guard_settings.split(given)
  if scheme ~= settings.scheme or authority ~= settings.authority then
    raise(level + 1, "'%s' (%s) is not of 'url' (%s)", name, given, settings.url)
  elseif rest:find "[?#]" or not path(rest) then
    raise(level + 1, "'%s' must have a path, and no query: %s", name, given)
  elseif rest:sub(1, #settings.prefix + 1) ~= settings.prefix .. "/" then
    raise(
      level + 1,
      "'%s' (%s) is not below 'prefix' (%s): no location of this server takes it",
      name,
      given,
      settings.prefix
    )
  end
  settings[name] = given
  return rest
end

local function check_addresses(settings, level)
  guard_settings.check_url("saml", settings, level + 1)
  local prefix = settings.prefix
  local routes = {
    acs = check_own(settings, "acs_url", prefix .. "/acs", level + 1),
    slo = check_own(settings, "slo_url", prefix .. "/slo", level + 1),
    login = prefix .. "/login",
    logout = prefix .. "/logout",
    metadata = prefix .. "/metadata",
    signed_out = prefix .. "/signed-out",
  }
  settings.entity_id = settings.entity_id or settings.url .. routes.metadata
  settings.routes, settings.by_path = routes, {}
  for name, route in pairs(routes) do
    if settings.by_path[route] then
      raise(level + 1, "%s and %s have one address: %s", settings.by_path[route], name, route)
    end
    settings.by_path[route] = name
  end
end

local of_path = {
  path = function(value)
    return type(value) == "string" and value:find "^/" ~= nil, "a path"
  end,
  authn_context = { "string", "table" },
  max_age = seconds(1, 30 * 86400),
  idp = "string",
}

--- Checks what a path, or a location, asks for beside a session.
---@param where string
---@param given table authn_context (one, or a list of which one is enough), max_age (seconds since the authentication), idp
---@param level integer
---@return table
function M.requirement(where, given, level)
  local contexts = given.authn_context
  if type(contexts) == "string" then
    contexts = { contexts }
  end
  for _, context in ipairs(contexts or {}) do
    if type(context) ~= "string" or context == "" then
      raise(level + 1, "%s: 'authn_context' must be a class, or a list of classes", where)
    end
  end
  if contexts and #contexts == 0 then
    raise(level + 1, "%s: 'authn_context' names no class", where)
  end
  return {
    path = given.path,
    contexts = contexts,
    max_age = given.max_age,
    idp = given.idp,
  }
end

local function check_paths(settings, level)
  local list = {}
  for position, entry in ipairs(settings.paths or {}) do
    local where = ("paths[%d]"):format(position)
    errors.check_options("saml: " .. where, entry, of_path, level + 1)
    if not entry.path then
      raise(level + 1, "%s: 'path' is missing", where)
    end
    list[position] = M.requirement(where, entry, level + 1)
  end
  settings.paths = guard_paths.sort(list)
end

local function check_account(settings, level)
  local attribute = settings.account:match "^attribute:(.+)$"
  if not attribute and settings.account ~= "name_id" then
    raise(level + 1, "'account' must be name_id or attribute:NAME, not '%s'", settings.account)
  end
  settings.account_attribute = attribute
end

local function check_attributes(settings, level)
  local set = errors.set_of(settings.headers:attributes())
  for _, name in ipairs(settings.attributes or {}) do
    if type(name) ~= "string" then
      raise(level + 1, "'attributes' must be a list of names")
    end
    set[name] = true
  end
  settings.attributes = errors.names_of(set)
end

--- Reads the settings; errors raise.
---@param given table
---@param level integer whose line an error names
---@return table settings
function M.read(given, level)
  errors.check_options("saml", given, known, level + 1)
  for _, name in ipairs { "url", "idp", "cookie_keys" } do
    if given[name] == nil then
      raise(level + 1, "option '%s' is missing", name)
    end
  end
  local settings, provider = {}, {}
  for name, value in pairs(M.defaults) do
    settings[name] = value
  end
  for name, value in pairs(given) do
    (of_provider[name] and provider or settings)[name] = value
  end
  settings.provider = provider
  check_addresses(settings, level + 1)
  check_paths(settings, level + 1)
  check_account(settings, level + 1)
  settings.keys = guard_keys.read(given.cookie_keys, "saml", "cookie_keys", level + 1)
  settings.headers = saml_headers.read(
    given.headers or { ["X-Auth-Account"] = "account" },
    sessions.fields,
    level + 1
  )
  check_attributes(settings, level + 1)
  if settings.idle > settings.lifetime then
    settings.idle = settings.lifetime
  end
  if (provider.key == nil) ~= (provider.cert == nil) then
    raise(level + 1, "'key' and 'cert' belong together")
  end
  return settings
end

return M

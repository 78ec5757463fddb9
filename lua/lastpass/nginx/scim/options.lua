--- The option `scim` of `lastpass.nginx.setup`: connections of identity providers, and how they are served. Errors
-- raise, so that `nginx -t` finds them.
--
--     scim = {
--       connections = {
--         entra = { tenant = "acme", provider = "entra", protect = { "break-glass@acme.example" } },
--       },
--     }
-- @module lastpass.nginx.scim.options
local errors = require "lastpass.error"
local inbound_connection = require "lastpass.inbound.connection"

local M = {}

local function seconds(lowest, highest)
  return function(value)
    return type(value) == "number" and value >= lowest and value <= highest,
      ("seconds from %g to %g"):format(lowest, highest)
  end
end

local function whole(lowest, highest)
  return function(value)
    return type(value) == "number"
      and value == math.floor(value)
      and value >= lowest
      and value <= highest,
      ("a whole number from %d to %d"):format(lowest, highest)
  end
end

local function above_zero(value)
  return type(value) == "number" and value > 0 and value <= 1e6, "a number above 0"
end

-- Identity providers wait 60 seconds (scim §3); what has not come to its end until then is finished by the worker.
local known = {
  connections = "table",
  -- where the locations of resources begin, behind a proxy: "https://scim.acme.example/scim"
  url = function(value)
    return type(value) == "string" and value:find "^https?://[^%s?#]+$" ~= nil,
      "an address without a query"
  end,
  -- the path of the location in nginx.conf
  path = function(value)
    return type(value) == "string"
      and value:find "^/[%w._~/-]*$" ~= nil
      and not value:find "//"
      and not value:find "/$",
      "a path such as /scim, without a slash at its end"
  end,
  warn_days = whole(0, 365),
  in_flight = whole(1, 10000),
  answer_within = seconds(1, 55),
  margin = seconds(1, 600),
  max_body = whole(1024, 64 * 1024 * 1024),
  work_every = seconds(0.05, 3600),
  check_every = seconds(0.05, 50),
}

M.defaults = {
  path = "/scim",
  warn_days = 14,
  in_flight = 48,
  answer_within = 50,
  max_body = 1024 * 1024,
  work_every = 5,
  check_every = 15,
}

-- What a connection has beside what `lastpass.inbound` reads.
local of_connection = { tenant = "string", rate = above_zero }

M.DEFAULT_RATE = 50 -- requests per second of a connection, counted over ten seconds

local function tenant_of(name, given, tenants, level)
  local where = ("setup: scim: connection '%s'"):format(name)
  local only = next(tenants) ~= nil and next(tenants, next(tenants)) == nil and next(tenants) or nil
  local tenant_name = given.tenant or only
  if not tenant_name then
    errors.raise(level + 1, "%s: option 'tenant' is missing", where)
  end
  local tenant = tenants[tenant_name]
  if not tenant then
    local hint = errors.did_you_mean(tenant_name, errors.names_of(tenants))
    errors.raise(level + 1, "%s: there is no tenant '%s'%s", where, tostring(tenant_name), hint)
  end
  if not tenant.journal or tenant.journal == ":memory:" then
    errors.raise(
      level + 1,
      "%s: tenant '%s' needs the option 'journal', which all workers and the program use",
      where,
      tenant_name
    )
  end
  return tenant
end

-- What says two things at once is refused, before somebody relies on one of them.
local function check_contradictions(where, given, tenant, level)
  if given.grace_days and given.delete ~= "delete" then
    errors.raise(level + 1, "%s: option 'grace_days' needs delete = \"delete\"", where)
  elseif given.upstream == "scim" and not tenant.has_scim then
    local text = "%s: upstream = \"scim\" needs the option 'scim' of tenant '%s'"
    errors.raise(level + 1, text, where, tenant.name)
  elseif given.held_retry and given.held_status ~= 429 and given.held_status ~= 503 then
    if given.held_status or given.provider ~= "okta" then
      local text = "%s: option 'held_retry' needs held_status = 429 or 503"
      errors.raise(level + 1, text, where)
    end
  end
end

local function read_connection(name, given, tenants, level)
  local where = ("setup: scim: connection '%s'"):format(tostring(name))
  if type(name) ~= "string" or not name:find "^[%w_-]+$" or #name > 64 then
    errors.raise(
      level + 1,
      "%s: its name must be at most 64 letters, digits, - and _: it is part of the address",
      where
    )
  elseif type(given) ~= "table" then
    errors.raise(level + 1, "%s must be a table of options", where)
  end
  local own, of_engine = {}, {}
  for key, value in pairs(given) do
    local target = of_connection[key] and own or of_engine
    target[key] = value
  end
  errors.check_options(where, own, of_connection, level + 1)
  local tenant = tenant_of(name, own, tenants, level + 1)
  of_engine.name, of_engine.tenant = name, tenant:in_journal()
  check_contradictions(where, of_engine, tenant, level + 1)
  return {
    name = name,
    tenant = tenant,
    rate = own.rate or M.DEFAULT_RATE,
    options = inbound_connection.check(where, of_engine, level + 1),
  }
end

--- Reads the option.
---@param given table|nil
---@param tenants table<string, lastpass.nginx.Tenant>
---@param level integer whose line an error names
---@return table settings with `connections`, a list sorted by name
function M.read(given, tenants, level)
  local is_given = given ~= nil
  given = errors.check_options("setup: scim", given, known, level + 1)
  local settings = {}
  for name, value in pairs(M.defaults) do
    settings[name] = value
  end
  for name, value in pairs(given) do
    settings[name] = value
  end
  settings.connections = {}
  if is_given and next(given.connections or {}) == nil then
    errors.raise(level + 1, "setup: scim: option 'connections' names no connection")
  end
  for name, options in pairs(given.connections or {}) do
    local list = settings.connections
    list[#list + 1] = read_connection(name, options, tenants, level + 1)
  end
  table.sort(settings.connections, function(a, b)
    return a.name < b.name
  end)
  return settings
end

return M

--- An identity provider at a company: its settings, checked and completed.
-- @module lastpass.inbound.connection
local errors = require "lastpass.error"
local single = require "lastpass.plan.guards.single"

local M = {}

---@class lastpass.inbound.Connection
---@field name string            the last part of its address
---@field tenant string          company, as `store.tenant` has it
---@field provider "entra"|"okta"|"onelogin"|"jumpcloud"|"other"
---@field mode "live"|"shadow"   shadow: answered as if done, written nowhere; `shadow_plan` has what it would be
---@field state "open"|"closed"  closed: nothing is taken any more
---@field protect string[]       addresses that lose nothing, beside those of the client's option `protect`
---@field limits table           as of playbooks: { disable = 40, per_day = { disable = 80 } }
---@field delete "disable"|"delete" what a DELETE is in the end; both disable at once, "delete" also deletes for good
-- after `grace_days`
---@field grace_days integer     default 30
---@field upstream "enterprise"|"scim" how LastPass is written to
---@field held_status integer    the answer to what waits for a decision; default by provider
---@field held_retry integer     seconds of Retry-After with status 429 or 503
---@field idle integer           seconds after the last write until plans may be applied again

-- Entra ID keeps a 409 with the one object and tries again; Okta shows it as an error for good, but comes back after a
-- 429, at most ten times (scim §3).
local providers = {
  entra = { held_status = 409 },
  okta = { held_status = 429 },
  onelogin = { held_status = 409 },
  jumpcloud = { held_status = 409 },
  other = { held_status = 409 },
}

local defaults = {
  mode = "live",
  state = "open",
  delete = "disable",
  grace_days = 30,
  upstream = "enterprise",
  held_retry = 1800,
  idle = 15,
}

local function one_of(...)
  local words = { ... }
  local known = errors.set_of(words)
  return function(value)
    return known[value] == true, '"' .. table.concat(words, '", "') .. '"'
  end
end

local function whole(least, most)
  return function(value)
    local ok = type(value) == "number" and value == math.floor(value)
    return ok and value >= least and value <= most,
      ("a whole number from %d to %d"):format(least, most)
  end
end

local function is_name(value)
  local ok = type(value) == "string" and #value <= 64 and value:find "^%w[%w._-]*$" ~= nil
  return ok, "a name of letters, digits, '-', '_' and '.'"
end

local function provider(value)
  return providers[value] ~= nil, '"' .. table.concat(errors.names_of(providers), '", "') .. '"'
end

local known = {
  name = is_name,
  tenant = "string",
  provider = provider,
  mode = one_of("live", "shadow"),
  state = one_of("open", "closed"),
  protect = "table",
  limits = "table",
  delete = one_of("disable", "delete"),
  grace_days = whole(1, 3650),
  upstream = one_of("enterprise", "scim"),
  held_status = function(value)
    return value == 409 or value == 423 or value == 429 or value == 503, "409, 423, 429 or 503"
  end,
  held_retry = whole(1, 86400),
  idle = whole(1, 3600),
}

--- Checks a connection and completes it; errors raise.
---@param where string how the caller is called
---@param given table name, tenant, provider and what else `lastpass.inbound.Connection` has
---@param level? integer whose line is blamed; default 2
---@return lastpass.inbound.Connection
function M.check(where, given, level)
  level = (level or 2) + 1
  errors.check_options(where, given, known, level)
  for _, name in ipairs { "name", "tenant" } do
    if not given[name] then
      errors.raise(level, "%s: '%s' is missing", where, name)
    end
  end
  single.check_settings({ protect = given.protect, limits = given.limits }, where, level)
  local connection = { provider = given.provider or "other", protect = {}, limits = {} }
  for name, value in pairs(defaults) do
    connection[name] = value
  end
  connection.held_status = providers[connection.provider].held_status
  for name, value in pairs(given) do
    connection[name] = value
  end
  return connection
end

--- Under which name the journal has the objects of a connection: what is only answered as if done stays apart.
---@param connection lastpass.inbound.Connection
---@return string
function M.store_name(connection)
  return connection.mode == "shadow" and connection.name .. "/shadow" or connection.name
end

local columns = { name = true, tenant = true, provider = true, mode = true, state = true }

--- What the journal stores of it.
---@param connection lastpass.inbound.Connection
---@return table row for `journal:save_scim_connection`
function M.row(connection)
  local row = { settings = {} }
  for name, value in pairs(connection) do
    local into = columns[name] and row or row.settings
    into[name] = value
  end
  return row
end

--- A connection as the journal has it.
---@param row lastpass.store.ScimConnection
---@return lastpass.inbound.Connection
function M.of_row(row)
  local given = {}
  for name, value in pairs(row.settings) do
    given[name] = value
  end
  for name in pairs(columns) do
    given[name] = row[name]
  end
  return M.check("connection " .. row.name, given)
end

return M

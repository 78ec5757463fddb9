--- The options of `lastpass.nginx.setup`.
-- @module lastpass.nginx.setup_options
local errors = require "lastpass.error"
local playbooks_room = require "lastpass.nginx.playbooks"
local tenant_room = require "lastpass.nginx.tenant"
local worker_thread = require "lastpass.transport.worker_thread"

local M = {}

--- The one list of options.
M.list = {
  {
    "tenants",
    "table",
    "required",
    "companies by name: options of `lastpass.new`, and how their directory is kept",
  },
  { "tokens", "list", "none", "who may use the gateway: `lastpass.nginx.gateway.tokens`" },
  { "gateway", "table", "none", "settings of the gateway" },
  { "dashboard", "table", "none", "settings of the dashboard" },
  {
    "playbooks",
    "table",
    "none",
    "{ directory, tenant, apply = false, time_limit = 120 }, or a list of such",
  },
  { "thread_pool", "name", "lastpass", "nginx's thread_pool" },
  { "look_every", "seconds", "2", "how often folders of playbooks are looked at" },
}

local known = {
  tenants = "table",
  tokens = "table",
  gateway = "table",
  dashboard = "table",
  playbooks = "table",
  thread_pool = "string",
  look_every = function(value)
    return type(value) == "number" and value >= 0.01 and value <= 3600, "seconds from 0.01 to 3600"
  end,
}

local known_of_playbooks = {
  directory = "string",
  tenant = "string",
  apply = "boolean",
  time_limit = function(value)
    return type(value) == "number" and value > 0, "seconds above 0"
  end,
}

local function read_tenants(given, pool, level)
  local tenants, names = {}, {}
  for name, options in pairs(given) do
    if type(name) ~= "string" or not name:match "^[%w_-]+$" then
      errors.raise(
        level + 1,
        "setup: the name of a tenant must be of letters, digits, - and _, not '%s'",
        tostring(name)
      )
    end
    names[#names + 1] = name
    tenants[name] = tenant_room.new(name, options, pool, level + 1)
  end
  if #names == 0 then
    errors.raise(level + 1, "setup: option 'tenants' names no company")
  end
  table.sort(names)
  return tenants, names
end

-- With one company there is no need to name it.
local function tenant_of(entry, tenants, names, level)
  local name = entry.tenant or #names == 1 and names[1]
  if not name then
    errors.raise(level + 1, "setup: playbooks: option 'tenant' is missing")
  end
  if not tenants[name] then
    errors.raise(
      level + 1,
      "setup: playbooks: there is no tenant '%s'%s",
      name,
      errors.did_you_mean(name, names)
    )
  end
  return tenants[name]
end

local function read_playbooks(given, site, pool, level)
  local list = {}
  if given and given.directory then
    given = { given }
  end
  for place, entry in ipairs(given or {}) do
    errors.check_options("setup: playbooks", entry, known_of_playbooks, level + 1)
    if not entry.directory then
      errors.raise(level + 1, "setup: playbooks: option 'directory' is missing")
    end
    list[place] = playbooks_room.new {
      directory = entry.directory,
      apply = entry.apply,
      time_limit = entry.time_limit,
      look_every = site.look_every,
      tenant = tenant_of(entry, site.tenants, site.tenant_names, level + 1),
      pool = pool,
    }
  end
  if given and #list == 0 then
    errors.raise(level + 1, "setup: playbooks: option 'directory' is missing")
  end
  return list
end

--- Checks the options and makes what they say.
---@param given table
---@param level integer whose line is blamed
---@return table site tenants, tenant_names, playbooks, thread_pool, look_every, options
function M.read(given, level)
  if type(given) ~= "table" then
    errors.raise(level + 1, "setup: needs a table of options")
  end
  errors.check_options("setup", given, known, level + 1)
  if not given.tenants then
    errors.raise(level + 1, "setup: option 'tenants' is missing")
  end
  local site = {
    options = given,
    thread_pool = given.thread_pool or worker_thread.POOL,
    look_every = given.look_every or 2,
  }
  site.tenants, site.tenant_names = read_tenants(given.tenants, site.thread_pool, level + 1)
  site.playbooks = read_playbooks(given.playbooks, site, site.thread_pool, level + 1)
  return site
end

return M

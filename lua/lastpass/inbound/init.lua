--- The SCIM endpoint without its HTTP: identity providers push users and groups, and what they ask for goes through the
-- guards of plans, into the journal, to LastPass, and is read back before it is answered.
--
--     local endpoint = inbound.new { connection = connection, tenant = tenant, client = client, journal = journal,
--       carrier = carrier.of_enterprise(client), directory = function() return view end }
--     local server = scim_server.new(endpoint:backend { token = "entra-2026" })
--     local response, info = server:handle(request)
-- @module lastpass.inbound
local connections = require "lastpass.inbound.connection"
local errors = require "lastpass.error"
local groups = require "lastpass.inbound.groups"
local queries = require "lastpass.inbound.queries"
local signature = require "lastpass.signature"
local time = require "lastpass.time"
local user_creation = require "lastpass.inbound.user_creation"
local users = require "lastpass.inbound.users"
local waiting = require "lastpass.transport.scheduler"

local M = {}

--- An endpoint for one connection.
---@class lastpass.inbound.Endpoint
---@field connection lastpass.inbound.Connection
---@field tenant string           company, as `store.tenant` has it
---@field carrier lastpass.directory.Carrier
---@field client lastpass.Client  of the Enterprise API: asks who is an admin
---@field journal lastpass.store.Journal or what has its methods
---@field directory fun(): table|nil view of the directory: snapshot, read_at (epoch seconds)
---@field now fun(): number       epoch seconds
---@field has_own_clock boolean   `now` was given: jobs are due by it, else by the database's clock
---@field sleep fun(seconds: number)
---@field clock fun(): number     seconds that only grow
---@field pause fun()             lets others run, where a process serves many
---@field is_shadow boolean
---@field store_name string       of its objects in the journal; shadow mode has its own
---@field call_timeout number     seconds of one call
---@field margin number           seconds beyond that in which LastPass may still act on a call
---@field deadline number         seconds within which a request is answered
---@field worker string
local methods = {}
local endpoint_mt = { __name = "lastpass.inbound.Endpoint", __index = methods }

--- What is known of one request.
---@class lastpass.inbound.Context
---@field token? string   label of the token
---@field request? string
---@field run? integer    of the journal, for the log
---@field step? integer
---@field job? integer
---@field ends number     moment of `endpoint.clock` at which it has to be answered
---@field middle number   moment after which nothing long is begun
---@field wants? fun(name: string): boolean

-- An identity provider waits for 60 seconds (scim §3).
local DEADLINE = 45

local MARGIN = 60

-- Seconds from the beginning of a write until its first call: many at once wait for the journal, and for the disk.
local WAIT_TO_SEND = 10

local function is_seconds(value)
  return type(value) == "number" and value > 0 and value < 3600, "a number of seconds above 0"
end

local known = {
  connection = "table",
  tenant = "string",
  carrier = "table",
  client = "table",
  journal = { "table", "userdata" },
  directory = "function",
  now = "function",
  sleep = "function",
  clock = "function",
  pause = "function",
  call_timeout = is_seconds,
  margin = is_seconds,
  deadline = is_seconds,
  worker = "string",
}

--- Makes an endpoint.
---@param options table connection (as of `connection`), tenant, carrier, client, journal, directory (function: the view of
-- the directory, or nil, message, err); now (a clock for jobs and dates; default the database's and the machine's), sleep,
-- clock, pause (called now and then in long work: lets others run), call_timeout (seconds; default the client's), margin
-- (60), deadline (45), worker (name of this process in jobs)
---@return lastpass.inbound.Endpoint
function M.new(options)
  errors.check_options("inbound.new", options, known)
  for _, name in ipairs { "connection", "carrier", "client", "journal", "directory" } do
    if options[name] == nil then
      errors.raise(2, "inbound.new: '%s' is missing", name)
    end
  end
  local connection = connections.check("inbound.new: connection", options.connection, 2)
  local endpoint = {
    connection = connection,
    tenant = options.tenant or connection.tenant,
    carrier = options.carrier,
    client = options.client,
    journal = options.journal,
    directory = options.directory,
    now = options.now or time.now,
    has_own_clock = options.now ~= nil,
    sleep = options.sleep or function(seconds)
      return waiting.sleep(seconds)
    end,
    clock = options.clock or function()
      return waiting.now()
    end,
    pause = options.pause or function() end,
    call_timeout = options.call_timeout or options.client:option "timeout",
    margin = options.margin or MARGIN,
    deadline = options.deadline or DEADLINE,
    worker = options.worker or "endpoint",
    is_shadow = connection.mode == "shadow",
  }
  endpoint.store_name = connections.store_name(connection)
  return setmetatable(endpoint, endpoint_mt)
end

--- What shadow mode answered as if done, as a plan with the guards of plans.
---@param endpoint lastpass.inbound.Endpoint of a connection in shadow mode
---@param options? table limit (beside the connection's), expires_in (seconds)
---@return lastpass.Plan|nil plan for `client:apply`
---@return string? message
---@return lastpass.Error? err code "not_shadow"
function M.shadow_plan(endpoint, options)
  return require("lastpass.inbound.shadow").plan(endpoint, options)
end

function endpoint_mt.__tostring(self)
  return ("lastpass.inbound.Endpoint (%s)"):format(self.connection.name)
end

-- What the journal answers that is no trouble of its own: with how soon the client may ask again.
local conflicts = {
  locked = { 10, "somebody else is working on this company" },
  claimed = { nil, "another change of the same user or group is under way" },
  changed = { nil, "another change of the same user has ended meanwhile" },
  claim_lost = { 30, "another process is finishing this change" },
  job_lost = { 30, "another process is finishing this change" },
}

local function journal_failure(message, err)
  local conflict = conflicts[err.code]
  if conflict then
    return errors.fail("conflict", err.code, conflict[2], {
      status = 503,
      retry_after = conflict[1] or err.retry_after,
    })
  elseif err.code == "object_exists" then
    return errors.fail("conflict", err.code, "another resource is about this account", {
      status = 409,
      scim_type = "uniqueness",
    })
  elseif err.code == "no_such_job" or err.code == "not_held" then
    return nil, message, err
  end
  return errors.fail("transport", err.code, "the journal cannot be used now", {
    status = 503,
    retry_after = 30,
    hint = message,
  })
end

--- Calls a method of the journal; its trouble is 503, never the client's fault.
---@param method string
---@return any
---@return string? message
---@return lastpass.Error? err
function methods:call_journal(method, ...)
  local value, message, err = self.journal[method](self.journal, ...)
  if value == nil and err then
    return journal_failure(message, err)
  end
  return value, message, err
end

--- Calls several methods of the journal at once.
---@param calls table[] as of `journal:batch`
---@return table[]|nil values one for each call; nil when one of them failed
---@return string? message
---@return lastpass.Error? err
function methods:call_journals(calls)
  local results, message, err = self:call_journal("batch", calls)
  if not results then
    return nil, message, err
  end
  local values = {}
  for index, result in ipairs(results) do
    if result.raised then
      error(result.raised, 0)
    elseif result[1] == nil then
      return journal_failure(result[2], result[3])
    end
    values[index] = result[1]
  end
  return values
end

--- Seconds in which LastPass may still be at work on calls that are sent now.
---@param calls integer one after the other
---@return integer
function methods:doubt(calls)
  return math.ceil(self.call_timeout * math.min(calls, 4) + self.margin) + WAIT_TO_SEND
end

--- When a job is due, as fields of one.
---@param seconds number from now
---@return integer|nil not_before
---@return integer|nil delay
function methods:due_in(seconds)
  seconds = math.ceil(seconds)
  if self.has_own_clock then
    return math.floor(self.now()) + seconds, nil
  end
  return nil, seconds
end

--- Does what was left for later and is due, see `lastpass.inbound.worker`.
---@param options? table limit
---@return table|nil summary
---@return string? message
---@return lastpass.Error? err
function methods:work(options)
  return require("lastpass.inbound.worker").step(self, options)
end

-- ---- the backend of a SCIM server ----

local FEATURES = {
  patch = true,
  filter = { max_results = 1000 },
  sort = true,
  etag = true,
  search = true,
  discovery = true,
  pagination = { default_page_size = 100, max_page_size = 1000 },
  max_body = 1024 * 1024,
  max_operations = 1000,
  bulk = false,
}

local backend = {}
local backend_mt = { __name = "lastpass.inbound.Backend", __index = backend }

local by_type = {
  User = {
    create = user_creation.create,
    replace = users.replace,
    patch = users.patch,
    remove = users.remove,
  },
  Group = groups,
}

--- A backend for lastpass.scim.server.
---@param context? table token (label), request: what the log says of the request; gets run, step, job
---@return table backend
function methods:backend(context)
  context = errors.check_options("endpoint:backend", context, {
    token = "string",
    request = "string",
  })
  local began = self.clock()
  context.ends = began + self.deadline
  context.middle = began + self.deadline / 2
  return setmetatable({ endpoint = self, context = context }, backend_mt)
end

--- What this endpoint can do, for discovery.
---@return lastpass.scim.Features
function backend.features()
  return FEATURES
end

local CLOSED = "this connection is closed: nothing is taken any more"

local function check_open(self)
  if self.endpoint.connection.state == "open" then
    return true
  end
  return errors.fail("refused", "closed", CLOSED, { status = 403 })
end

--- One resource, see lastpass.scim.server.
function backend:find(type, id, wants)
  return queries.find(self.endpoint, type.name, id, wants)
end

--- Called between the resources of a list, see lastpass.scim.server.
function backend:pause()
  self.endpoint.pause()
end

--- A list, see lastpass.scim.server.
function backend:query(type, query)
  return queries.query(self.endpoint, type.name, query)
end

local function call(self, name, type, given, ...)
  local ok, message, err = check_open(self)
  if not ok then
    return nil, message, err
  end
  self.context.wants = given and given.wants
  return by_type[type.name][name](self.endpoint, self.context, ...)
end

--- POST. Another process may have made the same one since it was looked for: the second look finds it.
function backend:create(type, resource, given)
  local made, message, err = call(self, "create", type, given, resource)
  if err and err.code == "object_exists" then
    return call(self, "create", type, given, resource)
  end
  return made, message, err
end

--- PUT.
function backend:replace(type, id, resource, given)
  return call(self, "replace", type, given, id, resource, given)
end

--- PATCH.
function backend:patch(type, id, operations, given)
  return call(self, "patch", type, given, id, operations, given)
end

--- DELETE.
function backend:remove(type, id, given)
  return call(self, "remove", type, given, id, given)
end

M.connection = connections

signature.declare("endpoint:", methods, {
  backend = "context?: table",
  call_journal = "method: string, ...: any",
  call_journals = "calls: table",
  doubt = "calls: number",
  due_in = "seconds: number",
  work = "options?: table",
})

return signature.declare("inbound.", M, {
  new = "options: table",
  shadow_plan = "endpoint: table, options?: table",
})

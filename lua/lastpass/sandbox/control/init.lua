--- The control API, /_sandbox/…, never part of LastPass: the state of a company, what people and admins do
-- outside of its APIs, the clock, faults and the journal of requests.
-- @module lastpass.sandbox.control
local assumptions = require "lastpass.sandbox.assumptions"
local clocks = require "lastpass.sandbox.clock"
local companies = require "lastpass.sandbox.company"
local json = require "lastpass.json"
local mfa = require "lastpass.sandbox.mfa"
local people = require "lastpass.sandbox.control.people"
local schema = require "lastpass.sandbox.schema"
local saml = require "lastpass.sandbox.saml"
local scim = require "lastpass.sandbox.scim"
local tenants = require "lastpass.sandbox.tenants.state"
local time = require "lastpass.time"

local M = {}

local function is_list(value)
  return schema.is_list(value), "a list"
end

local function is_count(value)
  return schema.is_whole(value) and value >= 0 and value <= 1000000, "a number from 0 to 1,000,000"
end

-- ---- events ----

local known_event = {
  time = "number",
  action = "string",
  data = "string",
  username = "string",
  address = "string",
}

local function read_event(given)
  local event, message = schema.options("event", given, known_event)
  if not event then
    return nil, message
  elseif not event.time or not time.parse(event.time) then
    return nil, "an event needs a time, in seconds"
  end
  return {
    time = math.floor(event.time * 1000000 + 0.5),
    label = event.action or "Log in",
    data = event.data or "",
    username = event.username or "",
    address = event.address or "",
  }
end

local function is_span(value)
  return type(value) == "number" and value >= 0 and value <= 1e9, "a number of seconds"
end

local known_burst = { from = "number", seconds = is_span, count = is_count, duplicates = is_count }

local function read_burst(company, given)
  local burst, message = schema.options("burst", given, known_burst)
  if not burst then
    return nil, message
  elseif not (burst.from and burst.seconds and burst.count) or not time.parse(burst.from) then
    return nil, "a burst needs from (a time in seconds), seconds and count"
  elseif company.seeded.users == 0 then
    return nil, "a burst needs a company with people"
  end
  return burst
end

local function add_events(company, given)
  local known = { events = is_list, burst = "table", cid = "number" }
  local data, message = schema.options("events", given, known)
  if not data then
    return nil, message
  end
  local list, burst = {}, nil
  for at, event in ipairs(data.events or {}) do
    list[at], message = read_event(event)
    if not list[at] then
      return nil, message
    end
  end
  if data.burst then
    burst, message = read_burst(company, data.burst)
    if not burst then
      return nil, message
    end
  end
  company.events:insert(list)
  if burst then
    local from, span = burst.from * 1000000, burst.seconds * 1000000
    company.events:burst(from, span, burst.count, burst.duplicates or 0)
  end
  return true
end

local function list_events(events)
  local list = json.list()
  events:walk({ to = math.huge }, function(event)
    list[#list + 1] = {
      microseconds = ("%.0f"):format(event.time),
      local_time = events:time_text(event.time),
      username = event.username,
      address = event.address,
      action = events:label(event),
      data = event.data,
    }
  end)
  return list
end

-- ---- the clock ----

local known_clock =
  { set = { "number", "string" }, advance = { "number", "string" }, freeze = "boolean" }

local function change_clock(clock, zone, given)
  local change, message = schema.options("clock", given, known_clock)
  if not change then
    return nil, message
  end
  local utc, seconds
  if change.set ~= nil then
    utc, message = time.parse(change.set, zone)
    if not utc then
      return nil, message
    end
  end
  if change.advance ~= nil then
    seconds, message = clocks.span(change.advance)
    -- a clock beyond the calendar would never come to the end of any time
    if not seconds or not time.parse((utc or clock:seconds()) + seconds, zone) then
      return nil, message or "the clock would leave the years 1 to 9999"
    end
  end
  if utc then
    clock:set(utc * 1000000)
  end
  if seconds then
    clock:advance(seconds)
  end
  if change.freeze ~= nil then
    clock:freeze(change.freeze)
  end
  return true
end

-- ---- endpoints: by name, then by method; a handler returns what is answered, or nil, message ----

local endpoints = { health = {}, clock = {}, faults = {}, journal = {}, assumptions = {} }
endpoints.companies, endpoints.reset = {}, {}
-- of one company, which `cid` of the query or the body names, else the first one
endpoints.state, endpoints.events = { of_company = true }, { of_company = true }
endpoints.load, endpoints.scim_token = { of_company = true }, { of_company = true }
endpoints.saml_apps, endpoints.saml_sp = { of_company = true }, { of_company = true }
for _, more in ipairs { mfa.endpoints, tenants.endpoints } do
  for name, endpoint in pairs(more) do
    endpoints[name] = endpoint
  end
end

endpoints.health.GET = function(server)
  return { ok = true, companies = #server.order, requests = server.request_count }
end

endpoints.reset.POST = function(server, _, data, company)
  local ok, message = schema.options("reset", data, { cid = "number" })
  if not ok then
    return nil, message
  elseif company then
    company:reset()
  else
    server:reset()
  end
  server:wake()
  return { ok = true }
end

endpoints.load.POST = function(_, _, data, company)
  return people.load(company, data)
end

-- Another token for SCIM: the old one stops working at once.
endpoints.scim_token.POST = function(_, _, data, company)
  local known = { token = companies.known_options.scim_token, cid = "number" }
  local change, message = schema.options("scim_token", data, known)
  if not change then
    return nil, message
  end
  return { token = scim.change_token(company, change.token) }
end

-- SSO apps of SAML: what an admin sets up for each.
endpoints.saml_apps.GET = function(server, _, _, company, request)
  return saml.list_apps(company, server:origin(request))
end

endpoints.saml_apps.POST = function(server, _, data, company, request)
  return saml.add_app(server, company, data, server:origin(request))
end

endpoints.saml_apps.DELETE = function(server, query, _, company, request)
  return saml.remove_app(company, query.app, server:origin(request))
end

-- The service provider of the sandbox: whose responses it reads.
endpoints.saml_sp.GET = function(server, _, _, _, request)
  return saml.set_sp(server, nil, server:origin(request))
end

endpoints.saml_sp.POST = function(server, _, data, _, request)
  return saml.set_sp(server, data, server:origin(request))
end

endpoints.state.GET = function(_, query, _, company)
  if query.email then
    return people.describe(company, query.email)
  end
  local state = company:describe()
  state.settings = company.settings
  state.mails = query.mails and company.mails or nil
  return state
end

endpoints.state.POST = function(server, query, data, company)
  local ok, message = people.act(company, data)
  if not ok then
    return nil, message
  end
  return endpoints.state.GET(server, query, data, company)
end

endpoints.events.GET = function(_, _, _, company)
  return { events = list_events(company.events) }
end

endpoints.events.POST = function(_, _, data, company)
  local ok, message = add_events(company, data)
  return ok and { ok = true }, message
end

endpoints.clock.GET = function(server)
  return server.clock:describe(server.first.zone)
end

endpoints.clock.POST = function(server, _, data)
  local ok, message = change_clock(server.clock, server.first.zone, data)
  server:wake()
  return ok and endpoints.clock.GET(server), message
end

endpoints.faults.GET = function(server)
  return { faults = server.faults:describe() }
end

endpoints.faults.POST = function(server, _, data)
  local ids = json.list()
  for at, rule in ipairs(#data > 0 and data or { data }) do
    local id, message = server.faults:add(rule)
    if not id then
      return nil, message
    end
    ids[at] = id
  end
  return { ids = ids }
end

endpoints.faults.DELETE = function(server, query)
  server.faults:remove(query.id)
  return endpoints.faults.GET(server)
end

endpoints.journal.GET = function(server, query)
  local entries = server:journal_entries(query.limit, query.command, query.cid)
  return { requests = server.request_count, entries = entries }
end

endpoints.journal.DELETE = function(server, query)
  server:clear_journal()
  return endpoints.journal.GET(server, query)
end

endpoints.assumptions.GET = function()
  return { assumptions = json.list(assumptions.list) }
end

-- Those that somebody has asked for.
endpoints.companies.GET = function(server)
  local list = json.list()
  for at, company in ipairs(server.made_list) do
    list[at] = company:describe()
  end
  return { companies = list }
end

endpoints.companies.POST = function(server, _, data)
  local company, message = server:add_company(data)
  return company and company:describe(), message
end

-- ---- requests ----

local function answer(value, status)
  return {
    status = status,
    headers = { ["Content-Type"] = "application/json", ["Cache-Control"] = "no-store" },
    body = json.encode(value) .. "\n",
  }
end

local function refuse(status, message)
  return answer({ error = message }, status)
end

-- A page in a browser can make it send requests to loopback under another name (DNS rebinding):
-- only loopback's own names are answered.
local function is_loopback_name(host)
  local name = (host or ""):lower():gsub(":%d+$", "")
  return name == "localhost" or name == "[::1]" or name:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

-- The query with its numbers as numbers.
local function read_query(request)
  local query = {}
  for name, value in pairs(request.query) do
    query[name] = value
  end
  for _, name in ipairs { "cid", "id", "limit" } do
    if query[name] ~= nil then
      query[name] = tonumber(query[name])
      if not query[name] then
        return nil, name .. " must be a number"
      end
    end
  end
  return query
end

local function read_body(request)
  if request.body == "" then
    return {}
  end
  local data, message = json.decode(request.body)
  if type(data) ~= "table" then
    return nil, message or "the body must be a JSON object"
  end
  return data
end

local function list_endpoints()
  local list = json.list()
  for name in pairs(endpoints) do
    list[#list + 1] = "/_sandbox/" .. name
  end
  table.sort(list)
  return list
end

local function handle(server, request)
  if not is_loopback_name(request.headers.host) then
    return refuse(403, "the control API answers to loopback names only")
  end
  local endpoint = endpoints[request.path:match "^/_sandbox/([%l_]+)$" or ""]
  if not endpoint then
    local status = request.path:find "^/_sandbox/?$" and 200 or 404
    return answer({ endpoints = list_endpoints() }, status)
  end
  local query, message = read_query(request)
  local data
  if query then
    data, message = read_body(request)
  end
  if not data then
    return refuse(400, message)
  end
  local cid = query.cid or tonumber(data.cid)
  local company = cid == nil and endpoint.of_company and server.first or server:company(cid or 0)
  if not company and (endpoint.of_company or cid and endpoint == endpoints.reset) then
    return refuse(404, "no company has that cid")
  end
  local run = endpoint[request.method] or endpoint.GET
  if not run then
    return refuse(405, "POST")
  end
  local value
  value, message = run(server, query, data, company, request)
  return value and answer(value) or refuse(400, message)
end

--- Adds the API's routes to a server.
---@param server table of lastpass.sandbox.server
function M.register(server)
  server:route("/_sandbox.*", handle)
end

return M

--- The control door, /_sandbox/…: for tests and people, never part of LastPass.
-- @module lastpass.sandbox.control
local assumptions = require "lastpass.sandbox.assumptions"
local clocks = require "lastpass.sandbox.clock"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local load = require "lastpass.sandbox.load"

local M = {}

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
-- the door opens for loopback's own names only.
local function is_loopback_name(host)
  local name = (host or ""):lower():gsub(":%d+$", "")
  return name == "localhost" or name == "[::1]" or name:find("^127%.%d+%.%d+%.%d+$") ~= nil
end

-- The company that a request is about: `cid` of the query or the body, else the first one.
local function tenant_of(server, request, data)
  local cid = tonumber(request.query.cid or data.cid)
  if cid == nil then
    return server.first
  end
  return server.tenants[cid]
end

local function context_of(server, request, data)
  local tenant = tenant_of(server, request, data)
  return tenant and tenant:context(request.peer)
end

local routes = {}

routes.health = function(server)
  return answer({ ok = true, companies = #server.order, requests = server.journal.count })
end

routes.reset = function(server, request, data)
  if request.method ~= "POST" then
    return refuse(405, "POST")
  end
  if request.query.cid or data.cid then
    local tenant = tenant_of(server, request, data)
    if not tenant then
      return refuse(404, "no company has that cid")
    end
    tenant:reset()
    return answer({ ok = true })
  end
  server:reset()
  return answer({ ok = true })
end

routes.load = function(server, request, data)
  local context = context_of(server, request, data)
  if not context then
    return refuse(404, "no company has that cid")
  elseif request.method ~= "POST" then
    return refuse(405, "POST")
  end
  local result, message = load.load(context, data)
  return result and answer(result) or refuse(400, message)
end

routes.state = function(server, request, data)
  local context = context_of(server, request, data)
  if not context then
    return refuse(404, "no company has that cid")
  end
  if request.method == "POST" then
    local ok, message = load.act(context, data)
    if not ok then
      return refuse(400, message)
    end
  end
  if request.query.email then
    return answer(load.person(context, request.query.email))
  end
  local state = context.tenant:describe()
  state.settings = context.settings
  if request.query.mails then
    state.mails = context.state.mails
  end
  return answer(state)
end

local event_keys = {
  time = "number",
  action = "string",
  data = "string",
  username = "string",
  address = "string",
}

local function read_event(given)
  local ok, message = pcall(errors.check_options, "event", given, event_keys, 0)
  if not ok then
    return nil, message
  elseif not given.time then
    return nil, "an event needs a time, in seconds"
  end
  return {
    time = math.floor(given.time * 1000000 + 0.5),
    label = given.action or "Log in",
    data = given.data or "",
    username = given.username or "",
    address = given.address or "",
  }
end

local function add_events(events, data)
  local list = {}
  for at, given in ipairs(data.events or {}) do
    local message
    list[at], message = read_event(given)
    if not list[at] then
      return nil, message
    end
  end
  events:insert(list)
  local burst = data.burst
  if burst then
    local ok, message = pcall(errors.check_options, "burst", burst, {
      from = "number",
      seconds = "number",
      count = "number",
      twins = "number",
    }, 0)
    if not ok then
      return nil, message
    end
    events:burst(burst.from * 1000000, burst.seconds * 1000000, burst.count, burst.twins or 0)
  end
  return true
end

local function list_events(context)
  local list = json.list()
  context.events:walk({ to = math.huge }, function(event)
    list[#list + 1] = {
      microseconds = ("%.0f"):format(event.time),
      local_time = context.events:time_text(event.time),
      username = event.username,
      address = event.address,
      action = context.events:label(event),
      data = event.data,
    }
  end)
  return list
end

-- Events that nobody's command caused, and the list of all, newest first.
routes.events = function(server, request, data)
  local context = context_of(server, request, data)
  if not context then
    return refuse(404, "no company has that cid")
  elseif request.method == "POST" then
    local ok, message = add_events(context.events, data)
    return ok and answer({ ok = true }) or refuse(400, message)
  end
  return answer({ events = list_events(context) })
end

local function change_clock(clock, zone, data)
  if data.set ~= nil then
    local utc, message = load.instant(data.set, zone)
    if not utc then
      return nil, message
    end
    clock:set(utc * 1000000)
  end
  if data.advance ~= nil then
    local seconds, message = clocks.span(data.advance)
    -- a clock beyond the calendar would never come to the end of any time
    local reached = seconds and load.instant(clock:seconds() + seconds, zone)
    if not reached then
      return nil, message or "the clock would leave the years 1 to 9999"
    end
    clock:advance(seconds)
  end
  if data.freeze ~= nil then
    clock:freeze(data.freeze == true)
  end
  return true
end

routes.clock = function(server, request, data)
  if request.method == "POST" then
    local ok, message = pcall(errors.check_options, "clock", data, {
      set = { "number", "string" },
      advance = { "number", "string" },
      freeze = "boolean",
    }, 0)
    if ok then
      ok, message = change_clock(server.clock, server.first.zone, data)
    end
    if not ok then
      return refuse(400, message)
    end
  end
  return answer(server.clock:describe(server.first.zone))
end

routes.faults = function(server, request, data)
  local faults = server.faults
  if request.method == "DELETE" then
    faults:remove(tonumber(request.query.id))
  elseif request.method == "POST" then
    local rules = #data > 0 and data or { data }
    local ids = {}
    for at, rule in ipairs(rules) do
      local id, message = faults:add(rule)
      if not id then
        return refuse(400, message)
      end
      ids[at] = id
    end
    return answer({ ids = ids })
  end
  return answer({ faults = json.list(faults:describe()) })
end

routes.journal = function(server, request)
  if request.method == "DELETE" then
    server.journal:clear()
  end
  local entries = server.journal:entries(tonumber(request.query.limit), request.query.command)
  return answer({ requests = server.journal.count, entries = json.list(entries) })
end

routes.assumptions = function()
  return answer({ assumptions = json.list(assumptions.list) })
end

routes.companies = function(server, request, data)
  if request.method == "POST" then
    local tenant, message = server:add_company(data)
    if not tenant then
      return refuse(400, message)
    end
    return answer(tenant:describe())
  end
  local list = json.list()
  for at, cid in ipairs(server.order) do
    list[at] = server.tenants[cid]:describe()
  end
  return answer({ companies = list })
end

local function route_names()
  local names = json.list()
  for name in pairs(routes) do
    names[#names + 1] = "/_sandbox/" .. name
  end
  table.sort(names)
  return names
end

--- Answers one request.
---@param server table of lastpass.sandbox.server
---@param request table
---@return table reply
function M.handle(server, request)
  if not is_loopback_name(request.headers.host) then
    return refuse(403, "the control door answers to loopback names only")
  end
  local name = request.path:match("^/_sandbox/(%l+)$")
  local route = name and routes[name]
  if not route then
    return answer({ doors = route_names() }, request.path:find("^/_sandbox/?$") and 200 or 404)
  end
  local data = {}
  if request.body ~= "" then
    local message
    data, message = json.decode(request.body)
    if type(data) ~= "table" then
      return refuse(400, message or "the body must be a JSON object")
    end
  end
  return route(server, request, data)
end

return M

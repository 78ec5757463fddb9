--- The sandbox inside the server's thread: companies, clock, faults, the journal of requests, and the routes
-- of its surfaces. `lastpass.httpd` requires this module in a Lua state of its own and calls `open`.
--
-- A surface is one API over the companies: a module whose `register(server)` adds its routes. A handler gets
-- the server and the request, and calls `server:answer` for what all surfaces have in common.
-- @module lastpass.sandbox.server
local clocks = require "lastpass.sandbox.clock"
local companies = require "lastpass.sandbox.company"
local errors = require "lastpass.error"
local faults = require "lastpass.sandbox.faults"
local json = require "lastpass.json"
local schema = require "lastpass.sandbox.schema"

local M = {}

local SURFACES = { "enterprise", "scim", "saml", "control" }

local JOURNAL_SIZE = 10000

local methods = {}
local server_mt = { __name = "lastpass.sandbox.server", __index = methods }

-- ---- companies ----

--- Adds a company.
---@param given table see `known_options` of lastpass.sandbox.company
function methods:add_company(given)
  local options, complaint = schema.options("company", given, companies.known_options)
  if options and not options.cid then
    complaint = "a company needs a cid"
  elseif options and self.companies[options.cid] then
    complaint = "there is a company of that cid already"
  end
  if complaint then
    return errors.fail("argument", "bad_company", complaint)
  end
  local company, message, err = companies.new(options, self.clock)
  if not company then
    return nil, message, err
  end
  self.companies[options.cid] = company
  table.insert(self.order, options.cid)
  self.first = self.first or company
  return company
end

--- Puts everything back to how it started; companies added later are gone.
function methods:reset()
  local options = self.options
  local clock = options.clock or {}
  self.clock = clocks.new(clock.start, clock.frozen)
  self.faults = faults.new()
  self:clear_journal()
  self.companies, self.order, self.first = {}, {}, nil
  for _, company in ipairs(options.companies) do
    assert(self:add_company(company))
  end
  for _, rule in ipairs(options.faults or {}) do
    assert(self.faults:add(rule))
  end
end

-- ---- the journal: a ring of what was asked and how it ended; no hash, no password, no part of a body ----

local function write_journal(self, entry)
  self.request_count = self.request_count + 1
  entry.number = self.request_count
  self.journal[(self.request_count - 1) % self.journal_size + 1] = entry
end

--- The newest entries, oldest first.
---@param limit? integer default all that are stored
---@param command? string only this command's
function methods:journal_entries(limit, command)
  local list = json.list()
  local oldest = math.max(1, self.request_count - self.journal_size + 1)
  for number = self.request_count, oldest, -1 do
    local entry = self.journal[(number - 1) % self.journal_size + 1]
    if #list >= (limit or math.huge) then
      break
    elseif not command or entry.command == command then
      table.insert(list, entry)
    end
  end
  for at = 1, math.floor(#list / 2) do
    list[at], list[#list - at + 1] = list[#list - at + 1], list[at]
  end
  return list
end

--- Empties the journal.
function methods:clear_journal()
  self.request_count, self.journal = 0, {}
end

-- ---- requests ----

--- Adds a route of a surface.
---@param path string a pattern for the whole path
---@param handle fun(server: table, request: table): table reply as `lastpass.httpd` takes it
---@param too_large? fun(): table reply to a request whose body is larger than the server takes
function methods:route(path, handle, too_large)
  local route = { path = "^" .. path .. "$", handle = handle, too_large = too_large }
  table.insert(self.routes, route)
end

local function find_route(server, request)
  for _, route in ipairs(server.routes) do
    if request.path:find(route.path) then
      return route
    end
  end
  return nil
end

local function not_found()
  return { status = 404, headers = { ["Content-Type"] = "text/plain" }, body = "not found\n" }
end

local function too_large()
  return {
    status = 413,
    headers = { ["Content-Type"] = "application/json" },
    body = '{"error":"the request is larger than the server accepts"}',
  }
end

--- Answers a call of a surface: with the faults for it, a journal entry and the latency.
---@param request table
---@param call table `run()`: makes the reply (`status`, `body` or `chunks`, and `class`, what the journal
-- notes of it); `headers`; `command`: the name that faults match, nil when there was none; `cid`, `company`;
-- for the journal `label` (default `command`) and `rows`
function methods:answer(request, call)
  local effects = call.command and self.faults:decide(call.command, call.cid)
  if effects and call.company then
    faults.change_company(call.company, effects, self.request_count)
  end
  local reply = effects and faults.replace_reply(effects)
  if not reply then
    reply = call.run()
    if effects then
      faults.spoil_reply(reply, effects)
    end
  end
  write_journal(self, {
    time = self.clock:seconds(),
    command = call.label or call.command or "(none)",
    rows = call.rows or 0,
    peer = request.peer,
    cid = call.cid,
    faults = effects and effects.ids,
    class = reply.class,
    status = not reply.drop and (reply.status or 200) or nil,
  })
  reply.headers = faults.headers(call.headers, effects)
  local delay = self.latency + (effects and effects.delay or 0)
  reply.delay = delay > 0 and delay or nil
  return reply
end

--- Called by `lastpass.httpd` in the server's thread.
---@param settings string JSON: `companies`, `clock`, `faults`, `latency`, `journal_size`
---@return fun(request: table): table handler
---@return fun(request: table): table handler of requests that are too large
function M.open(settings)
  local options = assert(json.decode(settings))
  local server = setmetatable({
    options = options,
    scheme = options.scheme or "http",
    latency = options.latency or 0,
    journal_size = options.journal_size or JOURNAL_SIZE,
    routes = {},
  }, server_mt)
  server:reset()
  for _, name in ipairs(SURFACES) do
    require("lastpass.sandbox." .. name).register(server)
  end
  return function(request)
    local route = find_route(server, request)
    return route and route.handle(server, request) or not_found()
  end, function(request)
    local route = find_route(server, request)
    return (route and route.too_large or too_large)()
  end
end

return M

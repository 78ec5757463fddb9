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
local tenants = require "lastpass.sandbox.tenants.state"

local M = {}

local SURFACES = { "enterprise", "business", "scim", "saml", "mfa", "control" }

local JOURNAL_SIZE = 10000

local methods = {}
local server_mt = { __name = "lastpass.sandbox.server", __index = methods }

-- ---- companies ----

-- Makes a company that is only described so far.
local function make_company(self, cid)
  local company, message, err = companies.new(self.described[cid], self.clock, self.like)
  if not company then
    return nil, message, err
  end
  self.made[cid] = company
  table.insert(self.made_list, company)
  return company
end

--- A company, made when it is first asked for.
---@param cid any
---@return table|nil company
function methods:company(cid)
  local company = cid and self.made[cid]
  if not company and cid and self.described[cid] then
    company = assert(make_company(self, cid))
  end
  return company
end

-- What is described only is made when somebody asks for it.
local function describe_company(self, options)
  self.described[options.cid] = options
  table.insert(self.order, options.cid)
end

--- Adds a company.
---@param given table see `known_options` of lastpass.sandbox.company
function methods:add_company(given)
  local options, complaint = schema.options("company", given, companies.known_options)
  if options and not options.cid then
    complaint = "a company needs a cid"
  elseif options and self.described[options.cid] then
    complaint = "there is a company of that cid already"
  end
  if complaint then
    return errors.fail("argument", "bad_company", complaint)
  end
  self.described[options.cid] = options
  local company, message, err = make_company(self, options.cid)
  if not company then
    self.described[options.cid] = nil
    return nil, message, err
  end
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
  self.described, self.order, self.made, self.made_list = {}, {}, {}, {}
  self.first, self.like = nil, nil
  for _, company in ipairs(options.companies) do
    assert(self:add_company(company))
  end
  self.like = self.first
  self.tenants = tenants.register(self, options.tenants, describe_company)
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
---@param cid? integer only this company's
function methods:journal_entries(limit, command, cid)
  local list = json.list()
  local oldest = math.max(1, self.request_count - self.journal_size + 1)
  for number = self.request_count, oldest, -1 do
    local entry = self.journal[(number - 1) % self.journal_size + 1]
    if #list >= (limit or math.huge) then
      break
    elseif (not command or entry.command == command) and (not cid or entry.cid == cid) then
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
---@param call table `run(effects)`: makes the reply (`status`, `body` or `chunks`, and `class`, what the journal
-- notes of it; or `wait`, a function that makes it later, with `topic` and `delay`); `headers`; `command`: the name that
-- faults match, nil when there was none; `cid`, `company`; for the journal `label` (default `command`) and `rows`
function methods:answer(request, call)
  local effects = call.command
    and self.tenants:effects(call.cid, self.faults:decide(call.command, call.cid))
  if effects and call.company then
    faults.change_company(call.company, effects, self.request_count)
  end
  self.tenants:count(call.cid)
  local entry = {
    time = self.clock:seconds(),
    microseconds = self.clock:microseconds(),
    command = call.label or call.command or "(none)",
    rows = call.rows or 0,
    peer = request.peer,
    cid = call.cid,
    faults = effects and effects.ids,
  }
  local function finish(reply)
    if reply.wait then
      local wait = reply.wait
      entry.class = "waiting"
      reply.wait = function()
        return finish(wait())
      end
      return reply
    end
    if effects and not reply.is_replaced then
      faults.spoil_reply(reply, effects)
    end
    entry.class = reply.class
    entry.status = not reply.drop and (reply.status or 200) or nil
    reply.headers = faults.headers(call.headers, effects)
    local delay = self.latency
      + (effects and faults.delay(effects) or 0)
      + self.tenants:delay(call.cid)
    reply.delay = delay > 0 and delay or nil
    return reply
  end
  local reply = finish(effects and faults.replace_reply(effects) or call.run(effects))
  write_journal(self, entry)
  return reply
end

--- The origin as whoever asks sees it.
---@param request table
---@return string
function methods:origin(request)
  local host = request.headers.host or ""
  return self.scheme .. "://" .. (host:find "^[%w.:%[%]-]+$" and host or "localhost")
end

--- Says that something is new: who waits for it looks again when this request is answered.
---@param topic? integer default everybody
function methods:wake(topic)
  self.news = self.news == nil and topic or 0
end

--- Called by `lastpass.httpd` in the server's thread.
---@param settings string JSON: `companies`, `tenants`, `clock`, `faults`, `latency`, `journal_size`, `saml_keys`
---@return fun(request: table): table handler
---@return fun(request: table): table handler of requests that are too large
function M.open(settings)
  local options = assert(json.decode(settings))
  local server = setmetatable({
    options = options,
    scheme = options.scheme or "http",
    latency = options.latency or 0,
    saml_key_folder = options.saml_keys,
    journal_size = options.journal_size or JOURNAL_SIZE,
    routes = {},
  }, server_mt)
  server:reset()
  for _, name in ipairs(SURFACES) do
    require("lastpass.sandbox." .. name).register(server)
  end
  return function(request)
    local route = find_route(server, request)
    server.news = nil
    local reply = route and route.handle(server, request) or not_found()
    reply.wake = server.news
    return reply
  end, function(request)
    local route = find_route(server, request)
    return (route and route.too_large or too_large)()
  end
end

return M

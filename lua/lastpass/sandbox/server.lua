--- The sandbox inside the server's thread: companies, clock, faults, journal and the two doors.
-- `lastpass.httpd` requires this module in a Lua state of its own and calls `open`.
-- @module lastpass.sandbox.server
local api = require "lastpass.sandbox.api"
local clocks = require "lastpass.sandbox.clock"
local control = require "lastpass.sandbox.control"
local errors = require "lastpass.error"
local faults = require "lastpass.sandbox.faults"
local journals = require "lastpass.sandbox.journal"
local json = require "lastpass.json"
local tenants = require "lastpass.sandbox.tenant"

local M = {}

local methods = {}
local server_mt = { __name = "lastpass.sandbox.server", __index = methods }

local function start_clock(self)
  local options = self.options.clock or {}
  self.clock = clocks.new(options.start, options.frozen)
end

--- Adds a company.
---@param options table see `tenant.known_options`
---@return table|nil tenant
---@return string? message
---@return lastpass.Error? err
function methods:add_company(options)
  local ok, complaint = pcall(errors.check_options, "company", options, tenants.known_options, 0)
  if not ok then
    return errors.fail("argument", "bad_company", tostring(complaint))
  elseif not options.cid then
    return errors.fail("argument", "bad_company", "a company needs a cid")
  elseif self.tenants[options.cid] then
    return errors.fail("argument", "bad_company", "there is a company of that cid already")
  end
  options.seed = options.seed or 1
  options.users = options.users or 50
  options.provhash = options.provhash or tenants.hash_of(options.cid, options.seed)
  local tenant, message, err = tenants.new(options, self.clock)
  if not tenant then
    return nil, message, err
  end
  self.tenants[options.cid] = tenant
  table.insert(self.order, options.cid)
  self.first = self.first or tenant
  return tenant
end

--- Puts everything back to how it started; companies added later are gone.
function methods:reset()
  start_clock(self)
  self.faults = faults.new()
  self.journal = journals.new(self.options.journal_size)
  self.tenants, self.order, self.first = {}, {}, nil
  for _, given in ipairs(self.options.companies) do
    local options = {}
    for name, value in pairs(given) do
      options[name] = value
    end
    assert(self:add_company(options))
  end
  for _, rule in ipairs(self.options.faults or {}) do
    local copy = {}
    for name, value in pairs(rule) do
      copy[name] = value
    end
    assert(self.faults:add(copy))
  end
end

local function not_found()
  return { status = 404, headers = { ["Content-Type"] = "text/plain" }, body = "not found\n" }
end

--- Called by `lastpass.httpd` in the server's thread.
---@param settings string JSON: `companies`, `clock`, `faults`, `latency`, `journal_size`
---@return fun(request: table): table handler
function M.open(settings)
  local options = assert(json.decode(settings))
  local server = setmetatable({ options = options, latency = options.latency or 0 }, server_mt)
  server:reset()
  return function(request)
    if request.path == "/enterpriseapi.php" then
      return api.handle(server, request)
    elseif request.path:find("^/_sandbox") then
      return control.handle(server, request)
    end
    return not_found()
  end
end

return M

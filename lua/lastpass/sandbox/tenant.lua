--- One company of the sandbox: its seed, its present state, its events, its credentials.
-- @module lastpass.sandbox.tenant
local arithmetic = require "lastpass.sandbox.company.arithmetic"
local assumptions = require "lastpass.sandbox.assumptions"
local companies = require "lastpass.sandbox.company"
local contexts = require "lastpass.sandbox.context"
local errors = require "lastpass.error"
local events = require "lastpass.sandbox.events"
local states = require "lastpass.sandbox.state"
local time = require "lastpass.time"

local M = {}

--- The most people a company may have.
M.MOST_USERS = 1000000

local function whole_number(low, high)
  return function(value)
    if
      type(value) == "number"
      and value == math.floor(value)
      and value >= low
      and value <= high
    then
      return true
    end
    return nil, ("a whole number from %d to %.0f"):format(low, high)
  end
end

--- What a company can be told; also what `sandbox.start` takes for the first one.
M.known_options = {
  cid = whole_number(1, 2 ^ 40),
  provhash = "string",
  users = whole_number(0, M.MOST_USERS),
  seed = whole_number(0, 2 ^ 31),
  name = "string",
  domain = "string",
  timezone = "string",
  invited = whole_number(0, M.MOST_USERS),
  folders = whole_number(0, 100000),
  events = whole_number(0, 100000000),
  history_days = whole_number(1, 3650),
  assumptions = "table",
}

--- A hash that depends on the company only: 64 hexadecimal digits.
---@param cid integer
---@param seed integer
---@return string
function M.hash_of(cid, seed)
  local random = arithmetic.random(cid % 1000003 * 1009 + seed)
  local parts = {}
  for at = 1, 16 do
    parts[at] = ("%04x"):format(random(65536))
  end
  return table.concat(parts)
end

local methods = {}
local tenant_mt = { __name = "lastpass.sandbox.tenant", __index = methods }

local function settings_of(given)
  local settings = assumptions.defaults()
  for name, value in pairs(given or {}) do
    local ok, message = assumptions.check(name, value)
    if not ok then
      return errors.fail("argument", "bad_assumption", message)
    end
    settings[name] = value
  end
  return settings
end

--- Makes a company.
---@param options table see `known_options`; `cid`, `users`, `seed` and `provhash` given
---@param clock table
---@return table|nil tenant
---@return string? message
---@return lastpass.Error? err
function M.new(options, clock)
  local zone, message, err = time.zone(options.timezone)
  if not zone then
    return nil, message, err
  end
  local self = setmetatable({ options = options, zone = zone, clock = clock }, tenant_mt)
  self.epoch = clock:seconds()
  local ok
  ok, message, err = self:reset()
  if not ok then
    return nil, message, err
  end
  return self
end

--- Makes the company as it was at first.
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err
function methods:reset()
  local options = self.options
  local settings, message, err = settings_of(options.assumptions)
  if not settings then
    return nil, message, err
  end
  self.settings = settings
  self.provhash = options.provhash
  self.company = companies.new({
    cid = options.cid,
    users = options.users,
    seed = options.seed,
    name = options.name,
    domain = options.domain,
    invited = options.invited,
    folders = options.folders,
    epoch = self.epoch,
    zone = self.zone,
  })
  self.state = states.new(self.company)
  self.events = events.new(self.company, settings, {
    events = options.events,
    history_days = options.history_days,
  })
  self.rates = {}
  self.pushed_sites = nil
  return true
end

--- Changes one of the invented behaviours.
---@param name string
---@param value any
---@return boolean|nil ok
---@return string? message
function methods:assume(name, value)
  local ok, message = assumptions.check(name, value)
  if ok then
    self.settings[name] = value
  end
  return ok, message
end

--- What a command needs to know: made for each request.
---@param peer string the caller's address
---@return table context
function methods:context(peer)
  return contexts.new(self, peer)
end

--- What the control door says of the company.
---@return table
function methods:describe()
  local state = self.state
  local mails = 0
  for _, counts in pairs(state.mails) do
    for _, count in pairs(counts) do
      mails = mails + count
    end
  end
  return {
    cid = self.options.cid,
    name = self.company.name,
    domain = self.company.domain,
    seed = self.options.seed,
    timezone = self.zone.name,
    users = state:count(),
    disabled = state:count({ disabled = true }),
    admins = state:count({ admin = true }),
    invited = state:invited_count(),
    groups = state:group_count(),
    folders = self.company.folders,
    added = #state.added + #state.front,
    removed = state.gone_count,
    version = state.version,
    events = self.events.total + #self.events.log,
    mails_sent = mails,
  }
end

return M

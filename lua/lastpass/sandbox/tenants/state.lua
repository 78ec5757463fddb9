--- The many companies as the server has them: which are slow or broken just now, and how often each was asked.
-- @module lastpass.sandbox.tenants.state
local errors = require "lastpass.error"
local json = require "lastpass.json"
local schema = require "lastpass.sandbox.schema"
local tenants = require "lastpass.sandbox.tenants"

local M = {}

local methods = {}
local state_mt = { __name = "lastpass.sandbox.tenants", __index = methods }

--- Describes the companies of a server; they are made when somebody asks for them.
---@param server table of lastpass.sandbox.server
---@param options? table as of `tenants.list`, with `delay`
---@param describe fun(server: table, company: table)
function M.register(server, options, describe)
  local self = setmetatable({
    server = server,
    list = options and tenants.list(options) or {},
    by_name = {},
    by_cid = {},
    troubles = {},
    counts = {},
    seconds = options and options.delay or 0,
  }, state_mt)
  for _, one in ipairs(self.list) do
    describe(server, one.company)
    self.by_name[one.name], self.by_cid[one.company.cid] = one, one
    self:trouble(one)
  end
  return self
end

-- What goes wrong with a company's calls, as effects of lastpass.sandbox.faults.
function methods:trouble(one)
  local trouble = {}
  for name, value in pairs(tenants.breakages[one.broken] or {}) do
    trouble[name] = value
  end
  if one.slow == "hang" then
    trouble.hang = true
  elseif one.slow then
    trouble.delay = one.slow
  end
  self.troubles[one.company.cid] = next(trouble) and trouble or nil
end

--- The effects of faults, and what the company itself does wrong.
---@param cid integer|nil
---@param effects table|nil of lastpass.sandbox.faults
---@return table|nil effects
function methods:effects(cid, effects)
  local trouble = cid and self.troubles[cid]
  if not trouble then
    return effects
  end
  effects = effects or {}
  for name, value in pairs(trouble) do
    if effects[name] == nil then
      effects[name] = value
    end
  end
  return effects
end

--- Seconds that every answer of these companies takes.
function methods:delay(cid)
  return self.by_cid[cid or 0] and self.seconds or 0
end

--- Counts a call.
function methods:count(cid)
  if self.by_cid[cid or 0] then
    self.counts[cid] = (self.counts[cid] or 0) + 1
  end
end

local function find(self, which)
  return self.by_name[which] or self.by_cid[tonumber(which) or 0]
end

local known = { delay = tenants.known_options.delay }
for name, expected in pairs(tenants.known_change) do
  known[name] = expected
end

--- Makes a company slow, broken or well again; or says how long all take.
---@param given table `company` (its name or number), `slow`, `broken`; `delay`
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:change(given)
  local change, complaint = schema.options("tenants", given, known)
  local one = change and change.company and find(self, change.company)
  if change and change.company and not one then
    complaint = "there is no such company"
  elseif change and not change.company and (change.slow ~= nil or change.broken ~= nil) then
    complaint = "slow and broken need a company"
  end
  if complaint then
    return errors.fail("argument", "bad_company", complaint)
  end
  self.seconds = change.delay or self.seconds
  if one then
    if change.slow ~= nil then
      one.slow = change.slow or nil
    end
    if change.broken ~= nil then
      one.broken = change.broken or nil
    end
    self:trouble(one)
  end
  return true
end

--- All of them, for the control API.
function methods:describe()
  local list = json.list()
  for at, one in ipairs(self.list) do
    local cid = one.company.cid
    list[at] = {
      name = one.name,
      cid = cid,
      company_name = one.company.name,
      domain = one.company.domain,
      users = one.company.users,
      license_limit = one.company.license_limit,
      groups = json.list(one.groups),
      slow = one.slow,
      broken = one.broken,
      requests = self.counts[cid] or 0,
      is_made = self.server.made[cid] ~= nil,
    }
  end
  return { companies = list, delay = self.seconds }
end

-- ---- the control API ----

local endpoints = { tenants = {}, effects = { of_company = true } }
M.endpoints = endpoints

-- What the APIs changed at a company, and the writes that it executed, with how often each.
endpoints.effects.GET = function(_, _, _, company)
  local effects, writes = company:list_effects()
  return { effects = effects, writes = writes }
end

-- The many companies: which are slow or broken, and how often each was asked.
endpoints.tenants.GET = function(server)
  return server.tenants:describe()
end

endpoints.tenants.POST = function(server, _, data)
  local ok, message = server.tenants:change(data)
  return ok and server.tenants:describe(), message
end

return M

--- A company made from a seed: person i, group g and folder f are pure functions of the seed and
-- their number, so that a company of a million people takes no memory.
-- Nothing here changes; `lastpass.sandbox.state` lays changes over it.
-- @module lastpass.sandbox.company
local addresses = require "lastpass.sandbox.company.addresses"
local arithmetic = require "lastpass.sandbox.company.arithmetic"
local membership = require "lastpass.sandbox.company.membership"
local names = require "lastpass.sandbox.names"
local people = require "lastpass.sandbox.company.people"

local M = {}

local floor = math.floor

local methods = {}
local company_mt = { __name = "lastpass.sandbox.company", __index = methods }

for _, part in ipairs({ addresses, membership, people }) do
  for name, method in pairs(part.methods) do
    methods[name] = method
  end
end

--- Makes a company.
---@param options table
-- `cid` integer, `users` integer, `seed` integer, `epoch` integer UTC seconds: the instant that
-- ages are counted from, `zone` a zone of lastpass.time; optional `name`, `domain`, `invited`,
-- `folders`
---@return table company
function M.new(options)
  local self = setmetatable({
    cid = options.cid,
    seed = options.seed,
    users = options.users,
    epoch = options.epoch,
    zone = options.zone,
  }, company_mt)
  local random = arithmetic.random(options.seed * 1000003 + options.cid % 1000003)
  local which = 1 + random(#names.companies.display)
  self.name = options.name or names.companies.display[which]
  self.domain = (options.domain or names.companies.mail[which] .. ".example"):lower()
  self.salt = random(arithmetic.PRIME)
  self.first_id = 10000000 + random(1000000) * 13
  self.today = floor(self.zone:to_local(self.epoch) / 86400)
  -- A company of nobody is there to be filled through the control door.
  local empty = self.users == 0
  self.admins = math.min(self.users, math.max(2, math.min(25, floor(self.users / 100) + 1)))
  self.invited = options.invited or (empty and 0 or floor(self.users / 80) + 1)
  self.folders = empty and 0
    or options.folders
    or math.max(3, math.min(5000, floor(self.users / 8)))
  addresses.prepare(self, random)
  membership.prepare(self, random)
  people.prepare(self, random)
  return self
end

--- Person i's number.
---@param index integer
---@return integer
function methods:id(index)
  return self.first_id + 3 * index
end

return M

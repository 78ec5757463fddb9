--- One company of the sandbox, which all surfaces share: its credentials, its people, groups and folders,
-- its events and its settings.
-- @module lastpass.sandbox.company
local arithmetic = require "lastpass.sandbox.seed.arithmetic"
local assumptions = require "lastpass.sandbox.assumptions"
local errors = require "lastpass.error"
local events = require "lastpass.sandbox.events"
local json = require "lastpass.json"
local people = require "lastpass.sandbox.company.people"
local schema = require "lastpass.sandbox.schema"
local seeds = require "lastpass.sandbox.seed"
local time = require "lastpass.time"

local M = {}

local floor = math.floor

--- The most people a company may have.
M.MOST_USERS = 1000000

local function whole_number(low, high)
  return function(value)
    if schema.is_whole(value) and value >= low and value <= high then
      return true
    end
    return nil, ("a whole number from %d to %.0f"):format(low, high)
  end
end

local function domain(value)
  return type(value) == "string" and value:find "^[%w.-]+$" ~= nil, "a domain name"
end

--- Options of a company; also what `sandbox.start` takes for the first one.
M.known_options = {
  cid = whole_number(1, 2 ^ 40),
  provhash = "string",
  scim_token = function(value)
    return type(value) == "string" and value:find "^[%w._~+/=-]+$" ~= nil, "a bearer token"
  end,
  rest_key = function(value)
    return type(value) == "string" and value:find "^[%w._~+/=-]+$" ~= nil, "a key of the REST API"
  end,
  parent = whole_number(1, 2 ^ 40),
  company_type = function(value)
    return value == "managed" or value == "managed-msp", '"managed" or "managed-msp"'
  end,
  license_limit = whole_number(0, 2 ^ 31 - 1),
  addons = schema.is_strings,
  staged = whole_number(0, 10000),
  users = whole_number(0, M.MOST_USERS),
  seed = whole_number(0, 2 ^ 31),
  name = "string",
  domain = domain,
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
function M.default_hash(cid, seed)
  local random = arithmetic.random(cid % 1000003 * 1009 + seed)
  local parts = {}
  for at = 1, 16 do
    parts[at] = ("%04x"):format(random(65536))
  end
  return table.concat(parts)
end

local methods = {}
local company_mt = { __name = "lastpass.sandbox.company", __index = methods }

for name, method in pairs(people.methods) do
  methods[name] = method
end

-- ---- users in their order, without walking over a million people for every page ----

-- A filter caches where every so many matches begin, so that a page far behind is found at once.
local STRIDE = 500

--- Whether a filter lets a user through.
---@param filter? table `disabled`, `admin`: booleans
---@param index integer|nil of a user who was never changed
---@param person lastpass.sandbox.Person|nil
function methods:matches(filter, index, person)
  if not filter then
    return true
  end
  local disabled, admin
  if person then
    disabled, admin = person.fields.disabled, person.fields.admin
  else
    disabled, admin = self.seeded:flags(index)
  end
  return (filter.disabled == nil or filter.disabled == disabled)
    and (filter.admin == nil or filter.admin == admin)
end

local function count_list(self, filter, list)
  if not filter then
    return #list
  end
  local count = 0
  for _, person in ipairs(list) do
    if self:matches(filter, nil, person) then
      count = count + 1
    end
  end
  return count
end

-- Of the seeded users: how many a filter lets through, and where every STRIDE-th match is.
local function scan(self, filter)
  local key = "scan " .. tostring(filter.disabled) .. tostring(filter.admin)
  return self:cache(key, function()
    local starts, count = {}, 0
    local gone, edited = self.gone, self.edited
    for index = 0, self.seeded.users - 1 do
      if not gone[index] and self:matches(filter, index, edited[index]) then
        if count % STRIDE == 0 then
          starts[count / STRIDE] = index
        end
        count = count + 1
      end
    end
    return { starts = starts, count = count }
  end)
end

local function seeded_count(self, filter)
  return filter and scan(self, filter).count or self.seeded.users - self.gone_count
end

--- How many users a filter lets through.
---@param filter? table `disabled`, `admin`: booleans
function methods:count(filter)
  return count_list(self, filter, self.front)
    + seeded_count(self, filter)
    + count_list(self, filter, self.added)
end

local function sorted_gone(self)
  if not self.gone_sorted then
    local list = {}
    for index in pairs(self.gone) do
      list[#list + 1] = index
    end
    table.sort(list)
    self.gone_sorted = list
  end
  return self.gone_sorted
end

-- The seed's number of the user at a position, the removed ones not counted.
local function seeded_at(self, position)
  local gone = sorted_gone(self)
  -- The k-th removed number has gone[k] - k + 1 people before it who still exist.
  local low, high = 0, #gone
  while low < high do
    local middle = floor((low + high + 1) / 2)
    if gone[middle] - (middle - 1) <= position then
      low = middle
    else
      high = middle - 1
    end
  end
  return position + low
end

local function walk_list(self, filter, list, skip, left, call)
  local first = 1
  if not filter then
    first = math.min(skip, #list) + 1
    skip = skip - (first - 1)
  end
  for at = first, #list do
    local person = list[at]
    if left == 0 or not person then
      return skip, left
    end
    if self:matches(filter, nil, person) then
      if skip > 0 then
        skip = skip - 1
      else
        call(nil, person)
        left = left - 1
      end
    end
  end
  return skip, left
end

local function walk_seeded(self, filter, skip, left, call)
  local index
  if filter then
    index = scan(self, filter).starts[floor(skip / STRIDE)]
    skip = skip % STRIDE
  else
    index = seeded_at(self, skip)
    skip = 0
  end
  local last, gone, edited = self.seeded.users - 1, self.gone, self.edited
  while left > 0 and index <= last do
    local person = edited[index]
    if not gone[index] and self:matches(filter, index, person) then
      if skip > 0 then
        skip = skip - 1
      else
        call(index, person)
        left = left - 1
      end
    end
    index = index + 1
  end
  return left
end

--- Calls a function for up to `count` users from a position on.
---@param filter? table
---@param skip integer users before the first one
---@param count integer
---@param call fun(index: integer|nil, person: lastpass.sandbox.Person|nil) a person who was never
-- changed is passed as an index only
function methods:walk(filter, skip, count, call)
  skip, count = walk_list(self, filter, self.front, skip, count, call)
  local seeded = seeded_count(self, filter)
  if skip < seeded then
    count = walk_seeded(self, filter, skip, count, call)
    skip = 0
  else
    skip = skip - seeded
  end
  walk_list(self, filter, self.added, skip, count, call)
end

-- ---- the company as a whole ----

--- Makes a company.
---@param options table see `known_options`; `cid` given
---@param clock table
---@param like? table a company whose pieces this one uses: see lastpass.sandbox.seed
function M.new(options, clock, like)
  options.seed = options.seed or 1
  options.users = options.users or 50
  options.provhash = options.provhash or M.default_hash(options.cid, options.seed)
  local zone, message, err = time.zone(options.timezone)
  if not zone then
    return nil, message, err
  end
  local self = setmetatable({ options = options, cid = options.cid }, company_mt)
  self.zone, self.clock, self.epoch = zone, clock, clock:seconds()
  self.like = like and like.seeded
  local ok
  ok, message, err = self:reset()
  if not ok then
    return nil, message, err
  end
  return self
end

--- Makes the company as it was at first.
function methods:reset()
  local options = self.options
  self.settings = assumptions.defaults()
  for name, value in pairs(options.assumptions or {}) do
    local ok, message = self:assume(name, value)
    if not ok then
      return errors.fail("argument", "bad_assumption", message)
    end
  end
  self.provhash = options.provhash
  self.seeded = seeds.new {
    cid = options.cid,
    users = options.users,
    seed = options.seed,
    name = options.name,
    domain = options.domain,
    invited = options.invited,
    folders = options.folders,
    epoch = self.epoch,
    zone = self.zone,
    like = self.like,
  }
  people.prepare(self)
  self.events = events.new(self.seeded, self.settings, options)
  self.rates = {}
  self.effects, self.writes = {}, {}
  self.surfaces = {} -- what surfaces remember
  self.pushed_sites = nil
  return true
end

--- Changes one of the invented behaviours.
function methods:assume(name, value)
  local ok, message = assumptions.check(name, value)
  if ok then
    self.settings[name] = value
  end
  return ok, message
end

local function add_one(counts, kind, subject)
  local key = kind .. "\n" .. subject
  counts[key] = (counts[key] or 0) + 1
end

--- Writes the audit event of something that an API did.
---@param kind string of lastpass.sandbox.events
---@param data string
---@param peer string the caller's address
function methods:audit(kind, data, peer)
  add_one(self.effects, kind, data)
  self.events:append(self.clock:microseconds(), kind, data, self.settings.api_username, peer)
end

--- Counts a command of the Enterprise API that was executed, whether or not it changed anything.
function methods:count_write(command, subject)
  add_one(self.writes, command, subject)
end

local reads = { get_users = true, get_folders = true, reporting = true }

local function list_counts(counts)
  local list = json.list()
  for key, number in pairs(counts) do
    local kind, subject = key:match "^([^\n]*)\n(.*)$"
    if not reads[kind] then
      list[#list + 1] = { kind = kind, subject = subject, count = number }
    end
  end
  table.sort(list, function(a, b)
    return a.kind .. "\n" .. a.subject < b.kind .. "\n" .. b.subject
  end)
  return list
end

--- What was changed, and which commands were executed, each with how often: {kind, subject, count}.
---@return table[] effects by kinds of events
---@return table[] writes by commands of the Enterprise API: one that was sent twice counts two
function methods:list_effects()
  return list_counts(self.effects), list_counts(self.writes)
end

--- Now, as the account writes times.
function methods:account_time()
  return time.format_civil((self.zone:to_local(self.clock:seconds())))
end

--- The company in numbers, for the control API.
function methods:describe()
  local mails = 0
  for _, counts in pairs(self.mails) do
    for _, count in pairs(counts) do
      mails = mails + count
    end
  end
  return {
    cid = self.cid,
    name = self.seeded.name,
    domain = self.seeded.domain,
    seed = self.options.seed,
    timezone = self.zone.name,
    users = self:count(),
    disabled = self:count { disabled = true },
    admins = self:count { admin = true },
    invited = self:invited_count(),
    groups = self:group_count(),
    folders = self.seeded.folders,
    added = #self.added + #self.front,
    removed = self.gone_count,
    version = self.version,
    events = self.events.total + #self.events.log,
    mails_sent = mails,
  }
end

return M

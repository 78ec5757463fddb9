--- A seeded company: its people and folders are pure functions of the seed and their number, so that a
-- company of a million people takes no memory. Nothing here changes; `lastpass.sandbox.company` lays
-- changes over it.
-- @module lastpass.sandbox.seed
local arithmetic = require "lastpass.sandbox.seed.arithmetic"
local names = require "lastpass.sandbox.names"
local people = require "lastpass.sandbox.seed.people"
local php = require "lastpass.sandbox.php"

local M = {}

local floor = math.floor

local methods = {}
local seed_mt = { __name = "lastpass.sandbox.seed", __index = methods }

for name, method in pairs(people.methods) do
  methods[name] = method
end

-- ---- addresses ----

-- Person i's names and address are computed from i, and i from the address. The pairs (first name, last
-- name) are numbered through an affine permutation, which has an inverse; when all have been used, they
-- start again with a number after the name. What depends on the names alone is the same for all companies.
local function shared_names()
  local shared = { first_count = #names.first.mail, last_count = #names.last.mail }
  while arithmetic.greatest_common_divisor(shared.first_count, shared.last_count) ~= 1 do
    shared.last_count = shared.last_count - 1
  end
  local first, last = shared.first_count, shared.last_count
  shared.pairs_count = first * last
  -- With coprime counts, (first, last) <-> one number: the Chinese remainder theorem.
  shared.first_unit = last * arithmetic.inverse_modulo(last, first)
  shared.last_unit = first * arithmetic.inverse_modulo(first, last)
  shared.first_mail, shared.first_json, shared.last_mail, shared.last_json = {}, {}, {}, {}
  for at = 0, first - 1 do
    shared.first_mail[at] = names.first.mail[at + 1] .. "."
    shared.first_json[at] = '","fullname":"' .. php.escape(names.first.display[at + 1]) .. " "
  end
  for at = 0, last - 1 do
    shared.last_mail[at] = names.last.mail[at + 1]
    shared.last_json[at] = php.escape(names.last.display[at + 1])
  end
  return shared
end

local shared

local function prepare_addresses(self, random)
  shared = shared or shared_names()
  for name, value in pairs(shared) do
    self[name] = value
  end
  local pairs_count = self.pairs_count
  repeat
    self.multiplier = 1 + floor(pairs_count / 3) + random(floor(pairs_count / 3))
  until arithmetic.greatest_common_divisor(self.multiplier, pairs_count) == 1
  self.shift = random(pairs_count)
  self.unmultiplier = arithmetic.inverse_modulo(self.multiplier, pairs_count)
  self.tails = { [0] = "@" .. self.domain }
end

--- Which pair of names person i has, and how often all pairs have been used before.
function methods:name_pair(index)
  local count = self.pairs_count
  local round = 0
  while index >= count do
    index = index - count
    round = round + 1
  end
  return (self.multiplier * index + self.shift) % count, round
end

--- What follows the last name in an address.
function methods:mail_tail(round)
  local tail = self.tails[round]
  if not tail then
    tail = (round + 1) .. "@" .. self.domain
    self.tails[round] = tail
  end
  return tail
end

--- Person i's address; those from `users` on are the invited ones.
function methods:mail(index)
  local pair, round = self:name_pair(index)
  return self.first_mail[pair % self.first_count]
    .. self.last_mail[pair % self.last_count]
    .. self:mail_tail(round)
end

--- Person i's name as people write it.
function methods:fullname(index)
  local pair = self:name_pair(index)
  return names.first.display[pair % self.first_count + 1]
    .. " "
    .. names.last.display[pair % self.last_count + 1]
end

--- Whose address it is, without looking at anybody else's.
---@param mail string in lower case
---@return integer|nil index nil when the seed made nobody of that address
function methods:index(mail)
  local first, last, digits, domain = mail:match("^([a-z%-]+)%.([a-z%-]+)(%d*)@(.+)$")
  if domain ~= self.domain then
    return nil
  end
  first, last = names.first.index[first], names.last.index[last]
  if not first or not last or last > self.last_count or digits:find("^0") or digits == "1" then
    return nil
  end
  local round = digits == "" and 0 or tonumber(digits) - 1
  local pair = ((first - 1) * self.first_unit + (last - 1) * self.last_unit) % self.pairs_count
  local index = (self.unmultiplier * (pair - self.shift)) % self.pairs_count
  index = index + round * self.pairs_count
  return index < self.users + self.invited and index or nil
end

-- ---- folders ----

--- The name of a folder, which are numbered from 0.
function methods.folder_name(_, number)
  local subjects = names.folder_subjects.display
  local round = floor(number / #subjects)
  local name = "Shared-" .. subjects[number % #subjects + 1]
  return round == 0 and name or name .. " " .. (round + 1)
end

--- The number that LastPass shows for it.
function methods:folder_id(number)
  return 5000000 + self.salt % 1000000 + 7 * number
end

--- Who is in it: spread over the company, nobody twice.
function methods:folder_members(number)
  local count = math.min(self.users, 2 + number % 9)
  local list, seen, step = {}, {}, 0
  while #list < count do
    local index = (number * 31 + step * step * 17 + step * 101 + self.salt) % self.users
    if seen[index] then
      step = step + 1
      index = (index + step) % self.users
    end
    -- the leaps of a small company may never reach everybody
    while seen[index] and step > 4 * count do
      index = (index + 1) % self.users
    end
    if not seen[index] then
      seen[index] = true
      list[#list + 1] = index
    end
    step = step + 1
  end
  return list
end

-- ---- making one ----

--- Makes a company.
---@param options table
-- `cid` integer, `users` integer, `seed` integer, `epoch` integer UTC seconds: the instant that
-- ages are counted from, `zone` a zone of lastpass.time; optional `name`, `domain`, `invited`,
-- `folders`, `like`: a company whose pieces of people's JSON are used, so that many companies take little memory
function M.new(options)
  local self = setmetatable({
    cid = options.cid,
    seed = options.seed,
    users = options.users,
    epoch = options.epoch,
    zone = options.zone,
  }, seed_mt)
  local random = arithmetic.random(options.seed * 1000003 + options.cid % 1000003)
  local which = 1 + random(#names.companies.display)
  self.name = options.name or names.companies.display[which]
  self.domain = (options.domain or names.companies.mail[which] .. ".example"):lower()
  self.salt = random(arithmetic.PRIME)
  self.first_id = 10000000 + random(1000000) * 13
  self.today = floor(self.zone:to_local(self.epoch) / 86400)
  -- A company without people is filled through the control API.
  local empty = self.users == 0
  self.admins = math.min(self.users, math.max(2, math.min(25, floor(self.users / 100) + 1)))
  self.invited = options.invited or (empty and 0 or floor(self.users / 80) + 1)
  self.folders = empty and 0
    or options.folders
    or math.max(3, math.min(5000, floor(self.users / 8)))
  prepare_addresses(self, random)
  people.prepare(self, random, options.like)
  return self
end

--- The number that LastPass shows for person i.
function methods:id(index)
  return self.first_id + 3 * index
end

return M

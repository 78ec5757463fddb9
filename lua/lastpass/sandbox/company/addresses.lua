--- Addresses: person i's names and mail address computed from i, and i from the address. The
-- pairs (first name, last name) are numbered through an affine permutation, which has an inverse;
-- when they have all been used, they start again with a number behind the name.
-- @module lastpass.sandbox.company.addresses
local arithmetic = require "lastpass.sandbox.company.arithmetic"
local names = require "lastpass.sandbox.names"
local php = require "lastpass.sandbox.php"

local M = { methods = {} }

local floor = math.floor
local escape = php.escape
local greatest_common_divisor = arithmetic.greatest_common_divisor
local inverse_modulo = arithmetic.inverse_modulo
local methods = M.methods

--- Fills a company's tables of names.
---@param self table company
---@param random fun(n: integer): integer
function M.prepare(self, random)
  self.first_count = #names.first.mail
  self.last_count = #names.last.mail
  while greatest_common_divisor(self.first_count, self.last_count) ~= 1 do
    self.last_count = self.last_count - 1
  end
  local pairs_count = self.first_count * self.last_count
  self.pairs_count = pairs_count
  repeat
    self.multiplier = 1 + floor(pairs_count / 3) + random(floor(pairs_count / 3))
  until greatest_common_divisor(self.multiplier, pairs_count) == 1
  self.shift = random(pairs_count)
  self.unmultiplier = inverse_modulo(self.multiplier, pairs_count)
  -- With coprime counts, (first, last) <-> one number: the Chinese remainder theorem.
  self.first_unit = self.last_count * inverse_modulo(self.last_count, self.first_count)
  self.last_unit = self.first_count * inverse_modulo(self.first_count, self.last_count)
  self.first_mail, self.first_json, self.last_mail, self.last_json = {}, {}, {}, {}
  for at = 0, self.first_count - 1 do
    self.first_mail[at] = names.first.mail[at + 1] .. "."
    self.first_json[at] = '","fullname":"' .. escape(names.first.display[at + 1]) .. " "
  end
  for at = 0, self.last_count - 1 do
    self.last_mail[at] = names.last.mail[at + 1]
    self.last_json[at] = escape(names.last.display[at + 1])
  end
  self.mail_tail = { [0] = "@" .. self.domain }
end

--- Which pair of names person i has, and how often the pairs have been round.
---@param self table company
---@param index integer
---@return integer pair
---@return integer round
function M.pair_of(self, index)
  local count = self.pairs_count
  local round = 0
  while index >= count do
    index = index - count
    round = round + 1
  end
  return (self.multiplier * index + self.shift) % count, round
end

--- What comes behind the last name.
---@param self table company
---@param round integer
---@return string
function M.tail_of(self, round)
  local tail = self.mail_tail[round]
  if not tail then
    tail = (round + 1) .. "@" .. self.domain
    self.mail_tail[round] = tail
  end
  return tail
end

--- Person i's address; those from `users` on are the invited ones.
---@param index integer from 0
---@return string
function methods:mail(index)
  local pair, round = M.pair_of(self, index)
  return self.first_mail[pair % self.first_count]
    .. self.last_mail[pair % self.last_count]
    .. M.tail_of(self, round)
end

--- Person i's name as people write it.
---@param index integer
---@return string
function methods:fullname(index)
  local pair = M.pair_of(self, index)
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
  first, last = names.first.place[first], names.last.place[last]
  if not first or not last or last > self.last_count or digits:find("^0") or digits == "1" then
    return nil
  end
  local round = digits == "" and 0 or tonumber(digits) - 1
  local pair = ((first - 1) * self.first_unit + (last - 1) * self.last_unit) % self.pairs_count
  local index = (self.unmultiplier * (pair - self.shift)) % self.pairs_count
  index = index + round * self.pairs_count
  return index < self.users + self.invited and index or nil
end

return M

--- Person i as getuserdata writes them (enterprise-api §4.8): the hot path of the sandbox, a few
-- concatenations of pieces that were made beforehand.
-- @module lastpass.sandbox.company.people
local addresses = require "lastpass.sandbox.company.addresses"
local arithmetic = require "lastpass.sandbox.company.arithmetic"
local php = require "lastpass.sandbox.php"
local time = require "lastpass.time"

local M = { methods = {} }

local floor = math.floor
local hash = arithmetic.hash
local pair_of, tail_of = addresses.pair_of, addresses.tail_of
local methods = M.methods

-- Table sizes of the pieces below. Primes, so that the pieces of one person do not move together.
local PIECES_A, PIECES_B = 1021, 1013

local multifactor_names = {
  "lastpassauth",
  "lastpassauth",
  "lastpassauth",
  "googleauth",
  "microsoftauth",
  "duo",
  "yubikey",
}

local function time_of_day(random, from_hour, to_hour)
  return ("%02d:%02d:%02d"):format(from_hour + random(to_hour - from_hour), random(60), random(60))
end

-- The mornings are for joining, noon for passwords, the afternoon for logging in: whatever the
-- days, the three times of one person are in order. None is near a change of the clocks.
local function make_time_pieces(self, random)
  self.day_text = {}
  self.created_tail, self.changed_tail, self.login_tail = {}, {}, {}
  self.created_as_changed = {}
  for at = 0, PIECES_A - 1 do
    local joined = " " .. time_of_day(random, 7, 12)
    self.created_tail[at] = joined .. '","last_pw_change":"'
    self.created_as_changed[at] = joined .. '","last_login":"'
    self.changed_tail[at] = " " .. time_of_day(random, 12, 13) .. '","last_login":"'
    self.login_tail[at] = " " .. time_of_day(random, 13, 19) .. '","neverloggedin":false,'
  end
  -- How many days ago people last logged in: most of them lately.
  self.login_age = {}
  for at = 0, PIECES_B - 1 do
    local kind = random(100)
    local days = kind < 62 and random(4) or kind < 85 and random(25) or random(400)
    self.login_age[at] = 1 + days
  end
end

local score_form = '"totalscore":"%s","legacytotalscore":"%d.%d","hasSharingKeys":true,'
  .. '"duousername":'
local count_form = '"sites":%d,"notes":%d,"formfills":%d,"applications":%d,"attachments":%d'

local function make_score_pieces(self, random)
  self.strength, self.scores, self.counts = {}, {}, {}
  for at = 0, PIECES_A - 1 do
    self.strength[at] = '","mpstrength":"' .. (35 + random(66)) .. '","created":"'
  end
  for at = 0, PIECES_B - 1 do
    local score = random(10) == 0 and "0" or ("%d.%d"):format(30 + random(70), random(10))
    self.scores[at] = score_form:format(score, 20 + random(75), random(10))
    self.counts[at] = count_form:format(random(180), random(30), random(4), random(3), random(6))
  end
  self.never_scores =
    '"totalscore":null,"legacytotalscore":"0","hasSharingKeys":false,"duousername":'
  self.never_counts =
    '"sites":null,"notes":null,"formfills":null,"applications":null,"attachments":null'
  self.multifactor = {}
  for at = 0, 99 do
    local name = at < 72 and multifactor_names[1 + random(#multifactor_names)]
    self.multifactor[at] = name and ('"multifactor":"' .. name .. '",') or ""
  end
end

local function make_directory_pieces(self, random)
  self.guid_head, self.guid_tail = {}, {}
  for at = 0, PIECES_A - 1 do
    self.guid_head[at] = ('","objectGUID":"%04x%04x-%04x-4%03x-'):format(
      random(65536),
      random(65536),
      random(65536),
      random(4096)
    )
  end
  for at = 0, PIECES_B - 1 do
    self.guid_tail[at] = ('8%03x-%04x%04x%04x"}}'):format(
      random(4096),
      random(65536),
      random(65536),
      random(65536)
    )
  end
end

local function make_department_pieces(self)
  self.department_json, self.department_attribs = {}, {}
  for at, name in ipairs(self.department_names) do
    self.department_json[at] = ',"groups":["All Staff",' .. php.string(name)
    self.department_attribs[at] = ',"attribs":{"Department":'
      .. php.string(name)
      .. ',"EmployeeNumber":"E'
  end
end

--- Makes a company's pieces.
---@param self table company, its groups being there
---@param random fun(n: integer): integer
function M.prepare(self, random)
  make_time_pieces(self, random)
  make_score_pieces(self, random)
  make_directory_pieces(self, random)
  make_department_pieces(self)
end

local function day(self, age)
  local text = self.day_text[age]
  if not text then
    text = time.format_civil((self.today - age) * 86400):sub(1, 10)
    self.day_text[age] = text
  end
  return text
end

local function groups_text(self, index)
  local everybody, department, third = self:groups(index)
  if not everybody then
    -- Both forms were recorded for one and the same person.
    return index % 46 == 11 and "" or ',"groups":[]'
  end
  local text = self.department_json[department - 1]
  if third then
    return text .. "," .. self.group_json[third] .. "]"
  end
  return text .. "]"
end

local flag_text = {}
for at, name in ipairs({ "disabled", "admin", "password_reset_required" }) do
  flag_text[at] = { [true] = ('"%s":true,'):format(name), [false] = ('"%s":false,'):format(name) }
end
local disabled_text, admin_text, reset_text = flag_text[1], flag_text[2], flag_text[3]

-- How many days ago person i joined, changed the master password and logged in; nil for the last
-- when they never did.
local function ages_of(self, index, one, two)
  local lot = two % 1000
  local joined = 2930 - floor(index * 2880 / self.users)
  local is_admin = index < self.admins
  if not is_admin and lot >= 50 and lot < 90 then
    return joined, joined, nil
  end
  local login = self.login_age[two % PIECES_B]
  if lot < 50 and not is_admin then
    login = login + 90
  end
  if login > joined then
    login = joined
  end
  local changed = one % joined
  if changed < login and changed > 0 then
    changed = login
  end
  return joined, changed, login
end

--- `"<id>":{…}` of person i.
---@param index integer
---@return string
function methods:user_json(index)
  local one, two = hash(self.salt, index)
  local a, b, lot = one % PIECES_A, two % PIECES_B, two % 1000
  local pair, round = pair_of(self, index)
  local first, last = pair % self.first_count, pair % self.last_count
  local mail = self.first_mail[first] .. self.last_mail[last] .. tail_of(self, round)
  local is_admin = index < self.admins
  local joined, changed, login = ages_of(self, index, one, two)
  local extra = ""
  if one % 17 == 5 then
    extra = '"linked":"' .. self.first_mail[first] .. self.last_mail[last] .. '@mail.example",'
  end
  local attribs = "}"
  if lot % 10 < 2 then
    attribs = self.department_attribs[self:department(index)]
      .. (100000 + index)
      .. self.guid_head[index % PIECES_A]
      .. self.guid_tail[index % PIECES_B]
  end
  return '"'
    .. (self.first_id + 3 * index)
    .. '":{"username":"'
    .. mail
    .. self.first_json[first]
    .. self.last_json[last]
    .. (login and self.strength[a] or '","mpstrength":"0","created":"')
    .. day(self, joined)
    .. self.created_tail[a]
    .. day(self, changed)
    .. (login and self.changed_tail[a] or self.created_as_changed[a])
    .. (login and day(self, login) or "")
    .. (login and self.login_tail[b] or '","neverloggedin":true,')
    .. disabled_text[lot < 50 and not is_admin]
    .. admin_text[is_admin]
    .. reset_text[not login and lot < 70 or lot > 980]
    .. (login and self.scores[b] or self.never_scores)
    .. (index == 0 and "null," or '"' .. mail .. '",')
    .. (login and self.multifactor[one % 100] or "")
    .. extra
    .. (login and self.counts[b] or self.never_counts)
    .. groups_text(self, index)
    .. attribs
end

--- Whether person i is disabled, an administrator, never logged in.
---@param index integer
---@return boolean disabled
---@return boolean admin
---@return boolean never
function methods:flags(index)
  local _, two = hash(self.salt, index)
  local lot = two % 1000
  if index < self.admins then
    return false, true, false
  end
  return lot < 50, false, lot >= 50 and lot < 90
end

--- Days since person i's master password was changed, without making the whole text.
---@param index integer
---@return integer days
function methods:password_age(index)
  local _, changed = ages_of(self, index, hash(self.salt, index))
  return changed
end

return M

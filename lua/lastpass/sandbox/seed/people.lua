--- The people of a seeded company. Who is in which group is arithmetic on a person's number, so that a
-- group's members can be listed without looking at anybody else. Person i as getuserdata writes them
-- (enterprise-api §4.8) is the hot path of the sandbox: a few concatenations of pieces made beforehand.
-- @module lastpass.sandbox.seed.people
local arithmetic = require "lastpass.sandbox.seed.arithmetic"
local names = require "lastpass.sandbox.names"
local php = require "lastpass.sandbox.php"
local time = require "lastpass.time"

local M = { methods = {} }

local floor = math.floor
local hash = arithmetic.hash
local methods = M.methods

-- ---- groups ----

local WHEEL = 97

-- Department sizes differ: the wheel gives each department its share of every 97 people.
local function make_departments(self, random)
  local count = math.max(3, math.min(#names.departments.display, floor(self.users / 8)))
  self.department_names = {}
  for at = 1, count do
    self.department_names[at] = names.departments.display[at]
  end
  self.wheel, self.slots = {}, {}
  for slot = 0, WHEEL - 1 do
    local department = slot < count and slot + 1
      or 1 + math.min(random(count), random(count), random(count))
    self.wheel[(slot * 36) % WHEEL] = department
  end
  for slot = 0, WHEEL - 1 do
    local department = self.wheel[slot]
    self.slots[department] = self.slots[department] or {}
    table.insert(self.slots[department], slot)
  end
end

-- Base groups, in their order: everybody, one a department, offices, projects.
local function make_groups(self)
  if self.users == 0 then
    self.group_names, self.group_index, self.group_json = {}, {}, {}
    return
  end
  self.group_names = { "All Staff" }
  for _, name in ipairs(self.department_names) do
    self.group_names[#self.group_names + 1] = name
  end
  self.office_count = math.max(1, math.min(#names.cities.display, floor(self.users / 40)))
  self.first_office = #self.group_names
  for at = 1, self.office_count do
    self.group_names[#self.group_names + 1] = "Office " .. names.cities.display[at]
  end
  self.project_count = math.max(1, floor(self.users / 220))
  self.first_project = #self.group_names
  for at = 0, self.project_count - 1 do
    local round = floor(at / #names.teams.display)
    local name = "Project " .. names.teams.display[at % #names.teams.display + 1]
    self.group_names[#self.group_names + 1] = round == 0 and name or name .. " " .. (round + 1)
  end
  self.group_index, self.group_json = {}, {}
  for at, name in ipairs(self.group_names) do
    self.group_index[name] = at
    self.group_json[at] = php.string(name)
  end
end

--- The department of person i, also of one without groups, as an index of `department_names`.
function methods:department(index)
  return self.wheel[index % WHEEL]
end

--- Person i's groups, as indexes of `group_names`; none for one in 23.
---@return integer|nil everybody
---@return integer|nil department
---@return integer|nil third an office or a project
function methods:groups(index)
  if index % 23 == 11 then
    return nil
  end
  local third
  if index % 10 == 4 then
    third = self.first_office + (index - 4) / 10 % self.office_count + 1
  elseif index % 3 == 1 then
    third = self.first_project + (index - 1) / 3 % self.project_count + 1
  end
  return 1, 1 + self.wheel[index % WHEEL], third and floor(third)
end

-- Calls with every index in from, from + step, … that has groups at all.
local function visit(self, from, step, call, condition)
  for index = from, self.users - 1, step do
    if index % 23 ~= 11 and (not condition or condition(index)) then
      call(index)
    end
  end
end

local function is_no_office(index)
  return index % 10 ~= 4
end

--- Calls a function with every member of a group, which is given as an index of `group_names`.
function methods:each_member(group, call)
  if group == 1 then
    visit(self, 0, 1, call)
  elseif group <= self.first_office then
    for _, slot in ipairs(self.slots[group - 1]) do
      visit(self, slot, WHEEL, call)
    end
  elseif group <= self.first_project then
    visit(self, 4 + 10 * (group - self.first_office - 1), 10 * self.office_count, call)
  else
    local from = 1 + 3 * (group - self.first_project - 1)
    visit(self, from, 3 * self.project_count, call, is_no_office)
  end
end

-- ---- pieces of a person's JSON ----

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

-- The tables that the three functions above make.
local PIECES = {
  "created_tail",
  "changed_tail",
  "login_tail",
  "created_as_changed",
  "login_age",
  "strength",
  "scores",
  "counts",
  "never_scores",
  "never_counts",
  "multifactor",
  "guid_head",
  "guid_tail",
}

--- Prepares a company's groups and pieces.
---@param self table seeded company
---@param random fun(n: integer): integer
---@param like? table a company whose pieces are used: people differ by their salt and their numbers
function M.prepare(self, random, like)
  make_departments(self, random)
  make_groups(self)
  make_department_pieces(self)
  self.day_text = {}
  if like then
    for _, name in ipairs(PIECES) do
      self[name] = like[name]
    end
    return
  end
  make_time_pieces(self, random)
  make_score_pieces(self, random)
  make_directory_pieces(self, random)
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
function methods:user_json(index)
  local one, two = hash(self.salt, index)
  local a, b, lot = one % PIECES_A, two % PIECES_B, two % 1000
  local pair, round = self:name_pair(index)
  local first, last = pair % self.first_count, pair % self.last_count
  local mail = self.first_mail[first] .. self.last_mail[last] .. self:mail_tail(round)
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
function methods:flags(index)
  local _, two = hash(self.salt, index)
  local lot = two % 1000
  if index < self.admins then
    return false, true, false
  end
  return lot < 50, false, lot >= 50 and lot < 90
end

--- Which second factor person i has, without making the whole text; nil for none.
function methods:factor(index)
  local one, two = hash(self.salt, index)
  local _, _, login = ages_of(self, index, one, two)
  return login and self.multifactor[one % 100]:match ':"(%a+)"' or nil
end

--- When person i joined, on the account's clock.
---@return string day "2024-02-29"
---@return string time "09:41:05"
function methods:joined(index)
  local one, two = hash(self.salt, index)
  local joined = ages_of(self, index, one, two)
  return day(self, joined), self.created_tail[one % PIECES_A]:sub(2, 9)
end

--- Days since person i's master password was changed, without making the whole text.
function methods:password_age(index)
  local _, changed = ages_of(self, index, hash(self.salt, index))
  return changed
end

return M

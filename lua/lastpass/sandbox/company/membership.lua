--- Who is in which group: arithmetic on the person's number, so that a group's members can be
-- listed without looking at anybody else.
-- @module lastpass.sandbox.company.membership
local names = require "lastpass.sandbox.names"
local php = require "lastpass.sandbox.php"

local M = { methods = {} }

local floor = math.floor
local methods = M.methods
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
    self.group_names, self.group_place, self.group_json = {}, {}, {}
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
  self.group_place, self.group_json = {}, {}
  for at, name in ipairs(self.group_names) do
    self.group_place[name] = at
    self.group_json[at] = php.string(name)
  end
end

--- Fills a company's tables of groups.
---@param self table company
---@param random fun(n: integer): integer
function M.prepare(self, random)
  make_departments(self, random)
  make_groups(self)
end

--- The department of person i, also of one without groups, as a place in `department_names`.
---@param index integer
---@return integer
function methods:department(index)
  return self.wheel[index % WHEEL]
end

--- Person i's groups, as places in `group_names`; none for one in 23.
---@param index integer
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
local function visit(self, from, step, call, keep)
  for index = from, self.users - 1, step do
    if index % 23 ~= 11 and (not keep or keep(index)) then
      call(index)
    end
  end
end

local function is_no_office(index)
  return index % 10 ~= 4
end

--- Calls a function with every member of a base group.
---@param place integer in `group_names`
---@param call fun(index: integer)
function methods:each_member(place, call)
  if place == 1 then
    visit(self, 0, 1, call)
  elseif place <= self.first_office then
    for _, slot in ipairs(self.slots[place - 1]) do
      visit(self, slot, WHEEL, call)
    end
  elseif place <= self.first_project then
    visit(self, 4 + 10 * (place - self.first_office - 1), 10 * self.office_count, call)
  else
    local from = 1 + 3 * (place - self.first_project - 1)
    visit(self, from, 3 * self.project_count, call, is_no_office)
  end
end

return M

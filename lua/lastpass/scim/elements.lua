--- The elements of a multi-valued attribute while a PATCH is applied: found by what they are in place of by going
-- through all, so that k changes of n elements cost n + k; what goes through all is counted, and limited.
-- @module lastpass.scim.elements
local json = require "lastpass.json"
local values = require "lastpass.scim.values"

local M = {}

local methods = {}
local elements_mt = { __index = methods }

--- Elements that may be looked at in one PATCH by operations without a look-up.
M.MAX_WORK = 1000000

--- Makes the elements of an attribute.
---@param definition lastpass.scim.Attribute
---@param list table[]|nil of the resource; neither it nor its elements are changed
---@param budget table `work`: what has been looked at; `spent()` is called when that is too much
function M.new(definition, list, budget)
  local self = setmetatable({
    definition = definition,
    items = {}, -- false: removed
    is_own = {}, -- by element: a copy that may be changed
    budget = budget,
  }, elements_mt)
  for index, element in ipairs(list or {}) do
    self.items[index] = element
  end
  return self
end

local function count(self, steps)
  local budget = self.budget
  budget.work = budget.work + steps
  if budget.work > M.MAX_WORK then
    budget.spent()
  end
end

local function key_of_value(self, value)
  return values.comparable(self.definition.sub.value, value)
end

local function enter(self, position, element)
  if self.by_identity then
    self.by_identity[values.identity(self.definition, element)] = position
  end
  if self.by_value and element.value ~= nil then
    local key = key_of_value(self, element.value)
    local positions = self.by_value[key] or {}
    self.by_value[key] = positions
    positions[#positions + 1] = position
  end
end

local function index_by(self, name)
  if not self[name] then
    count(self, #self.items)
    local other = name == "by_value" and "by_identity" or "by_value"
    local kept = self[other]
    self[name], self[other] = {}, nil
    for position, element in ipairs(self.items) do
      if element then
        enter(self, position, element)
      end
    end
    self[other] = kept
  end
  return self[name]
end

-- The indexes are made anew when they are asked for.
local function forget_indexes(self)
  self.by_identity, self.by_value = nil, nil
end

local function own(self, position)
  local element = self.items[position]
  if not self.is_own[element] then
    local copy = {}
    for name, part in pairs(element) do
      copy[name] = part
    end
    self.items[position], element = copy, copy
    self.is_own[copy] = true
  end
  return element
end

-- At most one is primary, and that is the newest (scim §2.9).
local function clear_other_primaries(self, position)
  count(self, #self.items)
  for other, element in ipairs(self.items) do
    if other ~= position and element and element.primary then
      own(self, other).primary = false
    end
  end
end

-- Parts of an element are set; false means that they go.
local function set_parts(self, position, parts)
  local element = self.items[position]
  for name, part in pairs(parts) do
    if element[name] ~= part then
      element = own(self, position)
      element[name] = part
    end
  end
  if parts.primary then
    clear_other_primaries(self, position)
  end
end

local function copy_of(element)
  local copy = {}
  for name, part in pairs(element) do
    copy[name] = part
  end
  return copy
end

local function append(self, element)
  local position = #self.items + 1
  local copy = copy_of(element)
  self.items[position], self.is_own[copy] = copy, true
  enter(self, position, copy)
  if copy.primary then
    clear_other_primaries(self, position)
  end
end

-- What an element says that another does not yet: the same in other letters is the same.
local function news_of(self, element, given)
  local news = {}
  for name, part in pairs(given) do
    if
      element[name] == nil
      or not values.same(self.definition.sub[name:lower()], element[name], part)
    then
      news[name] = part
    end
  end
  return news
end

--- Adds elements; one that is there already is given what it had not.
---@param list table[]
function methods:add(list)
  for _, element in ipairs(list) do
    local position = index_by(self, "by_identity")[values.identity(self.definition, element)]
    if position then
      set_parts(self, position, news_of(self, self.items[position], element))
    else
      append(self, element)
    end
  end
end

--- Puts elements in place of all.
---@param list table[]|nil
function methods:replace(list)
  self.items, self.is_own = {}, {}
  forget_indexes(self)
  for _, element in ipairs(list or {}) do
    append(self, element)
  end
end

-- Takes an element out; by value the indexes still lead there.
local function drop(self, position)
  local element = self.items[position]
  self.items[position] = false
  if self.by_identity then
    local identity = values.identity(self.definition, element)
    if self.by_identity[identity] == position then
      self.by_identity[identity] = nil
    end
  end
end

-- Positions of the elements that have a value and are still there.
local function positions_of(self, value)
  local index, key, kept = index_by(self, "by_value"), key_of_value(self, value), {}
  for _, position in ipairs(index[key] or kept) do
    if self.items[position] then
      kept[#kept + 1] = position
    end
  end
  count(self, #kept)
  index[key] = kept
  return kept
end

local function says(self, element, wanted)
  for name, part in pairs(wanted) do
    local sub = self.definition.sub[name:lower()]
    if element[name] == nil or not values.same(sub, element[name], part) then
      return false
    end
  end
  return true
end

--- Removes the elements of a list: by their value (and their type, where one has several), those of attributes
-- without values by all that is said of them. Absent ones are no error.
---@param list table[]
function methods:remove(list)
  local sub = self.definition.sub
  for _, wanted in ipairs(list) do
    if sub.value then
      local kind = sub.type and sub.type.mutability == "readWrite" and wanted.type or nil
      for _, position in ipairs(positions_of(self, wanted.value)) do
        if kind == nil or says(self, self.items[position], { type = kind }) then
          drop(self, position)
        end
      end
    else
      count(self, #self.items)
      for position, element in ipairs(self.items) do
        if element and says(self, element, wanted) then
          drop(self, position)
        end
      end
    end
  end
end

--- Positions of the elements that a filter matches.
---@param test fun(element: table): boolean
---@param value any the value that all matches have, or nil
---@return integer[]
function methods:matches(test, value)
  local found = {}
  if value ~= nil then
    for _, position in ipairs(positions_of(self, value)) do
      if test(self.items[position]) then
        found[#found + 1] = position
      end
    end
    return found
  end
  count(self, #self.items)
  for position, element in ipairs(self.items) do
    if element and test(element) then
      found[#found + 1] = position
    end
  end
  return found
end

--- All positions.
---@return integer[]
function methods:all()
  return self:matches(function()
    return true
  end)
end

--- Whether all elements at positions have a value in a part.
---@param positions integer[]
---@param sub lastpass.scim.Attribute
---@param value any
---@return boolean
function methods:have(positions, sub, value)
  for _, position in ipairs(positions) do
    if not values.same(sub, self.items[position][sub.name], value) then
      return false
    end
  end
  return true
end

--- Removes elements at positions.
---@param positions integer[]
function methods:remove_at(positions)
  for _, position in ipairs(positions) do
    drop(self, position)
  end
end

--- Sets parts of the elements at positions.
---@param positions integer[]
---@param parts table
function methods:set_at(positions, parts)
  for _, position in ipairs(positions) do
    set_parts(self, position, parts)
  end
  forget_indexes(self)
  self.may_repeat = true
end

--- Puts an element in place of those at positions.
---@param positions integer[]
---@param element table
function methods:replace_at(positions, element)
  for _, position in ipairs(positions) do
    local copy = copy_of(element)
    self.items[position], self.is_own[copy] = copy, true
    if copy.primary then
      clear_other_primaries(self, position)
    end
  end
  forget_indexes(self)
  self.may_repeat = true
end

--- Removes a part of the elements at positions.
---@param positions integer[]
---@param name string
function methods:unset_at(positions, name)
  for _, position in ipairs(positions) do
    if self.items[position][name] ~= nil then
      own(self, position)[name] = nil
    end
  end
  forget_indexes(self)
  self.may_repeat = true
end

-- What only says which value it would be.
local labels = { type = true, primary = true }

local function is_empty(element)
  for name, part in pairs(element) do
    if not labels[name] and part ~= "" then
      return false
    end
  end
  return true
end

--- What is left, without elements that say nothing, and each once.
---@return table[]|nil list nil when there is none
function methods:result()
  local list, seen = json.list {}, {}
  for _, element in ipairs(self.items) do
    if element and not (self.is_own[element] and is_empty(element)) then
      local identity = self.may_repeat and values.identity(self.definition, element)
      if not identity or not seen[identity] then
        list[#list + 1] = element
      end
      if identity then
        seen[identity] = true
      end
    end
  end
  return list[1] and list or nil
end

return M

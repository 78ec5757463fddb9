--- Mappings: which fields of a source say what of a person who ought to exist; and the people of a source
-- as the desired state, by such a mapping.
-- @module lastpass.source.mapping
local email = require "lastpass.email"
local errors = require "lastpass.error"
local problems = require "lastpass.source.problems"
local status = require "lastpass.source.status"

local M = {}

--- What the fields of a source say of a person. What is not mapped is not managed. An empty name
-- says nothing, an empty group is none.
---@class lastpass.source.Mapping
---@field email string            the field with the address
---@field fullname? string        the field with the name
---@field groups? string[]        fields that each name a group, or are a list of names
---@field fixed_groups? string[]  groups that everybody is in
---@field active? lastpass.source.ActiveMapping

--- The options of a mapping, as `errors.check_options` knows them.
M.options = {
  email = "string",
  fullname = "string",
  groups = "table",
  active = "table",
  fixed_groups = "table",
}

local function check_list(option, list)
  local count = 0
  for number in ipairs(list) do
    count = number
  end
  for key, value in pairs(list) do
    if type(key) ~= "number" or key > count or type(value) ~= "string" then
      errors.raise(3, "people:feed: option '%s' must be a list of strings without gaps", option)
    end
  end
  return list
end

--- Checks a mapping. A mistake in it is the programmer's.
---@param mapping lastpass.source.Mapping
---@return table plan {email, fullname, active: fields; groups: list of fields; fixed: names;
-- words: those of the status, compiled; fields: all of them}
function M.plan(mapping)
  mapping = errors.check_options("people:feed", mapping, M.options)
  if not mapping.email then
    errors.raise(3, "people:feed: the mapping must name the field 'email'")
  end
  local plan = {
    email = mapping.email,
    fullname = mapping.fullname,
    groups = mapping.groups and check_list("groups", mapping.groups),
    fixed = mapping.fixed_groups and check_list("fixed_groups", mapping.fixed_groups),
  }
  local active = mapping.active
  if active then
    plan.active, plan.words = active.field, status.compile_field("people:feed", active, 3)
  end
  plan.fields = {}
  for _, field in ipairs { "email", "fullname", "active" } do
    plan.fields[#plan.fields + 1] = plan[field]
  end
  for _, field in ipairs(plan.groups or {}) do
    plan.fields[#plan.fields + 1] = field
  end
  return plan
end

-- The column that makes a field, as problems show it.
local function column_of(self, field)
  for _, column in ipairs(self._columns or {}) do
    if column.name == field then
      return column
    end
  end
  return { name = field, label = field }
end

local function refusal_of(column, value, code, reason, ...)
  return { code, reason:format(...), { column = column, value = value } }
end

-- The one text of a field, nil when there is none; or nil and a refusal.
local function one_text(self, person, field)
  local value = field and person[field]
  if type(value) == "table" and #value > 1 then
    local column = column_of(self, field)
    local reason = "'%s' has %d values where one is wanted"
    return nil, refusal_of(column, value[1], "many_values", reason, column.label, #value)
  end
  local text = value
  if type(value) == "table" then
    text = value[1]
  end
  return text ~= "" and text or nil
end

local function groups_of(plan, person)
  if not plan.groups and not plan.fixed then
    return nil
  end
  local groups = {}
  for _, field in ipairs(plan.groups or {}) do
    local value = person[field]
    for _, name in ipairs(type(value) == "table" and value or { value }) do
      groups[#groups + 1] = name
    end
  end
  for _, name in ipairs(plan.fixed or {}) do
    groups[#groups + 1] = name
  end
  return groups
end

-- Whether somebody is active; or a refusal.
local function is_active(self, plan, person)
  if not plan.active then
    return nil
  end
  local meaning, word = status.meaning(plan.words, person[plan.active])
  if word then
    local column = column_of(self, plan.active)
    return nil, refusal_of(column, word, "status_word", "%s", status.reason(plan.words, word))
  end
  return meaning
end

-- The address of somebody; or a refusal.
local function address_of(self, plan, value)
  local column = column_of(self, plan.email)
  if not value then
    return nil, refusal_of(column, "", "missing_value", "'%s' is empty", column.label)
  end
  local address, fault = email.check(value)
  if not address then
    local reason = "%s is not an e-mail address: %s"
    return nil, refusal_of(column, value, "bad_email", reason, problems.shown(value), fault)
  end
  return email.composed(address)
end

-- Where the first row with an address is; `origin` is that of the second.
local function describe_first(desired, first, number, origin)
  local _, _, _, _, source, line = desired:row(first)
  if source ~= number then
    return ("in source %d"):format(source) .. (line > 0 and (", line %d"):format(line) or "")
  elseif origin.line then
    return ("on line %d"):format(line), line
  end
  return line > 0 and ("in row %d"):format(line) or "there"
end

local function refuse_repeated(self, plan, desired, first, number, person, value)
  local where, first_line = describe_first(desired, first, number, person.origin)
  local about = { column = column_of(self, plan.email), value = value, key = email.fold(value) }
  local reason = ("%s is already %s"):format(problems.shown(value), where)
  local _, problem = problems.refuse(self, person.origin, "repeated", reason, about)
  problem.first_line = first_line
end

-- Adds one person; says whether that was done.
local function add_person(self, plan, desired, number, person)
  local value, refusal = one_text(self, person, plan.email)
  local fullname, name_refusal = one_text(self, person, plan.fullname)
  refusal = refusal or name_refusal
  local active, address
  if not refusal then
    address, refusal = address_of(self, plan, value)
  end
  if not refusal then
    active, refusal = is_active(self, plan, person)
  end
  if refusal then
    -- the key, for those who must not take the person for missing
    local known = value and email.check(value)
    refusal[3].key = known and email.fold(known)
    problems.refuse(self, person.origin, refusal[1], refusal[2], refusal[3])
    return false
  end
  local line = person.origin.line or person.origin.row or 0
  local groups = groups_of(plan, person)
  local row, _, first = desired:add(address, fullname, groups, active, number, line, true)
  if not row then
    refuse_repeated(self, plan, desired, first, number, person, address)
  elseif address:find "[\128-\255]" or address:find "^'" then
    self.needs_folding = self.needs_folding or {}
    table.insert(self.needs_folding, row)
  end
  return row ~= nil
end

-- A field that nobody has would look like one that is empty for everybody. `known` are the fields that rows
-- have, `listed` those that the message chooses the nearest from.
local function check_fields(self, plan, known, listed)
  for _, field in ipairs(plan.fields) do
    if not known[field] then
      local names = errors.names_of(listed or known)
      local message = "%s: nobody has the field '%s', which the mapping names%s"
      message = message:format(self.name, field, errors.did_you_mean(field, names))
      local _, _, err = errors.fail("argument", "missing_column", message, {
        field = field,
        nearest = errors.nearest(field, names),
      })
      self.proof.complete, self.failure = false, err
      return nil, err.message, err
    end
  end
  return true
end

local function known_fields(self)
  local known = {}
  for _, name in ipairs(self:fields() or {}) do
    known[name] = true
  end
  return known
end

-- Of a source without a header it is known only when everybody has come which fields there are.
local function feed_rows(self, plan, desired, number)
  local met, count = {}, 0
  local person, message, err = self:next()
  while person do
    for name in pairs(person) do
      met[name] = true
    end
    count = count + (add_person(self, plan, desired, number, person) and 1 or 0)
    person, message, err = self:next()
  end
  if not err and next(met) then
    local known = known_fields(self)
    for name in pairs(met) do
      known[name] = true
    end
    local _
    _, message, err = check_fields(self, plan, known, met)
  end
  if err then
    return nil, message, err
  end
  return count
end

-- After each row that comes as a table, those after it take the fast path as far as they can.
local function feed_csv(self, plan, desired, number)
  local ok, message, err = check_fields(self, plan, known_fields(self))
  if not ok then
    self:close()
    return nil, message, err
  end
  local pour, count = self._pouring(self, plan, desired, number), 0
  local person
  person, message, err = self:next()
  while person do
    count = count + (add_person(self, plan, desired, number, person) and 1 or 0)
    count = count + pour()
    person, message, err = self:next()
  end
  if err then
    return nil, message, err
  end
  return count
end

--- Reads a source to its end and adds everybody to the desired state: `people:feed`.
---@param self lastpass.source.People
---@param desired userdata of `core.desired`
---@param mapping lastpass.source.Mapping
---@param number? integer of the source; default 0
---@return integer|nil count
---@return string? message
---@return lastpass.Error? err as of `people:next`; or code "missing_column", kind "argument", when
-- nobody has a field that the mapping names
function M.feed(self, desired, mapping, number)
  local feed = self._pouring and feed_csv or feed_rows
  return feed(self, M.plan(mapping), desired, number or 0)
end

return M

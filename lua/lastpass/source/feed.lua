--- People of a source as people who ought to be there: which fields say what of them.
-- @module lastpass.source.feed
local csv_feed = require "lastpass.source.csv_feed"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local mappings = require "lastpass.source.mapping"
local problem = require "lastpass.source.problem"
local status = require "lastpass.source.status"

local M = {}

-- The column that makes a field, as problems show it.
local function column_of(self, field)
  for _, column in ipairs(self._columns or {}) do
    if column.name == field then
      return column
    end
  end
  return { name = field, label = field }
end

-- The one text of a field, nil when there is none; or nil and a refusal.
local function one_text(self, person, field)
  local value = field and person[field]
  if type(value) ~= "table" then
    return value ~= "" and value or nil
  elseif #value > 1 then
    local column = column_of(self, field)
    local reason = ("'%s' has %d values where one is wanted"):format(column.label, #value)
    return nil, { "many_values", reason, { column = column, value = value[1] } }
  end
  return value[1] ~= "" and value[1] or nil
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
    local about = { column = column_of(self, plan.active), value = word }
    return nil, { "status_word", status.reason(plan.words, word), about }
  end
  return meaning
end

local function address_refusal(self, plan, value)
  local column = column_of(self, plan.email)
  if not value then
    local reason = ("'%s' is empty"):format(column.label)
    return { "missing_value", reason, { column = column, value = "" } }
  end
  local address, fault = email.check(value)
  if address then
    -- of the ways in which letters beyond ASCII can be written, one
    return nil,
      address:find "[\128-\255]" and require("lastpass.unicode").compose(address) or address
  end
  local reason = ("%s is not an e-mail address: %s"):format(problem.shown(value), fault)
  return { "bad_email", reason, { column = column, value = value } }
end

-- Where the first row with an address is; `origin` is that of the second.
local function place_of(wanted, first, number, origin)
  local _, _, _, _, source, line = wanted:row(first)
  if source ~= number then
    return ("in source %d"):format(source) .. (line > 0 and (", line %d"):format(line) or "")
  elseif origin.line then
    return ("on line %d"):format(line), line
  end
  return line > 0 and ("in row %d"):format(line) or "there"
end

local function refuse_repeated(self, plan, wanted, first, number, person, value)
  local place, first_line = place_of(wanted, first, number, person.origin)
  local about = { column = column_of(self, plan.email), value = value, key = email.fold(value) }
  local reason = ("%s is already %s"):format(problem.shown(value), place)
  local _, refused = problem.refuse(self, person.origin, "repeated", reason, about)
  refused.first_line = first_line
end

-- Adds one person; says whether that was done.
local function take(self, plan, wanted, number, person)
  local value, refusal = one_text(self, person, plan.email)
  local fullname, name_refusal = one_text(self, person, plan.fullname)
  refusal = refusal or name_refusal
  local active, address
  if not refusal then
    refusal, address = address_refusal(self, plan, value)
  end
  if not refusal then
    active, refusal = is_active(self, plan, person)
  end
  if refusal then
    -- the key, for those who must not take the person for missing
    local known = value and email.check(value)
    refusal[3].key = known and email.fold(known)
    problem.refuse(self, person.origin, refusal[1], refusal[2], refusal[3])
    return false
  end
  local line = person.origin.line or person.origin.row or 0
  local groups = groups_of(plan, person)
  local row, _, first = wanted:add(address, fullname, groups, active, number, line, true)
  if not row then
    refuse_repeated(self, plan, wanted, first, number, person, address)
  elseif address:find "[\128-\255]" or address:find "^'" then
    self.other_letters = self.other_letters or {}
    table.insert(self.other_letters, row)
  end
  return row ~= nil
end

local function missing_field(self, field, names)
  table.sort(names)
  local message = ("%s: nobody has the field '%s', which the mapping names%s"):format(
    self.name,
    field,
    errors.did_you_mean(field, names)
  )
  self.proof.complete = false
  local _, _, err = errors.fail(
    "argument",
    "missing_column",
    message,
    { field = field, nearest = errors.nearest(field, names) }
  )
  self.failure = err
  return nil, message, err
end

-- A field that the file does not have would look like one that is empty for everybody.
local function check_columns(self, plan)
  local names, is_there = {}, {}
  for index, column in ipairs(self._columns) do
    names[index], is_there[column.name] = column.name, true
  end
  for _, field in ipairs(plan.fields) do
    if not is_there[field] then
      self:close()
      return missing_field(self, field, names)
    end
  end
  return true
end

-- Of a source without a header it is known only when everybody has come.
local function check_seen(self, plan, seen)
  local names = {}
  for name in pairs(seen) do
    names[#names + 1] = name
  end
  for _, column in ipairs(self._columns or {}) do
    seen[column.name] = true
  end
  for _, field in ipairs(plan.fields) do
    if not seen[field] then
      return missing_field(self, field, names)
    end
  end
  return true
end

local function note_fields(seen, person)
  for name in pairs(person) do
    seen[name] = true
  end
end

local function feed_rows(self, plan, wanted, number)
  local seen, count, any = {}, 0, false
  while true do
    local person, message, err = self:next()
    if err then
      return nil, message, err
    elseif not person then
      break
    end
    any = true
    note_fields(seen, person)
    count = count + (take(self, plan, wanted, number, person) and 1 or 0)
  end
  if any then
    local ok, message, err = check_seen(self, plan, seen)
    if not ok then
      return nil, message, err
    end
  end
  return count
end

-- After each row that comes as a table, those behind it go the short way as far as they can.
local function feed_csv(self, plan, wanted, number)
  local ok, message, err = check_columns(self, plan)
  if not ok then
    return nil, message, err
  end
  local pour = csv_feed.pouring(self, plan, wanted, number)
  local count = 0
  while true do
    local person
    person, message, err = self:next()
    if err then
      return nil, message, err
    elseif not person then
      return count
    end
    count = count + (take(self, plan, wanted, number, person) and 1 or 0)
    count = count + pour()
  end
end

--- Reads a source to its end and adds everybody to what is wanted: `people:feed`.
---@param self lastpass.source.People
---@param wanted userdata of `core.wanted`
---@param mapping lastpass.source.Mapping
---@param number? integer of the source; default 0
---@return integer|nil count
---@return string? message
---@return lastpass.Error? err as of `people:next`; or code "missing_column", kind "argument", when
-- nobody has a field that the mapping names
function M.run(self, wanted, mapping, number)
  local plan = mappings.plan(mapping)
  if self.proof.kind == "csv" then
    return feed_csv(self, plan, wanted, number or 0)
  end
  return feed_rows(self, plan, wanted, number or 0)
end

return M

--- The roster: whom the personnel department knows, from any `lastpass.source`; and the accounts that a
-- report leaves aside.
-- @module lastpass.report.roster
local email = require "lastpass.email"
local errors = require "lastpass.error"
local status = require "lastpass.source.status"
local text = require "lastpass.text"

local M = {}

---@class lastpass.report.Roster
---@field name string
---@field list table[]               people who are employed, in the source's order
---@field by_address table<string, table> the same by folded address
---@field left table<string, table>  people whom the source has as inactive, by folded address
---@field left_count integer
---@field refused integer            rows that could not be used

--- Whether a value is a source that nobody has read yet.
---@param value any
---@return boolean|nil
---@return string expected
function M.is_source(value)
  local metatable = type(value) == "table" and getmetatable(value)
  return metatable and metatable.__name == "lastpass.source",
    "a source of people, as source.csv gives it"
end

--- Which rows of a roster are of people who have left: the field with the status, and its words. Words are
-- compared as in playbooks. Without the list `active` every word that is not inactive counts as employed;
-- with it, a word on neither list does too, and is noted as missing information.
---@class lastpass.report.RosterStatus
---@field field string
---@field inactive string[]
---@field active? string[]

--- Checks the option `active`; what is wrong raises.
---@param where string
---@param active lastpass.report.RosterStatus|nil
function M.check_active(where, active)
  if not active then
    return
  elseif active.active then
    status.compile_field(where, active, 3)
    return
  end
  errors.check_options(where .. ": active", active, { field = "string", inactive = "table" })
  if not active.field or not active.inactive then
    errors.raise(3, "%s: 'active' needs a 'field' and the list 'inactive'", where)
  end
end

-- Whether the status of a person means inactive; and the word when nobody knows.
local function inactive_test(active)
  if not active then
    return function()
      return false
    end
  elseif active.active then
    local words = status.compile_field("roster", active, 3)
    return function(person)
      local meaning, word = status.meaning(words, person[active.field])
      return meaning == false, word
    end
  end
  local set = {}
  for _, value in ipairs(active.inactive) do
    set[status.fold(tostring(value))] = true
  end
  return function(person)
    local value = person[active.field]
    return type(value) == "string" and set[status.fold(value)] == true
  end
end

local NOBODY_KNOWS =
  "%s of the roster with a status on neither list, the first '%s', count as employed"

local function note_reading(reading, roster, source)
  reading.query[#reading.query + 1] = ("roster %s: %s read to the end, %s"):format(
    roster.name,
    text.plural(source.proof.rows, "row"),
    text.plural(roster.refused, "row") .. " refused"
  )
  if roster.refused > 0 then
    reading:miss(
      "%s of the roster could not be used; the first: %s",
      text.plural(roster.refused, "row"),
      tostring(source.problems[1])
    )
  end
end

--- Reads the roster to its end.
---@param reading lastpass.report.Reading what is missing is noted there
---@param source lastpass.source.People
---@param active? lastpass.report.RosterStatus which rows are of people who have left
---@return lastpass.report.Roster|nil
---@return string? message
---@return lastpass.Error? err when the source breaks off: nothing is concluded from a part
function M.read(reading, source, active)
  local people, message, err = source:read()
  if not people then
    return nil, message, err
  end
  local roster =
    { name = source.name, list = {}, by_address = {}, left = {}, left_count = 0, refused = 0 }
  local is_inactive = inactive_test(active)
  local unknown, first = 0, nil
  for _, person in ipairs(people) do
    local key = person.email and email.fold(person.email)
    if not key or key == "" then
      return errors.fail(
        "argument",
        "missing_column",
        roster.name .. ": the roster has no field 'email'",
        { hint = 'name it: source.csv("hr.csv", { columns = { email = "E-mail" } })' }
      )
    end
    local has_left, word = is_inactive(person)
    if word then
      unknown, first = unknown + 1, first or word
    end
    if has_left then
      roster.left[key], roster.left_count = person, roster.left_count + 1
    else
      roster.by_address[key] = person
      roster.list[#roster.list + 1] = person
    end
  end
  roster.refused = #source.problems
  note_reading(reading, roster, source)
  if unknown > 0 then
    reading:miss(NOBODY_KNOWS, text.plural(unknown, "row"), first)
  end
  return roster
end

--- The name a roster has for somebody.
---@param person table
---@return string|nil
function M.name_of(person)
  local name = person.fullname or person.name
  return type(name) == "string" and name ~= "" and name or nil
end

--- Checks the option `exclude`.
---@param where string
---@param exclude table|nil
function M.check_exclude(where, exclude)
  for pattern, reason in pairs(exclude or {}) do
    if type(pattern) ~= "string" or type(reason) ~= "string" or reason == "" then
      errors.raise(
        3,
        '%s: exclude needs a reason for each pattern: { ["svc-*@acme.com"] = "service" }',
        where
      )
    end
  end
end

--- A text in which "*" stands for any characters, as a pattern for folded texts.
---@param wildcard string
---@return string
function M.pattern(wildcard)
  local escaped = email.fold(wildcard):gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*")
  return "^" .. escaped .. "$"
end

--- Makes the test of accounts that a report leaves aside. Whole addresses go before patterns, patterns
-- in the order of their bytes.
---@param exclude table<string, string>|nil { ["svc-*@acme.com"] = "service" }
---@return fun(key: string): string|nil reason of a folded address
---@return fun(): string[] unused those that matched nobody so far
function M.exclusions(exclude)
  local exact, patterns, unused = {}, {}, {}
  for _, who in ipairs(errors.names_of(exclude or {})) do
    local one = { who = who, pattern = M.pattern(who), reason = exclude[who] }
    unused[who] = true
    if who:find("*", 1, true) then
      patterns[#patterns + 1] = one
    else
      exact[email.fold(who)] = one
    end
  end
  local function reason_of(key)
    local found = exact[key]
    for _, one in ipairs(patterns) do
      found = found or (key:find(one.pattern) and one or nil)
    end
    if not found then
      return nil
    end
    unused[found.who] = nil
    return found.reason
  end
  return reason_of, function()
    return errors.names_of(unused)
  end
end

--- Notes on exclusions that matched nobody.
---@param notes string[]
---@param unused fun(): string[]
function M.note_unused(notes, unused)
  for _, who in ipairs(unused()) do
    notes[#notes + 1] = ("The exclusion '%s' matches nobody."):format(who)
  end
end

return M

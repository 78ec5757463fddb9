--- A source inside a playbook: it remembers which row is at hand, so that a plan can name it, and
-- whether it was read to its end. When it breaks off, the loop of the playbook ends as if all were
-- there: what was read may still be added and changed; the proof keeps everything that removes held.
-- @module lastpass.plan.tracked
local errors = require "lastpass.error"
local letters = require "lastpass.plan.letters"
local signature = require "lastpass.signature"

local M = {}

local methods = {}
local tracked_mt = { __name = "lastpass.source" }

-- What the playbook may see of the source itself.
local visible = { proof = true, problems = true, failure = true, header = true, name = true }

function tracked_mt.__index(tracked, name)
  if methods[name] then
    return methods[name]
  elseif visible[name] then
    return tracked._people[name]
  end
  return nil
end

function tracked_mt.__tostring(tracked)
  return tostring(tracked._people)
end

--- The next good row, or nil at the end, and also where the source broke off.
---@return table|nil person
function methods:next()
  local reading = self._reading
  local person = self._people:next()
  if person then
    reading.source, reading.person = self, person
    return self._row_mt and setmetatable(person, self._row_mt) or person
  end
  reading.source, reading.person = nil, nil
  return nil
end

--- Iterates over the good rows.
---@return fun(): table|nil person
function methods:rows()
  local people, reading, row_mt = self._people, self._reading, self._row_mt
  people:rows() -- raises when it has been read already
  return function()
    local person = people:next()
    if not person then
      reading.source, reading.person = nil, nil
      return nil
    end
    reading.source, reading.person = self, person
    return row_mt and setmetatable(person, row_mt) or person
  end
end

--- All good rows, and the refused ones.
---@return table[] list
---@return table[] problems
function methods:read()
  local list = {}
  for person in self:rows() do
    list[#list + 1] = person
  end
  return list, self._people.problems
end

-- A misspelt field would read as nil, and { person.tema } as no groups at all: people would leave
-- them. Where the fields are known, any other raises.
local function strict_rows(people, optional)
  if not people._columns then
    return nil
  end
  local names, known = {}, { origin = true, groups = people.proof.kind == "ldap" }
  for place, column in ipairs(people._columns) do
    names[place], known[column.name] = column.name, true
  end
  for name in pairs(optional or {}) do
    known[name] = true -- also when the file has no such column
  end
  return {
    __index = function(_, name)
      if known[name] then
        return nil -- empty in this row
      end
      return errors.raise(
        2,
        "%s: a row has no field '%s'%s",
        people.name,
        tostring(name),
        errors.did_you_mean(name, names)
      )
    end,
  }
end

--- Wraps a source.
---@param people lastpass.source.People
---@param number integer which source of the playbook it is
---@param reading table where the row at hand is noted: {source, person}
---@param label? string what it is called in the journal; default its name
---@param columns? table the option `columns` of the source
---@return table tracked
function M.new(people, number, reading, label, columns)
  return setmetatable({
    _people = people,
    _number = number,
    _reading = reading,
    _label = label or people.name,
    _row_mt = strict_rows(people, columns),
  }, tracked_mt)
end

--- Whether a value is such a source.
---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == tracked_mt
end

--- What the plan says of a source.
---@return table description
function M.describe(tracked)
  local people, proof = tracked._people, tracked._people.proof
  local description = {
    name = letters.writable(tracked._label),
    kind = proof.kind,
    rows = proof.rows,
    refused = #people.problems,
    complete = proof.complete and true or false,
    sha256 = proof.complete and people:sha256() or nil,
    pages = proof.pages,
  }
  if people.failure then
    description.failure = letters.writable(people.failure.message)
  elseif not proof.complete then
    description.failure = proof.rows == 0 and "the playbook did not read it"
      or ("the playbook stopped reading after %d rows"):format(proof.rows)
  end
  return description
end

-- What a source itself is to blame for, not the playbook that names it: it is away, or it broke off.
local UNREACHABLE = { "transport", "source_unreachable" }
local BROKE_OFF = { "protocol", "incomplete_source" }
local by_code = {
  no_such_file = UNREACHABLE,
  no_permission = UNREACHABLE,
  empty_file = BROKE_OFF,
  not_csv = BROKE_OFF, -- a page to sign in, in place of the export
  not_json = BROKE_OFF,
}
local by_kind = {
  transport = UNREACHABLE,
  throttled = UNREACHABLE,
  auth = { "auth", "source_auth" },
  protocol = BROKE_OFF,
  conflict = BROKE_OFF,
  refused = BROKE_OFF,
}

--- Opens a source of a kind, or raises at the playbook's line.
---@param declared lastpass.plan.Declared gets `source_failure`: {text, kind, code} of what is not the
-- playbook's mistake
---@param kind string "csv", "json", "ldap", "table"
---@param level integer
---@return lastpass.source.People
function M.open(declared, kind, level, ...)
  local people, message, err = require("lastpass.source")[kind](...)
  if people then
    return people
  end
  local text = ("source.%s: %s%s"):format(kind, message, err.hint and "; " .. err.hint or "")
  local meaning = by_code[err.code] or by_kind[err.kind]
  if meaning then
    declared.source_failure = { text = text, kind = meaning[1], code = meaning[2] }
  end
  errors.raise(level + 1, "%s", text)
end

signature.declare("source:", methods, {
  next = "",
  rows = "",
  read = "",
})

return M

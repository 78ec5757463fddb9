--- A source inside a playbook: it remembers which row is at hand, so that a plan can name it, and
-- whether it was read to its end. When it breaks off, the loop of the playbook ends as if all were
-- there: what was read may still be added and changed; the proof keeps everything that removes held.
-- @module lastpass.plan.tracked
local errors = require "lastpass.error"

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
    return person
  end
  reading.source, reading.person = nil, nil
  return nil
end

--- Iterates over the good rows.
---@return fun(): table|nil person
function methods:rows()
  self._people:rows() -- raises when it has been read already
  return function()
    return self:next()
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

--- Wraps a source.
---@param people lastpass.source.People
---@param number integer which source of the playbook it is
---@param reading table where the row at hand is noted: {source, person}
---@return table tracked
function M.new(people, number, reading)
  return setmetatable({ _people = people, _number = number, _reading = reading }, tracked_mt)
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
    name = people.name,
    kind = proof.kind,
    rows = proof.rows,
    refused = #people.problems,
    complete = proof.complete and true or false,
    sha256 = proof.complete and people:sha256() or nil,
    pages = proof.pages,
  }
  if people.failure then
    description.failure = people.failure.message
  elseif not proof.complete then
    description.failure = proof.rows == 0 and "the playbook did not read it"
      or ("the playbook stopped reading after %d rows"):format(proof.rows)
  end
  return description
end

--- Opens a source of a kind, or raises at the playbook's line.
---@param kind string "csv", "json", "ldap", "table"
---@param level integer
---@return lastpass.source.People
function M.open(kind, level, ...)
  local people, message, err = require("lastpass.source")[kind](...)
  if not people then
    errors.raise(level + 1, "source.%s: %s%s", kind, message, err.hint and "; " .. err.hint or "")
  end
  return people
end

return M

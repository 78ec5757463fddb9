--- What all sources are to their users: people one by one, refused rows beside them, and a proof of
-- how far the source was read.
-- @module lastpass.source.people
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

--- What is known about how far a source was read. Sources of one kind add to it: `file`, `bytes` and
-- `final_newline` for files; `url`, `base`, `filter`, `pages`, `groups` and `references` for LDAP; `url`, `filter`,
-- `pages` and `groups` for SCIM.
---@class lastpass.source.Proof
---@field kind string      "csv", "json", "ldap", "scim", "table"
---@field rows integer     people, good and refused; what holds nothing does not count
---@field refused integer  the refused ones
---@field complete boolean the source was read to its end without a failure
---@field sha256? string   with the option `sha256` and once complete: of a file's bytes; of the
-- values of all people, in whatever order they came, where there are no bytes
---@field file? string
---@field bytes? integer
---@field final_newline? boolean the last line was ended
---@field pages? integer
---@field references? integer parts of a directory that other servers keep, and that were not read
---@field groups? table    LDAP: {count, pages, other_members = neither groups nor people read}; SCIM: {count,
-- other_members}

--- A source of people.
---@class lastpass.source.People
---@field proof lastpass.source.Proof
---@field problems lastpass.source.Problem[] the refused rows so far
---@field failure? lastpass.Error why the reading ended before the end of the source
---@field header? string[] the titles of a CSV file
local people = {}
local people_mt = { __index = people, __name = "lastpass.source" }

function people_mt.__tostring(self)
  local proof = self.proof
  local state = proof.complete and "complete" or self.failure and "broken off" or "open"
  return ("lastpass.source.%s: %s (%d rows, %s)"):format(proof.kind, self.name, proof.rows, state)
end

-- So many refused rows mean the wrong source or the wrong options.
local function too_many_problems(self)
  local problems = self.problems
  local _, _, err = errors.fail(
    "protocol",
    "too_many_problems",
    ("%s: %d of %d rows were refused; the first: %s"):format(
      self.name,
      #problems,
      self.proof.rows,
      problems[1].reason
    ),
    { file = self.proof.file, hint = "see the option 'max_problems'" }
  )
  self.failure = err
  self:close()
end

--- The next good row.
---@return table|nil person its fields by name, and `origin`; nil at the end of the source
---@return string? message why the reading ended before that
---@return lastpass.Error? err the same as `people.failure`
function people:next()
  while not self.failure do
    local record, message, err = self._records:next()
    if not record then
      if not err and not self.proof.complete then
        return errors.fail("cancelled", "closed", self.name .. ": was closed")
      end
      self.failure = err
      return nil, message, err
    end
    if record.origin then -- the reader has made a person of it
      self.proof.rows = self.proof.rows + 1
      return record
    end
    local person = self._admit(self, record)
    if person then
      return person
    elseif #self.problems >= self._max_problems then
      too_many_problems(self)
    end
  end
  return nil, self.failure.message, self.failure
end

-- A second pass would find nothing, and look like a source without people.
local function begin_reading(self, level)
  if self._begun then
    local message = "%s has been read already: keep the list of people:read(), or open it again"
    errors.raise(level + 1, message, self.name)
  end
  self._begun = true
end

--- Iterates over the good rows. The refused ones are in `people.problems` when the loop has ended.
-- A loop cannot return a failure, and one that is overlooked would make people look gone; so when
-- the source breaks off (a broken quote, a lost connection), the iterator raises the
-- `lastpass.Error` after the last good row. Use `read` or `next` to get it returned.
---@return fun(): table|nil person
function people:rows()
  begin_reading(self, 2)
  return function()
    local person, _, err = self:next()
    if err then
      error(err, 0)
    end
    return person
  end
end

--- Reads to the end.
---@return table[]|nil list the good rows
---@return lastpass.source.Problem[]|string problems the refused ones; or the message
---@return lastpass.Error? err when the source breaks off
---@return table[]? list the good rows before that
function people:read()
  begin_reading(self, 2)
  local list = {}
  while true do
    local person, message, err = self:next()
    if err then
      return nil, message, err, list
    elseif not person then
      return list, self.problems
    end
    list[#list + 1] = person
  end
end

--- Reads to the end, and adds everybody to the desired state. An address that is there already makes a
-- problem of code "repeated".
---@param desired userdata of `core.desired`
---@param mapping lastpass.source.Mapping
---@param number? integer of this source, stored with each person; default 0
---@return integer|nil count how many people were added
---@return string? message
---@return lastpass.Error? err when the source breaks off: what came before it stays in `desired`
function people:feed(desired, mapping, number)
  begin_reading(self, 2)
  return require("lastpass.source.mapping").feed(self, desired, mapping, number)
end

--- The names of the fields that rows can have.
---@return string[]|nil names nil when the keys of each row make its fields
function people:fields()
  local names = {}
  for index, column in ipairs(self._columns or {}) do
    names[index] = column.name
  end
  return self._columns and names
end

--- The SHA-256 of the source. Without the option `sha256` a file is read once more, and refused when
-- its length is no longer the same; nothing else can be read again.
---@return string|nil hex 64 hexadecimal digits
---@return string? message
---@return lastpass.Error? err code "no_luaossl" (see its hint), "not_read" or "file_changed"
function people:sha256()
  local proof = self.proof
  if proof.sha256 then
    return proof.sha256
  elseif not proof.complete then
    local message = self.name .. ": not read to its end, so there is nothing to prove"
    return errors.fail("argument", "not_read", message)
  elseif not self._path then
    local message = self.name .. ": cannot be read again; use the option 'sha256'"
    return errors.fail("argument", "not_read", message)
  end
  local hex, message, err = require("lastpass.source.file").sha256(self._path, proof)
  proof.sha256 = hex
  return hex, message, err
end

--- Ends the reading before the end of the source. A handle given by the caller stays open.
function people:close()
  self._records:close()
end

signature.declare("source:", people, {
  next = "",
  rows = "",
  read = "",
  feed = "desired: userdata, mapping: table, number?: integer",
  fields = "",
  sha256 = "",
  close = "",
})

people_mt.__close = people.close

--- Makes a source. Its `_records` have `next()` -> record | nil | nil, message, err, and `close()`;
-- they set `proof.complete`.
---@param name string what it is called in messages
---@param proof lastpass.source.Proof
---@param fields table _admit = function(self, record) -> person | nil, and what that needs;
-- _max_problems, _path
---@return lastpass.source.People
function M.new(name, proof, fields)
  fields.name, fields.proof, fields.problems = name, proof, {}
  proof.rows, proof.refused, proof.complete = 0, 0, false
  return setmetatable(fields, people_mt)
end

return M

--- What all sources are to their users: people one by one, each with where it comes from, refused rows
-- beside them, and a proof of how far the source was read.
-- @module lastpass.source.people
local errors = require "lastpass.error"
local signature = require "lastpass.signature"
local text = require "lastpass.text"

local M = {}

--- Where a person comes from, so that a plan can name the row that caused a step. `tostring` gives
-- "hr.csv:17", "table:3" or "ldap://host/ou=people,dc=acme uid=ann". Of a file it has file, row and line; of
-- a Lua list list and row; of a directory url, base and dn.
---@class lastpass.source.Origin
---@field file? string
---@field list? string
---@field row? integer  the number of the row; in a spreadsheet the header is row 1, blank ones count
---@field line? integer the physical line of the file the row starts on
---@field url? string
---@field base? string
---@field dn? string

--- The metatable of origins, also for the rows that are made in C.
M.origin_mt = { __name = "lastpass.source.origin" }

function M.origin_mt.__tostring(origin)
  if origin.file then
    return ("%s:%d"):format(origin.file, origin.line)
  elseif origin.list then
    return ("%s:%d"):format(origin.list, origin.row)
  end
  -- The names of an entry and of its base share their end, as the server writes them mostly to the
  -- letter; if it does not, the whole name is shown.
  local tail = "," .. origin.base:lower()
  if #origin.dn > #tail and origin.dn:sub(-#tail):lower() == tail then
    return ("%s/%s %s"):format(origin.url, origin.base, origin.dn:sub(1, -#tail - 1))
  end
  return ("%s/%s"):format(origin.url, origin.dn)
end

--- Makes an origin of its fields.
---@param fields table {file, row, line}, {list, row} or {url, base, dn}
---@return lastpass.source.Origin
function M.origin(fields)
  return setmetatable(fields, M.origin_mt)
end

--- What distinguishes an origin from the others of its source, for those who remember many of them.
---@param origin lastpass.source.Origin
---@return string|integer
function M.origin_mark(origin)
  return origin.line or origin.dn or origin.row
end

--- The text of another origin of the same source.
---@param origin lastpass.source.Origin
---@param mark string|integer of that other one
---@return string
function M.origin_text(origin, mark)
  local other = {}
  for name, value in pairs(origin) do
    other[name] = value
  end
  other[other.line and "line" or other.dn and "dn" or "row"] = mark
  return tostring(M.origin(other))
end

--- A row that was refused; `tostring` gives "hr.csv:17: " and the reason. The fields of its origin
-- (file, row, line; or list, row; or url, base, dn) are its own as well.
---@class lastpass.source.Problem
---@field origin lastpass.source.Origin as good rows have it
---@field code string    "missing_value", "bad_email", "duplicate", "too_few_fields", …
---@field reason string   a sentence for a person
---@field field? string   the field it is about
---@field column? string  where it comes from: header, key or attribute
---@field value? string   what stands there, its first 1000 bytes
---@field key? string     the key of the row, when it could be read (addresses folded)
---@field file? string
---@field row? integer     as in `lastpass.source.Origin`
---@field line? integer
---@field first_line? integer with "duplicate" in a CSV file: the line of the row that was taken
---@field first? string   with "duplicate" elsewhere: the origin of that row, as "table:3"

local problem_mt = { __name = "lastpass.source.problem" }

function problem_mt.__tostring(problem)
  return text.clean(("%s: %s"):format(tostring(problem.origin), problem.reason))
end

--- A value as a message may show it: short, on one line, nothing a terminal would act on.
---@param value string
---@return string
function M.shown(value)
  if #value > 60 then
    value = value:sub(1, 60):gsub("[\192-\255][\128-\191]*$", "") .. "…"
  end
  return "'" .. text.clean((value:gsub("[%z\1-\31\127]", "?"))) .. "'"
end

--- Records that a row is refused.
---@param self table the source: its proof and problems
---@param origin lastpass.source.Origin
---@param code string
---@param reason string
---@param about? table {column =, value =, key =}
---@return nil
---@return lastpass.source.Problem problem
function M.refuse(self, origin, code, reason, about)
  about = about or {}
  self.proof.refused = self.proof.refused + 1
  local column, problem = about.column, {}
  for name, value in pairs(origin) do
    problem[name] = value
  end
  problem.origin, problem.code, problem.reason = origin, code, reason
  problem.field = column and column.name
  problem.column = column and column.label
  problem.value = about.value and about.value:sub(1, 1000)
  problem.key = about.key
  self.problems[#self.problems + 1] = setmetatable(problem, problem_mt)
  return nil, problem
end

--- What is known about how far a source was read. Sources of one kind add to it: `file`, `bytes` and
-- `final_newline` for files; `url`, `base`, `filter`, `pages`, `groups` and `references` for LDAP.
---@class lastpass.source.Proof
---@field kind string      "csv", "json", "ldap", "table"
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
---@field groups? table    LDAP: {count, pages, other_members = neither groups nor people read}

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
---@param desired userdata of `core.wanted`
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

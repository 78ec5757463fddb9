--- Sources inside a playbook, and the words about them. Such a source remembers which row is at hand, so that a plan
-- can name it, and whether it was read to its end. When it breaks off, the loop of the playbook ends as if all rows
-- were there: what was read may still be added and changed; the proof keeps everything that removes held.
-- @module lastpass.plan.words.sources
local checks = require "lastpass.plan.checks"
local companies = require "lastpass.plan.words.companies"
local errors = require "lastpass.error"
local mappings = require "lastpass.source.mapping"
local signature = require "lastpass.signature"
local sources = require "lastpass.source"
local status = require "lastpass.source.status"

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

local function next_row(self)
  local reading, person = self._reading, self._people:next()
  if not person then
    reading.source, reading.person = nil, nil
    return nil
  end
  reading.source, reading.person = self, person
  return self._row_mt and setmetatable(person, self._row_mt) or person
end

--- The next good row, or nil at the end, and also where the source broke off.
---@return table|nil person
function methods:next()
  return next_row(self)
end

--- Iterates over the good rows.
---@return fun(): table|nil person
function methods:rows()
  self._people:rows() -- raises when it has been read already
  return function()
    return next_row(self)
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

local reads_groups = { ldap = true, scim = true }

-- A misspelt field would read as nil, and { person.tema } as no groups at all: people would leave
-- them. Where the fields are known, any other raises.
local function strict_rows(people, optional)
  local names = people:fields()
  if not names then
    return nil
  end
  local known = { origin = true, groups = reads_groups[people.proof.kind] }
  for _, name in ipairs(names) do
    known[name] = true
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
    name = checks.printable(tracked._label),
    kind = proof.kind,
    rows = proof.rows,
    refused = #people.problems,
    complete = proof.complete and true or false,
    sha256 = proof.complete and people:sha256() or nil,
    pages = proof.pages,
  }
  if people.failure then
    description.failure = checks.printable(people.failure.message)
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

-- Opens a source of a kind, or raises at the playbook's line; of what is not the playbook's mistake
-- `declared.source_failure` has {text, kind, code}.
local function open_source(declared, kind, level, ...)
  local people, message, err = sources[kind](...)
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

-- users(source, { fullname = "name" }): everybody of a source by a mapping of its fields.
local function users(context, source, mapping)
  if not M.is(source) then
    errors.raise(2, "users: the first argument must be a source, as source.csv gives it")
  end
  errors.check_options("users", mapping, mappings.options, 2)
  mapping = mapping or {}
  local complete = { email = mapping.email or "email" }
  for name, value in pairs(mapping) do
    complete[name] = value
  end
  if complete.active then
    status.compile_field("users", complete.active, 2)
  end
  if complete.groups then
    checks.texts("users", "groups", complete.groups, 2)
  end
  if complete.fixed_groups then
    checks.texts("users", "fixed_groups", complete.fixed_groups, 2)
  end
  local declared, people = context.declared, source._people
  local first = #declared.desired + 1
  local count, message, err = people:feed(declared.desired, complete, source._number)
  if not count and err.kind == "argument" then
    errors.raise(2, "users: %s", message) -- the mapping names what is not there
  end
  -- any other failure stays in the source; its proof keeps what removes held
  for _, row in ipairs(people.needs_folding or {}) do
    declared:extra(row).needs_folding = true
  end
  if context.reason then
    declared:note_reason(first, context.reason)
  end
end

-- The hash of the bytes that were read, not of what the file holds when the plan is made.
local function with_sha256(options)
  local copy = { sha256 = true }
  for name, value in pairs(options or {}) do
    copy[name] = value
  end
  return copy
end

-- The moments among the dates of a source fall on a day in the account's zone.
local function with_zone(options, zone)
  if type(options) ~= "table" or options.dates == nil or options.zone ~= nil then
    return options
  end
  local copy = { zone = zone }
  for name, value in pairs(options) do
    copy[name] = value
  end
  return copy
end

-- Two sources of one name are told apart, also from one plan to the next.
local function label(opened, name)
  local others = 0
  for _, source in ipairs(opened) do
    others = others + (source.name == name and 1 or 0)
  end
  return others == 0 and name or ("%s (%d)"):format(name, others + 1)
end

-- source.csv "hr.csv": relative paths begin at the playbook.
local function source(context)
  local words, names = {}, {}
  for number, kind in ipairs(sources.kinds) do
    names[number] = kind.name
    local function open(location, options)
      if kind.is_file and type(location) == "string" then
        local path = companies.path(context, location)
        location = path:match "^/" and path or (context.folder or "") .. path
      end
      if kind.is_file and type(options or {}) == "table" and (options or {}).sha256 == nil then
        options = with_sha256(options)
      end
      if kind.options == 1 then
        location = with_zone(location, context.zone)
      else
        options = with_zone(options, context.zone)
      end
      local people = open_source(context.declared, kind.name, 2, location, options)
      local opened = context.declared.sources
      local columns = options and options.columns
      local name = label(opened, people.name)
      local one = M.new(people, #opened + 1, context.reading, name, columns)
      opened[#opened + 1] = one
      return one
    end
    words[kind.name] = signature.check("source." .. kind.name, kind.signature, open)
  end
  return setmetatable(words, {
    __index = function(_, name)
      local hint, last = errors.did_you_mean(name, names), #names
      if hint == "" then
        hint = ("; known are %s and %s"):format(table.concat(names, ", ", 1, last - 1), names[last])
      end
      errors.raise(2, "source: there is no kind '%s'%s", tostring(name), hint)
    end,
  })
end

--- The words.
M.list = {
  {
    name = "users",
    run = users,
    takes = "source: table, mapping?: table",
    form = 'users(hr, { fullname = "name" })',
    doc = "everybody of a source, in one go: for large sources, several times faster than a loop",
  },
  {
    name = "source",
    make = source,
    form = 'source.csv "hr.csv"',
    doc = "where people are written down, also `source.json`, `.ldap`, `.scim` and `.table`: "
      .. "[sources](sources.md); relative paths start at the playbook",
  },
}

return M

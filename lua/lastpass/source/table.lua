--- People from a Lua list of tables.
-- @module lastpass.source.table
local columns = require "lastpass.source.columns"
local errors = require "lastpass.error"
local fields = require "lastpass.source.fields"
local fingerprint = require "lastpass.source.fingerprint"
local json = require "lastpass.json"
local origin = require "lastpass.source.origin"
local people = require "lastpass.source.people"
local values = require "lastpass.source.values"

local M = {}

--- Options of `source.table`.
---@class lastpass.source.TableOptions
---@field columns? table<string, string|lastpass.source.Column> field = key, or path as
-- "name.family"; without it every key that holds a value or a list of them makes a field
---@field required? string[]   fields that must not be empty
---@field key? string|false    the field that must be there, once only; default "email"
---@field dates? table<string, lastpass.source.DateFormat> fields that are dates, which come as
-- "2026-12-31": { hired = "MM/DD/YYYY" }
---@field expect? lastpass.source.Expect how many rows there have to be
---@field zone? lastpass.Zone  in which the moments among the dates fall on a day; default UTC
---@field trim? boolean        cut spaces off both ends of every value; default true
---@field sha256? boolean      a hash of all values (needs luaossl); default false
---@field max_problems? number refused rows after which the reading ends; default 10000
---@field name? string         what the list is called in messages; default "table"

local known_options = people.options_with { columns = "table" }

local words = columns.words {
  source = "source.table",
  option = "columns",
  column = "column",
  header = "key",
  a_header = "a key",
  options = { list = "boolean" },
}

local rows = {}
local rows_mt = { __index = rows, __name = "lastpass.source.table_rows" }

-- What the people are made of, one by one; as `people.new` wants it.
function rows:next()
  if self._closed then
    return nil
  end
  local number = self._number + 1
  local record = self._list[number]
  if record == nil then
    return self._finish()
  end
  self._number = number
  local place = origin.of_list(self._name, number)
  if type(record) ~= "table" then
    local shown = record == json.null and "null" or "a " .. type(record)
    local fault = { "not_an_object", ("the row is %s, not a table"):format(shown) }
    fault[3] = values.text(record)
    return { place = place, fault = fault }
  end
  return { place = place, record = record }
end

-- Lets go of the source; may be called again.
function rows:close()
  self._closed = true
end

-- A list with holes or names in it would be read in part.
local function check_list(list, level)
  if type(list) ~= "table" then
    errors.raise(level + 1, "source.table: needs a list of tables, not %s", type(list))
  end
  local count = 0 -- up to the first hole; `#` may be any border
  for number in ipairs(list) do
    count = number
  end
  for key in pairs(list) do
    if type(key) ~= "number" or key < 1 or key > count or key ~= math.floor(key) then
      local message = "source.table: needs a list of tables without gaps; this one has the key '%s'"
      errors.raise(level + 1, message, tostring(key))
    end
  end
end

--- Takes a Lua list of tables as a source of people (`source.table`).
--
--     local people = assert(source.table({ { email = "ann@acme.com", fullname = "Ann Lee" } }))
--
-- Values become texts as in the other sources; lists of values stay lists when their column says
-- so (`list = true`) or no columns are given. Rows are counted from 1.
---@param list table[]
---@param options? lastpass.source.TableOptions
---@return lastpass.source.People|nil people
---@return string? message
---@return lastpass.Error? err code "no_luaossl"; while reading "missing_column" (kind "argument"),
-- "too_many_problems" (kind "protocol")
function M.open(list, options)
  check_list(list, 2)
  options = errors.check_options("source.table", options, known_options)
  people.check_counts("source.table", options, { "max_problems" }, 2)
  local name = options.name or "table"
  local plan = columns.plan(options, 2, words)
  local own = { _collect = values.collect }
  if options.sha256 then
    local ok, message, err = fingerprint.give(own)
    if not ok then
      return nil, message, err
    end
  end
  local self = people.new(name, { kind = "table" }, fields.bind(own, plan, options, words))
  self._records = setmetatable({
    _list = list,
    _name = name,
    _number = 0,
    _finish = function()
      return fields.finish(self)
    end,
  }, rows_mt)
  return self
end

return M

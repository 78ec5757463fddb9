--- People from a Lua list of tables.
-- @module lastpass.source.table
local columns = require "lastpass.source.columns"
local errors = require "lastpass.error"
local fields = require "lastpass.source.fields"
local json = require "lastpass.json"
local problems = require "lastpass.source.problems"
local record = require "lastpass.source.record"

local M = {}

--- Options of `source.table`.
---@class lastpass.source.TableOptions: lastpass.source.Options
---@field columns? table<string, string|lastpass.source.Column> field = key, or path as
-- "name.family"; without it every key that holds a value or a list of them makes a field

--- What kind of source this is.
---@type lastpass.source.Kind
M.kind = columns.kind {
  source = "source.table",
  option = "columns",
  column = "column",
  header = "key",
  a_header = "a key",
  options = { columns = "table" },
  column_options = { list = "boolean" },
}

local rows = {}
local rows_mt = { __index = rows, __name = "lastpass.source.table_rows" }

-- The next item, as `fields.new` wants it.
function rows:next()
  if self._closed then
    return nil
  end
  local number = self._number + 1
  local row = self._list[number]
  if row == nil then
    return fields.finish(self._people)
  end
  self._number = number
  local from = problems.origin { list = self._people.name, row = number }
  if type(row) ~= "table" then
    local shown = row == json.null and "null" or "a " .. type(row)
    local reason = ("the row is %s, not a table"):format(shown)
    return { from = from, fault = { "not_an_object", reason, record.text(row) } }
  end
  return { from = from, record = row }
end

-- Ends the reading; may be called again.
function rows:close()
  self._closed = true
end

-- A list with holes or names in it would be read in part.
local function check_list(list, level)
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
-- Values become strings as in the other sources; lists of values stay lists when their column says
-- so (`list = true`) or no columns are given. Rows are counted from 1.
---@param list table[]
---@param options? lastpass.source.TableOptions
---@return lastpass.source.People|nil people
---@return string? message
---@return lastpass.Error? err code "no_luaossl"; while reading "missing_column" (kind "argument"),
-- "too_many_problems" (kind "protocol")
function M.open(list, options)
  check_list(list, 2)
  local plan = columns.plan(options, 2, M.kind)
  local name = plan.options.name or "table"
  local self, message, err = fields.new_without_file(name, { kind = "table" }, plan, 2)
  if not self then
    return nil, message, err
  end
  self._records = setmetatable({ _list = list, _people = self, _number = 0 }, rows_mt)
  return self
end

return M

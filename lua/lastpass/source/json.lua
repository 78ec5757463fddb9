--- People from JSON files: a list of objects, a list within an object, or one object a line.
-- @module lastpass.source.json
local bytes = require "lastpass.source.bytes"
local columns = require "lastpass.source.columns"
local errors = require "lastpass.error"
local fields = require "lastpass.source.fields"
local json_document = require "lastpass.source.json_document"
local json_format = require "lastpass.source.json_format"
local json_lines = require "lastpass.source.json_lines"
local json_reply = require "lastpass.source.json_reply"
local people = require "lastpass.source.people"
local values = require "lastpass.source.values"

local M = {}

--- Options of `source.json`.
---@class lastpass.source.JsonOptions
---@field columns? table<string, string|lastpass.source.Column> field = key, or path as
-- "name.family"; without it every key that holds a value or a list of them makes a field
---@field required? string[]   fields that must not be empty
---@field key? string|false    the field that must be there, once only; default "email"
---@field dates? table<string, lastpass.source.DateFormat> fields that are dates, which come as
-- "2026-12-31": { hired = "MM/DD/YYYY" }
---@field expect? lastpass.source.Expect how many rows there have to be
---@field zone? lastpass.Zone  in which the moments among the dates fall on a day; default UTC
---@field list? string         where in the file's object the list is: "users", "data.users"
---@field ignore? string[]      members beside the list that do not mean that it is cut: { "meta.total" }
---@field format? string       "json" or "ndjson" (one object a line); default: told from the file
---@field trim? boolean        cut spaces off both ends of every value; default true
---@field sha256? boolean      hash the bytes as they are read (needs luaossl); default false
---@field max_problems? number refused rows after which the reading ends; default 10000
---@field max_bytes? number    of a file that is one JSON text and so is held whole; default 2^28
---@field max_row? number      bytes of one line of NDJSON; default 2^24
---@field name? string         what the file is called in messages; default its path

local formats = { json = true, ndjson = true }

local known_options = people.options_with {
  columns = "table",
  list = "string",
  ignore = "table",
  format = function(value)
    return formats[value] == true, '"json" or "ndjson"'
  end,
  max_bytes = "number",
  max_row = "number",
}

local counts = { "max_bytes", "max_row", "max_problems" }

local words = columns.words {
  source = "source.json",
  option = "columns",
  column = "column",
  header = "key",
  a_header = "a key",
  options = { list = "boolean" },
}

local function format_of(reader, head, name, options)
  if options.format then
    return options.format, head
  elseif options.list then
    return "json", head
  elseif name:lower():find "%.ndjson$" or name:lower():find "%.jsonl$" then
    return "ndjson", head
  end
  return json_format.detect(reader, head, options.max_row or 2 ^ 24)
end

-- The whole text of a file.
local function read_all(reader, head, name, max_bytes)
  local parts, length = { head }, #head
  while length <= max_bytes do
    local piece, message, err = reader:read()
    if err then
      return nil, message, err
    elseif not piece then
      return table.concat(parts)
    end
    parts[#parts + 1] = piece
    length = length + #piece
  end
  local message = ("%s: is larger than %.0f bytes (option 'max_bytes')"):format(name, max_bytes)
  return errors.fail("protocol", "too_large", message, {
    file = name,
    hint = "one object a line (NDJSON) is read as a stream, whatever its size",
  })
end

local function open_records(reader, name, options, proof)
  local head, message, err = json_format.head(reader, name)
  if not head then
    return nil, message, err
  end
  local format
  format, head, err = format_of(reader, head, name, options)
  if not format then
    return nil, head, err
  end
  proof.format = format
  if format == "ndjson" then
    return json_lines.open(reader, head, name, options.max_row or 2 ^ 24)
  end
  local text
  text, message, err = read_all(reader, head, name, options.max_bytes or 2 ^ 28)
  if not text then
    return nil, message, err
  end
  return json_document.open(text, name, options.list)
end

local IGNORE_HINT = "put all pages into the file; if it holds the whole list all the same: "
  .. "ignore = { '%s' }"

-- A reply of an API that says that it is one page of several is not the whole list.
local function check_reply(self, name, ignored)
  local beside, rows = nil, nil
  if self._inner.beside then
    beside, rows = self._inner:beside()
  end
  local reason, path
  if beside then
    reason, path = json_reply.fault(beside, rows, ignored)
  end
  if not reason then
    return true
  end
  return errors.fail("protocol", "partial_reply", ("%s: %s"):format(name, reason), {
    file = name,
    hint = IGNORE_HINT:format(path),
  })
end

local records = {}
local records_mt = { __index = records, __name = "lastpass.source.json_records" }

-- What the people are made of, one by one; as `people.new` wants it.
function records:next()
  local item, message, err = self._inner:next()
  if item or err then
    return item, message, err
  elseif self._closed then
    return nil
  end
  local ok
  ok, message, err = self._check()
  if not ok then
    return nil, message, err
  end
  return self._finish()
end

-- Lets go of the source; may be called again.
function records:close()
  self._closed = true
  self._inner:close()
  self._reader:close()
end

--- Opens a JSON file as a source of people (`source.json`).
--
--     local people = assert(source.json("hr.json", {
--       list = "users",
--       columns = { email = "mail", fullname = { "name.given", "name.family" } },
--     }))
--     for person in people:rows() do print(person.origin, person.email, person.fullname) end
--
-- Numbers and booleans become texts; a key that is missing or null gives no field. A field that has
-- several values is a list when its column says so (`list = true`); otherwise they are joined, but
-- where one is needed, for an address or the key, the row is refused.
--
-- One object a line (NDJSON) is read as a stream. Any other file is read whole, up to `max_bytes`,
-- and must be JSON to its last byte before the first person comes out of it.
--
-- A list within an object is the whole list only when nothing beside it says otherwise: a next page, a
-- total that is larger, an error (RFC 8288 links, OData, SCIM and whatever else is usual).
--
-- Codes of failures: no_such_file, no_permission, is_a_directory, cannot_open, empty_file,
-- missing_column, not_json (kind "argument"); read_failed (kind "transport"); file_changed (kind
-- "conflict"); partial_reply, wrong_row_count, cut_short, no_list, bad_encoding, row_too_large,
-- too_large, too_many_problems and those of `lastpass.json` (kind "protocol"). The error names the
-- `file` and, where there is one, the `line`.
---@param file string|file* path, or an open file (anything with its `read`), which stays open
---@param options? lastpass.source.JsonOptions
---@return lastpass.source.People|nil people
---@return string? message
---@return lastpass.Error? err
function M.open(file, options)
  if type(file) ~= "string" and not bytes.is_readable(file) then
    errors.raise(2, "source.json: the file must be a path or an open file, not %s", type(file))
  end
  options = errors.check_options("source.json", options, known_options)
  people.check_counts("source.json", options, counts, 2)
  if options.list and options.format == "ndjson" then
    errors.raise(2, "source.json: option 'list' is not for NDJSON")
  elseif options.ignore and not options.list then
    errors.raise(2, "source.json: option 'ignore' is for a list within an object (option 'list')")
  end
  for place, path in pairs(options.ignore or {}) do
    if type(place) ~= "number" or type(path) ~= "string" then
      errors.raise(2, "source.json: option 'ignore' must be a list of names, as { \"meta.total\" }")
    end
  end
  local plan = columns.plan(options, 2, words)
  local name = options.name or (type(file) == "string" and file or "(stream)")
  local proof = { kind = "json", file = name, bytes = 0, final_newline = false }
  local own = { _collect = values.collect, _path = type(file) == "string" and file or nil }
  local self = people.new(name, proof, fields.bind(own, plan, options, words))
  local reader, message, err = bytes.open(file, { name = name, sha256 = options.sha256 }, proof)
  if not reader then
    return nil, message, err
  end
  local inner
  inner, message, err = open_records(reader, name, options, proof)
  if not inner then
    reader:close()
    return nil, message, err
  end
  self._hash = function()
    return reader:sha256()
  end
  self._records = setmetatable({
    _inner = inner,
    _reader = reader,
    _check = function()
      return check_reply(self._records, name, json_reply.ignored(options.ignore))
    end,
    _finish = function()
      return fields.finish(self)
    end,
  }, records_mt)
  return self
end

return M

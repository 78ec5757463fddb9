--- People from JSON files: a list of objects, a list within an object, or one object a line.
-- @module lastpass.source.json
local columns = require "lastpass.source.columns"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local fields = require "lastpass.source.fields"
local files = require "lastpass.source.file"
local json_records = require "lastpass.source.json_records"
local json_reply = require "lastpass.source.json_reply"

local M = {}

--- Options of `source.json`.
---@class lastpass.source.JsonOptions: lastpass.source.Options
---@field columns? table<string, string|lastpass.source.Column> field = key, or path as
-- "name.family"; without it every key that holds a value or a list of them makes a field
---@field list? string         where in the file's object the list is: "users", "data.users"
---@field ignore? string[]      members beside the list that do not mean that it is cut: { "meta.total" }
---@field format? string       "json" or "ndjson" (one object a line); default: detected from the file
---@field max_bytes? number    of a file that is one JSON text and so is held whole; default 2^28
---@field max_row? number      bytes of one line of NDJSON; default 2^24

--- What kind of source this is.
---@type lastpass.source.Kind
M.kind = columns.kind {
  source = "source.json",
  option = "columns",
  column = "column",
  header = "key",
  a_header = "a key",
  options = {
    columns = "table",
    list = "string",
    ignore = "table",
    format = function(value)
      return value == "json" or value == "ndjson", '"json" or "ndjson"'
    end,
    max_bytes = "number",
    max_row = "number",
  },
  counts = { "max_bytes", "max_row" },
  column_options = { list = "boolean" },
}

--- Reads the beginning of a file: up to its first character that is no space.
---@param reader table of `file.open`
---@param name string the file's name
---@return string|nil head without a byte order mark
---@return string? message
---@return lastpass.Error? err code "empty_file", "bad_encoding", or as of `file`
function M.read_head(reader, name)
  local head, err = reader:head()
  if not err and (head:find "^\255\254" or head:find "^\254\255" or head:find "^.?%z") then
    local message = name .. ": this is UTF-16, not UTF-8"
    return errors.fail("protocol", "bad_encoding", message, { file = name })
  elseif not err then
    head = head:gsub("^" .. files.UTF8_MARK, "")
    head, err = reader:read_until(head, json_records.start)
  end
  if err then
    return nil, err.message, err
  elseif not json_records.start(head) then
    return errors.fail("argument", "empty_file", name .. ": is empty", { file = name })
  end
  local what, hint = files.of_bytes(head:sub(1, files.HEAD), "JSON")
  if what then
    local message = ("%s: this is %s, not JSON"):format(name, what)
    return errors.fail("argument", "not_json", message, { file = name, hint = hint })
  end
  return head
end

-- Whether an object that is alone has a list of people within it, or is a single person. A person
-- has a string at least; what has none, beside a list without elements, holds nobody at the moment.
local function holds_people(text)
  local has_empty, has_text = false, false
  for _, value in json_records.members(text, 1) do
    local first = text:sub(value, value)
    has_text = has_text or first == '"'
    has_empty = has_empty or (first == "[" and not json_records.next_element(text, value))
  end
  return (has_empty and not has_text) or #json_records.lists(text, 1) > 0
end

--- Whether a file is one JSON text or one object a line, as its beginning shows.
---@param reader table of `file.open`
---@param head string of `read_head`
---@param max_row number bytes that the first line may have at most in NDJSON
---@return string format "json" or "ndjson"
---@return string head what has been read by now
---@return lastpass.Error? err
function M.detect_format(reader, head, max_row)
  local start = json_records.start(head)
  local err
  if head:sub(start, start) ~= "{" then
    return "json", head
  end
  head, err = reader:read_until(head, function(text)
    return text:find("\n", start, true) or #text - start >= max_row
  end)
  local newline = head:find("\n", start, true) or #head + 1
  if err or newline - start > max_row then
    return "json", head, err -- however much was read: in what pieces a file comes must not matter
  end
  local line = head:sub(start, newline - 1)
  head, err = reader:read_until(head, function(text)
    return text:find("[^ \t\r\n]", newline)
  end)
  local second = head:match("[^ \t\r\n]", newline)
  if second == "{" and line:find "}[ \t\r]*$" then
    return "ndjson", head, err -- in no JSON text one object follows another: the line need not be good
  elseif not core.check(line) then
    return "json", head, err
  elseif second then
    return "ndjson", head, err
  end
  return holds_people(line) and "json" or "ndjson", head, err
end

local function format_of(reader, head, name, options)
  if options.format then
    return options.format, head
  elseif options.list then
    return "json", head
  elseif name:lower():find "%.ndjson$" or name:lower():find "%.jsonl$" then
    return "ndjson", head
  end
  return M.detect_format(reader, head, options.max_row or 2 ^ 24)
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

local function open_objects(reader, name, options, proof)
  local head, message, err = M.read_head(reader, name)
  if not head then
    return nil, message, err
  end
  proof.format, head, err = format_of(reader, head, name, options)
  if err then
    return nil, err.message, err
  elseif proof.format == "ndjson" then
    return json_records.open_lines(reader, head, name, options.max_row or 2 ^ 24)
  end
  local text
  text, message, err = read_all(reader, head, name, options.max_bytes or 2 ^ 28)
  if not text then
    return nil, message, err
  end
  return json_records.open_document(text, name, options.list)
end

local IGNORE_HINT = "put all pages into the file; if it holds the whole list all the same: "
  .. "ignore = { '%s' }"

local records = {}
local records_mt = { __index = records, __name = "lastpass.source.json_records" }

-- A reply of an API that says that it is one page of several is not the whole list.
local function check_reply(self)
  local beside, rows, reason, path
  if self._objects.beside then
    beside, rows = self._objects:beside()
  end
  if beside then
    local ignored = json_reply.ignored(self._people._plan.options.ignore)
    reason, path = json_reply.fault(beside, rows, ignored)
  end
  if not reason then
    return true
  end
  local name = self._people.name
  return errors.fail("protocol", "partial_reply", ("%s: %s"):format(name, reason), {
    file = name,
    hint = IGNORE_HINT:format(path),
  })
end

-- The next item, as `fields.new` wants it.
function records:next()
  local item, message, err = self._objects:next()
  if item or err then
    return item, message, err
  elseif self._closed then
    return nil
  end
  local ok
  ok, message, err = check_reply(self)
  if not ok then
    return nil, message, err
  end
  return fields.finish(self._people, self._reader)
end

-- Ends the reading; may be called again.
function records:close()
  self._closed = true
  self._objects:close()
  self._reader:close()
end

local function check_ignore(options, level)
  if options.list and options.format == "ndjson" then
    errors.raise(level, "source.json: option 'list' is not for NDJSON")
  elseif options.ignore and not options.list then
    errors.raise(
      level,
      "source.json: option 'ignore' is for a list within an object (option 'list')"
    )
  end
  for place, path in pairs(options.ignore or {}) do
    if type(place) ~= "number" or type(path) ~= "string" then
      local message = "source.json: option 'ignore' must be a list of names, as { \"meta.total\" }"
      errors.raise(level, message)
    end
  end
end

--- Opens a JSON file as a source of people (`source.json`).
--
--     local people = assert(source.json("hr.json", {
--       list = "users",
--       columns = { email = "mail", fullname = { "name.given", "name.family" } },
--     }))
--     for person in people:rows() do print(person.origin, person.email, person.fullname) end
--
-- Numbers and booleans become strings; a key that is missing or null gives no field. A field that has
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
  local plan = columns.plan(options, 2, M.kind)
  local name, path = files.name_of("source.json", file, plan.options, 2)
  check_ignore(plan.options, 3)
  local proof = { kind = "json", file = name, bytes = 0, final_newline = false }
  local self = fields.new(name, proof, plan, 2)
  self._path = path
  local settings = { name = name, sha256 = plan.options.sha256 }
  local reader, message, err = files.open(file, settings, proof)
  if not reader then
    return nil, message, err
  end
  local objects
  objects, message, err = open_objects(reader, name, plan.options, proof)
  if not objects then
    reader:close()
    return nil, message, err
  end
  local own = { _people = self, _objects = objects, _reader = reader }
  self._records = setmetatable(own, records_mt)
  return self
end

return M

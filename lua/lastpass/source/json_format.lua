--- Is a JSON file one text or one object a line? Told from its beginning.
-- @module lastpass.source.json_format
local core = require "lastpass.core"
local errors = require "lastpass.error"
local file_kind = require "lastpass.source.file_kind"
local json_text = require "lastpass.source.json_text"

local M = {}

-- So much is enough to tell what a file is, or its first line that is not blank.
local HEAD = 512

local MARK = "\239\187\191"

local function wrong_encoding(name)
  return errors.fail("protocol", "bad_encoding", name .. ": this is UTF-16, not UTF-8", {
    file = name,
  })
end

-- Reads until `enough(head)` or the end. The head grows by whole pieces.
local function read_until(reader, head, enough)
  while not enough(head) do
    local piece, message, err = reader:read()
    if err then
      return nil, message, err
    elseif not piece then
      return head, true
    end
    head = head .. piece
  end
  return head, false
end

--- Reads the beginning of a file: up to its first character that is no space.
---@param reader table of `bytes.open`
---@param name string the file's name
---@return string|nil head without a byte order mark
---@return string? message
---@return lastpass.Error? err code "empty_file", "bad_encoding", or as of `bytes`
function M.head(reader, name)
  local head, message, err = read_until(reader, "", function(text)
    return #text >= HEAD or #text >= 4 and text:find "[^%s][^\r\n]*[\r\n]"
  end)
  if not head then
    return nil, message, err
  elseif head:find "^\255\254" or head:find "^\254\255" or head:find "^.?%z" then
    return wrong_encoding(name)
  elseif head:sub(1, 3) == MARK then
    head = head:sub(4)
  end
  head, message, err = read_until(reader, head, json_text.start)
  if not head then
    return nil, message, err
  elseif not json_text.start(head) then
    return errors.fail("argument", "empty_file", name .. ": is empty", { file = name })
  end
  local what, hint = file_kind.of_bytes(head:sub(1, HEAD), "JSON")
  if what then
    message = ("%s: this is %s, not JSON"):format(name, what)
    return errors.fail("argument", "not_json", message, { file = name, hint = hint })
  end
  return head
end

-- Whether an object that is alone has a list of people within it, or is a single person. A person
-- has a text at least; what has none, beside a list without elements, holds nobody at the moment.
local function holds_people(text)
  local has_empty, has_text = false, false
  for _, value in json_text.members(text, 1) do
    local first = text:sub(value, value)
    has_text = has_text or first == '"'
    has_empty = has_empty or (first == "[" and not json_text.first_element(text, value))
  end
  return (has_empty and not has_text) or #json_text.lists(text, 1) > 0
end

--- Tells the format of a file.
---@param reader table of `bytes.open`
---@param head string of `head`
---@param max_row number bytes that the first line may have at most in NDJSON
---@return string|nil format "json" or "ndjson"
---@return string head what has been read by now; or the message
---@return lastpass.Error? err
function M.detect(reader, head, max_row)
  local start = json_text.start(head)
  if head:sub(start, start) ~= "{" then
    return "json", head
  end
  local message, err
  head, message, err = read_until(reader, head, function(text)
    return text:find("\n", start, true) or #text - start >= max_row
  end)
  if not head then
    return nil, message, err
  end
  local newline = head:find("\n", start, true) or #head + 1
  if newline - start > max_row then
    return "json", head -- however much of it was read: in what pieces a file comes must not matter
  end
  local line = head:sub(start, newline - 1)
  head, message, err = read_until(reader, head, function(text)
    return text:find("[^ \t\r\n]", newline)
  end)
  if not head then
    return nil, message, err
  end
  local second = head:match("[^ \t\r\n]", newline)
  if second == "{" and line:find "}[ \t\r]*$" then
    return "ndjson", head -- no JSON text has one object behind another, so the line need not be good
  elseif not core.check(line) then
    return "json", head
  elseif second then
    return "ndjson", head
  end
  return holds_people(line) and "json" or "ndjson", head
end

return M

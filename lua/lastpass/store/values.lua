--- Values of the tables: arguments checked, where a programmer's mistake is raised; text repaired; bytes
-- packed into text.
-- @module lastpass.store.values
local characters = require "lastpass.text.characters"
local errors = require "lastpass.error"
local zlibs = require "lastpass.zlib"

local M = {}

-- ---- text ----

local REPLACEMENT = "\239\191\189" -- U+FFFD

--- Whether text can be stored unchanged: UTF-8 without NUL.
function M.is_plain(text)
  return not text:find "%z" and characters.is_utf8(text)
end

--- Text with U+FFFD for every byte that cannot be stored: a server's reason, whatever it is, must not
-- prevent an outcome from being recorded.
function M.repair(text)
  if M.is_plain(text) then
    return text
  end
  local parts = {}
  for at, code, bytes in characters.each(text) do
    parts[#parts + 1] = code and code ~= 0 and text:sub(at, at + bytes - 1) or REPLACEMENT
  end
  return table.concat(parts)
end

-- ---- arguments: the function's name for messages, the argument's, the value ----

local function raise_type(where, name, expected, value)
  errors.raise(
    3,
    "%s: %s must be %s, not %s",
    where,
    name,
    expected,
    value == "" and "an empty one" or type(value)
  )
end

--- Text that identifies something: not empty, and stored as it is.
function M.name(where, name, value)
  if type(value) ~= "string" or value == "" then
    raise_type(where, name, "a non-empty string", value)
  elseif not M.is_plain(value) then
    errors.raise(2, "%s: %s is not valid UTF-8, or holds a NUL", where, name)
  end
  return value
end

--- A company: its number or a name.
function M.tenant(where, value)
  if type(value) == "number" and value == math.floor(value) then
    return ("%.0f"):format(value)
  end
  return M.name(where, "tenant", value)
end

--- A whole number that a double holds exactly.
function M.whole(where, name, value)
  local fits = type(value) == "number" and value == math.floor(value) and math.abs(value) <= 2 ^ 53
  if not fits then
    raise_type(where, name, "a whole number", value)
  end
  return value
end

--- The same, or nil.
function M.optional_whole(where, name, value)
  if value == nil then
    return nil
  end
  return M.whole(where, name, value)
end

--- One of a set of words.
function M.word(where, name, value, known)
  if type(value) == "string" and known[value] ~= nil then
    return value
  end
  local words = errors.names_of(known)
  local nearest = type(value) == "string" and errors.nearest(value, words)
  errors.raise(
    2,
    "%s: %s '%s' is not known (%s)",
    where,
    name,
    tostring(value),
    nearest and ("did you mean '" .. nearest .. "'?") or "known are: " .. table.concat(words, ", ")
  )
end

--- Text that somebody else wrote, or nil.
function M.optional_text(where, name, value)
  if value == nil then
    return nil
  elseif type(value) ~= "string" then
    raise_type(where, name, "a string", value)
  end
  return M.repair(value)
end

--- A list, or a table of a given form.
function M.list(where, name, value)
  if type(value) ~= "table" then
    raise_type(where, name, "a list", value)
  end
  return value
end

--- The placeholders of a list that is not empty, for `IN (…)`.
function M.marks(list)
  return ("?, "):rep(#list - 1) .. "?"
end

--- A table, or nil.
function M.optional_table(where, name, value)
  if value ~= nil and type(value) ~= "table" then
    raise_type(where, name, "a table", value)
  end
  return value
end

-- ---- bytes ----

-- LuaDBI carries no NUL and PostgreSQL no broken UTF-8, so bytes become text: deflated (zlib), then
-- hexadecimal. Hexadecimal digits rather than Base64: half as large again, but made and read several
-- times faster in Lua (12.8 MB of directory, 1.4 MB deflated: 75 and 90 ms against 98 and 373 ms), and
-- PostgreSQL's own decode() reads both.

-- Level 1 deflates directories almost as small as 6, in less than half the time.
local LEVEL = 1

local digits, byte = {}, {}
for code = 0, 255 do
  local char, hex = string.char(code), ("%02x"):format(code)
  digits[char], byte[hex] = hex, char
end

local zlib

--- Loads zlib, before the first use.
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "no_zlib"
function M.load_zlib()
  zlib = zlibs.load()
  if not zlib then
    local message = "the journal needs lua-zlib, which is not installed"
    return errors.fail("argument", "no_zlib", message, {
      hint = "apt install lua-zlib, or luarocks install lua-zlib",
    })
  end
  return true
end

--- Bytes as text.
function M.pack(bytes)
  return (zlib.deflate(LEVEL)(bytes, "finish"):gsub(".", digits))
end

--- The bytes again.
---@return string|nil bytes nil when the text was not made by `pack`, or is cut
function M.unpack(text)
  if #text % 2 ~= 0 or text:find "[^0-9a-f]" then
    return nil
  end
  local ok, bytes, at_end = pcall(function()
    return zlib.inflate()((text:gsub("..", byte)))
  end)
  return ok and at_end and bytes or nil
end

return M

--- Files of people: their bytes a piece at a time, counted, hashed when asked, from a file that must not
-- change meanwhile or from anything with a `read`; and what a file is by its first bytes.
-- @module lastpass.source.file
local digest = require "lastpass.digest"
local errors = require "lastpass.error"

local M = {}

local PIECE = 65536

--- So many bytes are enough to tell what a file is.
M.HEAD = 512

--- The byte order mark of UTF-8.
M.UTF8_MARK = "\239\187\191"

-- Linux's numbers, which io.open and file:read give as their third result.
local open_codes = { [2] = "no_such_file", [13] = "no_permission", [21] = "is_a_directory" }

local reader = {}
local reader_mt = { __index = reader, __name = "lastpass.source.file" }

--- Raises for what cannot be read from, and says what the file is called in messages.
---@param source string "source.csv"
---@param file any path, or an open file
---@param options table {name}
---@param level integer whose line is blamed
---@return string name
---@return string|nil path
function M.name_of(source, file, options, level)
  local is_path = type(file) == "string"
  local is_open = io.type(file) or type(file) == "table" and type(file.read) == "function"
  if not is_path and not is_open then
    local message = "%s: the file must be a path or an open file, not %s"
    errors.raise(level + 1, message, source, type(file))
  end
  return options.name or is_path and file or "(stream)", is_path and file or nil
end

-- A handle that the caller opened stays open.
local function release(self)
  if self._file and self._owned then
    self._file:close()
  end
  self._file = nil
end

local function fail_reading(self, kind, code, reason)
  release(self)
  return errors.fail(kind, code, self.name .. ": " .. reason, { file = self.name })
end

--- The next piece.
---@return string|nil piece nil at the end
---@return string? message
---@return lastpass.Error? err code "read_failed", "is_a_directory", "file_changed"
function reader:read()
  if not self._file then
    return nil
  end
  local proof = self._proof
  local piece, reason, number = self._file:read(PIECE)
  if not piece and reason then
    local code = open_codes[number] or "read_failed"
    local kind = code == "read_failed" and "transport" or "argument"
    return fail_reading(self, kind, code, tostring(reason))
  elseif not piece or piece == "" then
    proof.final_newline = self._tail:find("[\r\n]%z?$") ~= nil
    if self._size and self._size ~= proof.bytes then
      local message = "the file changed while it was read (%.0f bytes at first, %.0f read)"
      message = message:format(self._size, proof.bytes)
      return fail_reading(self, "conflict", "file_changed", message)
    end
    release(self)
    return nil
  end
  proof.bytes = proof.bytes + #piece
  self._tail = (self._tail .. piece:sub(-2)):sub(-2)
  if self._digest then
    self._digest:update(piece)
  end
  return piece
end

--- Reads on until a text says enough or the file ends; the text grows by whole pieces.
---@param text string what was read before
---@param is_enough fun(text: string): any
---@return string text
---@return lastpass.Error? err why the reading ended before that
function reader:read_until(text, is_enough)
  while not is_enough(text) do
    local piece, _, err = self:read()
    if not piece then
      return text, err
    end
    text = text .. piece
  end
  return text
end

--- The beginning: up to the end of the first line that is not blank, as far as that is within `HEAD` bytes.
---@return string head
---@return lastpass.Error? err why the reading ended before that
function reader:head()
  return self:read_until("", function(text)
    return #text >= M.HEAD or #text >= 4 and text:find "[^%s][^\r\n]*[\r\n]"
  end)
end

--- The SHA-256 of all that was read, if that was asked for. Ends the digest.
---@return string|nil hex
function reader:sha256()
  return self._digest and self._digest:hex()
end

--- Closes the file. May be called again.
function reader:close()
  release(self)
end

-- Bytes of a regular file; nil for a pipe, and for /proc, where it is always 0.
local function size_of(file)
  local size = file:seek("end")
  if not size or not file:seek("set") or size == 0 then
    return nil
  end
  return size
end

--- Opens a file.
---@param file string|file* path, or anything with a `read(bytes)` method as that of files
---@param settings table {name, sha256}
---@param proof table its `bytes` and `final_newline` are kept up to date
---@return table|nil reader with `read`, `read_until`, `head`, `sha256`, `close`
---@return string? message
---@return lastpass.Error? err
function M.open(file, settings, proof)
  local self = { name = settings.name, _proof = proof, _tail = "" }
  if settings.sha256 then
    local message, err
    self._digest, message, err = digest.new()
    if not self._digest then
      return nil, message, err
    end
  end
  if type(file) == "string" then
    local handle, message, number = io.open(file, "rb")
    if not handle then
      local code = open_codes[number] or "cannot_open"
      return errors.fail("argument", code, message, { file = self.name })
    end
    self._owned, file = true, handle
    self._size = size_of(handle)
  end
  self._file = file
  return setmetatable(self, reader_mt)
end

--- The SHA-256 of a file that was read before.
---@param path string
---@param proof table of the first reading: `file` and `bytes`
---@return string|nil hex
---@return string? message
---@return lastpass.Error? err code "no_luaossl" or "file_changed"
function M.sha256(path, proof)
  local again = { bytes = 0 }
  local file, message, err = M.open(path, { name = proof.file, sha256 = true }, again)
  if not file then
    local code = err.code == "no_luaossl" and err.code or "file_changed"
    return errors.fail(code == "no_luaossl" and "argument" or "conflict", code, message, err)
  end
  repeat
    local piece
    piece, message, err = file:read()
    if err then
      return nil, message, err
    end
  until not piece
  if again.bytes ~= proof.bytes then
    return errors.fail("conflict", "file_changed", proof.file .. ": has changed since it was read")
  end
  return file:sha256()
end

local AS_CSV = 'open it and save it as "CSV UTF-8"'
local EXPORT = "export the list as %s"
local UNPACK = "unpack it first"

-- The first bytes, what that is, and what to do.
local kinds = {
  { "\208\207\17\224\161\177\26\225", "an old Excel workbook (.xls)", AS_CSV },
  { "%PDF-", "a PDF file", EXPORT },
  { "\31\139", "compressed by gzip", UNPACK },
  { "BZh", "compressed by bzip2", UNPACK },
  { "\2537zXZ\0", "compressed by xz", UNPACK },
  { "\40\181\47\253", "compressed by zstd", UNPACK },
  { "7z\188\175\39\28", "a 7-Zip archive", UNPACK },
  { "Rar!", "a RAR archive", UNPACK },
  { "SQLite format 3\0", "an SQLite database", EXPORT },
  { "PAR1", "a Parquet file", EXPORT },
  { "{\\rtf", "an RTF document", EXPORT },
  { "-----BEGIN PGP", "encrypted or signed by PGP", "decrypt it first" },
  { "\255\254\0\0", "UTF-32", "save it as UTF-8" },
  { "\0\0\254\255", "UTF-32", "save it as UTF-8" },
}

-- A zip archive says what it holds in the names of its first files.
local function zip_kind(head)
  if head:find("opendocument.spreadsheet", 1, true) then
    return "an OpenDocument spreadsheet (.ods)", AS_CSV
  end
  for _, name in ipairs { "[Content_Types].xml", "xl/", "_rels/" } do
    if head:find(name, 1, true) then
      return "an Excel workbook (.xlsx)", AS_CSV
    end
  end
  return "a zip archive", UNPACK
end

local function markup_kind(line)
  local folded = line:lower()
  if folded:find "^<%?xml" or folded:find "^<workbook" then
    return "XML", EXPORT
  elseif folded:find "^<!doctype html" or folded:find "^<!%-%-" or folded:find "^</?%a+[%s>/]" then
    return "an HTML page", "is it a page to sign in? Export the list as %s"
  end
  return nil
end

local function kind_of(head)
  if head:find "^PK[\3\5\7][\4\6\8]" then
    return zip_kind(head)
  end
  for _, kind in ipairs(kinds) do
    if head:sub(1, #kind[1]) == kind[1] then
      return kind[2], kind[3]
    end
  end
  return markup_kind(head:match "^%s*([^\r\n]*)" or "")
end

--- What a file is that is neither CSV nor JSON.
---@param head string its first bytes, 512 at most
---@param format string "CSV" or "JSON": what it is taken for
---@return string|nil what "an Excel workbook (.xlsx)"; nil for plain text
---@return string? hint what to do
function M.of_bytes(head, format)
  local what, hint = kind_of(head)
  return what, hint and hint:format(format)
end

--- What a text file is that is not CSV.
---@param line string its first line that is not blank
---@return string|nil what
---@return string? hint
function M.of_line(line)
  local what, hint = markup_kind(line)
  if what then
    return what, hint:format "CSV"
  elseif line:find "^[%[{]%s*$" or line:find '^[%[{]%s*["{%[%]}]' then
    return "JSON", "read it with source.json, or save it as CSV"
  elseif line:find "^dn::? " then
    return "LDIF", "read the directory with source.ldap, or export the list as CSV"
  elseif line:find "^BEGIN:VCARD" then
    return "vCards", EXPORT:format "CSV"
  end
  return nil
end

return M

--- The bytes of a source, a piece at a time: counted, hashed when asked, from a file that must not
-- change meanwhile or from anything with a `read`.
-- @module lastpass.source.bytes
local digest = require "lastpass.source.digest"
local errors = require "lastpass.error"

local M = {}

local PIECE = 65536

-- Linux's numbers, which io.open and file:read give as their third result.
local open_codes = { [2] = "no_such_file", [13] = "no_permission", [21] = "is_a_directory" }

local reader = {}
local reader_mt = { __index = reader, __name = "lastpass.source.bytes" }

--- Whether a value can be read from as a file can.
---@param file any
---@return boolean
function M.is_readable(file)
  if io.type(file) then
    return true
  end
  return type(file) == "table" and type(file.read) == "function"
end

-- A handle that the caller opened stays open.
local function release(self)
  if self._file and self._owned then
    self._file:close()
  end
  self._file = nil
end

local function fail(self, kind, code, reason)
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
    return fail(self, kind, code, tostring(reason))
  elseif not piece or piece == "" then
    proof.final_newline = self._tail:find("[\r\n]%z?$") ~= nil
    if self._size and self._size ~= proof.bytes then
      local message = "the file changed while it was read (%.0f bytes at first, %.0f read)"
      return fail(self, "conflict", "file_changed", message:format(self._size, proof.bytes))
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

--- The SHA-256 of all that was read, if that was asked for. Ends the digest.
---@return string|nil hex
function reader:sha256()
  return self._digest and self._digest:hex()
end

--- Lets go of the file. May be called again.
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
---@return table|nil reader with `read`, `sha256`, `close`
---@return string? message
---@return lastpass.Error? err
function M.open(file, settings, proof)
  local self = { name = settings.name, _proof = proof, _tail = "" }
  if settings.sha256 then
    local hash, message, err = digest.new()
    if not hash then
      return nil, message, err
    end
    self._digest = hash
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

return M

--- Bytes that all workers share: the pages of one reading, cut into pieces of one size, in the
-- `lua_shared_dict` named lastpass_directory.
--
-- A reading is written under a generation of its own, and all workers see it when the pointer is set to it, in
-- one step. Pieces are never evicted for others (safe_set); a worker that misses one came too late for that
-- reading and looks at the pointer again. So nobody ever sees half a directory.
-- @module lastpass.nginx.cache.pages
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"

local M = {}

local DICT = "lastpass_directory"

-- nginx gives large values whole pages of 4 KiB: with its head and its key a piece takes 16 of them.
-- As all have one size, what is freed fits what comes.
local BYTES_OF_A_PIECE = 65536
local PIECE = BYTES_OF_A_PIECE - 256

-- Always of one length, so that setting it anew takes no memory.
local POINTER = "%-32s %012d %012d %012d %06d"
local EMPTY = POINTER:format("", 0, 0, 0, 0)

---@class lastpass.nginx.Pointer
---@field text string      as it is in the dict; changes with every reading
---@field version string   changes with the content only
---@field generation integer
---@field read_at integer  epoch seconds
---@field bytes integer
---@field pages integer

local function shared()
  return dicts.get(DICT, 2)
end

local function pointer_key(name)
  return name .. " pointer"
end

local function piece_key(name, generation, page, piece)
  return ("%s %d %d %d"):format(name, generation, page, piece)
end

-- Of the length of a page.
local function page_key(name, generation, page)
  return ("%s %d %d"):format(name, generation, page)
end

-- Of the number of the last generation.
local function generation_key(name)
  return name .. " generation"
end

--- The bytes of the pointer; the same as before means that nothing has changed.
---@param name string whose pages: "acme users"
---@return string|nil text nil before the first reading
function M.pointer_text(name)
  local text = shared():get(pointer_key(name))
  return text ~= EMPTY and text or nil
end

--- Reads the text of a pointer.
---@param text string
---@return lastpass.nginx.Pointer
function M.parse(text)
  local version, generation, read_at, bytes, pages = text:match "^(%S+)%s+(%d+) (%d+) (%d+) (%d+)$"
  return {
    text = text,
    version = version,
    generation = tonumber(generation),
    read_at = tonumber(read_at),
    bytes = tonumber(bytes),
    pages = tonumber(pages),
  }
end

--- The pointer to the last reading.
---@param name string
---@return lastpass.nginx.Pointer|nil
function M.pointer(name)
  local text = M.pointer_text(name)
  return text and M.parse(text)
end

local function set_pointer(name, pointer)
  local text = POINTER:format(
    pointer.version,
    pointer.generation,
    pointer.read_at,
    pointer.bytes,
    pointer.pages
  )
  return shared():safe_set(pointer_key(name), text)
end

-- Removes one page; true when there was any of it.
local function remove_page(dict, name, generation, page)
  dict:delete(page_key(name, generation, page))
  local piece = 0
  while dict:ttl(piece_key(name, generation, page, piece)) do
    dict:delete(piece_key(name, generation, page, piece))
    piece = piece + 1
  end
  return piece > 0
end

local function remove_pages(name, generation, pages)
  local dict = shared()
  for page = 0, pages - 1 do
    remove_page(dict, name, generation, page)
  end
end

--- Forgets a reading of which pieces are missing.
---@param name string
---@param pointer lastpass.nginx.Pointer
function M.forget(name, pointer)
  if M.pointer_text(name) == pointer.text then
    shared():safe_set(pointer_key(name), EMPTY)
    remove_pages(name, pointer.generation, pointer.pages)
  end
end

--- Reads one page piece by piece.
---@param name string
---@param pointer lastpass.nginx.Pointer
---@param page integer from 0 on
---@param take fun(piece: string): any|nil, string? nil and a message end the reading
---@return true|nil
---@return string? message "gone" when that reading does not exist any more
function M.each_piece(name, pointer, page, take)
  local dict = shared()
  local length = dict:get(page_key(name, pointer.generation, page))
  if not length then
    return nil, "gone"
  end
  local piece = 0
  for from = 1, length, PIECE do
    local bytes = dict:get(piece_key(name, pointer.generation, page, piece))
    if not bytes or #bytes ~= math.min(PIECE, length - from + 1) then
      return nil, "gone"
    end
    local ok, message = take(bytes)
    if not ok then
      return nil, message
    end
    piece = piece + 1
  end
  return true
end

-- The megabytes that a directory needs: it is there twice while a new one is written.
local function megabytes_for(bytes, count)
  local pieces = math.ceil(bytes / PIECE) + count
  return math.ceil(pieces * 2 * BYTES_OF_A_PIECE * 1.1 / 2 ^ 20) + 1
end

---@class lastpass.nginx.PageWriter
local writer = {}
local writer_mt = { __name = "lastpass.nginx.PageWriter", __index = writer }

-- Removes what a worker that died while it wrote has left. Pages come in any order, so some may be missing.
local function remove_leftovers(dict, name)
  local last = dict:get(generation_key(name)) or 0
  local pointer = M.pointer(name)
  for generation = math.max(1, last - 2), last do
    if not pointer or pointer.generation ~= generation then
      local page, missing = 0, 0
      while missing < 64 do
        missing = remove_page(dict, name, generation, page) and 0 or missing + 1
        page = page + 1
      end
    end
  end
end

--- Begins to write a reading.
---@param name string
---@return lastpass.nginx.PageWriter
function M.writer(name)
  local dict = shared()
  dict:safe_add(pointer_key(name), EMPTY)
  dict:safe_add(generation_key(name), 0)
  remove_leftovers(dict, name)
  local self = setmetatable({ _dict = dict, _name = name }, writer_mt)
  self:restart()
  return self
end

--- Discards what was written, and begins anew.
function writer:restart()
  self:discard()
  self._generation = self._dict:incr(generation_key(self._name), 1) or 1
  self._bytes, self._pages, self._full, self._digests = 0, 0, nil, {}
end

--- Discards what was written.
function writer:discard()
  if self._generation then
    remove_pages(self._name, self._generation, self._pages)
  end
end

--- Writes one page. When the dict is full, it continues to count.
---@param index integer from 0 on, in any order
---@param bytes string
---@param pause? fun() called now and then
function writer:write(index, bytes, pause)
  local dict, name, generation = self._dict, self._name, self._generation
  local digests = {}
  self._bytes = self._bytes + #bytes
  self._pages = math.max(self._pages, index + 1)
  for from = 1, #bytes, PIECE do
    local piece = bytes:sub(from, from + PIECE - 1)
    digests[#digests + 1] = ngx.md5_bin(piece)
    if not self._full then
      local key = piece_key(name, generation, index, (from - 1) / PIECE)
      local ok, reason = dict:safe_set(key, piece)
      self._full = not ok and reason or nil
    end
    if pause then
      pause()
    end
  end
  if not self._full then
    local ok, reason = dict:safe_set(page_key(name, generation, index), #bytes)
    self._full = not ok and reason or nil
  end
  self._digests[index + 1] = ngx.md5_bin(table.concat(digests))
end

local function too_small(self)
  local capacity = math.floor(self._dict:capacity() / 2 ^ 20)
  local megabytes = math.max(megabytes_for(self._bytes, self._pages), capacity + 1)
  return errors.fail(
    "argument",
    "cache_too_small",
    ("lua_shared_dict %s has %d MB; for %s of %.1f MB it must have %d MB"):format(
      DICT,
      capacity,
      self._name,
      self._bytes / 2 ^ 20,
      megabytes
    ),
    { hint = ("lua_shared_dict %s %dm;"):format(DICT, megabytes), megabytes = megabytes }
  )
end

--- Makes what was written the reading that all workers see. When it is equal to the last one, only its time
-- is updated.
---@param read_at integer epoch seconds
---@param may_publish? fun(): boolean asked last
---@return lastpass.nginx.Pointer|nil
---@return string? message
---@return lastpass.Error? err code "cache_too_small"; "lock_lost"
function writer:publish(read_at, may_publish)
  local name = self._name
  local version = ngx.md5(table.concat(self._digests))
  local before = M.pointer(name)
  local is_same = before and before.version == version
  if is_same or self._full then
    self:discard()
  end
  if self._full and not is_same then
    return too_small(self)
  elseif may_publish and not may_publish() then
    if not is_same then
      self:discard()
    end
    return errors.fail("conflict", "lock_lost", "another worker has begun to read " .. name)
  end
  local pointer = {
    version = version,
    generation = is_same and before.generation or self._generation,
    read_at = read_at,
    bytes = self._bytes,
    pages = self._pages,
  }
  if not set_pointer(name, pointer) then
    if not is_same then
      self:discard()
    end
    return too_small(self)
  end
  if before and not is_same then
    remove_pages(name, before.generation, before.pages)
  end
  return M.pointer(name)
end

return M

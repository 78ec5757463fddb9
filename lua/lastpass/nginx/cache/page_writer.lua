--- Writes a reading for all workers, page by page, and publishes it.
-- @module lastpass.nginx.cache.page_writer
local errors = require "lastpass.error"
local pages = require "lastpass.nginx.cache.pages"

local PIECE = pages.PIECE
local BYTES_OF_A_PIECE = 65536 -- what nginx takes for it

local M = {}

--- How much a directory of so many bytes needs: it is there twice while a new one is written.
---@param bytes integer
---@param count integer of pages
---@return integer megabytes
local function needed(bytes, count)
  local pieces = math.ceil(bytes / PIECE) + count
  return math.ceil(pieces * 2 * BYTES_OF_A_PIECE * 1.1 / 2 ^ 20) + 1
end

---@class lastpass.nginx.PageWriter
local writer = {}
local writer_mt = { __name = "lastpass.nginx.PageWriter", __index = writer }

-- What a worker that died while it wrote has left behind. Pages come in any order, so that some may
-- be missing among them.
local function sweep(dict, name)
  local last = dict:get(pages.generation_key(name)) or 0
  local pointer = pages.pointer(name)
  for generation = math.max(1, last - 2), last do
    if not pointer or pointer.generation ~= generation then
      local page, missing = 0, 0
      while missing < 64 do
        missing = pages.remove_page(dict, name, generation, page) and 0 or missing + 1
        page = page + 1
      end
    end
  end
end

--- Begins to write a reading.
---@param name string
---@return lastpass.nginx.PageWriter
function M.new(name)
  local dict = pages.dict()
  pages.begin(name)
  sweep(dict, name)
  local self = setmetatable({ _dict = dict, _name = name }, writer_mt)
  self:restart()
  return self
end

--- Forgets what was written, and begins anew.
function writer:restart()
  self:discard()
  self._generation = self._dict:incr(pages.generation_key(self._name), 1) or 1
  self._bytes, self._pages, self._full, self._digests = 0, 0, nil, {}
end

--- Forgets what was written.
function writer:discard()
  if self._generation then
    pages.remove(self._name, self._generation, self._pages)
  end
end

--- Writes one page. When there is no room, it goes on counting.
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
      local key = pages.piece_key(name, generation, index, (from - 1) / PIECE)
      local ok, reason = dict:safe_set(key, piece)
      self._full = not ok and reason or nil
    end
    if pause then
      pause()
    end
  end
  if not self._full then
    local ok, reason = dict:safe_set(pages.page_key(name, generation, index), #bytes)
    self._full = not ok and reason or nil
  end
  self._digests[index + 1] = ngx.md5_bin(table.concat(digests))
end

local function too_small(self)
  local capacity = math.floor(self._dict:capacity() / 2 ^ 20)
  local megabytes = math.max(needed(self._bytes, self._pages), capacity + 1)
  return errors.fail(
    "argument",
    "cache_too_small",
    ("lua_shared_dict %s has %d MB; for %s of %.1f MB it must have %d MB"):format(
      pages.DICT,
      capacity,
      self._name,
      self._bytes / 2 ^ 20,
      megabytes
    ),
    { hint = ("lua_shared_dict %s %dm;"):format(pages.DICT, megabytes), megabytes = megabytes }
  )
end

--- Makes what was written the reading that everybody sees. When it says the same as the last one, only
-- its time is noted.
---@param read_at integer epoch seconds
---@param may_publish? fun(): boolean asked last
---@return lastpass.nginx.Pointer|nil
---@return string? message
---@return lastpass.Error? err code "cache_too_small"; "lock_lost"
function writer:publish(read_at, may_publish)
  local name = self._name
  local version = ngx.md5(table.concat(self._digests))
  local before = pages.pointer(name)
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
  if not pages.set_pointer(name, pointer) then
    if not is_same then
      self:discard()
    end
    return too_small(self)
  end
  if before and not is_same then
    pages.remove(name, before.generation, before.pages)
  end
  return pages.pointer(name)
end

return M

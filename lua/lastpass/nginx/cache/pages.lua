--- Bytes that all workers share: the pages of one reading, cut into pieces of one size, in the
-- `lua_shared_dict` named lastpass_directory.
--
-- A reading is written under a number of its own, and becomes what everybody sees when the pointer is
-- set to it, in one step. Pieces are never pushed out for others (safe_set), and whoever finds one
-- missing has come too late for that reading and looks at the pointer again: so there is never half a
-- directory.
-- @module lastpass.nginx.cache.pages
local errors = require "lastpass.error"

local M = {}

--- The name of the dict.
M.DICT = "lastpass_directory"
local DICT = M.DICT

-- nginx gives large values whole pages of 4 KiB: with its head and its key a piece takes 16 of them.
-- As all have one size, what is freed fits what comes.
local PIECE = 65536 - 256

--- Bytes of a piece.
M.PIECE = PIECE

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

--- The dict; raises when nginx has none.
---@return table
function M.dict()
  local dict = ngx.shared[DICT]
  if not dict then
    errors.raise(2, "nginx has no lua_shared_dict %s; add: lua_shared_dict %s 64m;", DICT, DICT)
  end
  return dict
end

local function pointer_key(name)
  return name .. " pointer"
end

--- The name of a piece in the dict.
---@return string
function M.piece_key(name, generation, page, piece)
  return ("%s %d %d %d"):format(name, generation, page, piece)
end

--- The name in the dict of how long a page is.
---@return string
function M.page_key(name, generation, page)
  return ("%s %d %d"):format(name, generation, page)
end

--- Makes room for a pointer, and for the count of readings.
---@param name string
function M.begin(name)
  local dict = M.dict()
  dict:safe_add(pointer_key(name), EMPTY)
  dict:safe_add(M.generation_key(name), 0)
end

--- The name in the dict of the count of readings.
---@return string
function M.generation_key(name)
  return name .. " generation"
end

--- The bytes of the pointer; the same as before means that nothing has changed.
---@param name string whose pages: "acme users"
---@return string|nil text nil before the first reading
function M.pointer_text(name)
  local text = M.dict():get(pointer_key(name))
  return text ~= EMPTY and text or nil
end

--- What a pointer says.
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

--- What the pointer says.
---@param name string
---@return lastpass.nginx.Pointer|nil
function M.pointer(name)
  local text = M.pointer_text(name)
  return text and M.parse(text)
end

--- Sets the pointer.
---@param name string
---@param pointer table version, generation, read_at, bytes, pages
---@return boolean|nil ok
function M.set_pointer(name, pointer)
  local text = POINTER:format(
    pointer.version,
    pointer.generation,
    pointer.read_at,
    pointer.bytes,
    pointer.pages
  )
  return M.dict():safe_set(pointer_key(name), text)
end

--- Removes one page.
---@param dict table
---@param name string
---@param generation integer
---@param page integer
---@return boolean found whether there was anything of it
function M.remove_page(dict, name, generation, page)
  dict:delete(M.page_key(name, generation, page))
  local piece = 0
  while dict:ttl(M.piece_key(name, generation, page, piece)) do
    dict:delete(M.piece_key(name, generation, page, piece))
    piece = piece + 1
  end
  return piece > 0
end

--- Removes a reading.
---@param name string
---@param generation integer
---@param pages integer how many it has
function M.remove(name, generation, pages)
  local dict = M.dict()
  for page = 0, pages - 1 do
    M.remove_page(dict, name, generation, page)
  end
end

--- Forgets a reading of which pieces are missing.
---@param name string
---@param pointer lastpass.nginx.Pointer
function M.forget(name, pointer)
  if M.pointer_text(name) == pointer.text then
    M.dict():safe_set(pointer_key(name), EMPTY)
    M.remove(name, pointer.generation, pointer.pages)
  end
end

--- Reads one page piece by piece.
---@param name string
---@param pointer lastpass.nginx.Pointer
---@param page integer from 0 on
---@param take fun(piece: string): any|nil, string? nil and a message end the reading
---@return true|nil
---@return string? message "gone" when that reading is there no more
function M.each_piece(name, pointer, page, take)
  local dict = M.dict()
  local length = dict:get(M.page_key(name, pointer.generation, page))
  if not length then
    return nil, "gone"
  end
  local piece = 0
  for from = 1, length, PIECE do
    local bytes = dict:get(M.piece_key(name, pointer.generation, page, piece))
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

return M

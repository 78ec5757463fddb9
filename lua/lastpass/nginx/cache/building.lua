--- Makes a worker's own snapshot of the bytes that all workers share.
-- @module lastpass.nginx.cache.building
local core = require "lastpass.core"
local folders_room = require "lastpass.directory.folders"
local json = require "lastpass.json"
local pages = require "lastpass.nginx.cache.pages"

local M = {}

--- Reads the users.
---@param name string whose pages
---@param pointer lastpass.nginx.Pointer
---@param pause fun() lets others run
---@return userdata|nil rows a snapshot of the core, sealed
---@return string? message "gone" when that reading is there no more
function M.users(name, pointer, pause)
  local whole = core.snapshot()
  for page = 0, pointer.pages - 1 do
    local part = core.snapshot()
    local ok, message = pages.each_piece(name, pointer, page, function(piece)
      local fed, why = part:feed(piece)
      pause()
      return fed, why
    end)
    if ok then
      ok, message = part:finish()
    end
    if not ok then
      part:close()
      whole:close()
      return nil, message
    end
    whole:append(part)
    part:close()
    pause()
  end
  return whole:seal()
end

--- Reads the folders.
---@param name string whose pages
---@param pointer lastpass.nginx.Pointer
---@param pause fun() lets others run
---@return lastpass.Folder[]|nil
---@return string? message "gone" when that reading is there no more
function M.folders(name, pointer, pause)
  local list = {}
  for page = 0, pointer.pages - 1 do
    local parts = {}
    local ok, message = pages.each_piece(name, pointer, page, function(piece)
      parts[#parts + 1] = piece
      return true
    end)
    local some
    if ok then
      some, message = json.decode(table.concat(parts))
    end
    if not some then
      return nil, message
    end
    for _, fields in ipairs(some) do
      list[#list + 1] = folders_room.restore(fields)
    end
    pause()
  end
  return list
end

return M

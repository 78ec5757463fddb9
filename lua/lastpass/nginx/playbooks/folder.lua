--- The files of a folder of playbooks, and which of them have changed.
-- @module lastpass.nginx.playbooks.folder
local errors = require "lastpass.error"

local M = {}

local LARGEST = 1024 * 1024 -- bytes; a playbook is written by hand

---@class lastpass.nginx.Folder
local methods = {}
local folder_mt = { __name = "lastpass.nginx.Folder", __index = methods }

--- Looks at a folder.
---@param path string
---@return lastpass.nginx.Folder
function M.new(path)
  return setmetatable({ path = path:gsub("/+$", ""), _seen = {} }, folder_mt)
end

-- Times are in whole seconds: a file that was changed in this second may be changed once more and look
-- the same.
local RECENT = 2

local function stamp_of(lfs, path)
  local about = lfs.attributes(path)
  if not about or about.mode ~= "file" then
    return nil
  end
  local stamp = ("%d %d %d %d"):format(about.ino, about.size, about.modification, about.change)
  return stamp, os.time() - math.max(about.modification, about.change) <= RECENT
end

local function read(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text = file:read(LARGEST + 1)
  file:close()
  if text and #text > LARGEST then
    return nil, ("%s has more than %d bytes"):format(path, LARGEST)
  end
  return text or ""
end

-- Names that do not begin with a dot and end with .lua, sorted.
local function names_in(lfs, path)
  local ok, iterator, state = pcall(lfs.dir, path)
  if not ok then
    return nil, tostring(iterator)
  end
  local names = {}
  for name in iterator, state do
    if name:match "^[^.].*%.lua$" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

-- Looks at one file; what was read counts when the look before has read the same, so that nothing is
-- taken that is only half written.
local function look_at(self, lfs, name)
  local path = self.path .. "/" .. name
  local before = self._seen[name]
  local stamp, is_recent = stamp_of(lfs, path)
  if not stamp then
    return nil
  elseif before and before.stamp == stamp and before.settled then
    return before
  end
  local text = read(path)
  if not text then
    return before
  end
  local is_same = before ~= nil and before.read == text
  return {
    stamp = stamp,
    read = text,
    text = is_same and text or before and before.text,
    settled = is_same and not is_recent,
  }
end

--- What is in the folder now.
---@return table<string, string>|nil texts by the name of the file
---@return string? message
---@return lastpass.Error? err code "no_lfs" or "no_folder"
function methods:look()
  local found, lfs = pcall(require, "lfs")
  if not found then
    return errors.fail("argument", "no_lfs", "playbooks in nginx need LuaFileSystem", {
      hint = "apt install lua-filesystem, or luarocks install luafilesystem",
    })
  end
  local names, message = names_in(lfs, self.path)
  if not names then
    return errors.fail("argument", "no_folder", message)
  end
  local seen, texts = {}, {}
  for _, name in ipairs(names) do
    seen[name] = look_at(self, lfs, name)
    texts[name] = seen[name] and seen[name].text
  end
  self._seen = seen
  return texts
end

return M

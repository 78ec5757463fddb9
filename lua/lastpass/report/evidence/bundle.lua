--- The folder of a bundle: files are written one by one, the manifest with their SHA-256 last, and signed.
-- @module lastpass.report.evidence.bundle
local files = require "lastpass.files"
local manifest = require "lastpass.report.evidence.manifest"

local M = {}

---@class lastpass.report.Bundle
local methods = {}
local bundle_mt = { __index = methods }

--- Begins a bundle.
---@param folder string must be empty or not there yet
---@param key string path of the private key
---@return lastpass.report.Bundle|nil
---@return string? message
---@return lastpass.Error? err
function M.begin(folder, key)
  local public, message, err = manifest.public_key(key)
  local ok = public
  if public then
    ok, message, err = files.begin_folder(folder, "a bundle is written once")
  end
  if not ok then
    return nil, message, err
  end
  return setmetatable({
    folder = folder,
    key = key,
    public = public,
    entries = {},
    made = {},
  }, bundle_mt)
end

local function make_folders(self, path)
  for position in path:gmatch "()/" do
    local above = path:sub(1, position - 1)
    if not self.made[above] then
      local ok, message, err = files.make_folder(self.folder .. "/" .. above)
      if not ok then
        return nil, message, err
      end
      self.made[above] = true
    end
  end
  return true
end

--- Writes a file; only its digest is kept.
---@param path string below the folder
---@param text string
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err
function methods:add(path, text)
  local ok, message, err = make_folders(self, path)
  if ok then
    ok, message, err = files.write(self.folder .. "/" .. path, text)
  end
  if not ok then
    return nil, message, err
  end
  self.entries[#self.entries + 1] = manifest.entry(path, text)
  return true
end

--- Writes several files.
---@param list table[] {path, text}
---@param below? string folder that they go into
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err
function methods:add_all(list, below)
  for _, file in ipairs(list) do
    local ok, message, err = self:add((below or "") .. file.path, file.text)
    if not ok then
      return nil, message, err
    end
  end
  return true
end

--- Writes and signs the manifest.
---@param about table account, read_at, and companies, done, missing of a bundle over companies
---@return table|nil manifest
---@return string? message
---@return lastpass.Error? err
function methods:finish(about)
  about.key = self.public
  local body = manifest.new(self.entries, about)
  local path = self.folder .. "/" .. manifest.NAME
  local ok, message, err = files.write(path, manifest.render(body))
  if ok then
    ok, message, err = manifest.sign(self.key, path, self.folder .. "/" .. manifest.SIGNATURE)
  end
  return ok and body or nil, message, err
end

return M

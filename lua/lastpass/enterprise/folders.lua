--- Shared folders and who may use them (enterprise-api §4.9, §4.10).
-- @module lastpass.enterprise.folders
local errors = require "lastpass.error"

local M = {}

local FOLDERS_A_PAGE = 100

---@class lastpass.Folder
---@field id string
---@field name string
---@field score number|nil
---@field deleted boolean
---@field users lastpass.FolderUser[]

---@class lastpass.FolderUser
---@field email string
---@field can_read boolean        always true: who is listed may read
---@field can_write boolean
---@field sees_passwords boolean
---@field can_administer boolean
---@field super_admin boolean
---@field group string|nil        the group the right comes through
---@field sites string[]|nil      with detailed only

local folder_mt = {
  __name = "lastpass.Folder",
  __tostring = function(folder)
    return folder.name
  end,
}

-- 0/1, "0"/"1" and booleans all occur (enterprise-api §4.9).
local function truth(value)
  return value == true or value == 1 or value == "1" or value == "true"
end

local function read_user(entry)
  return {
    email = entry.username,
    can_read = true,
    can_write = not truth(entry.readonly),
    sees_passwords = truth(entry.give),
    can_administer = truth(entry.can_administer),
    super_admin = truth(entry.superadmin),
    group = type(entry.group_name) == "string" and entry.group_name or nil,
    sites = type(entry.sites) == "table" and entry.sites or nil,
  }
end

local function read_folder(id, entry)
  local users = {}
  if type(entry.users) == "table" then
    for position, user in ipairs(entry.users) do
      users[position] = read_user(user)
    end
  end
  return setmetatable({
    id = id,
    name = entry.sharedfoldername,
    score = type(entry.score) == "number" and entry.score or nil,
    deleted = truth(entry.deleted),
    users = users,
  }, folder_mt)
end

-- Folders of one reply, added to `list`; an unknown shape is an error, not an empty company.
local function collect(reply, list, seen)
  local count = 0
  for id, entry in pairs(reply) do
    if id ~= "warnings" then
      if type(entry) ~= "table" or type(entry.sharedfoldername) ~= "string" then
        return errors.fail("protocol", "unexpected_shape", "the reply has a folder without a name")
      end
      count = count + 1
      if not seen[id] then
        seen[id] = true
        list[#list + 1] = read_folder(tostring(id), entry)
      end
    end
  end
  return count
end

-- There is no total here: a page with fewer folders than asked for is the last.
local function read_detailed(client, list)
  local index, seen = 0, {}
  while true do
    local reply, message, err = client:getdetailedsfdata {
      data = "all",
      pagesize = FOLDERS_A_PAGE,
      pageindex = index,
    }
    if not reply then
      return nil, message, err
    end
    local count
    count, message, err = collect(reply, list, seen)
    if not count then
      return nil, message, err
    elseif count < FOLDERS_A_PAGE then
      return list
    end
    index = index + 1
  end
end

--- All shared folders, sorted by name.
---@param client table
---@param options? table detailed: also the sites each user sees (many calls)
---@return lastpass.Folder[]|nil
---@return string? message
---@return lastpass.Error? err
function M.read(client, options)
  local list = {}
  local ok, message, err
  if options.detailed then
    ok, message, err = read_detailed(client, list)
  else
    ok, message, err = client:getsfdata "all"
    if ok then
      ok, message, err = collect(ok, list, {})
    end
  end
  if not ok then
    return nil, message, err
  end
  table.sort(list, function(a, b)
    if a.name ~= b.name then
      return a.name < b.name
    end
    return a.id < b.id
  end)
  return list
end

return M

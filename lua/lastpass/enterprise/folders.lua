--- Shared folders and who may use them (enterprise-api §4.9, §4.10).
-- @module lastpass.enterprise.folders
local errors = require "lastpass.error"
local json = require "lastpass.json"

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

--- Makes a folder of its fields, as they were written down before.
---@param fields table
---@return lastpass.Folder
function M.restore(fields)
  return setmetatable(fields, folder_mt)
end

local function unexpected(command, code, message)
  return errors.fail("protocol", code, command .. ": " .. message, { command = command })
end

-- Keys of a reply that are no folders; `warnings` is ours.
local envelope = { status = true, message = true, error = true, errors = true, warnings = true }

local function are_users(users)
  if users == nil or users == json.null then
    return true
  elseif type(users) ~= "table" then
    return false
  end
  for _, user in ipairs(users) do
    if type(user) ~= "table" or type(user.username) ~= "string" then
      return false
    end
  end
  return true
end

-- Folders of one reply, added to `list`; gives how many there are and how many of them are new.
-- An unknown shape is an error, not an empty company.
local function collect(command, reply, list, seen)
  local count, before = 0, #list
  for id, entry in pairs(reply) do
    if not envelope[id] then
      if type(entry) ~= "table" or type(entry.sharedfoldername) ~= "string" then
        return unexpected(command, "unexpected_shape", "the reply has a folder without a name")
      elseif not are_users(entry.users) then
        return unexpected(command, "unexpected_shape", "the reply has a folder with odd users")
      end
      count = count + 1
      if not seen[id] then
        seen[id] = true
        list[#list + 1] = read_folder(tostring(id), entry)
      end
    end
  end
  return count, #list - before
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
    local count, new
    count, new, err = collect("getdetailedsfdata", reply, list, seen)
    if not count then
      return nil, new, err
    elseif count < FOLDERS_A_PAGE then
      return list
    elseif new == 0 then
      return unexpected("getdetailedsfdata", "repeated_page", "the same page came twice")
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
      ok, message, err = collect("getsfdata", ok, list, {})
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

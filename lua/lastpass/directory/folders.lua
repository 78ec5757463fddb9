--- Shared folders and who may use them (enterprise-api §4.9, §4.10).
-- @module lastpass.directory.folders
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
    return require("lastpass.text").clean(folder.name)
  end,
}

-- 0/1, "0"/"1" and booleans all occur (enterprise-api §4.9). Nothing else is taken for a right, and
-- nothing else for the lack of one: an audit must not rest on a guess.
local truths = {
  [true] = true,
  [1] = true,
  ["1"] = true,
  ["true"] = true,
  [false] = false,
  [0] = false,
  ["0"] = false,
  ["false"] = false,
}

local function shown(value)
  if value == nil then
    return "missing"
  end
  local kind = type(value)
  return kind == "string" and ("'%s'"):format(value)
    or kind == "table" and "a list or an object"
    or value == json.null and "null"
    or tostring(value)
end

-- What is read so far is described in words.
local function odd(where, member, value)
  return nil, ("%s: '%s' is %s"):format(where, member, shown(value))
end

-- Members that may be missing, as older replies have neither.
local optional = { superadmin = true, deleted = true }

local function read_flags(entry, names, where)
  local flags = {}
  for _, name in ipairs(names) do
    local value = entry[name]
    if value == nil and optional[name] then
      value = false
    end
    flags[name] = truths[value]
    if flags[name] == nil then
      return odd(where, name, value)
    end
  end
  return flags
end

-- A list, which PHP writes as an object with numbers for keys when it has a gap (§2), in its order;
-- nil for anything else.
local function read_list(value)
  if type(value) ~= "table" then
    return nil
  elseif json.is_list(value) or #value > 0 then
    return value
  end
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" or not key:find "^%d+$" then
      return nil
    end
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tonumber(a) < tonumber(b)
  end)
  local list = {}
  for index, key in ipairs(keys) do
    list[index] = value[key]
  end
  return list
end

local user_flags = { "readonly", "give", "can_administer", "superadmin" }

local function read_user(entry, where)
  if type(entry) ~= "table" or type(entry.username) ~= "string" or entry.username == "" then
    return odd(where, "username", type(entry) == "table" and entry.username or nil)
  end
  where = ("%s, user %s"):format(where, entry.username)
  local flags, message = read_flags(entry, user_flags, where)
  if not flags then
    return nil, message
  end
  local group, sites = entry.group_name, entry.sites
  if group ~= nil and group ~= json.null and type(group) ~= "string" then
    return odd(where, "group_name", group)
  elseif sites ~= nil and sites ~= json.null then
    sites = read_list(sites)
    if not sites then
      return odd(where, "sites", entry.sites)
    end
  end
  return {
    email = entry.username,
    can_read = true,
    can_write = not flags.readonly,
    sees_passwords = flags.give,
    can_administer = flags.can_administer,
    super_admin = flags.superadmin,
    group = type(group) == "string" and group ~= "" and group or nil,
    sites = sites ~= json.null and sites or nil,
  }
end

local function read_folder(id, entry)
  local where = "folder " .. id
  if type(entry) ~= "table" or type(entry.sharedfoldername) ~= "string" then
    return odd(where, "sharedfoldername", type(entry) == "table" and entry.sharedfoldername or nil)
  end
  where = ("%s '%s'"):format(where, entry.sharedfoldername)
  local list = read_list(entry.users)
  if not list then
    return odd(where, "users", entry.users)
  end
  local flags, message = read_flags(entry, { "deleted" }, where)
  if not flags then
    return nil, message
  end
  local users = {}
  for position, user in ipairs(list) do
    users[position], message = read_user(user, where)
    if not users[position] then
      return nil, message
    end
  end
  return setmetatable({
    id = id,
    name = entry.sharedfoldername,
    score = tonumber(entry.score),
    deleted = flags.deleted,
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

-- Folders of one reply, added to `list`; gives how many there are and how many of them are new.
-- An unknown shape is an error that names the folder and the member, not an empty company nor a right that is guessed.
local function collect(command, reply, list, seen)
  local count, before = 0, #list
  for id, entry in pairs(reply) do
    if not envelope[id] then
      local folder, message = read_folder(tostring(id), entry)
      if not folder then
        return unexpected(command, "unexpected_shape", "the reply is not acceptable: " .. message)
      end
      count = count + 1
      if not seen[id] then
        seen[id] = true
        list[#list + 1] = folder
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

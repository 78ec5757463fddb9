--- Users and groups of a SCIM server as rows of the core: they are written as a reply of getuserdata has them, so that
-- all that reads a directory reads these as well.
-- @module lastpass.directory.scim_rows
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local ENTERPRISE = require("lastpass.scim.definitions").URN.enterprise
local PIECE = 1000 -- users that are written at once

-- What a server wrote where a string belongs.
local function text_of(value)
  return type(value) == "string" and value or ""
end

local function full_name(user)
  local name = type(user.name) == "table" and user.name or {}
  for _, whole in ipairs { text_of(name.formatted), text_of(user.displayName) } do
    if whole ~= "" then
      return whole
    end
  end
  local both = ("%s %s"):format(text_of(name.givenName), text_of(name.familyName))
  return both:match "^%s*(.*%S)"
end

-- "2019-02-17T17:23:45.678Z" as the core takes it; with another zone it is left out.
local function created_of(user)
  local text = type(user.meta) == "table" and user.meta.created
  if type(text) ~= "string" then
    return nil
  end
  local day, time = text:match "^(%d%d%d%d%-%d%d%-%d%d)T(%d%d:%d%d:%d%d)[%d.]*Z$"
  return day and day .. " " .. time
end

local function attributes_of(user)
  local attributes = { id = user.id, externalId = user.externalId, title = user.title }
  for name, value in pairs(type(user[ENTERPRISE]) == "table" and user[ENTERPRISE] or {}) do
    if type(name) == "string" then -- no list
      attributes[name] = value
    end
  end
  return attributes
end

local function entry_of(user, groups)
  return json.encode {
    username = user.userName,
    fullname = full_name(user),
    disabled = not user.active,
    created = created_of(user),
    groups = json.list(groups or {}),
    attribs = attributes_of(user),
  }
end

-- LastPass's ids are small numbers; others' are opaque, and such users are numbered.
local function numbers_of(users)
  local seen = {}
  for _, user in ipairs(users) do
    local id = user.id
    if not id:find "^[1-9]%d*$" or #id > 15 or seen[id] then
      return function(index)
        return ("%d"):format(index)
      end
    end
    seen[id] = true
  end
  return function(index)
    return users[index].id
  end
end

-- The names of the groups of each user, by id: what the users say, and what the groups say.
local function memberships(users, groups)
  local names, of_user, named = {}, {}, {}
  local function put(id, name)
    local list = of_user[id] or {}
    of_user[id] = list
    if not list[name] then
      list[name], list[#list + 1] = true, name
    end
  end
  for _, group in ipairs(groups) do
    names[group.id] = group.displayName
    named[group.displayName] = true
    for _, member in ipairs(group.members or {}) do
      put(member.value, group.displayName)
    end
  end
  for _, user in ipairs(users) do
    for _, group in ipairs(user.groups or {}) do
      local name = names[group.value] or group.display
      if type(name) == "string" then
        put(user.id, name)
        named[name] = nil
      end
    end
  end
  for _, list in pairs(of_user) do
    for _, name in ipairs(list) do
      named[name], list[name] = nil, nil
    end
  end
  return of_user, named -- what is left has no member
end

local function fail_rows(message, code)
  return errors.fail("protocol", code, "the users of the server cannot be read: " .. message)
end

--- The rows of users and groups of a SCIM server.
---@param users table[] resources
---@param groups table[] resources, with their members where the users do not say in which groups they are
---@return userdata|nil rows
---@return string? message
---@return lastpass.Error? err kind "protocol"
return function(users, groups)
  for _, group in ipairs(groups) do
    if type(group.displayName) ~= "string" or group.displayName == "" then
      return fail_rows(("the group %s has no displayName"):format(group.id), "unexpected_shape")
    end
    for _, member in ipairs(group.members or {}) do
      if not member.value then
        local message = "a member of the group '%s' has no id"
        return fail_rows(message:format(group.displayName), "unexpected_shape")
      end
    end
  end
  local of_user, empty = memberships(users, groups)
  local number, rows, parts = numbers_of(users), core.snapshot(), { '{"Users":{' }
  for index, user in ipairs(users) do
    if type(user.userName) ~= "string" or user.userName == "" then
      return fail_rows(("the user %s has no userName"):format(user.id), "unexpected_shape")
    elseif type(user.active) ~= "boolean" then -- neither of the two would be true
      local message = "whether the user %s is active is not said"
      return fail_rows(message:format(user.id), "unexpected_shape")
    end
    parts[#parts + 1] = ('%s"%s":%s'):format(
      index > 1 and "," or "",
      number(index),
      entry_of(user, of_user[user.id])
    )
    if #parts >= PIECE then
      rows:feed(table.concat(parts))
      parts = {}
    end
  end
  local none = {}
  for name in pairs(empty) do
    none[name] = json.list {}
  end
  parts[#parts + 1] = '},"Groups":' .. json.encode(none) .. "}"
  rows:feed(table.concat(parts))
  local ok, message, code = rows:finish()
  if not ok then
    return fail_rows(message, code)
  end
  return rows:seal()
end

--- Users and groups of a SCIM server as rows of the core. Pages that are written as usual become rows at once; other
-- users are written as a reply of getuserdata has them, so that all that reads a directory reads these as well.
-- @module lastpass.directory.scim_rows
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local ENTERPRISE = require("lastpass.scim.definitions").URN.enterprise
local PIECE = 1000 -- users that are written at once

---@class lastpass.directory.ScimRows
local methods = {}
local rows_mt = { __name = "lastpass.directory.ScimRows", __index = methods }

local M = {}

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
  return (text_of(name.givenName) .. " " .. text_of(name.familyName)):match "^%s*(.*%S)"
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
    groups = json.list(groups),
    attribs = attributes_of(user),
  }
end

-- LastPass's ids are small numbers; others' are opaque, and such users are numbered.
local function are_numbers(users)
  for _, user in ipairs(users) do
    if not user.id:find "^[1-9]%d*$" or #user.id > 15 then
      return false
    end
  end
  return true
end

local function fail_rows(message, code)
  return errors.fail("protocol", code, "the users of the server cannot be read: " .. message)
end

-- The names of the groups that a user is in: what the user says, and then what the groups say.
local function groups_of(self, user)
  local names, known = {}, {}
  local function put(name)
    if type(name) == "string" and not known[name] then
      known[name], names[#names + 1] = true, name
    end
  end
  for _, group in ipairs(user.groups or {}) do
    put(self._names[group.value] or group.display)
  end
  for _, name in ipairs(self._memberships[user.id] or {}) do
    put(name)
  end
  return names
end

--- Rows that are yet to come.
---@param groups table[] resources, with their members where the users do not say in which groups they are
---@return lastpass.directory.ScimRows|nil rows
---@return string? message
---@return lastpass.Error? err kind "protocol"
function M.new(groups)
  local self = { _rows = core.snapshot(), _names = {}, _memberships = {}, _all = {} }
  for _, group in ipairs(groups) do
    local name = group.displayName
    if type(name) ~= "string" or name == "" then
      return fail_rows(("the group %s has no displayName"):format(group.id), "unexpected_shape")
    end
    self._names[group.id], self._all[name] = name, json.list {}
    for _, member in ipairs(group.members or {}) do
      if not member.value then
        local message = "a member of the group '%s' has no id"
        return fail_rows(message:format(name), "unexpected_shape")
      end
      local list = self._memberships[member.value] or {}
      self._memberships[member.value], list[#list + 1] = list, name
    end
  end
  return setmetatable(self, rows_mt)
end

--- Reads a page of users as far as it is as usual, without a table for each.
---@param text string a ListResponse
---@return table page as of JSON; or rows, ids and what the page says of itself
---@return string? message
---@return lastpass.Error? err
function methods:decode(text)
  local rows, ids, total, cursor = core.scim_users(text, self._names, self._memberships)
  if not rows then
    return json.decode(text)
  end
  return { rows = rows, ids = ids, totalResults = total, nextCursor = cursor }
end

--- Adds users.
---@param users table[] resources; nobody twice
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "protocol"
function methods:add(users)
  local opaque, page, parts = not are_numbers(users), core.snapshot(), { '{"Users":{' }
  for index, user in ipairs(users) do
    if type(user.userName) ~= "string" or user.userName == "" then
      return fail_rows(("the user %s has no userName"):format(user.id), "unexpected_shape")
    elseif type(user.active) ~= "boolean" then -- neither of the two would be true
      local message = "whether the user %s is active is not said"
      return fail_rows(message:format(user.id), "unexpected_shape")
    end
    parts[#parts + 1] = ('%s"%s":%s'):format(
      index > 1 and "," or "",
      opaque and ("%d"):format(index) or user.id,
      entry_of(user, groups_of(self, user))
    )
    if #parts >= PIECE then
      page:feed(table.concat(parts))
      parts = {}
    end
  end
  page:feed(table.concat(parts) .. "}}")
  local ok, message, code = page:finish()
  if not ok then
    return fail_rows(message, code)
  end
  core.scim_append(self._rows, page, nil, opaque)
  return true
end

--- Adds a page that `decode` read.
---@param page table rows
---@param skipped? table places in the page that are left out, as keys
function methods:add_rows(page, skipped)
  core.scim_append(self._rows, page, skipped)
end

--- The rows, with all groups, those that nobody is in among them.
---@return userdata rows
function methods:finish()
  local groups = core.snapshot()
  assert(groups:feed('{"Users":[],"Groups":' .. json.encode(self._all) .. "}"))
  assert(groups:finish())
  core.scim_append(self._rows, groups)
  core.scim_number(self._rows)
  return self._rows:seal()
end

return M

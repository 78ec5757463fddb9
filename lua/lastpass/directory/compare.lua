--- What has changed between two reads of a directory.
-- @module lastpass.directory.compare
local errors = require "lastpass.error"
local key_of = require "lastpass.directory.key"

local M = {}

---@class lastpass.directory.Difference
---@field email string
---@field what "appeared"|"gone"|"status"|"fullname"|"admin"|"mfa"|"joined"|"left"
---@field before? string|boolean
---@field after? string|boolean for joined and left the group

-- Users by address; those whose addresses differ by case alone by the address to the letter.
local function by_address(list)
  local users = {}
  for _, user in ipairs(list) do
    local key = key_of(user.email)
    users[users[key] and user.email or key] = user
  end
  return users
end

local function list_of(directory)
  local list = {}
  for user in directory:users() do
    list[#list + 1] = user
  end
  table.sort(list, function(a, b)
    return a.email < b.email
  end)
  return list
end

-- Takes the user out who is the same as one of the other read.
local function take(users, address)
  local key = users[address] and users[address].email == address and address or key_of(address)
  local user = users[key]
  users[key] = nil
  return user
end

local function set_of(list)
  local set = {}
  for _, name in ipairs(list or {}) do
    set[name] = true
  end
  return set
end

local function compare_groups(add, email, before, after)
  local old, new = set_of(before.groups), set_of(after.groups)
  for name in pairs(new) do
    if not old[name] then
      add { email = email, what = "joined", after = name }
    end
  end
  for name in pairs(old) do
    if not new[name] then
      add { email = email, what = "left", before = name }
    end
  end
end

local function compare_users(add, before, after)
  for _, field in ipairs { "status", "fullname", "admin", "mfa" } do
    local old, new = before[field] or nil, after[field] or nil
    if field == "fullname" then
      old, new = old or "", new or ""
    end
    if old ~= new then
      if field == "admin" then
        old, new = old or false, new or false
      end
      add { email = after.email, what = field, before = old, after = new }
    end
  end
  compare_groups(add, after.email, before, after)
end

local difference_mt = { __name = "lastpass.directory.Difference" }

local function shown(value)
  if value == nil or value == "" then
    return "nothing"
  elseif type(value) == "boolean" then
    return value and "yes" or "no"
  end
  return tostring(value)
end

--- A difference in words.
---@param one lastpass.directory.Difference
---@return string
function M.describe(one)
  if one.what == "appeared" or one.what == "gone" then
    return ("%s %s"):format(one.email, one.what)
  elseif one.what == "joined" or one.what == "left" then
    return ("%s %s %s"):format(one.email, one.what, one.after or one.before)
  end
  return ("%s %s: %s -> %s"):format(one.email, one.what, shown(one.before), shown(one.after))
end

difference_mt.__tostring = M.describe

local function is_directory(value)
  return type(value) == "table" and type(value.users) == "function"
end

--- Compares two directories: snapshots, or kept ones (`client:snapshot{as_of = …}`).
---@param before lastpass.Snapshot|lastpass.directory.Record
---@param after lastpass.Snapshot|lastpass.directory.Record
---@return lastpass.directory.Difference[] differences by address; none when both say the same
function M.diff(before, after)
  if not is_directory(before) or not is_directory(after) then
    errors.raise(2, "directory.diff: needs two directories, as client:snapshot gives them")
  end
  local list, old = {}, by_address(list_of(before))
  local function add(difference)
    list[#list + 1] = setmetatable(difference, difference_mt)
  end
  for _, user in ipairs(list_of(after)) do
    local same = take(old, user.email)
    if same then
      compare_users(add, same, user)
    else
      add { email = user.email, what = "appeared", after = user.status }
    end
  end
  for _, user in pairs(old) do
    add { email = user.email, what = "gone", before = user.status }
  end
  table.sort(list, function(a, b)
    if a.email ~= b.email then
      return a.email < b.email
    elseif a.what ~= b.what then
      return a.what < b.what
    end
    return tostring(a.after or a.before) < tostring(b.after or b.before)
  end)
  return list
end

return M

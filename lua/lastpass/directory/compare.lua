--- What has changed between two reads of a directory.
-- @module lastpass.directory.compare
local errors = require "lastpass.error"

local M = {}

---@class lastpass.directory.Difference
---@field email string
---@field what "appeared"|"gone"|"status"|"fullname"|"admin"|"mfa"|"joined"|"left"
---@field before? string|boolean
---@field after? string|boolean for joined and left the group

local function key_of(user)
  return user.email:lower()
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
      add { email = after.email, what = field, before = old, after = new }
    end
  end
  compare_groups(add, after.email, before, after)
end

local difference_mt = { __name = "lastpass.directory.Difference" }

local function shown(value)
  if value == nil or value == "" then
    return "nothing"
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
  local list, old = {}, {}
  local function add(difference)
    list[#list + 1] = setmetatable(difference, difference_mt)
  end
  for user in before:users() do
    old[key_of(user)] = user
  end
  for user in after:users() do
    local key = key_of(user)
    if old[key] then
      compare_users(add, old[key], user)
      old[key] = nil
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

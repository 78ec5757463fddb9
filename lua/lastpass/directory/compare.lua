--- What has changed between two reads of a directory.
-- @module lastpass.directory.compare
local errors = require "lastpass.error"
local key_of = require("lastpass.email").fold
local signature = require "lastpass.signature"

local M = {}

---@class lastpass.directory.Difference
---@field email string
---@field what "appeared"|"gone"|"status"|"fullname"|"admin"|"mfa"|"joined"|"left"
---@field before? string|boolean
---@field after? string|boolean for joined and left the group

local function list_of(directory)
  local list = {}
  for user in directory:users() do
    list[#list + 1] = { email = user.email, user = user }
  end
  return list
end

local function as_written(address)
  return address
end

-- Finds who has the same key in both; gives who is left over on either side.
local function pair_by(key, before, after, found)
  local old, taken, gone, new = {}, {}, {}, {}
  for _, entry in ipairs(before) do
    local address = key(entry.email)
    old[address] = old[address] or entry
  end
  for _, entry in ipairs(after) do
    local address = key(entry.email)
    local same = old[address]
    if same then
      old[address], taken[same] = nil, true
      found(same.user, entry.user)
    else
      new[#new + 1] = entry
    end
  end
  for _, entry in ipairs(before) do
    if not taken[entry] then
      gone[#gone + 1] = entry
    end
  end
  return gone, new
end

local function compare_groups(add, email, before, after)
  local old, new = errors.set_of(before.groups), errors.set_of(after.groups)
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

--- Compares two directories: snapshots, or stored ones (`client:snapshot{as_of = …}`).
---@param before lastpass.Snapshot|lastpass.directory.Record
---@param after lastpass.Snapshot|lastpass.directory.Record
---@return lastpass.directory.Difference[] differences by address; none when both say the same
function M.diff(before, after)
  if not is_directory(before) or not is_directory(after) then
    errors.raise(2, "directory.diff: needs two directories, as client:snapshot gives them")
  end
  local list = {}
  local function add(difference)
    list[#list + 1] = setmetatable(difference, difference_mt)
  end
  local function compare(old, new)
    compare_users(add, old, new)
  end
  -- first to the letter, so that two users whose addresses differ by case alone are not mixed up
  local gone, appeared = pair_by(as_written, list_of(before), list_of(after), compare)
  gone, appeared = pair_by(key_of, gone, appeared, compare)
  for _, entry in ipairs(appeared) do
    add { email = entry.email, what = "appeared", after = entry.user.status }
  end
  for _, entry in ipairs(gone) do
    add { email = entry.email, what = "gone", before = entry.user.status }
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

signature.declare("directory.", M, {
  describe = "one: table",
  diff = "before: table, after: table",
})

return M

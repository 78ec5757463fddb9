--- Words about time: memberships that end.
-- @module lastpass.plan.words.dates
local checks = require "lastpass.plan.words.checks"
local errors = require "lastpass.error"
local time = require "lastpass.time"

local M = {}

-- Memberships that end are written as until_date("2026-12-31", "Group").
local until_mt = { __name = "until_date" }

--- The names of groups among which some may end; those that have ended are managed, so that they are
-- left.
---@param declared lastpass.plan.Declared
---@param address string
---@param groups table
---@param level integer whose line is blamed
---@return string[] names
---@return string[]|nil notes
function M.resolve(declared, address, groups, level)
  local texts, notes = {}, nil
  for place = 1, #groups do
    local group = groups[place]
    if getmetatable(group) == until_mt then
      declared.managed[group.name] = true -- also when it has ended: then it is to be left
      notes = notes or {}
      notes[#notes + 1] = ("%s until %s"):format(group.name, group.date)
      group = group.holds and group.name or nil
    end
    if group ~= nil and group ~= "" then
      texts[#texts + 1] = group
    end
  end
  checks.texts("user '" .. address .. "'", "groups", texts, level + 1)
  return texts, notes
end

--- Whether one of the groups may end.
---@param groups table
---@return boolean
function M.has_dated(groups)
  for place = 1, #groups do
    if type(groups[place]) == "table" then
      return true
    end
  end
  return false
end

--- until_date("2026-12-31", "Group"), or without a group whether the day has not passed.
---@param context table see `words.new`
---@return function
function M.until_date(context)
  return function(date, group)
    local civil = type(date) == "string"
      and date:match "^%d%d%d%d%-%d%d%-%d%d$"
      and time.parse_civil(date .. " 00:00:00")
    if not civil then
      errors.raise(2, "until_date: needs a day such as \"2026-12-31\", not '%s'", tostring(date))
    end
    -- the day named is the last one, in the account's zone
    local holds = context.now < context.zone:to_utc(civil + 86400)
    if group == nil then
      return holds
    elseif type(group) ~= "string" or group == "" then
      errors.raise(2, "until_date: the second argument must be the name of a group")
    end
    checks.letters("until_date: the group", group, 2)
    return setmetatable({ name = group, date = date, holds = holds }, until_mt)
  end
end

return M

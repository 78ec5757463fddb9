--- Words about time: what begins and ends on a day.
-- @module lastpass.plan.words.dates
local checks = require "lastpass.plan.words.checks"
local errors = require "lastpass.error"
local status = require "lastpass.plan.words.status"
local time = require "lastpass.time"

local M = {}

local DAY = 86400

-- Memberships that end are written as until_date("2026-12-31", "Group"), those that begin with from_date.
local dated_mt = { __name = "dated membership" }

--- The names of groups among which some may end or begin; those too are managed that have ended, or have
-- not begun, so that they are left.
---@param declared lastpass.plan.Declared
---@param address string
---@param groups table
---@param level integer whose line is blamed
---@return string[] names
---@return string[]|nil notes
function M.resolve(declared, address, groups, level)
  local texts, notes = {}, nil
  for key in pairs(groups) do
    if type(key) ~= "number" then
      errors.raise(level + 1, "user '%s': 'groups' must be a list without gaps", address)
    end
  end
  for place = 1, #groups do
    local group = groups[place]
    if getmetatable(group) == dated_mt then
      declared.managed[group.name] = true
      notes = notes or {}
      local when = group.word == "until_date" and "until" or "from"
      notes[#notes + 1] = ("%s %s %s"):format(group.name, when, tostring(group.date))
      group = group.holds and group.name or nil
    end
    if group ~= nil and group ~= "" then
      texts[#texts + 1] = group
    end
  end
  checks.texts("user '" .. address .. "'", "groups", texts, level + 1)
  return texts, notes
end

--- Whether one of the groups may end or begin.
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

-- Changes that a date will bring, for `user`: of the row at hand, or of what is being declared.
local function note_change(context, change)
  local changes, person = context.changes, context.reading.person
  if not changes or changes.person ~= person then
    changes = { person = person }
    context.changes = changes
  end
  changes[#changes + 1] = change
end

local NO_DAY = "%s: '%s' is not a day such as \"2026-12-31\"%s"
local FORMAT_HINT =
  '; the option dates = { field = "MM/DD/YYYY" } of its source says how it is written'

-- The civil seconds of a day. One that cannot be read makes the row at hand one that is not used; without a
-- row it is a mistake of the playbook.
local function read_day(context, word, date)
  local civil = type(date) == "string"
    and date:match "^%d%d%d%d%-%d%d%-%d%d$"
    and time.parse_civil(date .. " 00:00:00")
  if civil then
    return civil
  elseif not context.reading.person then
    errors.raise(3, "%s: needs a day such as \"2026-12-31\", not '%s'", word, tostring(date))
  end
  local is_empty = date == nil or date == ""
  local reason = is_empty and ("%s: the row has no day"):format(word)
    or NO_DAY:format(word, tostring(date), FORMAT_HINT)
  status.refuse_row(context, "bad_date", reason)
  return nil
end

-- What a word about a day gives: whether it holds, or a membership for which it does.
local function answer(context, word, date, group, holds, change)
  if group == nil then
    if change then
      note_change(context, change)
    end
    return holds
  elseif type(group) ~= "string" or group == "" then
    errors.raise(3, "%s: the second argument must be the name of a group", word)
  end
  checks.letters(word .. ": the group", group, 3)
  if change then
    change.group = group
    note_change(context, change)
  end
  return setmetatable({ name = group, date = date, holds = holds, word = word }, dated_mt)
end

-- The day of civil seconds, as dates are written.
local function day_of(civil)
  return (time.format_civil(civil):sub(1, 10))
end

--- until_date("2026-12-31", "Group"), or without a group whether the day has not passed: the day named is
-- the last one, in the account's zone.
---@param context table see `words.new`
---@return function
function M.until_date(context)
  return function(date, group)
    local civil = read_day(context, "until_date", date)
    local ends = civil and context.zone:to_utc(civil + DAY)
    local holds = civil ~= nil and context.now < ends
    local change = holds and { at = ends, day = day_of(civil + DAY), ends = true } or nil
    return answer(context, "until_date", date, group, holds, change)
  end
end

--- from_date("2026-12-31", "Group"), or without a group whether the day has come, in the account's zone.
---@param context table see `words.new`
---@return function
function M.from_date(context)
  return function(date, group)
    local civil = read_day(context, "from_date", date)
    local begins = civil and context.zone:to_utc(civil)
    local holds = civil ~= nil and context.now >= begins
    local change = civil and not holds and { at = begins, day = day_of(civil) } or nil
    return answer(context, "from_date", date, group, holds, change)
  end
end

--- today(): the day that it is in the account's zone, as "2026-12-31"; such days compare as texts.
---@param context table see `words.new`
---@return fun(): string
function M.today(context)
  return function()
    return day_of(context.zone:to_local(context.now))
  end
end

--- The changes that dates of a declaration will bring; those of an earlier one are forgotten.
---@param context table see `words.new`
---@return table[]|nil changes {at (utc), day, group | nil, ends: it ends then; else it begins}
function M.take_changes(context)
  local changes = context.changes
  context.changes = nil
  return changes
end

--- Forgets what was noted of another row, or of none: what follows belongs to the person who is named now.
---@param context table see `words.new`
function M.begin(context)
  local changes = context.changes
  if changes and (changes.person == nil or changes.person ~= context.reading.person) then
    context.changes = nil
  end
end

return M

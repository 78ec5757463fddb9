--- Words about when a playbook is run: `every "15m"`, `at "02:00"`. The schedule of nginx goes by them;
-- a plan that somebody makes by hand takes no notice.
-- @module lastpass.plan.words.schedule
local errors = require "lastpass.error"

local M = {}

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }
local LONGEST = 366 * 86400

---@class lastpass.plan.Schedule
---@field every? integer seconds between the beginnings of two runs
---@field at? integer[]  seconds of the day, in the account's zone, sorted
---@field text string    as the playbook says it

local function set(context, word, schedule)
  local known = context.declared.schedule
  if known then
    errors.raise(3, "%s: the playbook has said %s before; one of them is enough", word, known.text)
  end
  context.declared.schedule = schedule
end

local function seconds_of(text)
  local count, unit = tostring(text):match "^%s*(%d+)%s*([smhdw])%s*$"
  local seconds = count and tonumber(count) * SECONDS[unit]
  return seconds and seconds >= 1 and seconds <= LONGEST and seconds
end

--- every "15m": run again so long after the last beginning; units s, m, h, d and w.
---@param context table see `words.new`
---@return function
function M.every(context)
  return function(text)
    local seconds = type(text) == "string" and seconds_of(text)
    if not seconds then
      errors.raise(
        2,
        'every: needs a length of time such as "15m" or "2h" (units s, m, h, d, w), not %s',
        type(text) == "string" and "'" .. text .. "'" or type(text)
      )
    end
    set(context, "every", { every = seconds, text = ('every "%s"'):format(text) })
  end
end

local function second_of_day(text)
  local hour, minute = tostring(text):match "^(%d%d?):(%d%d)$"
  hour, minute = tonumber(hour), tonumber(minute)
  return hour and hour < 24 and minute < 60 and hour * 3600 + minute * 60
end

--- at "02:00", or at { "02:00", "14:30" }: run at these times of every day, in the account's zone.
---@param context table see `words.new`
---@return function
function M.at(context)
  return function(times)
    local list = type(times) == "table" and times or { times }
    local seconds, texts = {}, {}
    for key in pairs(list) do
      if type(key) ~= "number" or key > 1 and list[key - 1] == nil then
        errors.raise(2, 'at: needs a list without gaps, such as { "02:00", "14:30" }')
      end
    end
    for place, text in ipairs(list) do
      seconds[place] = type(text) == "string" and second_of_day(text)
      if not seconds[place] then
        errors.raise(
          2,
          'at: needs a time of day such as "02:00", or a list of them, not %s',
          type(text) == "string" and "'" .. text .. "'" or type(text)
        )
      end
      texts[place] = ('"%s"'):format(text)
    end
    if #seconds == 0 then
      errors.raise(2, 'at: needs a time of day such as "02:00", or a list of them')
    end
    table.sort(seconds)
    local what = #texts == 1 and texts[1] or ("{ %s }"):format(table.concat(texts, ", "))
    set(context, "at", { at = seconds, text = "at " .. what })
  end
end

return M

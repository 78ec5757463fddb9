--- Calendar arithmetic: the proleptic Gregorian calendar as seconds, without os.time,
-- whose answers depend on the machine's zone and C library; and the times that LastPass and people write.
-- Civil seconds are a wall clock's time counted as if it were UTC.
-- @module lastpass.time.civil
local errors = require "lastpass.error"

local M = {}

local floor = math.floor

local DAY = 86400
local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
-- Days before each month, by leap year or not.
local DAYS_BEFORE = {
  [false] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 },
  [true] = { 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335 },
}

--- The English names of the months.
M.MONTHS = {
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
}

--- The first and the last second of the years 1 to 9999.
M.FIRST = -62135596800
M.LAST = 253402300799
--- After so many seconds dates fall on the same weekdays again.
M.CYCLE = 146097 * DAY

--- Whether a year has a 29 February.
---@param year integer
---@return boolean
function M.is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

-- Days from 1970-01-01 to a year's first day, cached: a directory's times lie in a few years.
local year_days = setmetatable({}, {
  __index = function(known, year)
    local past = year - 1
    local days = past * 365 + floor(past / 4) - floor(past / 100) + floor(past / 400) - 719162
    known[year] = days
    return days
  end,
})

local function out_of_range(name, value, low, high)
  return nil, ("%s %s is not %d to %d"):format(name, tostring(value), low, high)
end

--- Civil seconds of a date and a wall time.
---@param year integer 1 to 9999
---@param month integer 1 to 12
---@param day integer 1 to the month's last
---@param hour? integer default 0
---@param min? integer default 0
---@param sec? integer default 0
---@return integer|nil civil
---@return string? reason which part is out of range
function M.civil(year, month, day, hour, min, sec)
  hour, min, sec = hour or 0, min or 0, sec or 0
  if not (year >= 1 and year <= 9999) then
    return out_of_range("year", year, 1, 9999)
  end
  if not (month >= 1 and month <= 12) then
    return out_of_range("month", month, 1, 12)
  end
  local leap = M.is_leap(year)
  local month_days = leap and month == 2 and 29 or MONTH_DAYS[month]
  if not (day >= 1 and day <= month_days) then
    return out_of_range("day", day, 1, month_days)
  end
  if not (hour >= 0 and hour <= 23) then
    return out_of_range("hour", hour, 0, 23)
  end
  if not (min >= 0 and min <= 59) then
    return out_of_range("minute", min, 0, 59)
  end
  if not (sec >= 0 and sec <= 59) then
    return out_of_range("second", sec, 0, 59)
  end
  local days = year_days[year] + DAYS_BEFORE[leap][month] + day - 1
  return days * DAY + hour * 3600 + min * 60 + sec
end

--- Civil seconds of a year's first instant; any year, also beyond 9999.
---@param year integer
---@return integer civil
function M.year_start(year)
  return year_days[year] * DAY
end

--- Civil seconds of a month's first instant.
---@param year integer
---@param month integer 1 to 13, the last being the next year's January
---@return integer civil
function M.month_start(year, month)
  if month == 13 then
    return M.year_start(year + 1)
  end
  return (year_days[year] + DAYS_BEFORE[M.is_leap(year)][month]) * DAY
end

-- The year in which a day falls: the mean year gives it or the one after, never two off.
local function year_of(days)
  local year = floor((days + 719162) / 365.2425) + 1
  if days < year_days[year] then
    return year - 1
  elseif days >= year_days[year + 1] then
    return year + 1
  end
  return year
end

--- The date and wall time of civil seconds, named as os.date("*t") names them.
---@param civil number fractions are cut off
---@return table fields year, month, day, hour, min, sec, wday (1 is Sunday), yday (from 1)
function M.fields(civil)
  local seconds = floor(civil)
  local days = floor(seconds / DAY)
  local rest = seconds - days * DAY
  local year = year_of(days)
  local day_of_year = days - year_days[year]
  local before = DAYS_BEFORE[M.is_leap(year)]
  local month = floor(day_of_year / 32) + 1
  if month < 12 and before[month + 1] <= day_of_year then
    month = month + 1
  end
  return {
    year = year,
    month = month,
    day = day_of_year - before[month] + 1,
    hour = floor(rest / 3600),
    min = floor(rest % 3600 / 60),
    sec = rest % 60,
    wday = (days + 4) % 7 + 1,
    yday = day_of_year + 1,
  }
end

--- Reads LastPass's own way of writing a time: "2026-11-22 22:40:26", nothing else.
-- See enterprise-api §3. The text is not repeated in the reason: it came from the wire.
---@param text any
---@return integer|nil civil
---@return string? reason
function M.parse(text)
  if type(text) ~= "string" or not text:find("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d$") then
    return nil, "not of the form YYYY-MM-DD HH:MM:SS"
  end
  local y1, y2, y3, y4, _, o1, o2, _, d1, d2 = text:byte(1, 10)
  local h1, h2, _, m1, m2, _, s1, s2 = text:byte(12, 19)
  -- "0" is byte 48: 48 * 1111 and 48 * 11 take the digits' own codes off again.
  return M.civil(
    y1 * 1000 + y2 * 100 + y3 * 10 + y4 - 53328,
    o1 * 10 + o2 - 528,
    d1 * 10 + d2 - 528,
    h1 * 10 + h2 - 528,
    m1 * 10 + m2 - 528,
    s1 * 10 + s2 - 528
  )
end

--- Writes civil seconds as LastPass does.
---@param civil number
---@return string text "YYYY-MM-DD HH:MM:SS"
function M.format(civil)
  local f = M.fields(civil)
  return ("%04d-%02d-%02d %02d:%02d:%02d"):format(f.year, f.month, f.day, f.hour, f.min, f.sec)
end

local UNITS = { s = 1, m = 60, h = 3600, d = DAY, w = 7 * DAY }

local ACCEPTED = 'write a date ("2026-11-22"), a time ("2026-11-22 10:00"), an ISO time '
  .. '("2026-11-22T10:00:00Z", "2026-11-22T10:00+01:00"), how long ago ("-24h"; s, m, h, d, w), '
  .. '"now", "today", "yesterday", or epoch seconds'

local function bad_time(value, detail)
  local shown = tostring(value):sub(1, 60):gsub("%c", "?")
  local message = ('cannot read the time "%s"%s; %s'):format(
    shown,
    detail and ": " .. detail or "",
    ACCEPTED
  )
  return errors.fail("argument", "bad_time", message, { hint = ACCEPTED })
end

local function from_epoch(value, number)
  if number ~= number or number < M.FIRST or number > M.LAST then
    return bad_time(value, "outside the years 1 to 9999 (are these milliseconds or microseconds?)")
  end
  return math.floor(number), false, false
end

-- Midnight of the day in which a moment lies, some days back.
local function midnight(zone, now, days_back)
  local civil = math.floor(zone:to_local(now))
  return zone:to_utc(civil - civil % DAY - days_back * DAY)
end

--- Seconds east of UTC of "Z", "+02:00", "-0530".
---@param text string
---@return integer|nil seconds
function M.offset(text)
  if text == "Z" or text == "z" then
    return 0
  end
  local sign, hours, minutes = text:match "^([+-])(%d%d):?(%d%d)$"
  if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then
    return nil
  end
  local seconds = tonumber(hours) * 3600 + tonumber(minutes) * 60
  return sign == "-" and -seconds or seconds
end

-- The wall time after a date: hour, minute, second, and what follows them.
local function read_clock(text)
  local hour, min, rest = text:match "^[T ](%d%d):(%d%d)(.*)$"
  if not hour then
    return nil
  end
  local sec, after = rest:match "^:(%d%d)(.*)$"
  if sec then
    -- Fractions are dropped: LastPass knows whole seconds only.
    rest = after:gsub("^%.%d+", "", 1)
  end
  return tonumber(hour), tonumber(min), tonumber(sec or 0), rest
end

local function from_date(text, zone)
  local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
  if not year then
    return bad_time(text)
  end
  local hour, min, sec, offset_text = 0, 0, 0, ""
  if rest ~= "" then
    hour, min, sec, offset_text = read_clock(rest)
    if not hour then
      return bad_time(text)
    end
  end
  local civil, reason = M.civil(tonumber(year), tonumber(month), tonumber(day), hour, min, sec)
  if not civil then
    return bad_time(text, reason)
  end
  if offset_text == "" then
    return zone:to_utc(civil)
  end
  local offset = M.offset(offset_text)
  if not offset then
    return bad_time(text)
  end
  return civil - offset, false, false
end

--- Reads a time that a person gave, as `lastpass.time.parse` says.
---@param value string|number
---@param zone lastpass.Zone of times that name none
---@param now integer epoch seconds
---@return integer|nil utc epoch seconds
---@return boolean|string ambiguous|message
---@return boolean|lastpass.Error nonexistent|err
function M.read(value, zone, now)
  if type(value) == "number" then
    return from_epoch(value, value)
  end
  local text = value:match "^%s*(.-)%s*$"
  if text == "now" then
    return now, false, false
  elseif text == "today" then
    return midnight(zone, now, 0)
  elseif text == "yesterday" then
    return midnight(zone, now, 1)
  end
  local count, unit = text:match "^%-(%d+)([smhdw])$"
  if count then
    return from_epoch(value, now - tonumber(count) * UNITS[unit])
  end
  -- Fewer digits are more likely a date without its dashes than a moment before 1974.
  if text:find "^%d+$" and #text >= 9 then
    return from_epoch(value, tonumber(text))
  end
  return from_date(text, zone)
end

return M

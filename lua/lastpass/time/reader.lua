--- Reads the times people give as options.
-- @module lastpass.time.reader
local calendar = require "lastpass.time.civil"
local errors = require "lastpass.error"

local M = {}

local DAY = 86400
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
  if number ~= number or number < calendar.FIRST or number > calendar.LAST then
    return bad_time(value, "outside the years 1 to 9999 (are these milliseconds or microseconds?)")
  end
  return math.floor(number), false, false
end

-- Midnight of the day in which a moment lies, some days back.
local function midnight(zone, now, days_back)
  local civil = math.floor(zone:to_local(now))
  return zone:to_utc(civil - civil % DAY - days_back * DAY)
end

local function read_offset(text)
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
  local civil, reason =
    calendar.civil(tonumber(year), tonumber(month), tonumber(day), hour, min, sec)
  if not civil then
    return bad_time(text, reason)
  end
  if offset_text == "" then
    return zone:to_utc(civil)
  end
  local offset = read_offset(offset_text)
  if not offset then
    return bad_time(text)
  end
  return civil - offset, false, false
end

--- Reads a time.
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

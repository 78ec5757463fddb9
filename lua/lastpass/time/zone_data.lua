--- What zones are made of: TZif, the compiled form of the time zone database (RFC 8536, versions 1 to 3 and
-- later), and POSIX rules such as "EST5EDT,M3.2.0,M11.1.0", with the wider hours and quoted names of
-- RFC 8536 §3.3.1. TZif files end with a rule; people may give one instead of a name.
-- @module lastpass.time.zone_data
local calendar = require "lastpass.time.civil"

local M = {}

local DAY = 86400

-- What POSIX leaves open and everybody reads as the United States' rule.
local DEFAULT_DATES = "M3.2.0,M11.1.0"

local function read_name(text, position)
  local name, after = text:match("^<([%w+-]+)>()", position)
  if not name then
    name, after = text:match("^(%a%a%a+)()", position)
  end
  return name, after
end

-- [+-]hh[:mm[:ss]] in seconds.
local function read_clock(text, position, most_hours)
  local sign, hours, after = text:match("^([+-]?)(%d%d?%d?)()", position)
  if not hours or tonumber(hours) > most_hours then
    return nil
  end
  local seconds = tonumber(hours) * 3600
  for _, unit in ipairs { 60, 1 } do
    local digits, next_position = text:match("^:(%d%d)()", after)
    if not digits then
      break
    elseif tonumber(digits) > 59 then
      return nil
    end
    seconds, after = seconds + tonumber(digits) * unit, next_position
  end
  return sign == "-" and -seconds or seconds, after
end

local function within(low, text, high)
  local number = tonumber(text)
  return number and number >= low and number <= high and number or nil
end

-- Mm.w.d, Jn or n, with an optional /time: {kind, …, seconds}.
local function read_date(text, position)
  local date
  local month, week, weekday, after = text:match("^M(%d%d?)%.(%d)%.(%d)()", position)
  if month then
    date =
      { month = within(1, month, 12), week = within(1, week, 5), weekday = within(0, weekday, 6) }
    if not (date.month and date.week and date.weekday) then
      return nil
    end
  else
    local julian, day, day_after = text:match("^(J?)(%d%d?%d?)()", position)
    if not day then
      return nil
    end
    after = day_after
    if julian == "J" then
      date = { julian = within(1, day, 365) }
    else
      date = { day = within(0, day, 365) }
    end
    if not (date.julian or date.day) then
      return nil
    end
  end
  date.seconds = 2 * 3600
  if text:sub(after, after) == "/" then
    date.seconds, after = read_clock(text, after + 1, 167)
    if not date.seconds then
      return nil
    end
  end
  return date, after
end

local function read_dates(text)
  local starts, after = read_date(text, 1)
  if not starts or text:sub(after, after) ~= "," then
    return nil
  end
  local ends, finish = read_date(text, after + 1)
  if not ends or finish ~= #text + 1 then
    return nil
  end
  return starts, ends
end

--- Reads a rule.
---@param text string
---@return table|nil rule {standard = {offset, abbreviation}, daylight = same or nil, starts, ends};
-- offsets are seconds east of UTC (POSIX writes them west). nil when it is no POSIX rule.
function M.parse_rule(text)
  local name, position = read_name(text, 1)
  if not name then
    return nil
  end
  local west, after = read_clock(text, position, 24)
  if not west then
    return nil
  end
  local rule = { standard = { offset = -west, abbreviation = name } }
  if after == #text + 1 then
    return rule
  end
  name, position = read_name(text, after)
  if not name then
    return nil
  end
  rule.daylight = { offset = 3600 - west, abbreviation = name }
  if text:find("^[%d+-]", position) then
    west, position = read_clock(text, position, 24)
    if not west then
      return nil
    end
    rule.daylight.offset = -west
  end
  local dates = DEFAULT_DATES
  if position <= #text then
    dates = text:match("^,(.+)$", position)
    if not dates then
      return nil
    end
  end
  rule.starts, rule.ends = read_dates(dates)
  return rule.starts and rule or nil
end

-- Mm.w.d: the week-th weekday of a month, the fifth meaning the last.
local function weekday_start(date, year)
  local first = calendar.month_start(year, date.month)
  local following = calendar.month_start(year, date.month + 1)
  local first_weekday = (first / DAY + 4) % 7
  local day = (date.weekday - first_weekday) % 7 + (date.week - 1) * 7
  local start = first + math.floor(day) * DAY
  return start < following and start or start - 7 * DAY
end

local function date_start(date, year)
  local first = calendar.year_start(year)
  if date.day then
    return first + date.day * DAY
  elseif date.julian then
    -- Jn never counts 29 February.
    local skip = date.julian >= 60 and calendar.is_leap(year) and 1 or 0
    return first + (date.julian - 1 + skip) * DAY
  end
  return weekday_start(date, year)
end

--- The two changes of a year, the earlier first.
---@param rule table with daylight
---@param year integer
---@return integer utc
---@return table kind what holds from then on: rule.standard or rule.daylight
---@return integer utc
---@return table kind
function M.changes(rule, year)
  local starts = date_start(rule.starts, year) + rule.starts.seconds - rule.standard.offset
  local ends = date_start(rule.ends, year) + rule.ends.seconds - rule.daylight.offset
  if starts <= ends then
    return starts, rule.daylight, ends, rule.standard
  end
  return ends, rule.standard, starts, rule.daylight
end

local HEADER_BYTES = 44

local function unsigned32(data, position)
  local a, b, c, d = data:byte(position, position + 3)
  return a * 16777216 + b * 65536 + c * 256 + d
end

local function signed32(data, position)
  local value = unsigned32(data, position)
  return value < 2147483648 and value or value - 4294967296
end

local function signed64(data, position)
  return signed32(data, position) * 4294967296 + unsigned32(data, position + 4)
end

-- Where the parts of one data block lie; nil when the file is too short for them.
local function read_header(data, start, time_bytes)
  if #data < start + HEADER_BYTES - 1 or data:sub(start, start + 3) ~= "TZif" then
    return nil
  end
  local header = {
    version = data:byte(start + 4),
    universal = unsigned32(data, start + 20),
    standard = unsigned32(data, start + 24),
    leaps = unsigned32(data, start + 28),
    times = unsigned32(data, start + 32),
    kinds = unsigned32(data, start + 36),
    characters = unsigned32(data, start + 40),
    time_bytes = time_bytes,
  }
  header.times_at = start + HEADER_BYTES
  header.indexes_at = header.times_at + header.times * time_bytes
  header.kinds_at = header.indexes_at + header.times
  header.characters_at = header.kinds_at + header.kinds * 6
  header.finish = header.characters_at
    + header.characters
    + header.leaps * (time_bytes + 4)
    + header.standard
    + header.universal
  if header.finish > #data + 1 then
    return nil
  end
  return header
end

local function read_kinds(data, header)
  local kinds = {}
  for index = 0, header.kinds - 1 do
    local at = header.kinds_at + index * 6
    local name_at = data:byte(at + 5)
    if name_at >= header.characters then
      return nil
    end
    kinds[index] = {
      offset = signed32(data, at),
      daylight = data:byte(at + 4) ~= 0,
      abbreviation = data:match("^%Z*", header.characters_at + name_at),
    }
  end
  return kinds
end

-- What holds before the first change: RFC 8536 says the first kind; the C library, which people
-- compare with, skips daylight ones.
local function first_kind(kinds, count)
  for index = 0, count - 1 do
    if not kinds[index].daylight then
      return kinds[index]
    end
  end
  return kinds[0]
end

local function read_block(data, header)
  local kinds = read_kinds(data, header)
  if not kinds or header.kinds == 0 then
    return nil, "it names no valid kind of local time"
  end
  local read_time = header.time_bytes == 8 and signed64 or signed32
  local changes, previous = {}, -math.huge
  for index = 0, header.times - 1 do
    local at = read_time(data, header.times_at + index * header.time_bytes)
    local kind = kinds[data:byte(header.indexes_at + index)]
    if not kind or at <= previous then
      return nil, "its changes are not in order"
    end
    changes[index + 1] = { at = at, kind = kind }
    previous = at
  end
  return { first = first_kind(kinds, header.kinds), changes = changes }
end

--- Reads the bytes of a TZif file.
---@param data string
---@return table|nil content {first = kind, changes = {{at = utc, kind}, …}, footer = POSIX rule or
-- nil}, with kind = {offset, daylight, abbreviation}
---@return string? reason
function M.parse_file(data)
  local header = read_header(data, 1, 4)
  if not header then
    return nil, "it is no TZif file, or cut short"
  end
  -- From version 2 on the 32-bit block is only for old readers: the real one follows.
  local newer = header.version ~= 0
  if newer then
    header = read_header(data, header.finish, 8)
    if not header then
      return nil, "it is cut short"
    end
  end
  if header.leaps > 0 then
    return nil, "it counts leap seconds, which UTC epoch seconds do not"
  end
  local content, reason = read_block(data, header)
  if content and newer then
    content.footer = data:match("^\n([^\n]+)\n", header.finish)
  end
  return content, reason
end

return M

--- Dates as sources write them: a column says how, and its fields come as "2026-12-31". What can be read
-- in two ways is not guessed at.
-- @module lastpass.source.dates
local civil = require "lastpass.time.civil"
local errors = require "lastpass.error"

local M = {}

local DAY = 86400

--- How a column writes its dates: the option `dates` of a source, by field. A text such as "MM/DD/YYYY"
-- ("DD.MM.YY", "D MMM YYYY": MMM is the English name of a month), or one of
-- "auto" (what can be read in one way only: ISO 8601, "31 Dec 2026", serial numbers of Excel, LDAP's
-- generalized time; 31/12/2026, but not 03/04/2026), "iso", "excel" (days since 1900), "excel-1904",
-- "filetime" (Active Directory's accountExpires: its two values for "never" give no date).
---@alias lastpass.source.DateFormat string

local function month_number(name)
  name = name:lower():gsub("%.$", "")
  if name == "sept" then
    return 9
  end
  for number, month in ipairs(civil.MONTHS) do
    if name == month:lower() or name == month:sub(1, 3):lower() then
      return number
    end
  end
  return nil
end

-- Years before are placeholders of databases and programs ("0001-01-01"), or slips of the pen.
local FIRST_YEAR = 1900

local function text_of(year, month, day)
  local seconds, reason = civil.civil(year, month, day)
  if not seconds then
    return nil, reason
  elseif year < FIRST_YEAR then
    return nil, ("the year %d is before %d"):format(year, FIRST_YEAR)
  end
  return ("%04d-%02d-%02d"):format(year, month, day)
end

local function text_of_seconds(seconds)
  if seconds < civil.FIRST or seconds > civil.LAST then
    return nil, "no calendar has that day"
  end
  local fields = civil.fields(seconds)
  return text_of(fields.year, fields.month, fields.day)
end

-- The day on which a moment is: in the zone, or else in UTC.
local function day_of(utc, zone)
  return text_of_seconds(zone and zone:to_local(utc) or utc)
end

-- Seconds of "Z", "+02:00", "-0530" or "+02"; nil for anything else.
local function offset_of(text)
  return civil.offset(#text == 3 and text .. "00" or text)
end

-- What follows a day: nothing, or a time, which names another day when it has an offset.
local function with_time(year, month, day, rest, zone)
  local date, reason = text_of(year, month, day)
  if not date or rest == "" then
    return date, reason
  end
  local hour, minute, more = rest:match "^[Tt ]+(%d%d?):(%d%d)(.*)$"
  local second, after = (more or ""):match "^:(%d%d)(.*)$"
  after = ((after or more) or ""):gsub("^[.,]%d+", ""):gsub("^ ", ""):gsub("^[AaPp][Mm]$", "")
  local moment = hour
    and civil.civil(year, month, day, tonumber(hour), tonumber(minute), tonumber(second))
  if not moment then
    return nil, "what follows the day is not a time"
  elseif after == "" then
    return date
  end
  local offset = offset_of(after)
  if not offset then
    return nil, "what follows the day is not a time"
  end
  return day_of(moment - offset, zone)
end

-- RFC 4517 §3.3.13: "20261231235959Z"; minutes and seconds may be missing.
local function read_generalized(text, zone)
  local day, clock, offset = text:match "^(%d%d%d%d%d%d%d%d)(%d%d%d?%d?%d?%d?)[.,]?%d*([Zz+-].*)$"
  local seconds = offset and offset_of(offset)
  if not seconds then
    return nil
  end
  local moment = civil.civil(
    tonumber(day:sub(1, 4)),
    tonumber(day:sub(5, 6)),
    tonumber(day:sub(7, 8)),
    tonumber(clock:sub(1, 2)),
    tonumber(clock:sub(3, 4)) or 0,
    tonumber(clock:sub(5, 6)) or 0
  )
  if not moment then
    return nil, "no calendar has that day"
  end
  return day_of(moment - seconds, zone)
end

local SEPARATED = "^(%d%d?)([/.-])(%d%d?)%2(%d%d%d%d)$"
local AMBIGUOUS = '%d %s and %d %s are possible: say which, as in "MM/DD/YYYY"'

local function read_numbers(text)
  local first, _, second, year = text:match(SEPARATED)
  if not first then
    return nil
  end
  first, second, year = tonumber(first), tonumber(second), tonumber(year)
  if first <= 12 and second <= 12 and first ~= second then
    return nil, AMBIGUOUS:format(first, civil.MONTHS[second], second, civil.MONTHS[first])
  elseif first > 12 then
    return text_of(year, second, first)
  end
  return text_of(year, first, second)
end

local function read_named(text)
  local day, name, year = text:match "^(%d%d?)[ ./-]+(%a+%.?)[ ,./-]+(%d%d%d%d)$"
  if not day then
    name, day, year = text:match "^(%a+%.?)[ -]+(%d%d?),?[ -]+(%d%d%d%d)$"
  end
  if not day then
    year, name, day = text:match "^(%d%d%d%d)[ -](%a+%.?)[ -](%d%d?)$"
  end
  local month = name and month_number(name)
  if not name then
    return nil
  elseif not month then
    return nil, ("'%s' is not the English name of a month"):format(name)
  end
  return text_of(tonumber(year), month, tonumber(day))
end

-- Excel counts from 1900-01-01 as day 1, and takes 1900 for a leap year: from 1 March of that year on days
-- count from 1899-12-30. Its other calendar counts from 1904-01-01 as day 0.
local EXCEL_1900 = civil.civil(1899, 12, 30)
local EXCEL_1904 = civil.civil(1904, 1, 1)
local EXCEL_LAST = 2958465 -- 9999-12-31

local function read_serial(text, from)
  local days = tonumber(text:match "^(%d+)%.?%d*$")
  if not days then
    return nil
  elseif days < 61 or days > EXCEL_LAST then
    return nil, "no serial number of Excel's"
  end
  return text_of_seconds(from + days * DAY)
end

-- [MS-ADA1] accountExpires: steps of 100 ns since 1601-01-01; two values mean never.
local FILETIME = civil.civil(1601, 1, 1)

local function read_filetime(text, zone)
  if text == "0" or text == "9223372036854775807" then
    return ""
  elseif not text:find "^%d+$" then
    return nil
  end
  return day_of(FILETIME + math.floor(tonumber(text) / 1e7), zone)
end

local function read_year_first(text, zone)
  local year, month, day, rest = text:match "^(%d%d%d%d)[-/.](%d%d?)[-/.](%d%d?)(.*)$"
  if not year then
    year, month, day = text:match "^(%d%d%d%d)(%d%d)(%d%d)$"
    rest = ""
  end
  if not year then
    return nil
  end
  -- a day of xsd:date may have an offset, which says nothing of the day
  rest = rest:gsub("^[+-]%d%d:%d%d$", ""):gsub("^[Zz]$", "")
  return with_time(tonumber(year), tonumber(month), tonumber(day), rest, zone)
end

local readers = { read_year_first, read_generalized, read_named, read_numbers }

-- What can be read in one way only.
local function read_certain(text, zone)
  for _, read in ipairs(readers) do
    local date, reason = read(text, zone)
    if date or reason then
      return date, reason
    end
  end
  if text:find "^%d%d%d%d%d$" or text:find "^%d%d%d%d%d%.%d*$" then
    return read_serial(text, EXCEL_1900)
  end
  return nil
end

local named = {
  auto = read_certain,
  iso = read_year_first,
  excel = function(text)
    return read_serial(text, EXCEL_1900)
  end,
  ["excel-1904"] = function(text)
    return read_serial(text, EXCEL_1904)
  end,
  filetime = read_filetime,
}

-- Parts of a format: runs of the same letter Y, M or D, and what stands between them.
local function parts_of(format)
  local parts, position = {}, 1
  while position <= #format do
    local letter = format:sub(position, position)
    local run = letter
    if letter:find "[YMD]" then
      run = format:match("^" .. letter .. "+", position)
    end
    parts[#parts + 1] = run
    position = position + #run
  end
  return parts
end

local fixed = { YYYY = "(%d%d%d%d)", YY = "(%d%d)", MMM = "(%a+%.?)", MMMM = "(%a+%.?)" }
local counted = { M = true, MM = true, D = true, DD = true }

-- The Lua pattern of a format, and in which order the year, the month and the day come; nil for none.
local function compile(format)
  local parts, pattern, order, seen = parts_of(format:upper()), { "^" }, {}, {}
  for place, part in ipairs(parts) do
    local letter = part:sub(1, 1)
    if fixed[part] or counted[part] then
      if seen[letter] then
        return nil
      end
      seen[letter], order[#order + 1] = true, letter
      local before, after = parts[place - 1] or " ", parts[place + 1] or " "
      local touches = before:find "^[YMD]" or after:find "^[YMD]"
      pattern[#pattern + 1] = fixed[part] or touches and "(%d%d)" or "(%d%d?)"
    elseif letter:find "[YMD%a%d]" then
      return nil
    else
      pattern[#pattern + 1] = "%" .. letter
    end
  end
  if #order ~= 3 then
    return nil
  end
  pattern[#pattern + 1] = "(.*)$"
  return table.concat(pattern), order
end

local function reader_of(format)
  local pattern, order = compile(format)
  if not pattern then
    return nil
  end
  return function(text, zone)
    local found = { text:match(pattern) }
    if #found ~= 4 then
      return nil
    end
    local values = {}
    for place, letter in ipairs(order) do
      values[letter] = tonumber(found[place]) or month_number(found[place])
      if not values[letter] then
        return nil, ("'%s' is not the English name of a month"):format(found[place])
      end
    end
    local year = values.Y
    if year < 100 and not format:upper():find "YYYY" then
      year = year + (year < 70 and 2000 or 1900)
    end
    return with_time(year, values.M, values.D, found[4], zone)
  end
end

--- Makes the reader of a format.
---@param format lastpass.source.DateFormat
---@return (fun(text: string, zone: lastpass.Zone|nil): string|nil, string|nil)|nil read gives "2026-12-31";
-- "" for a value that means never; nil and the reason. nil when the format is none
function M.reader(format)
  local read = named[format:lower()] or reader_of(format)
  if not read then
    return nil
  end
  return function(text, zone)
    local date, reason = read(text, zone)
    if date or reason then
      return date, reason
    end
    -- what a spreadsheet made of some cells is certain as well
    date, reason = read_certain(text, zone)
    if not date then
      return nil, reason or ("it is not written as '%s'"):format(format)
    end
    return date
  end
end

--- The names of formats, for messages.
---@return string[]
function M.names()
  return errors.names_of(named)
end

return M

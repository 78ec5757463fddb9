--- Times: UTC epoch seconds inside, the account's wall clock on the wire (enterprise-api §3).
-- Nothing here asks the machine's own zone.
-- @module lastpass.time
local calendar = require "lastpass.time.civil"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"
local zone_data = require "lastpass.time.zone_data"
local zones = require "lastpass.time.zone"

local M = {}

--- What LastPass accounts use unless told otherwise (enterprise-api §3).
M.DEFAULT_ZONE = "America/New_York"

M.civil = calendar.civil
M.fields = calendar.fields
M.parse_civil = calendar.parse
M.format_civil = calendar.format

-- Serves the default zone where tzdata is not installed. The United States changed by other
-- dates before 2007.
local DEFAULT_RULE = "EST5EDT,M3.2.0,M11.1.0"

local SYSTEM_DIRECTORY = "/usr/share/zoneinfo"
local HINT = "apt install tzdata, or give the POSIX form"
-- The largest file of the database has 4 kB; this bounds what a wrong file can cost.
local MOST_BYTES = 262144

local function unknown_zone(name, detail, hint)
  local shown = name:sub(1, 64):gsub("[^%w%p ]", "?")
  local message = ('unknown time zone "%s"%s'):format(shown, detail or "")
  return errors.fail("argument", "unknown_zone", message, { hint = hint or HINT })
end

local function default_directories()
  local own = os.getenv "TZDIR"
  if own and own ~= "" then
    return { own, SYSTEM_DIRECTORY }
  end
  return { SYSTEM_DIRECTORY }
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  -- A directory opens but does not read.
  local data = file:read(MOST_BYTES)
  file:close()
  return data
end

-- Only plain relative names reach the file system.
local function is_safe(name)
  return name:find "^[%w][%w_+./-]*$" ~= nil
    and not name:find("..", 1, true)
    and not name:find("//", 1, true)
end

local function from_file(name, directories)
  for _, directory in ipairs(directories) do
    local data = read_file(directory .. "/" .. name)
    if data then
      local content, reason = zone_data.parse_file(data)
      if not content then
        return unknown_zone(name, (": %s/%s: %s"):format(directory, name, reason))
      end
      return zones.new(name, content, content.footer and zone_data.parse_rule(content.footer))
    end
  end
  return nil
end

local function from_offset(name)
  local offset = name:find "^[+-]" and calendar.offset(name)
  return offset and zones.from_rule(name, { standard = { offset = offset, abbreviation = name } })
end

-- The names of the database, from its own table of places.
local function known_names(directories)
  local names = {}
  for _, directory in ipairs(directories) do
    local places = read_file(directory .. "/zone.tab")
    for name in (places or ""):gmatch "\n%u%u\t[^\t\n]+\t([^\t\n]+)" do
      names[#names + 1] = name
    end
  end
  return names
end

local function find_zone(name, directories)
  if name == "UTC" or name == "Z" then
    return zones.from_rule("UTC", { standard = { offset = 0, abbreviation = "UTC" } })
  end
  -- POSIX counts offsets westward: "UTC+2" would be two hours west, which nobody means by it.
  local sign, hours = name:match "^[UG][TM][CT]([+-])(%d%d?)"
  if sign and hours ~= "0" then
    local hint = ('write "%s%02d:00"'):format(sign, tonumber(hours))
    return unknown_zone(name, " (POSIX reads its sign the other way round: " .. hint .. ")", hint)
  end
  local safe, zone = is_safe(name), from_offset(name)
  local message, err
  if not zone and safe then
    zone, message, err = from_file(name, directories)
  end
  if zone or message then
    return zone, message, err
  end
  local rule = zone_data.parse_rule(name)
  if rule then
    return zones.from_rule(name, rule)
  end
  if name == M.DEFAULT_ZONE then
    zone = zones.from_rule(name, zone_data.parse_rule(DEFAULT_RULE))
    zone.approximate = true
    return zone
  end
  local nearest = safe and errors.nearest(name, known_names(directories))
  return unknown_zone(name, nearest and (' (did you mean "%s"?)'):format(nearest))
end

local cache = {}

--- Finds a time zone.
---@param name? string a name of the time zone database ("Europe/Berlin"), a POSIX rule
-- ("EST5EDT,M3.2.0,M11.1.0"), "UTC", or a fixed offset ("+02:00"); default "America/New_York"
---@param directories? string[] where the database is; default $TZDIR, /usr/share/zoneinfo
---@return lastpass.Zone|nil zone
---@return string? message
---@return lastpass.Error? err kind "argument", code "unknown_zone"
function M.zone(name, directories)
  name = name or M.DEFAULT_ZONE
  if type(name) ~= "string" then
    errors.raise(2, "time.zone: a zone's name must be a string, not a %s", type(name))
  end
  if directories then
    return find_zone(name, directories)
  end
  if cache[name] then
    return cache[name]
  end
  local zone, message, err = find_zone(name, default_directories())
  -- Failures are not cached: the database may be installed later.
  cache[name] = zone
  return zone, message, err
end

--- The machine's clock.
---@return integer utc epoch seconds
function M.now()
  return os.time()
end

--- Writes a moment as ISO 8601 in UTC.
---@param utc number epoch seconds; fractions are cut off
---@return string text "2026-11-22T22:40:26Z"
function M.iso(utc)
  local f = calendar.fields(utc)
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(f.year, f.month, f.day, f.hour, f.min, f.sec)
end

--- Reads a time that a person gave: epoch seconds, "2026-11-22", "2026-11-22 10:00[:00]" (in the
-- zone), ISO 8601 with "Z" or an offset, "-24h" (units s, m, h, d, w; a day is 24 hours),
-- "now", "today" and "yesterday" (midnight in the zone).
---@param value string|number
---@param zone? lastpass.Zone default America/New_York, as `time.zone()`
---@param now? integer epoch seconds; default `time.now()`
---@return integer|nil utc epoch seconds
---@return boolean|string ambiguous the wall clock showed this time twice, and the earlier is meant;
-- or the message
---@return boolean|lastpass.Error nonexistent the wall clock skipped this time; or the error, kind
-- "argument", code "bad_time"
function M.parse(value, zone, now)
  return calendar.read(value, zone or M.zone(), now or M.now())
end

signature.declare("time.", M, {
  now = "",
  iso = "utc: number",
  parse = "value: string|number, zone?: lastpass.time.zone, now?: number",
  zone = "name?: string, directories?: table",
  civil = "year: number, month: number, day: number, hour?: number, min?: number, sec?: number",
  fields = "civil: number",
  parse_civil = "text?: any",
  format_civil = "civil: number",
})

return M

--- From a zone's name to the zone: the system's database, POSIX rules, fixed offsets.
-- @module lastpass.time.lookup
local errors = require "lastpass.error"
local posix = require "lastpass.time.posix"
local tzif = require "lastpass.time.tzif"
local zones = require "lastpass.time.zone"

local M = {}

--- What LastPass accounts use unless told otherwise (enterprise-api §3).
M.DEFAULT = "America/New_York"

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
      local content, reason = tzif.parse(data)
      if not content then
        return unknown_zone(name, (": %s/%s: %s"):format(directory, name, reason))
      end
      return zones.new(name, content, content.footer and posix.parse(content.footer))
    end
  end
  return nil
end

local function from_offset(name)
  local sign, hours, minutes = name:match "^([+-])(%d%d):?(%d%d)$"
  if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then
    return nil
  end
  local seconds = tonumber(hours) * 3600 + tonumber(minutes) * 60
  local kind = { offset = sign == "-" and -seconds or seconds, abbreviation = name }
  return zones.from_rule(name, { standard = kind })
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

local function find(name, directories)
  if name == "UTC" or name == "Z" then
    return zones.from_rule("UTC", { standard = { offset = 0, abbreviation = "UTC" } })
  end
  -- POSIX counts offsets westward: "UTC+2" would be two hours west, which nobody means by it.
  local sign, hours = name:match "^[UG][TM][CT]([+-])(%d%d?)"
  if sign and hours ~= "0" then
    local hint = ('write "%s%02d:00"'):format(sign, tonumber(hours))
    return unknown_zone(name, " (POSIX reads its sign the other way round: " .. hint .. ")", hint)
  end
  local safe = is_safe(name)
  local zone, message, err = from_offset(name)
  if not zone and safe then
    zone, message, err = from_file(name, directories)
  end
  if zone or message then
    return zone, message, err
  end
  local rule = posix.parse(name)
  if rule then
    return zones.from_rule(name, rule)
  end
  if name == M.DEFAULT then
    zone = zones.from_rule(name, posix.parse(DEFAULT_RULE))
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
  name = name or M.DEFAULT
  if type(name) ~= "string" then
    errors.raise(2, "time.zone: a zone's name must be a string, not a %s", type(name))
  end
  if directories then
    return find(name, directories)
  end
  if cache[name] then
    return cache[name]
  end
  local zone, message, err = find(name, default_directories())
  -- Failures are not kept: the database may be installed later.
  cache[name] = zone
  return zone, message, err
end

return M

--- A time zone: from UTC to its wall clock and back.
-- The changes known from the zone's file come first; a POSIX rule, if there is one, goes on from
-- there, year by year as far as asked, and repeats after 400 years.
-- @module lastpass.time.zone
local calendar = require "lastpass.time.civil"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"
local zone_data = require "lastpass.time.zone_data"

local M = {}

local floor, min, max = math.floor, math.min, math.max

local DAY = 86400
local CYCLE = calendar.CYCLE
-- Wall clocks are at most 26 hours from UTC (RFC 8536 §3.2): two days are always far enough.
local MARGIN = 2 * DAY
-- A rule makes a change in every year: worked out so far ahead, the next one is always known.
local AHEAD = 800 * DAY

--- A time zone.
---@class lastpass.Zone
---@field name string as it was asked for
---@field approximate boolean times before 2007 may be an hour off: the zone database is missing
local methods = {}
local zone_mt = { __index = methods, __name = "lastpass.time.zone" }

function zone_mt.__tostring(zone)
  return zone.name
end

-- Per change i: `at` in UTC, the kind from then on (kinds[0] before the first), and the wall
-- times between which the change is: `opens` … `closes` exist twice, or not at all.
local function add_change(zone, at, kind)
  local index = zone.count + 1
  -- A rule for "always daylight time" ends and starts at one instant: the later word counts.
  if zone.count > 0 and at <= zone.at[zone.count] then
    index = zone.count
  end
  local before = zone.kinds[index - 1].offset
  zone.at[index] = at
  zone.kinds[index] = kind
  zone.opens[index] = at + min(before, kind.offset)
  zone.closes[index] = at + max(before, kind.offset)
  zone.count = index
end

-- Applies the rule until all changes up to a time, and the next one, are known.
local function extend(zone, seconds)
  while zone.known_until < seconds + AHEAD do
    local first, first_kind, second, second_kind = zone_data.changes(zone.rule, zone.next_year)
    if first > zone.rule_from then
      add_change(zone, first, first_kind)
    end
    if second > zone.rule_from then
      add_change(zone, second, second_kind)
    end
    zone.next_year = zone.next_year + 1
    -- A rule may reach a week into its neighbour years.
    zone.known_until = calendar.year_start(zone.next_year) - 8 * DAY
  end
end

-- Brings a time into the 400 years that are worked out, and returns by how much it was moved.
local function fold(zone, seconds)
  if not zone.fold_from then
    return seconds, 0
  end
  local cycles = floor((seconds - zone.fold_from) / CYCLE)
  if cycles < 0 and zone.first_change then
    cycles = 0
  end
  local folded = seconds - cycles * CYCLE
  extend(zone, folded)
  return folded, cycles * CYCLE
end

-- The last index of a sorted list whose value is not above the one given; 0 when there is none.
local function search(list, count, value)
  local low, high = 0, count
  while low < high do
    local middle = floor((low + high + 1) / 2)
    if list[middle] <= value then
      low = middle
    else
      high = middle - 1
    end
  end
  return low
end

local function check_number(where, value)
  if type(value) ~= "number" or value ~= value or value == math.huge or value == -math.huge then
    errors.raise(3, "%s: seconds must be a finite number, not %s", where, tostring(value))
  end
end

--- From the zone's wall clock to UTC. In autumn an hour passes twice: the earlier, daylight one
-- is taken unless `later` is true. In spring an hour is skipped: a time in it is moved forward.
---@param civil number civil seconds of the wall clock
---@param later? boolean of two instants take the later
---@return number utc epoch seconds
---@return boolean ambiguous the wall clock showed this time twice
---@return boolean nonexistent the wall clock never showed this time
function methods:to_utc(civil, later)
  if civil >= self.civil_from and civil < self.civil_to then
    return civil - self.civil_offset, false, false
  end
  check_number("zone:to_utc", civil)
  local seconds, shift = fold(self, civil)
  local index = search(self.opens, self.count, seconds)
  local closes = self.closes[index]
  local offset = self.kinds[index].offset
  if closes and seconds < closes then
    local before = self.kinds[index - 1].offset
    if offset > before then
      return civil - before, false, true
    end
    return civil - (later and offset or before), true, false
  end
  local next_opens = self.opens[index + 1]
  self.civil_from = closes and closes + shift or -math.huge
  self.civil_to = next_opens and next_opens + shift or math.huge
  self.civil_offset = offset
  return civil - offset, false, false
end

--- From UTC to the zone's wall clock.
---@param utc number epoch seconds
---@return number civil civil seconds
---@return integer offset seconds east of UTC
---@return string abbreviation such as "EDT"
function methods:to_local(utc)
  if not (utc >= self.utc_from and utc < self.utc_to) then
    check_number("zone:to_local", utc)
    local seconds, shift = fold(self, utc)
    local index = search(self.at, self.count, seconds)
    local next_at = self.at[index + 1]
    self.utc_from = index > 0 and self.at[index] + shift or -math.huge
    self.utc_to = next_at and next_at + shift or math.huge
    self.utc_kind = self.kinds[index]
  end
  local kind = self.utc_kind
  return utc + kind.offset, kind.offset, kind.abbreviation
end

--- The stretch of time around a moment in which the offset stays the same: for those who have many
-- times to convert.
---@param utc number epoch seconds
---@return number from UTC; -math.huge when there is no change before
---@return number to UTC, not in it; math.huge when there is none after
---@return integer offset seconds east of UTC
function methods:stretch(utc)
  local _, offset = self:to_local(utc)
  return self.utc_from, self.utc_to, offset
end

local function year_at(utc)
  return calendar.fields(utc).year
end

-- A rule without daylight time needs no changes of its own: the last kind goes on.
local function set_rule(zone, rule)
  local last = zone.at[zone.count]
  zone.rule = rule
  zone.rule_from = last or -math.huge
  -- With no change before it, the rule is for all times. Starting two years early makes sure
  -- that 1970 begins with what the rule says of it.
  zone.next_year = last and year_at(last) or 1968
  zone.known_until = last or calendar.year_start(1968)
  zone.fold_from = (last or calendar.year_start(1970)) + MARGIN
end

--- Makes a zone.
---@param name string
---@param content table as `zone_data.parse_file` returns it: first, changes
---@param rule? table as `zone_data.parse_rule` returns it: what holds after the last change
---@return lastpass.Zone
function M.new(name, content, rule)
  local zone = {
    name = name,
    approximate = false,
    at = {},
    opens = {},
    closes = {},
    kinds = { [0] = content.first },
    count = 0,
    first_change = content.changes[1],
    -- The stretch last used, empty at first; most times of an account lie in one or two.
    civil_from = math.huge,
    civil_to = -math.huge,
    utc_from = math.huge,
    utc_to = -math.huge,
  }
  for _, change in ipairs(content.changes) do
    add_change(zone, change.at, change.kind)
  end
  if rule and rule.daylight then
    set_rule(zone, rule)
  end
  return setmetatable(zone, zone_mt)
end

--- Makes a zone that follows one POSIX rule at all times.
---@param name string
---@param rule table as `zone_data.parse_rule` returns it
---@return lastpass.Zone
function M.from_rule(name, rule)
  return M.new(name, { first = rule.standard, changes = {} }, rule)
end

signature.declare("zone:", methods, {
  to_utc = "civil: number, later?: boolean",
  to_local = "utc: number",
  stretch = "utc: number",
})

return M

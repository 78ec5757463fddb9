--- How a range of time is cut into windows that each fit into one reply, and how they are written on
-- the wire, in the account's wall clock (enterprise-api §3).
-- No cut is made where the wall clock shows a time twice or never, for nobody says which one LastPass
-- means then; so every event belongs to one window by the text of its Time alone.
-- @module lastpass.export.windows
local time = require "lastpass.time"

local M = {}

--- The most that one reply holds (enterprise-api §6).
M.MOST = 10000

-- Windows are planned for half of it: there are busier hours.
local PLANNED = 5000
local FIRST, SHORTEST, LONGEST = 3600, 60, 30 * 86400
local GROWTH = 4
local MARGIN = 2

local floor, max, min = math.floor, math.max, math.min

-- The moments around a change of offset in which the wall clock is not to be trusted (and a little
-- more, for the seconds that are asked for beside a window); nothing when `utc` is not near one.
local function doubtful(zone, utc)
  local from, to = zone:stretch(utc)
  for _, change in ipairs { from, to } do
    if change > -math.huge and change < math.huge then
      local _, before = zone:to_local(change - 1)
      local _, after = zone:to_local(change)
      local width = math.abs(before - after) + MARGIN
      if utc >= change - width and utc < change + width then
        return change - width, change + width
      end
    end
  end
  return nil
end

--- The last moment not after this one at which a window may begin.
---@param zone lastpass.Zone
---@param utc integer
---@return integer utc
function M.align_down(zone, utc)
  return (doubtful(zone, utc)) or utc
end

--- The first moment not before this one at which a window may begin.
---@param zone lastpass.Zone
---@param utc integer
---@return integer utc
function M.align_up(zone, utc)
  local from, to = doubtful(zone, utc)
  if not from or from == utc then
    return utc
  end
  return to
end

--- Where to cut a window [from, to) near `at`; nil when it cannot be cut.
---@param zone lastpass.Zone
---@return integer|nil utc
function M.cut(zone, from, to, at)
  local up = M.align_up(zone, max(at, from + 1))
  if up < to then
    return up
  end
  local down = M.align_down(zone, min(at, to - 1))
  return down > from and down or nil
end

--- The fields `from` and `to` of a window [from, to), and the civil times that its events have.
-- Whether LastPass counts the ends in is not known: one second more is asked for on both sides.
---@param zone lastpass.Zone
---@param from integer|nil
---@param to integer|nil nil: open
---@return table data from, to: texts
---@return number civil_from first civil second that belongs to the window
---@return number civil_to last one
function M.wire(zone, from, to)
  local data, civil_from, civil_to = {}, -math.huge, math.huge
  if from then
    civil_from = zone:to_local(from)
    data.from = time.format_civil(civil_from - 1)
  end
  if to then
    civil_to = zone:to_local(to - 1)
    data.to = time.format_civil(civil_to + 1)
  end
  return data, civil_from, civil_to
end

local methods = {}
local plan_mt = { __name = "lastpass.export.windows", __index = methods }

--- Plans windows over [from, to), oldest first; how long each is depends on what the ones before held.
---@param zone lastpass.Zone
---@param from integer may be moved down, out of a doubtful hour
---@param to integer may be moved up
---@param is_open? boolean after them comes one without an end
---@return table plan
function M.plan(zone, from, to, is_open)
  from, to = M.align_down(zone, from), M.align_up(zone, to)
  return setmetatable({
    zone = zone,
    at = from,
    to = math.max(from, to),
    is_open = is_open,
    length = FIRST,
  }, plan_mt)
end

--- The next window.
---@return integer|nil from nil at the end
---@return number|nil to math.huge: without an end
function methods:next()
  local from = self.at
  if from >= self.to then
    if self.is_open then
      self.is_open = false
      return from, math.huge
    end
    return nil
  end
  local to = self.to
  if to - from > self.length * 1.5 then
    to = M.cut(self.zone, from, to, from + self.length) or to
  end
  self.at = to
  return from, to
end

--- Notes how many events a window held.
---@param seconds integer
---@param count integer
function methods:learn(seconds, count)
  local fitting = count > 0 and seconds * PLANNED / count or LONGEST
  local most = count > PLANNED and LONGEST or max(self.length, seconds) * GROWTH
  self.length = floor(max(SHORTEST, min(LONGEST, fitting, most)))
end

return M

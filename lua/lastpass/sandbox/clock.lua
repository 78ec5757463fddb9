--- The sandbox's clock: microseconds since 1970 that run with the machine's from a chosen start,
-- can stand still, be put forward and be set.
-- @module lastpass.sandbox.clock
local errors = require "lastpass.error"
local httpd = require "lastpass.httpd"
local time = require "lastpass.time"

local M = {}

local floor = math.floor

--- Where the clock of a sandbox starts by default: 2026-06-15 13:00:00 UTC.
M.START = 1781528400

local units = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }

--- Reads a span: seconds as a number, or "90s", "15m", "12h", "3d", "2w", also "1d12h".
function M.span(value)
  if type(value) == "number" and value == value and value >= 0 and value < math.huge then
    return value
  end
  local total, rest = 0, type(value) == "string" and value or ""
  while rest ~= "" do
    local count, unit, more = rest:match("^(%d+%.?%d*)([smhdw])(.*)$")
    if not count then
      total = nil
      break
    end
    total = total + tonumber(count) * units[unit]
    rest = more
  end
  if not total or value == "" or type(value) ~= "string" then
    return errors.fail("argument", "bad_span", "a span is seconds or such as '90s', '12h', '3d'")
  end
  return total
end

local methods = {}
local clock_mt = { __name = "lastpass.sandbox.clock", __index = methods }

local function real()
  return floor(httpd.now() * 1000000)
end

--- Makes a clock.
---@param start? integer UTC seconds; default `M.START`
---@param frozen? boolean
function M.new(start, frozen)
  local self = setmetatable({ zero = real(), base = (start or M.START) * 1000000 }, clock_mt)
  self.frozen = frozen and self.base or nil
  return self
end

--- The time.
---@return integer microseconds since 1970
function methods:microseconds()
  return self.frozen or self.base + real() - self.zero
end

--- The time in whole seconds.
function methods:seconds()
  return floor(self:microseconds() / 1000000)
end

--- Puts the clock to a time; it runs on from there, unless it is frozen.
function methods:set(microseconds)
  self.base, self.zero = floor(microseconds), real()
  if self.frozen then
    self.frozen = self.base
  end
end

--- Puts the clock forward.
function methods:advance(seconds)
  self:set(self:microseconds() + seconds * 1000000)
end

--- Stops the clock or lets it go on from where it stands.
function methods:freeze(frozen)
  local now = self:microseconds()
  self.frozen = frozen and now or nil
  self.base, self.zero = now, real()
end

--- What the control API shows of it.
---@param zone table of lastpass.time
function methods:describe(zone)
  local seconds = self:seconds()
  return {
    now = seconds,
    microseconds = ("%.0f"):format(self:microseconds()),
    iso = time.iso(seconds),
    account_time = time.format_civil((zone:to_local(seconds))),
    timezone = zone.name,
    frozen = self.frozen ~= nil,
  }
end

return M

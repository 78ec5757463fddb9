--- Events of a company that are shown: recent ones, and when people were invited. Both are read from
-- LastPass, kept for a while, and read once however many ask.
-- @module lastpass.nginx.dashboard.recent
local errors = require "lastpass.error"
local events_room = require "lastpass.directory.events"
local invitations = require "lastpass.report.invitations"
local statistics = require "lastpass.report.statistics"

---@class lastpass.nginx.dashboard.Recent
local methods = {}
local recent_mt = { __index = methods }

local M = {}

local FIRST_SPAN = 3600
local LONGEST_SPAN = 7 * statistics.DAY
local OVERLAP = 3600 -- events may come late
local PIECE = 2000
local PATIENCE = 60 -- seconds until somebody who reads is taken for gone
local SHORT_WAIT = 1.5 -- seconds that a page waits for what it can do without
local RETRY = 30 -- seconds after a failure

--- How many events are shown at most; reading stops when there are so many.
M.MOST = 500

--- Makes what is kept of one company.
---@param tenant table
---@param options table settings, pause, sleep, spawn, clock
---@return lastpass.nginx.dashboard.Recent
function M.new(tenant, options)
  return setmetatable({
    _tenant = tenant,
    _settings = options.settings,
    _pause = options.pause,
    _sleep = options.sleep,
    _spawn = options.spawn,
    _clock = options.clock,
    _span = FIRST_SPAN,
  }, recent_mt)
end

local function wait_while(self, busy, seconds)
  local ends_at, turns = self._clock() + seconds, 0
  -- where nothing can be waited for, the clock may stand
  while busy() and self._clock() < ends_at and turns < seconds * 50 do
    turns = turns + 1
    self._sleep(0.02)
  end
end

-- Spans from now back, each four times as long as the one before, until there are enough; the next
-- time the span that was right begins.
local function read_events(self, now)
  local span = self._span
  local list, message, err
  repeat
    list, message, err = events_room.read(self._tenant:client(), { from = now - span })
    if not list then
      return nil, message, err
    end
    local enough = #list >= M.MOST or span >= LONGEST_SPAN
    span = enough and span or math.min(span * 4, LONGEST_SPAN)
  until enough
  self._span = #list > 8 * M.MOST and math.max(span / 4, FIRST_SPAN) or span
  local newest = {}
  for place = #list, math.max(1, #list - M.MOST + 1), -1 do
    newest[#newest + 1] = list[place]
  end
  return { events = newest, from = now - span, read_at = now, cut = #list > M.MOST }
end

--- Recent events, newest first.
---@param now number
---@return table|nil recent {events, from, read_at, cut}
---@return string? message
---@return lastpass.Error? err
function methods:events(now)
  local function is_fresh()
    return self._events and now - self._events.read_at < self._settings.events_keep
  end
  wait_while(self, function()
    return self._reading_events and not is_fresh()
  end, PATIENCE)
  if is_fresh() then
    return self._events
  end
  self._reading_events = true
  local ok, recent, message, err = pcall(read_events, self, now)
  self._reading_events = nil
  if not ok then
    error(recent, 0)
  end
  self._events = recent or self._events
  return recent, message, err
end

-- Only what came since the last time is read again.
local function read_dates(self, now)
  local before = self._dates
  local from = now - self._settings.invitation_days * statistics.DAY
  if before then
    from = math.max(from, before.read_at - OVERLAP)
  end
  local options = { from = from, admin = true }
  local list, message, err = events_room.read(self._tenant:client(), options)
  if not list then
    return nil, message, err
  end
  local when = before and before.when or {}
  for first = 1, #list, PIECE do
    local piece = {}
    for place = first, math.min(first + PIECE - 1, #list) do
      piece[#piece + 1] = list[place]
    end
    for address, date in pairs(invitations.dates(piece)) do
      when[address] = date.last
    end
    self._pause()
  end
  return { when = when, read_at = now }
end

local function begin_dates(self, now)
  self._reading_dates = now
  self._spawn(function()
    local ok, dates, message, err = pcall(read_dates, self, now)
    self._reading_dates = nil
    if ok and dates then
      self._dates, self._dates_failure = dates, nil
    else
      self._dates_failure = { at = now, message = ok and message or tostring(dates), err = err }
    end
  end)
end

local function dates_are_due(self, now)
  local dates, failure, reading = self._dates, self._dates_failure, self._reading_dates
  return not (dates and now - dates.read_at < self._settings.invitations_keep)
    and not (failure and now - failure.at < RETRY)
    and not (reading and now - reading < PATIENCE)
end

--- When people were invited last, by folded address. They are read in the background: a page waits a
-- moment for them, no longer.
---@param now number
---@return table<string, number>|nil when
---@return number|string as_of when that was read; or message
---@return lastpass.Error? err code "being_read" when they will be there soon
function methods:invitation_dates(now)
  if dates_are_due(self, now) then
    begin_dates(self, now)
  end
  wait_while(self, function()
    return not self._dates and self._reading_dates
  end, SHORT_WAIT)
  if self._dates then
    return self._dates.when, self._dates.read_at
  elseif self._dates_failure then
    return nil, self._dates_failure.message, self._dates_failure.err
  end
  return errors.fail("cancelled", "being_read", "the events that date invitations are being read")
end

return M

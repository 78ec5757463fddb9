--- Events of a company that are shown: recent ones, newest first, and when people were invited. Both are
-- read from LastPass, cached for a while, and read once however many ask. What looks like a secret in
-- their data is not shown.
-- @module lastpass.nginx.dashboard.events
local accounts = require "lastpass.report.accounts"
local audit = require "lastpass.audit"
local components = require "lastpass.html.components"
local errors = require "lastpass.error"
local event_reader = require "lastpass.directory.events"
local fold = require("lastpass.unified.texts").fold
local html = require "lastpass.html"
local listing = require "lastpass.nginx.dashboard.listing"
local parts = require "lastpass.nginx.dashboard.parts"
local redact = require "lastpass.export.redact"
local text = require "lastpass.text"
local values = require "lastpass.report.values"

---@class lastpass.nginx.dashboard.Recent
local methods = {}
local recent_mt = { __index = methods }

local M = {}

local FIRST_SPAN = 3600
local LONGEST_SPAN = 7 * values.DAY
local OVERLAP = 3600 -- events may come late
local PIECE = 2000
local PATIENCE = 60 -- seconds until somebody who reads is taken for gone
local SHORT_WAIT = 1.5 -- seconds that a page waits for what it can do without
local RETRY = 30 -- seconds after a failure
local SHOWN = 100

--- How many events are cached at most; reading stops when there are so many.
M.MOST = 500

--- Makes the cache of one company.
---@param tenant table
---@param options table settings, pause, sleep, spawn, clock
---@return lastpass.nginx.dashboard.Recent
function M.recent(tenant, options)
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

local function wait_while(self, is_busy, seconds)
  local ends_at, rounds = self._clock() + seconds, 0
  -- where nothing can be waited for, the clock may stand
  while is_busy() and self._clock() < ends_at and rounds < seconds * 50 do
    rounds = rounds + 1
    self._sleep(0.02)
  end
end

-- What this dashboard and other programs read over the Enterprise API: without end, and of no interest to most.
local function is_read(event)
  return audit.find(event.action).category == "reporting"
end

-- The newest events, reads counted apart from all others, so that they do not push those out.
local function take_newest(list)
  local newest, counts, cut = {}, { [true] = 0, [false] = 0 }, {}
  for position = #list, 1, -1 do
    local kind = is_read(list[position])
    counts[kind] = counts[kind] + 1
    if counts[kind] <= M.MOST then
      newest[#newest + 1] = list[position]
    elseif not cut[kind] then
      cut[kind] = list[position + 1].time
    end
  end
  return newest, counts[false], cut
end

-- Spans from now back, each four times as long as the one before, until there are enough; the next
-- time the span that was right begins.
local function read_events(self, now)
  local span = self._span
  local list, newest, count, cut, message, err
  repeat
    list, message, err = event_reader.read(self._tenant:client(), { from = now - span })
    if not list then
      return nil, message, err
    end
    newest, count, cut = take_newest(list)
    local enough = count >= M.MOST or span >= LONGEST_SPAN
    span = enough and span or math.min(span * 4, LONGEST_SPAN)
  until enough
  self._span = count > 8 * M.MOST and math.max(span / 4, FIRST_SPAN) or span
  return { events = newest, from = now - span, read_at = now, cut = cut }
end

--- Recent events, newest first.
---@param now number
---@return table|nil recent {events, from, read_at, cut (since when reads (true) and others (false) are complete)}
---@return string? message
---@return lastpass.Error? err
function methods:events(now)
  local function is_recent()
    return self._events and now - self._events.read_at < self._settings.events_keep
  end
  wait_while(self, function()
    return self._reading_events and not is_recent()
  end, PATIENCE)
  if is_recent() then
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
  local from = now - self._settings.invitation_days * values.DAY
  if before then
    from = math.max(from, before.read_at - OVERLAP)
  end
  local options = { from = from, admin = true }
  local list, message, err = event_reader.read(self._tenant:client(), options)
  if not list then
    return nil, message, err
  end
  local when = before and before.when or {}
  for first = 1, #list, PIECE do
    local piece = {}
    for position = first, math.min(first + PIECE - 1, #list) do
      piece[#piece + 1] = list[position]
    end
    for address, date in pairs(accounts.invitations(piece)) do
      when[address] = date.last or when[address]
    end
    self._pause()
  end
  return { when = when, read_at = now }
end

local function begin_reading_dates(self, now)
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
---@return lastpass.Error? err code "being_read" when they come soon
function methods:invitation_dates(now)
  if dates_are_due(self, now) then
    begin_reading_dates(self, now)
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

local reads = { { "", "Hidden" }, { "yes", "Shown" } }

local severities = {
  { "", "Any" },
  { "low", "Low and above" },
  { "medium", "Medium and above" },
  { "high", "High" },
}

local rank = {}
for position, name in ipairs(audit.severities) do
  rank[name] = position
end

local function find_events(events, q, severity, with_reads)
  local words, found = listing.words(q), {}
  for _, event in ipairs(events) do
    local matches = (with_reads or not is_read(event))
      and (severity == "" or (rank[audit.find(event.action).severity] or 0) >= rank[severity])
    if matches and #words > 0 then
      local all = { event.username, event.action, event.data, event.ip_address }
      matches = listing.has_words(fold(table.concat(all, "\n")), words)
    end
    if matches then
      found[#found + 1] = event
    end
  end
  return found
end

local function person_of(call, name)
  local known = name:find("@", 1, true) and call.view.snapshot:user(name)
  if known then
    return parts.person(call, known.email, components.email(name))
  end
  return name ~= "" and html.bdi(name) or parts.quiet "–"
end

local function row_of(call, event)
  local severity = audit.find(event.action).severity
  return {
    parts.time(event.time) or html.bdi(event.local_time),
    { html.bdi(event.action), severity == "high" and html.join(" ", parts.mark("high", true)) },
    person_of(call, event.username),
    html.bdi(redact.text(event.data)),
    html.bdi(event.ip_address),
  }
end

local function results_of(call, recent, q, severity, with_reads)
  local found = find_events(recent.events, q, severity, with_reads)
  local oldest = math.max(recent.from, recent.cut[false] or 0, with_reads and recent.cut[true] or 0)
  local counted = ("%s since %s"):format(text.plural(#found, "event"), values.shown(oldest, "time"))
  if #found == 0 then
    local narrows = q ~= "" or severity ~= ""
    return parts.results(
      counted,
      parts.empty(
        narrows and "No event matches" or "Nothing has happened",
        narrows and html.a({ href = call:url "events" }, "Show all recent events")
          or with_reads and "No event was written in the last seven days."
          or html.a(
            { href = call:url("events", { { "reads", "yes" } }) },
            "Show reads over the API"
          )
      )
    )
  end
  local rows = {}
  for position = 1, math.min(#found, SHOWN) do
    rows[position] = row_of(call, found[position])
  end
  if #found > SHOWN then
    counted = ("%s; the newest %d are shown"):format(counted, SHOWN)
  end
  return parts.results(
    counted,
    components.table("events-table", "Events, newest first", {
      { title = "Time, UTC", class = "time" },
      { title = "What", class = "what" },
      { title = "Who", class = "who-did" },
      { title = "About", class = "list" },
      { title = "From", class = "minor" },
    }, rows, { quiet = true }),
    parts.csv_link(call:url("events", {
      { "q", q },
      { "severity", severity },
      { "reads", with_reads and "yes" or "" },
      { "format", "csv" },
    }))
  )
end

local csv_columns = {
  { name = "time", kind = "time" },
  { name = "local_time" },
  { name = "username" },
  { name = "action" },
  { name = "data" },
  { name = "ip_address" },
}

local function csv_row(event)
  return {
    time = event.time,
    local_time = event.local_time,
    username = event.username,
    action = event.action,
    data = redact.text(event.data),
    ip_address = event.ip_address,
  }
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; part (the list alone); or failure {message, err}
function M.show(call)
  local recent, message, err = call.recent:events(call.now)
  if not recent then
    return { failure = { message = message, err = err } }
  end
  local q, severity = call:param "q", call:param "severity"
  local with_reads = call:param "reads" == "yes"
  severity = rank[severity] and severity ~= "info" and severity or ""
  return parts.list_page(call, {
    section = "events",
    title = "Recent events",
    one = "events",
    meta = { "Read ", parts.ago(recent.read_at, call.now) },
    form = parts.form(call:url "events", {
      parts.search(q, "Person, action or subject"),
      parts.field("severity", "Severity", parts.choice("severity", severities, severity)),
      parts.field(
        "reads",
        "Reads over the API",
        parts.choice("reads", reads, with_reads and "yes" or "")
      ),
    }),
    results = results_of(call, recent, q, severity, with_reads),
    csv = {
      columns = csv_columns,
      each = function(add)
        for _, event in ipairs(find_events(recent.events, q, severity, with_reads)) do
          add(csv_row(event))
        end
      end,
    },
  })
end

return M

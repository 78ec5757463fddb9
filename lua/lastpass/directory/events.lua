--- Audit events (enterprise-api §4.11): pages followed by `next`, oldest first, none twice.
-- @module lastpass.directory.events
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

---@class lastpass.Event
---@field time number|nil         UTC, seconds since 1970; nil when the text is no time
---@field local_time string       as the server wrote it, in the account's zone
---@field ambiguous boolean       the hour happened twice (end of daylight saving time), and nothing
-- says which one is meant: the earlier is taken
---@field username string         "API" for calls of this API, in older accounts
---@field ip_address string       may be empty
---@field action string           may be localised; compare without regard to case
---@field data string             free text, its form depends on the action

local event_mt = { __name = "lastpass.Event" }

function event_mt.__tostring(event)
  local at = event.time and require("lastpass.time").iso(event.time) or event.local_time
  return require("lastpass.text").clean(
    ("%s%s  %s  %s  %s"):format(
      at,
      event.ambiguous and "?" or "",
      event.username,
      event.action,
      event.data
    )
  )
end

--- The names of the wire, in the order in which an event is compared.
local wire = { "Time", "Username", "IP_Address", "Action", "Data" }

-- What an event means beside what the wire says (id, category, targets …) is found when it is asked for.
function event_mt.__index(event, name)
  local value = require("lastpass.audit").field(event, name)
  if value ~= nil then
    rawset(event, name, value)
  end
  return value
end

local function read_event(client, row)
  local time = require "lastpass.time"
  local civil = time.parse_civil(row.Time or "")
  local utc, ambiguous
  if civil then
    utc, ambiguous = client:zone():to_utc(civil)
  end
  return setmetatable({
    time = utc,
    local_time = row.Time or "",
    ambiguous = ambiguous or false,
    username = row.Username or "",
    ip_address = row.IP_Address or "",
    action = row.Action or "",
    data = row.Data or "",
  }, event_mt)
end

-- All five are texts (§4.11); null stands for an empty one.
local function has_texts(row)
  for _, name in ipairs(wire) do
    if row[name] == json.null then
      row[name] = nil
    end
    if row[name] ~= nil and type(row[name]) ~= "string" then
      return false
    end
  end
  return true
end

-- "Event1" is the newest; an object has no order, so the number in the key decides (§4.11).
local function rows_in_order(data)
  local rows = {}
  for key, row in pairs(data) do
    local number = tonumber((tostring(key):match "(%d+)$"))
    if not number or type(row) ~= "table" or not has_texts(row) then
      return nil
    end
    rows[#rows + 1] = { number = number, row = row }
  end
  table.sort(rows, function(a, b)
    return a.number < b.number
  end)
  for position, entry in ipairs(rows) do
    rows[position] = entry.row
  end
  return rows
end

local function same(a, b)
  for _, name in ipairs(wire) do
    if a[name] ~= b[name] then
      return false
    end
  end
  return true
end

-- `next` means "at or before that moment": the page's last events may come again at the head of
-- the next one. What repeats is the longest end of `rows` within one second that the page begins
-- with; equal events further away are real.
local function repeated_at_head(rows, page)
  local last = rows[#rows]
  if not last then
    return 0
  end
  local longest = 0
  while longest < #page and longest < #rows and rows[#rows - longest].Time == last.Time do
    longest = longest + 1
  end
  for length = longest, 1, -1 do
    local equal = true
    for i = 1, length do
      if not same(rows[#rows - length + i], page[i]) then
        equal = false
        break
      end
    end
    if equal then
      return length
    end
  end
  return 0
end

-- Microseconds, as text or as a number; lua-cjson would write 14 of the 16 digits.
local function cursor_text(value)
  if type(value) == "number" then
    return ("%.0f"):format(value)
  elseif type(value) == "string" and value ~= "" then
    return value
  end
  return nil
end

-- In an hour that happens twice the order tells the two apart: newest first, a time only grows where
-- the hour began anew. And nothing is later than now.
local function resolve_run(client, events, from, to, now)
  local zone, jump = client:zone(), nil
  for position = from, to - 1 do
    if events[position].local_time > events[position + 1].local_time then
      jump = position
    end
  end
  local time = require "lastpass.time"
  for position = from, to do
    local event = events[position]
    local later = zone:to_utc(time.parse_civil(event.local_time), true)
    if jump and position > jump then
      event.time = later
    end
    event.ambiguous = not jump and later <= now
  end
end

-- `events` are oldest first.
local function resolve_ambiguous(client, events)
  local now = client:now()
  local position = 1
  while position <= #events do
    local last = position
    if events[position].ambiguous then
      while events[last + 1] and events[last + 1].ambiguous do
        last = last + 1
      end
      resolve_run(client, events, position, last, now)
    end
    position = last + 1
  end
  return events
end

local function protocol_error(message)
  return errors.fail("protocol", "unexpected_shape", "reporting: " .. message, {
    command = "reporting",
  })
end

local function read_page(client, data)
  local reply, message, err = client:reporting(data)
  if not reply then
    return nil, message, err
  end
  if type(reply.data) ~= "table" then
    return protocol_error "the reply has no data"
  end
  local page = rows_in_order(reply.data)
  if not page then
    return protocol_error "the reply's events are not numbered rows of text"
  end
  return page, cursor_text(reply.next)
end

local function wire_time(client, value, name)
  local time = require "lastpass.time"
  local zone = client:zone()
  local utc, message, err = time.parse(value, zone, client:now())
  if not utc then
    return errors.fail(err.kind, err.code, ("events: option '%s': %s"):format(name, message), err)
  end
  return time.format_civil((zone:to_local(utc)))
end

--- Which events; everything but `from` and `to` is passed on as it is.
M.options = {
  from = { "string", "number" },
  to = { "string", "number" },
  user = "string",
  search = "string",
  admin = "boolean",
}

--- Reads events, newest page first, and turns them round.
---@param client table
---@param options table from, to (epoch seconds, "2026-03-01 10:00", "-24h", …), user, search, admin
---@return lastpass.Event[]|nil oldest first
---@return string? message
---@return lastpass.Error? err
function M.read(client, options)
  local data = { user = options.user or "allusers", search = options.search }
  data.admin = options.admin and 1 or nil
  local message, err
  data.from, message, err = wire_time(client, options.from or "-24h", "from")
  if data.from and options.to then
    data.to, message, err = wire_time(client, options.to, "to")
  end
  if err then
    return nil, message, err
  end
  local rows, cursors = {}, {}
  repeat
    local page, cursor
    page, cursor, err = read_page(client, data)
    if not page then
      return nil, cursor, err
    end
    for position = repeated_at_head(rows, page) + 1, #page do
      rows[#rows + 1] = page[position]
    end
    if cursor and cursors[cursor] then
      return protocol_error "the server gives the same continuation twice"
    end
    if cursor then
      cursors[cursor] = true
    end
    data.next = cursor
  until not cursor
  local events = {}
  for position = #rows, 1, -1 do
    events[#events + 1] = read_event(client, rows[position])
  end
  return resolve_ambiguous(client, events)
end

return M

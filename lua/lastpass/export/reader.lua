--- Reads the events of any range of time, oldest first, several windows under way at once, so that
-- hardly a reply is full; what is in two replies is given once.
-- @module lastpass.export.reader
local call = require "lastpass.enterprise.call"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local parallel = require "lastpass.parallel"
local reply = require "lastpass.enterprise.reply"
local windows = require "lastpass.export.windows"

local M = {}

---@class lastpass.export.Query
---@field from integer UTC, in it
---@field to? integer UTC, not in it; without it: whatever there is, also ahead of our clock
---@field now integer UTC: no event is later
---@field user? string
---@field search? string
---@field admin? boolean

--- Asks for one reply of `reporting` (enterprise-api §4.11).
---@param client lastpass.Client
---@param data table fields of reporting
---@return userdata|nil events newest first
---@return string? message
---@return lastpass.Error? err
function M.fetch_page(client, data)
  local request, page, message, err
  request, message, err = call.prepare(client, "reporting", data, 2)
  if not request then
    return nil, message, err
  end
  local sink = core.events()
  page, message, err =
    call.perform(client, request, reply.sink_reader(sink, "a list of events"), sink)
  if not page then
    return reply.explain_sink(sink, message, err)
  end
  return page
end

-- Whether the last `count` rows are the first ones of the page, in one second.
local function ends_as_it_begins(rows, page, count)
  local last = #rows
  for position = 1, count do
    if not rows:same(last - count + position, page, position) then
      return false
    end
  end
  return rows:at(last - count + 1, "civil") == rows:at(last, "civil")
end

-- So many rows at the head of `page` came at the end of `rows` already. `next` is a moment to the
-- microsecond and includes it: the one event of that moment comes again. When it is a whole second,
-- or the one event does not come, it may be all that was given of that second.
local function repeated_at_head(rows, page, cursor)
  local longest = math.min(#rows, #page)
  if longest == 0 then
    return 0
  elseif cursor:sub(-6) ~= "000000" and ends_as_it_begins(rows, page, 1) then
    return 1
  end
  local same_second = 1
  while
    same_second < longest and rows:at(#rows - same_second, "civil") == rows:at(#rows, "civil")
  do
    same_second = same_second + 1
  end
  for count = same_second, 1, -1 do
    if ends_as_it_begins(rows, page, count) then
      return count
    end
  end
  return 0
end

--- Asks until the server gives no continuation.
---@param client lastpass.Client
---@param data table fields of reporting; `next` is set
---@param first userdata the first page, which gets all further rows
---@return userdata|nil events newest first
---@return string? message
---@return lastpass.Error? err
function M.follow_pages(client, data, first)
  local known, cursor = {}, first:next()
  while cursor do
    if known[cursor] then
      local reason = "reporting: the server gives the same continuation twice"
      return errors.fail("protocol", "unexpected_shape", reason, { command = "reporting" })
    end
    known[cursor], data.next = true, cursor
    local page, message, err = M.fetch_page(client, data)
    if not page then
      return nil, message, err
    end
    first:append(page, repeated_at_head(first, page, cursor))
    cursor = page:next()
    page:close()
  end
  return first
end

-- The zone from before the first row to after the last, as the core wants it.
local function zone_of(zone, rows)
  local low, high = rows:range()
  local list = {}
  if not low then
    return { -1e15, 1e15, 0 }
  end
  local utc = zone:to_utc(low) - 2 * 86400
  repeat
    local from, to, offset = zone:stretch(utc)
    list[#list + 1], list[#list + 2], list[#list + 3] = from, to, offset
    utc = to
  until to > high + 2 * 86400
  return list
end

--- Gives all rows their UTC times.
---@param zone lastpass.Zone
---@param rows userdata events of the core
---@param now? integer
function M.clock(zone, rows, now)
  rows:clock(zone_of(zone, rows), now)
end

local function request_data(query, fields)
  fields.user = query.user or "allusers"
  fields.search = query.search
  fields.admin = query.admin and 1 or nil
  return fields
end

local function limit_rows(zone, query, rows, civil_from, civil_to)
  rows:keep_civil(civil_from, civil_to)
  M.clock(zone, rows, query.now)
  rows:keep_utc(query.from, query.to)
  return rows
end

-- Of a full reply, the seconds that it has wholly count; what is older is left to be read. Nothing
-- when the window cannot be cut there.
local function take_whole_seconds(client, query, window, rows)
  local zone = client:zone()
  local oldest, newest = rows:range()
  local rest_to = windows.align_up(zone, zone:to_utc(oldest, true) + 1)
  if rest_to >= window.to or rest_to <= window.from then
    return nil
  end
  limit_rows(zone, query, rows, (zone:to_local(rest_to)), window.civil_to)
  return { rows = rows, rest_to = rest_to, covered = math.max(newest - oldest, 1) }
end

-- Gives {rows, rest_to, covered} for the window [from, to); math.huge: open. With `rest_to` the rows are
-- those from then on, and the older ones are still to be read.
local function read_window(client, query, from, to)
  local zone = client:zone()
  local window = { from = from, to = to }
  local fields
  fields, window.civil_from, window.civil_to =
    windows.wire(zone, from, to < math.huge and to or nil)
  local data = request_data(query, fields)
  local rows, message, err = M.fetch_page(client, data)
  if not rows then
    return nil, message, err
  end
  local oldest = rows:range()
  local is_full = #rows >= windows.MOST or rows:next() ~= nil
  if is_full and not (oldest and oldest < window.civil_from) then
    local part = oldest and take_whole_seconds(client, query, window, rows)
    if part then
      return part
    end
    -- one second, or the hour that happens twice
    rows, message, err = M.follow_pages(client, data, rows)
    if not rows then
      return nil, message, err
    end
  end
  return { rows = limit_rows(zone, query, rows, window.civil_from, window.civil_to) }
end

local function read_and_learn(self, plan, from, to)
  local part, message, err = read_window(self.client, self.query, from, to)
  if part and part.rest_to then
    plan:learn(part.covered, windows.MOST)
  elseif part and to < math.huge then
    plan:learn(to - from, part.rows:kept())
  end
  return part, message, err
end

local read_range

-- What is older than a part comes first.
local function deliver(self, pending)
  local part, message, err = pending.task:result()
  local ok = part ~= nil
  if ok and part.rest_to then
    local rest = windows.plan(self.client:zone(), pending.from, part.rest_to)
    rest:learn(part.covered, windows.MOST)
    ok, message, err = read_range(self, rest)
  end
  if ok then
    ok, message, err = self.each(part.rows)
    part.rows:close()
  end
  if not ok then
    self.failure = self.failure or { message, err }
  end
  return ok, message, err
end

-- Reads the windows of a plan, several under way, and delivers them in their order.
function read_range(self, plan)
  local queue, first, last = {}, 1, 0
  local from, to = plan:next()
  while from and not self.failure do
    last = last + 1
    queue[last] = { from = from, task = self.spawn(read_and_learn, self, plan, from, to) }
    if last - first + 1 >= self.limit then
      deliver(self, queue[first])
      queue[first], first = nil, first + 1
    end
    from, to = plan:next()
  end
  while first <= last and not self.failure do
    deliver(self, queue[first])
    queue[first], first = nil, first + 1
  end
  if self.failure then
    return nil, self.failure[1], self.failure[2]
  end
  return true
end

--- Reads a range, oldest first.
---@param client lastpass.Client
---@param query lastpass.export.Query
---@param each fun(rows: userdata): true|nil, string?, lastpass.Error? is given each part; rows that are
-- dropped do not belong to it; the rows are closed after it
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.read(client, query, each)
  local self = { client = client, query = query, each = each, limit = client:option "in_flight" }
  local plan = windows.plan(client:zone(), query.from, query.to or query.now, not query.to)
  parallel(self.limit, function(spawn)
    self.spawn = spawn
    read_range(self, plan)
  end)
  if self.failure then
    return nil, self.failure[1], self.failure[2]
  end
  return true
end

return M

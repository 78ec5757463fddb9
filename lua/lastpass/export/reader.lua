--- Reads the events of any range of time, oldest first, several windows under way at once, so that
-- hardly a reply is full; what is in two replies is given once.
-- @module lastpass.export.reader
local page_room = require "lastpass.export.page"
local parallel = require "lastpass.parallel"
local windows = require "lastpass.export.windows"

local M = {}

---@class lastpass.export.Query
---@field from integer UTC, in it
---@field to? integer UTC, not in it; without it: whatever there is, also ahead of our clock
---@field now integer UTC: no event is later
---@field user? string
---@field search? string
---@field admin? boolean

-- The zone from before the first row to behind the last, as the core wants it.
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

local function finish(zone, query, rows, civil_from, civil_to)
  rows:keep_civil(civil_from, civil_to)
  M.clock(zone, rows, query.now)
  rows:keep_utc(query.from, query.to)
  return rows
end

-- Of a full reply, the seconds that it has wholly are kept; what is older is left to be read. Nothing
-- when the window cannot be cut there.
local function keep_whole_seconds(client, query, window, rows)
  local zone = client:zone()
  local oldest, newest = rows:range()
  local rest_to = windows.align_up(zone, zone:to_utc(oldest, true) + 1)
  if rest_to >= window.to or rest_to <= window.from then
    return nil
  end
  finish(zone, query, rows, (zone:to_local(rest_to)), window.civil_to)
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
  local rows, message, err = page_room.fetch(client, data)
  if not rows then
    return nil, message, err
  end
  local oldest = rows:range()
  local is_full = #rows >= windows.MOST or rows:next() ~= nil
  if is_full and not (oldest and oldest < window.civil_from) then
    local part = oldest and keep_whole_seconds(client, query, window, rows)
    if part then
      return part
    end
    -- one second, or the hour that happens twice
    rows, message, err = page_room.follow(client, data, rows)
    if not rows then
      return nil, message, err
    end
  end
  return { rows = finish(zone, query, rows, window.civil_from, window.civil_to) }
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

--- Reads a range and hands it on, oldest first.
---@param client lastpass.Client
---@param query lastpass.export.Query
---@param each fun(rows: userdata): true|nil, string?, lastpass.Error? told each part; rows that are
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

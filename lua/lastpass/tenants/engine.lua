--- Does one kind of work for many companies, some of them at once, each with its own time limit. Every company comes to
-- an end: with an outcome, or with the reason why there is none.
-- @module lastpass.tenants.engine
local errors = require "lastpass.error"
local kinds = require "lastpass.tenants.kinds"
local records = require "lastpass.tenants.records"
local scheduler = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"

local M = {}

--- Companies under way at once, and seconds for each of them, when nobody says otherwise.
M.IN_FLIGHT, M.TIME_LIMIT = 16, 600

-- A company that takes so many times as long as others took gives its slot to the next one, and continues beside them;
-- before any has ended, one that takes so many seconds. At most `in_flight` companies continue so.
local SLOW_FACTOR, SLOW_FIRST, SLOW_LEAST = 4, 5, 0.25
-- A company that needs many requests lets the others through first (`gate`), where at most one of so many does.
local MOST_GIVE_WAY = 4
local TICK = 0.1 -- seconds between two looks at who is slow

-- What has more rows is given out when the others are through, so that the time its rows take is not theirs.
local MANY_ROWS = 5000

local function whole(lowest, highest)
  return function(value)
    return type(value) == "number" and value % 1 == 0 and value >= lowest and value <= highest,
      ("a whole number from %d to %d"):format(lowest, highest)
  end
end

--- The options of a run.
M.options = {
  in_flight = whole(1, 256),
  time_limit = function(value)
    return type(value) == "number" and value > 0 and value < 1e6, "a number of seconds above 0"
  end,
  on_result = "function",
  on_say = "function",
  output = "function",
  cancel = "function",
  before_send = "function",
  remember = "boolean",
}

---@class lastpass.tenants.Missing
---@field company string
---@field cid integer|nil
---@field code string
---@field message string
---@field age number|nil  seconds since something was last read of it; nil: not known

---@class lastpass.tenants.Result
---@field companies integer
---@field done integer
---@field missing lastpass.tenants.Missing[] done + #missing = companies
---@field rows integer
---@field code integer      the highest exit code of the companies
---@field note string|nil  why the journal knows nothing of earlier results, where it was asked
---@field outcomes table<string, lastpass.tenants.Outcome>|nil by company, when nobody took them

---@class lastpass.tenants.Run
local methods = {}
local run_mt = { __name = "lastpass.tenants.Run", __index = methods }

-- Those that were quick go first, so that there are results soon; else in the order of the list.
local function in_order(companies)
  local list = {}
  for position, company in ipairs(companies) do
    list[position] = { company = company, position = position }
  end
  table.sort(list, function(one, other)
    local mine, others = one.company.last_seconds or 0, other.company.last_seconds or 0
    if mine ~= others then
      return mine < others
    end
    return one.position < other.position
  end)
  return list
end

--- Begins work for companies. Nothing is sent before `run:each` is asked for a company.
---@param companies lastpass.tenants.Company[]
---@param name string the kind of work: `lastpass.tenants.kinds`
---@param settings table|nil of the kind
---@param options table|nil in_flight, time_limit (seconds for each company), on_say, output, cancel, before_send; remember:
-- the journal says when something was last read of each company, and is told what comes of them now
---@param level integer whose line is blamed: 1 is the caller
---@return lastpass.tenants.Run|nil
---@return string? message
---@return lastpass.Error? err
function M.start(companies, name, settings, options, level)
  local kind = kinds.of(name, level + 1)
  options = errors.check_options("tenants: run", options, M.options, level + 1)
  settings = errors.check_options("tenants: " .. name, settings, kind.settings, level + 1)
  local message, err
  if kind.prepare then
    settings, message, err = kind.prepare(settings)
    if not settings then
      return nil, message, err
    end
  end
  local _, note
  if options.remember then
    _, note = records.read(companies)
  end
  return setmetatable({
    _notes = options.remember and {} or nil,
    _kind = kind,
    _settings = settings,
    _options = options,
    _in_flight = options.in_flight or M.IN_FLIGHT,
    _waiting = in_order(companies),
    _next = 1,
    _running = {}, -- entry -> task
    _count = 0,
    _ready = {},
    _large = {},
    _positions = {}, -- of those that are missing
    _finished = 0,
    _seconds = 0,
    _result = { companies = #companies, done = 0, missing = {}, rows = 0, code = 0, note = note },
  }, run_mt)
end

-- ------------------------------------------------------------------ one company

local function is_cancelled(self)
  return scheduler.is_interrupted() or (self._options.cancel and self._options.cancel()) or false
end

local function context_of(self, company)
  local gate = company:gate()
  return {
    deadline = function()
      return gate:deadline()
    end,
    is_cancelled = function()
      return is_cancelled(self)
    end,
    output = self._options.output,
    say = function(text)
      if self._options.on_say then
        self._options.on_say(company, text)
      end
    end,
  }
end

-- What was raised: an error object of an iterator, or a mistake of this library, which is one company's affair too.
local function of_raised(raised)
  if type(raised) == "table" and raised.kind then
    return raised.message, raised
  end
  local text = tostring(raised):gsub("^[^:]*:%d+: ", "")
  local _, message, err = errors.fail("protocol", "failed", text)
  return message, err
end

local function on_done(self, entry, task)
  self._running[entry], self._count = nil, self._count - 1
  entry.seconds = scheduler.now() - entry.started
  if task.results then
    entry.outcome, entry.message, entry.err = task.results[1], task.results[2], task.results[3]
  else
    entry.message, entry.err = of_raised(task.failure)
  end
  if entry.outcome then
    self._finished, self._seconds = self._finished + 1, self._seconds + entry.seconds
    entry.company.last_seconds, entry.company.last_good = entry.seconds, os.time()
  end
  local list = entry.outcome and (entry.outcome.count or 0) > MANY_ROWS and self._large
    or self._ready
  list[#list + 1] = entry
end

local function slow_after(self)
  if self._finished == 0 then
    return SLOW_FIRST
  end
  return math.max(SLOW_FACTOR * self._seconds / self._finished, SLOW_LEAST)
end

local function may_hold_more(self)
  return self._count + #self._ready + #self._large < 2 * self._in_flight
end

-- Whether those that need much are to let others through: there are some that may need little, and they are not most.
local function is_time_to_give_way(self)
  if is_cancelled(self) then
    return false
  end
  local limit, now = slow_after(self), scheduler.now()
  local long, others = 0, self._waiting[self._next] and may_hold_more(self)
  for entry in pairs(self._running) do
    if entry.company:gate():is_long() then
      long = long + 1
    else
      others = others or now - entry.started < limit
    end
  end
  return others and long <= math.max(self._in_flight / MOST_GIVE_WAY, 1)
end

local function start_company(self, entry)
  local company, kind = entry.company, self._kind
  entry.started = scheduler.now()
  company:gate():begin {
    time_limit = self._options.time_limit or M.TIME_LIMIT,
    cuts = not kind.writes,
    before_send = self._options.before_send,
    gives_way = not kind.writes and function()
      return is_time_to_give_way(self)
    end or nil,
  }
  local task = scheduler.spawn(function(task)
    on_done(self, entry, task)
  end, kind.run, company, self._settings, context_of(self, company))
  self._running[entry] = not task.done and task or nil -- a light thread may have come to its end at once
end

-- ------------------------------------------------------------------ slots

-- How many of those under way have a slot.
local function slots_taken(self)
  local limit, now, taken = slow_after(self), scheduler.now(), 0
  for entry in pairs(self._running) do
    local is_waiting = now - entry.started >= limit or entry.company:gate():is_giving_way()
    taken = taken + (is_waiting and 0 or 1)
  end
  return taken
end

-- What is done and not yet fetched counts too: it is in memory.
local function has_slot(self)
  local stored = #self._ready + #self._large
  return may_hold_more(self) and slots_taken(self) + stored < self._in_flight
end

local function fill_slots(self)
  local entry = self._waiting[self._next]
  while entry and not is_cancelled(self) and has_slot(self) do
    self._next = self._next + 1
    self._count = self._count + 1
    start_company(self, entry)
    entry = self._waiting[self._next]
  end
end

-- Until a company is through, or it is time to look who is slow.
local function wait(self)
  if not self._tick or self._tick.done then
    self._tick = scheduler.spawn(nil, scheduler.sleep, TICK)
  end
  local tasks = { [self._tick] = true }
  for _, task in pairs(self._running) do
    tasks[task] = true
  end
  local before, tick = self._count, self._tick
  scheduler.wait_for_any(function()
    return self._count < before or tick.done
  end, tasks)
end

-- What was never begun because the run is to end.
local function next_cancelled(self)
  local entry = self._waiting[self._next]
  if not entry or not is_cancelled(self) then
    return nil
  end
  self._next = self._next + 1
  local _, message, err = errors.fail("cancelled", "interrupted", "not begun: the run was ended")
  entry.message, entry.err = message, err
  return entry
end

local function next_entry(self)
  while true do
    fill_slots(self)
    local entry = table.remove(self._ready, 1)
    local is_full = #self._large > 0 and #self._large * 2 >= self._in_flight
    if not entry and (is_full or self._count == 0) then
      entry = table.remove(self._large, 1)
    end
    entry = entry or self._count == 0 and next_cancelled(self)
    if entry or self._count == 0 and not self._waiting[self._next] then
      return entry or nil
    elseif self._count > 0 then
      wait(self)
    end
  end
end

-- ------------------------------------------------------------------ results

local function note_missing(self, entry)
  local company, err = entry.company, entry.err or {}
  local missing, position = self._result.missing, self._positions
  local at = #missing + 1
  while at > 1 and position[at - 1] > entry.position do -- in the order of the list
    at = at - 1
  end
  table.insert(position, at, entry.position)
  table.insert(missing, at, {
    company = company.name,
    cid = company.cid,
    code = err.code or "failed",
    message = entry.message or "it gave nothing",
    age = company.last_good and math.max(os.time() - company.last_good, 0) or nil,
  })
end

local function remember(self, entry)
  if self._notes and entry.started then
    local err = entry.err or {}
    self._notes[entry.company] = {
      is_good = entry.outcome ~= nil,
      seconds = entry.outcome and entry.seconds or nil,
      code = err.code,
      reason = entry.message,
    }
  end
end

-- Once, at the end: a transaction for each company would take longer than many of them.
local function save_notes(self)
  if self._notes then
    local _, message = records.save(self._notes)
    self._result.note = self._result.note or message
    self._notes = nil
  end
end

local function next_company(self)
  if self._given then
    self._given:release()
    self._given = nil
  end
  local entry = scheduler.call_without_yield(next_entry, self)
  if not entry then
    save_notes(self)
    return nil
  end
  local result = self._result
  remember(self, entry)
  self._given = entry.company
  if entry.outcome then
    result.done = result.done + 1
    result.rows = result.rows + (entry.outcome.count or 0)
    result.code = math.max(result.code, entry.outcome.code)
  else
    note_missing(self, entry)
  end
  return entry.company, entry.outcome, entry.message, entry.err
end

--- One company after the other, in the order in which they end: the company, and its outcome, or nil, message, err. The
-- company before is released then: its rows have to be read before the next one is asked for.
---@return fun(): lastpass.tenants.Company|nil, lastpass.tenants.Outcome|nil, string?, lastpass.Error? iterator
function methods:each()
  return function()
    return next_company(self)
  end
end

--- What came of it so far; complete when `each` is at its end.
---@return lastpass.tenants.Result
function methods:result()
  return self._result
end

signature.declare("tenants_run:", methods, { each = "", result = "" })

return M

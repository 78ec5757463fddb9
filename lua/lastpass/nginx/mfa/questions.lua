--- Which request to a phone LastPass is asked about next. Whoever waits for one sleeps until something is known of it: a worker
-- has one clock for all of them, and so many questions under way at once and no more. The one that was asked about longest ago
-- comes first, so nobody is passed over when more people wait than can be asked about in time.
-- @module lastpass.nginx.mfa.questions

---@class lastpass.nginx.mfa.Questions
local methods = {}
local questions_mt = { __name = "lastpass.nginx.mfa.Questions", __index = methods }

local M = {}

local TICK = 0.5 -- seconds in which news of other workers, and the end of this one, are noticed
local SHORTEST = 0.01
local NEWS_TTL = 120
local NEWS = "news" -- how many there were, in the dict

--- Makes the list of a worker.
---@param options table dict, every (fun(): seconds between two questions about one request), per_second (of this worker), at_once
-- (fun(): how many this worker may have under way), ask (fun(pending, is_news): result|nil; nil: it is under way)
---@return lastpass.nginx.mfa.Questions
function M.new(options)
  return setmetatable({
    _dict = options.dict,
    _every = options.every,
    _per_second = options.per_second,
    _at_once = options.at_once,
    _ask = options.ask,
    _heap = {},
    _by_id = {},
    _size = 0,
    _askers = 0,
  }, questions_mt)
end

-- ---- in the order of the last question ----

local function push(heap, node)
  local place = #heap + 1
  while place > 1 do
    local parent = math.floor(place / 2)
    if heap[parent].at <= node.at then
      break
    end
    heap[place] = heap[parent]
    place = parent
  end
  heap[place] = node
end

local function pop(heap)
  local last = table.remove(heap)
  local size, place = #heap, 1
  if size == 0 then
    return
  end
  while place * 2 <= size do
    local child = place * 2
    if child < size and heap[child + 1].at < heap[child].at then
      child = child + 1
    end
    if heap[child].at >= last.at then
      break
    end
    heap[place] = heap[child]
    place = child
  end
  heap[place] = last
end

local function enqueue(self, entry, at)
  entry.node = { at = at, entry = entry }
  push(self._heap, entry.node)
end

local function wake(entry)
  for waiter in pairs(entry.waiters) do
    waiter:post(1)
  end
  entry.waiters = {}
end

local function drop(self, entry)
  if self._by_id[entry.pending.id] == entry then
    self._by_id[entry.pending.id] = nil
    self._size = self._size - 1
  end
  wake(entry)
end

-- So many seconds between two questions about one request: more when many are waiting.
local function pace(self)
  return math.max(self._every(), self._size / self._per_second)
end

-- The next one that it is time for, or in how many seconds it will be.
local function next_due(self, now)
  local heap = self._heap
  while heap[1] do
    local node = heap[1]
    local entry = node.entry
    local is_stale = entry.node ~= node
    if not is_stale and entry.wanted_until > now then
      local left = node.at + pace(self) - now
      if left > 0 then
        return nil, left
      end
      return entry
    end
    pop(heap)
    if not is_stale then
      drop(self, entry)
    end
  end
  return nil, nil
end

-- ---- asking ----

local start_asker

local function ask_about(self, entry)
  local is_news = entry.is_news
  entry.is_news = nil
  local ok, result = pcall(self._ask, entry.pending, is_news)
  ngx.update_time()
  if not ok then
    ngx.log(ngx.ERR, "lastpass mfa: a question: ", result)
  elseif result then
    entry.result = result
    drop(self, entry)
    return
  end
  enqueue(self, entry, entry.is_news and 0 or ngx.now())
end

local function run_asker(premature, self)
  while not premature and not ngx.worker.exiting() do
    local entry = next_due(self, ngx.now())
    if not entry then
      break
    end
    pop(self._heap)
    entry.node = nil
    if next_due(self, ngx.now()) then
      start_asker(self)
    end
    ask_about(self, entry)
  end
  self._askers = self._askers - 1
end

function start_asker(self)
  if self._askers < self._at_once() and ngx.timer.at(0, run_asker, self) then
    self._askers = self._askers + 1
  end
end

-- ---- the clock ----

local function hear(self, id)
  local entry = self._by_id[id]
  if not entry then
    return
  end
  entry.is_news = true
  if entry.node then
    enqueue(self, entry, 0)
  end
end

local function hear_news(self)
  local last = self._dict:get(NEWS) or 0
  for number = math.max(self._heard, last - 10000) + 1, last do
    local id = self._dict:get(NEWS .. " " .. number)
    if id then
      hear(self, id)
    end
  end
  self._heard = last
end

local function run_clock(premature, self)
  while not premature and not ngx.worker.exiting() do
    hear_news(self)
    local entry, left = next_due(self, ngx.now())
    if entry then
      start_asker(self)
    elseif not left and self._askers == 0 then
      break
    end
    ngx.sleep(math.max(math.min(left or TICK, TICK, self._every()), SHORTEST))
    ngx.update_time()
  end
  self._ticks = nil
  if premature or ngx.worker.exiting() then
    for _, entry in pairs(self._by_id) do
      wake(entry)
    end
  end
end

local function start_clock(self)
  if self._ticks then
    return
  end
  self._heard = self._dict:get(NEWS) or 0
  local ok, message = ngx.timer.at(0, run_clock, self)
  if ok then
    self._ticks = true
  else
    ngx.log(ngx.ERR, "lastpass mfa: no timer: ", message)
  end
end

--- Has LastPass asked about a request until then.
---@param pending table id
---@param asked_at number when it was asked about, or begun
---@param wanted_until number
---@return table entry
function methods:watch(pending, asked_at, wanted_until)
  local entry = self._by_id[pending.id]
  if not entry then
    entry = { pending = pending, waiters = {}, wanted_until = 0 }
    self._by_id[pending.id] = entry
    self._size = self._size + 1
    enqueue(self, entry, asked_at)
  end
  entry.wanted_until = math.max(entry.wanted_until, wanted_until)
  start_clock(self)
  return entry
end

--- Waits until something is known of an entry, or this worker is to end.
---@param entry table
---@param seconds number
---@return table|nil result
function methods.wait(_, entry, seconds)
  if not entry.result then
    local waiter = assert(require("ngx.semaphore").new(0))
    entry.waiters[waiter] = true
    waiter:wait(math.max(seconds, SHORTEST))
    entry.waiters[waiter] = nil
  end
  return entry.result
end

--- Tells all workers that there is something to learn of a request.
---@param dict table
---@param id string
function M.tell(dict, id)
  local number = dict:incr(NEWS, 1, 0)
  if number then
    dict:set(NEWS .. " " .. number, id, NEWS_TTL)
  end
end

return M

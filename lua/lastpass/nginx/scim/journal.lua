--- The journal as a worker of nginx uses it: the same methods, executed by a thread, so that the worker does not wait
-- for the disk. One call that writes is under way at a time; what is asked for meanwhile goes together in the next
-- one, in one transaction (`journal:batch`), so that a hundred requests cost as many writes to the disk as a few. What has
-- to be on the disk waits for it beside the next calls, which do not. What only reads goes beside them, too: nobody who
-- reads waits until another's change is on the disk.
-- What the thread executes is in `lastpass.nginx.scim.journal_thread`.
-- @module lastpass.nginx.scim.journal
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local journal_thread = require "lastpass.nginx.scim.journal_thread"
local threads = require "lastpass.transport.nginx"

local M = {}

local MOST_QUEUED = 2000 -- calls that wait for the next transaction of a worker
local MOST_AT_ONCE = 200 -- calls of one transaction
local LONGEST_WAIT = 20 -- seconds for an answer; the rest of a request needs time too
local WAIT_FOR_THREAD = 5
local IDLE = 2 -- seconds that the committing timer waits for more
-- What waits in a timer takes memory of nginx that is given back when the timer ends: so none lasts as long as a push.
local CALLS_OF_TIMER = 200
-- A commit that copies SQLite's log into its file takes as long as a hundred others. Another thread does it, every so many
-- commits and when nothing comes any more.
local CHECKPOINT_EVERY = 1000
local TIMER_CHECK = 1 -- seconds in which nginx has begun a timer, or has dropped it

---@class lastpass.nginx.scim.Journal: lastpass.store.Journal
---@field label string path or DSN

local function failed(failure)
  return errors.fail(failure.kind, failure.code, failure.message, failure)
end

local function answer(entry, result)
  entry.result = result
  entry.done:post(1)
end

local function take_queued(queue)
  local batch, rest = {}, {}
  for position, entry in ipairs(queue.waiting) do
    local list = position <= MOST_AT_ONCE and batch or rest
    list[#list + 1] = entry
  end
  queue.waiting = rest
  return batch
end

-- A file that any worker of this nginx has had open is known to all of them, also to those that start later: a new one in
-- its place would know nothing.
local function was_open(queue)
  local marks = dicts.find "lastpass_locks"
  return queue.file.was_open or marks and marks:get(queue.file.mark) or nil
end

local function note_open(queue)
  local marks = dicts.find "lastpass_locks"
  if marks and not queue.file.was_open then
    dicts.set(marks, queue.file.mark, true)
  end
  queue.file.was_open = true
end

local function run_thread(queue, name, order)
  order.label, order.was_open = queue.label, was_open(queue)
  return threads.run_thread(
    queue.pool,
    WAIT_FOR_THREAD,
    LONGEST_WAIT,
    "lastpass.nginx.scim.journal_thread",
    name,
    order
  )
end

-- ---- the disk ----

-- Whoever failed to put something on the disk cannot tell which commits are missing there: those that began before it was
-- known count as failed, and the next one begins with the whole log in the file.
local function note_torn(queue)
  queue.is_torn, queue.failures = true, queue.failures + 1
end

local function sync_some(queue)
  local entries = queue.unsynced
  queue.unsynced = {}
  local reply, message, err = run_thread(queue, "sync", {})
  local failure = not reply and journal_thread.failure(message, err) or reply and reply.failure
  if failure then
    failure.uncertain = true
    note_torn(queue)
  end
  for _, entry in ipairs(entries) do
    answer(entry, failure and { failure = failure } or entry.when_synced)
  end
end

-- One thread waits for the disk, for all that was committed meanwhile; the next calls are executed beside it.
local function sync_all(queue)
  while queue.unsynced[1] do
    local entries = queue.unsynced
    local ok, message = pcall(sync_some, queue)
    if not ok then
      ngx.log(ngx.ERR, "lastpass: the journal ", queue.label, ": ", tostring(message))
      note_torn(queue)
      for _, entry in ipairs(entries) do
        answer(entry, { failure = journal_thread.failure(message, { uncertain = true }) })
      end
    end
  end
  queue.is_syncing = false
end

local function start_sync(queue)
  if queue.unsynced[1] and not queue.is_syncing then
    queue.is_syncing = true
    ngx.thread.spawn(sync_all, queue)
  end
end

-- ---- transactions ----

local TORN =
  { message = "another commit did not reach the disk", code = "store_io", kind = "argument" }

local function take_result(queue, entry, result, failures)
  if not result.is_unsynced then
    answer(entry, result)
  elseif queue.failures > failures then
    answer(entry, { failure = journal_thread.failure(TORN.message, TORN) })
  else
    entry.when_synced = result
    queue.unsynced[#queue.unsynced + 1] = entry
  end
end

local function commit(queue, batch)
  local calls, failures = {}, queue.failures
  for position, entry in ipairs(batch) do
    calls[position] = entry.call
    entry.sent = true
  end
  local reply, message, err =
    run_thread(queue, "execute", { calls = calls, is_torn = queue.is_torn })
  if reply and reply.results then
    note_open(queue)
    queue.is_torn = queue.failures > failures
  end
  queue.commits = queue.commits + (reply and reply.commits or 0)
  for position, entry in ipairs(batch) do
    if not reply then
      answer(entry, { failure = journal_thread.failure(message, err) })
    elseif reply.failure then
      answer(entry, reply)
    else
      take_result(queue, entry, reply.results[position], failures)
    end
  end
  start_sync(queue)
end

local function checkpoint(_, queue)
  local answered, message = run_thread(queue, "checkpoint", {})
  queue.is_copying = false
  local failure = answered and answered.failure
  if not answered or failure then
    local text = failure and failure.message or message
    ngx.log(ngx.NOTICE, "lastpass: the log of the journal stays long: ", tostring(text))
  end
end

local function checkpoint_if_due(queue, least)
  if queue.commits >= least and not queue.is_copying then
    queue.commits = 0
    queue.is_copying = ngx.timer.at(0, checkpoint, queue) ~= nil
  end
end

local function commit_queued(queue)
  local batch = take_queued(queue)
  local ok, message = pcall(commit, queue, batch)
  if not ok then
    ngx.log(ngx.ERR, "lastpass: the journal ", queue.label, ": ", tostring(message))
    for _, entry in ipairs(batch) do
      answer(entry, { failure = journal_thread.failure(message) })
    end
  end
  checkpoint_if_due(queue, CHECKPOINT_EVERY)
end

local function wait_for_more(queue)
  queue.idle = true
  queue.more:wait(ngx.worker.exiting() and 0.001 or IDLE)
  queue.idle = false
end

local wake

-- Executes what is queued until nothing has come for a while. It runs in a timer, so that no request that goes away
-- takes the others' calls with it.
local function commit_all(_, queue)
  if queue.running then
    return
  end
  queue.running, queue.asked = true, nil
  local calls = 0
  repeat
    while queue.waiting[1] and calls < CALLS_OF_TIMER do
      commit_queued(queue)
      calls = calls + 1
    end
    if calls < CALLS_OF_TIMER then
      wait_for_more(queue)
    end
  until not queue.waiting[1] or calls == CALLS_OF_TIMER
  queue.running = false
  if queue.waiting[1] then
    wake(queue)
  else
    checkpoint_if_due(queue, 1)
  end
end

-- nginx may drop a timer beyond lua_max_running_timers, so one that has not begun in time is set again.
function wake(queue)
  if queue.running then
    if queue.idle then
      queue.idle = false
      queue.more:post(1)
    end
  elseif not queue.asked or ngx.now() - queue.asked >= TIMER_CHECK then
    queue.asked = ngx.timer.at(0, commit_all, queue) and ngx.now() or nil
  end
end

local function remove(queue, entry)
  for position, other in ipairs(queue.waiting) do
    if other == entry then
      return table.remove(queue.waiting, position)
    end
  end
end

local function wait_for(queue, entry)
  local ends_at = ngx.now() + LONGEST_WAIT
  while not entry.result and ngx.now() < ends_at do
    if not entry.sent then
      wake(queue)
    end
    entry.done:wait(math.max(math.min(ends_at - ngx.now(), TIMER_CHECK), 0.001))
  end
  if entry.result then
    return entry.result
  end
  remove(queue, entry)
  return {
    failure = {
      kind = "transport",
      code = "journal_timeout",
      message = "the journal has not answered in time",
      uncertain = entry.sent or nil,
      retry_after = 5,
    },
  }
end

local function enqueue(queue, call)
  if #queue.waiting >= MOST_QUEUED then
    return errors.fail(
      "throttled",
      "journal_busy",
      "too many changes wait to be written to the journal",
      { retry_after = 5 }
    )
  end
  local entry = { call = call, done = require("ngx.semaphore").new(0) }
  queue.waiting[#queue.waiting + 1] = entry
  return entry
end

local function result_of(queue, entry)
  local result = wait_for(queue, entry)
  if result.failure then
    return failed(result.failure)
  end
  return result.value
end

local function call(queue, method, ...)
  local entry, message, err = enqueue(queue, { method = method, count = select("#", ...), ... })
  if not entry then
    return nil, message, err
  end
  return result_of(queue, entry)
end

-- Calls that write nothing.
local reads = errors.set_of {
  "clock",
  "factors",
  "get_state",
  "jobs",
  "removals",
  "scim_connections",
  "scim_counts",
  "scim_lookup",
  "scim_members",
  "scim_object",
  "scim_objects",
  "scim_requests",
  "scim_tokens",
  "session_ends",
  "steps",
}

local function only_read(calls)
  for _, one in ipairs(calls) do
    if not reads[one.method] then
      return false
    end
  end
  return true
end

-- Several calls that go to the thread together. Too many for one transaction may get two.
local function batch(queue, calls)
  local entries, results = {}, {}
  for position, one in ipairs(calls) do
    local entry, message, err = enqueue(queue, one)
    if not entry then
      return nil, message, err
    end
    entries[position] = entry
  end
  for position, entry in ipairs(entries) do
    results[position] = { result_of(queue, entry) }
  end
  return results
end

-- What a proxy has: any method of the journal.
local proxy_mt = { __name = "lastpass.nginx.scim.Journal" }

function proxy_mt.__index(self, method)
  local reading, writing = rawget(self, "_reading"), rawget(self, "_writing")
  local function forward(_, ...)
    if method == "batch" then
      return batch(only_read(...) and reading or writing, ...)
    end
    return call(reads[method] and reading or writing, method, ...)
  end
  rawset(self, method, forward)
  return forward
end

function proxy_mt.__tostring(self)
  return ("lastpass.nginx.scim.journal (%s)"):format(self.label)
end

local function new_queue(label, pool, file)
  return {
    label = label,
    pool = pool,
    file = file,
    waiting = {},
    unsynced = {},
    commits = 0,
    failures = 0,
    more = require("ngx.semaphore").new(0),
  }
end

--- The proxy of a journal, for one worker.
---@param label string path of an SQLite file, or DSN
---@param pool string name of nginx's thread_pool
---@return lastpass.nginx.scim.Journal
function M.new(label, pool)
  local file = { mark = "journal " .. digest.hex(label, 32) } -- and was_open: it exists
  return setmetatable({
    label = label,
    _reading = new_queue(label, pool, file),
    _writing = new_queue(label, pool, file),
  }, proxy_mt)
end

return M

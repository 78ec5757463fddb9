--- The journal as a worker of nginx uses it: the same methods, executed by a thread, so that the worker does not wait
-- for the disk. One call that writes is under way at a time; what is asked for meanwhile goes together in the next
-- one, in one transaction (`journal:batch`), so that a hundred requests cost as many writes to the disk as a few. What only
-- reads goes beside them: nobody who reads waits until another's change is on the disk.
--
-- Both sides are in this file: the proxy, and `execute`, which the thread calls.
-- @module lastpass.nginx.scim.journal
local errors = require "lastpass.error"
local threads = require "lastpass.transport.nginx"

local M = {}

local MOST_QUEUED = 2000 -- calls that wait for the next transaction of a worker
local MOST_AT_ONCE = 200 -- calls of one transaction
local LONGEST_WAIT = 20 -- seconds for an answer; the rest of a request needs time too
local WAIT_FOR_THREAD = 5
local IDLE = 2 -- seconds that the committing timer waits for more
-- A commit that copies SQLite's log into its file takes as long as a hundred others. Another thread does it, every so many
-- commits and when nothing comes any more; should it not keep up, a commit does it after all.
local CHECKPOINT_EVERY = 200
local CHECKPOINT_AFTER = 20000 -- pages of 4 KiB
local TIMER_CHECK = 1 -- seconds in which nginx has begun a timer, or has dropped it

-- ---- in the thread ----

local opened = {} -- by label; a Lua state opens each journal once

local function close(label)
  pcall(opened[label].close, opened[label])
  opened[label] = nil
end

local function gone(label)
  if opened[label] then
    close(label)
  end
  local message = ("journal %s: the file is gone"):format(label)
  return errors.fail("argument", "store_gone", message, {
    hint = "put it back: a new one would know nothing of what was done",
  })
end

-- A file that was opened and closed again would lose the locks that SQLite has on it in this process; a rename of a file
-- to its own name does nothing.
local function exists(label)
  local path = require("lastpass.store.location").expand(label)
  return os.rename(path, path) ~= nil
end

-- Who has a file open goes on with it when it is removed, and whoever comes later would make a new one.
local function open(label, was_open)
  local is_dsn = label:find "^postgres" ~= nil
  if was_open and not is_dsn and not exists(label) then
    return gone(label)
  elseif opened[label] then
    return opened[label]
  end
  local journal, message, err = require("lastpass.store").open {
    [is_dsn and "dsn" or "path"] = label,
    busy_timeout = 5,
    checkpoint_after = not is_dsn and CHECKPOINT_AFTER or nil,
  }
  opened[label] = journal
  return journal, message, err
end

-- A connection that was lost does not come back by itself.
local is_lost = { store_lost = true, store_unreachable = true, store_io = true }

local function reopen_if_lost(label, err)
  if err and is_lost[err.code] and opened[label] then
    close(label)
  end
end

local plain = { string = true, number = true, boolean = true }

-- A failure without metatables and functions, which cannot leave a thread.
local function plain_copy(value, depth)
  if plain[type(value)] then
    return value
  elseif type(value) ~= "table" then
    return nil
  end
  local copy = {}
  for key, item in pairs(value) do
    if plain[type(key)] and depth < 8 then
      copy[key] = plain_copy(item, depth + 1)
    end
  end
  return copy
end

local function failure_of(message, err)
  local copy = plain_copy(err or {}, 0)
  copy.message = tostring(message)
  copy.kind, copy.code = copy.kind or "protocol", copy.code or "raised"
  return copy
end

local function plain_result(result)
  if result.raised then
    return { failure = failure_of(result.raised) }
  elseif result[1] == nil and result[3] then
    return { failure = failure_of(result[2], result[3]) }
  end
  return { value = plain_copy(result[1], 0) }
end

--- Executes calls in one transaction. To be called by a thread.
---@param order table label (path or DSN), calls (entries of `journal:batch`), was_open (a file that exists)
---@return table answer {results = list of {value} or {failure}, commits = how many}, or {failure}: nothing was committed
function M.execute(order)
  local journal, message, err = open(order.label, order.was_open)
  if not journal then
    return { failure = failure_of(message, err) }
  end
  local before = journal:commits()
  local ok, results
  ok, results, message, err = pcall(journal.batch, journal, order.calls)
  if not ok then
    return { failure = failure_of(results) }
  elseif not results then
    reopen_if_lost(order.label, err)
    return { failure = failure_of(message, err) }
  end
  for position, result in ipairs(results) do
    reopen_if_lost(order.label, result[3])
    results[position] = plain_result(result)
  end
  return { results = results, commits = journal:commits() - before }
end

--- Copies SQLite's log into its file. To be called by a thread.
---@param order table as of `execute`, without calls
---@return table answer {} or {failure}
function M.checkpoint(order)
  local journal, message, err = open(order.label, order.was_open)
  local ok = journal
  if journal then
    ok, message, err = journal:checkpoint()
  end
  return { failure = not ok and failure_of(message, err) or nil }
end

-- ---- in the worker ----

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

local function commit(queue, batch)
  local calls = {}
  for position, entry in ipairs(batch) do
    calls[position] = entry.call
    entry.sent = true
  end
  local reply, message, err = threads.run_thread(
    queue.pool,
    WAIT_FOR_THREAD,
    LONGEST_WAIT,
    "lastpass.nginx.scim.journal",
    "execute",
    { label = queue.label, calls = calls, was_open = queue.file.was_open }
  )
  queue.file.was_open = queue.file.was_open or reply and reply.results and true or nil
  queue.commits = queue.commits + (reply and reply.commits or 0)
  for position, entry in ipairs(batch) do
    if not reply then
      answer(entry, { failure = failure_of(message, err) })
    else
      answer(entry, reply.failure and reply or reply.results[position])
    end
  end
end

local function checkpoint(_, queue)
  local answered, message = threads.run_thread(
    queue.pool,
    WAIT_FOR_THREAD,
    LONGEST_WAIT,
    "lastpass.nginx.scim.journal",
    "checkpoint",
    { label = queue.label, was_open = queue.file.was_open }
  )
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

-- Executes what is queued until nothing has come for a while. It runs in a timer, so that no request that goes away
-- takes the others' calls with it.
local function commit_all(_, queue)
  if queue.running then
    return
  end
  queue.running, queue.asked = true, nil
  repeat
    while queue.waiting[1] do
      local batch = take_queued(queue)
      local ok, message = pcall(commit, queue, batch)
      if not ok then
        ngx.log(ngx.ERR, "lastpass: the journal ", queue.label, ": ", tostring(message))
        for _, entry in ipairs(batch) do
          answer(entry, { failure = failure_of(message) })
        end
      end
      checkpoint_if_due(queue, CHECKPOINT_EVERY)
    end
    queue.idle = true
    queue.more:wait(ngx.worker.exiting() and 0.001 or IDLE)
    queue.idle = false
  until not queue.waiting[1]
  checkpoint_if_due(queue, 1)
  queue.running = false
end

-- nginx may drop a timer beyond lua_max_running_timers, so one that has not begun in time is set again.
local function wake(queue)
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
    commits = 0,
    more = require("ngx.semaphore").new(0),
  }
end

--- The proxy of a journal, for one worker.
---@param label string path of an SQLite file, or DSN
---@param pool string name of nginx's thread_pool
---@param was_open? boolean it was read before, by another worker: a file that is gone is not made anew
---@return lastpass.nginx.scim.Journal
function M.new(label, pool, was_open)
  local file = { was_open = was_open or nil } -- it exists
  return setmetatable({
    label = label,
    _reading = new_queue(label, pool, file),
    _writing = new_queue(label, pool, file),
  }, proxy_mt)
end

return M

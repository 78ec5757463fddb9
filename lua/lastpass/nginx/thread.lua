--- Threads of nginx: orders that a worker gives them without being blocked, and what they do. A thread has a Lua
-- state of its own and may wait for files, SQLite and plain libcurl; orders and answers are plain values.
-- @module lastpass.nginx.thread
local nginx = require "lastpass.transport.nginx"

local M = {}

local LONGEST_WAIT = 120 -- seconds for a thread and a Lua state that are free
local LONGEST_WORK = 86400 -- seconds; a worker that is told to quit waits so long for an answer
local LONGEST_LAG = 86400 -- seconds that are searched for events

local LONGEST_RUN, SHORTEST_SLEEP = 0.001, 0.001 -- seconds
local resumed_at = 0

--- Lets other requests of this worker run, when this one has run for a millisecond. To be called between
-- pieces of work, where it is possible to wait: requests, timers. (Debian's nginx has no patch for ngx.sleep(0).)
function M.pause()
  ngx.update_time()
  if ngx.now() - resumed_at >= LONGEST_RUN then
    ngx.sleep(SHORTEST_SLEEP)
    resumed_at = ngx.now()
  end
end

--- Has an order executed in a thread. To be called by a worker.
---@param pool string name of nginx's thread_pool
---@param what "read_directory"|"measure_lag"|"load_playbook"|"run_playbook"
---@param order table plain values
---@return table answer `outcome`; "failed" with code "no_thread" when no thread took the order
function M.order(pool, what, order)
  local answer, message, err =
    nginx.run_thread(pool, LONGEST_WAIT, LONGEST_WORK, "lastpass.nginx.thread", what, order)
  if answer then
    return answer
  end
  return {
    outcome = "failed",
    kind = err.kind,
    code = "no_thread",
    message = message,
    hint = err.hint,
  }
end

--- A failure as plain values.
---@param message string
---@param err lastpass.Error
---@return table answer
function M.failure(message, err)
  return {
    outcome = "failed",
    message = message,
    kind = err.kind,
    code = err.code,
    hint = err.hint,
    line = err.line,
    retry_after = err.retry_after,
    megabytes = err.megabytes,
  }
end

--- Executes an order; an error that it raises becomes a failure.
---@param fn fun(order: table): table
---@param order table
---@return table answer
function M.protected(fn, order)
  local ok, answer = pcall(fn, order)
  if ok then
    return answer
  elseif type(answer) == "table" and answer.message then
    return M.failure(answer.message, answer)
  end
  return M.failure(tostring(answer), { kind = "protocol", code = "raised" })
end

-- The client that an order describes; the secret comes by its number.
local function client_of(order)
  local options = {}
  for name, value in pairs(order.client) do
    options[name] = value
  end
  options.provhash = require("lastpass.core").secret.by_number(order.secret)
  options.transport = "curl"
  options.limiter = require("lastpass.nginx.limiter").new(order.limiter)
  require("lastpass.nginx.metrics").add_hooks(options, order.tenant)
  return require("lastpass").new(options)
end

-- Each thread would keep the memory that it needed once, some 20 MB for a large company, and there are many
-- threads. glibc returns it when it is asked (malloc_trim); other C libraries have no such function.
local function return_memory()
  collectgarbage() -- what holds memory outside of Lua is let go
  collectgarbage() -- and what was only held by that
  pcall(function()
    local ffi = require "ffi"
    pcall(ffi.cdef, "int malloc_trim (size_t);")
    ffi.C.malloc_trim(0)
  end)
end

-- A reply is as long as a company is large, and is handed on in pieces: what is left of them is collected as it comes, or a
-- thread's Lua state would grow by some of it, and keep that.
local function collect_some()
  collectgarbage("step", 1000)
end

local function read_directory(order)
  local leases = require "lastpass.nginx.lease"
  local reading = require "lastpass.nginx.cache.reading"
  local lease = leases.of_reference(order.lease)
  local client = client_of(order)
  local count, message, err = reading.publish(client, order.what, order.name, order.read_at, {
    pause = collect_some,
    may_publish = function()
      return lease:is_held()
    end,
  })
  if not count then
    return M.failure(message, err)
  end
  local pointer = require("lastpass.nginx.cache.pages").pointer(order.name)
  return { outcome = "read", count = count, bytes = pointer.bytes }
end

--- Reads a company's users or folders, and publishes them for all workers: the event loop of nginx does not have
-- to handle their many bytes.
---@param order table what ("users" or "folders"), name (of the pages), read_at, lease (a reference); and
-- tenant, client, secret, limiter as of `tenant:thread_order`
---@return table answer {outcome = "read", count, bytes}
function M.read_directory(order)
  local answer = M.protected(read_directory, order)
  return_memory() -- nothing of the reading is in use any more
  return answer
end

local function measure_lag(order)
  local client = client_of(order)
  local store = require "lastpass.store"
  local journal, message, err = store.of(client)
  if not journal then
    return M.failure(message, err)
  end
  local cursor
  cursor, message, err = journal:cursor(store.tenant(client), order.cursor)
  if err then
    return M.failure(message, err)
  elseif not cursor then
    return { outcome = "no_cursor" }
  end
  local now = require("lastpass.time").now()
  for event in client:events { from = math.max(cursor.position, now - LONGEST_LAG) } do
    if event.time and event.time > cursor.position then
      return { outcome = "measured", lag = math.max(now - event.time, 0) }
    end
  end
  return { outcome = "measured", lag = 0 }
end

--- Measures how far an export of events is behind: the age of the oldest event that it has not handed on, a day at
-- most. Events of the very second of its cursor count as handed on.
---@param order table cursor (its name in the journal); and tenant, client, secret, limiter
---@return table answer {outcome = "measured", lag = seconds} or {outcome = "no_cursor"}
function M.measure_lag(order)
  return M.protected(measure_lag, order)
end

local function load_playbook(order)
  local time = require "lastpass.time"
  local declared, message, err = require("lastpass.plan.playbook").run(order.path, {
    zone = time.zone(order.timezone),
    now = time.now(),
    text = order.text,
    time_limit = order.time_limit,
  })
  if not declared then
    return M.failure(message, err)
  end
  return { outcome = "loaded", schedule = declared.schedule }
end

--- Executes a playbook as far as it declares: does it load, and when is it to run?
---@param order table path, text, timezone, time_limit
---@return table answer {outcome = "loaded", schedule} or {outcome = "failed", message, code, line}
function M.load_playbook(order)
  return M.protected(load_playbook, order)
end

local function answer_of_plan(plan)
  local counts = {}
  for kind, count in pairs(plan.body.counts) do
    counts[kind] = count
  end
  return {
    plan = plan.name,
    steps = #plan.body.steps,
    counts = counts,
    unchanged = plan.body.unchanged,
    held = require("lastpass.plan.document").held_count(plan.body),
    problems = #plan.body.problems,
  }
end

local function apply_plan(client, plan, answer)
  local run, message, err = client:apply(plan)
  if not run then
    local failed = M.failure(message, err)
    failed.plan, failed.steps = answer.plan, answer.steps
    return failed
  end
  answer.run, answer.requests, answer.states = run.id, run.requests, {}
  for state, count in pairs(run.counts) do
    answer.states[state] = count > 0 and count or nil
  end
  answer.outcome = run.ok and "applied" or "partial"
  if run.stopped then
    answer.message, answer.code = run.stopped.message, run.stopped.code
    answer.hint = run.stopped.hint
  end
  return answer
end

local function run_playbook(order)
  local client = client_of(order)
  local plan, message, err = client:plan(order.path, {
    text = order.text,
    time_limit = order.time_limit,
  })
  if not plan then
    return M.failure(message, err)
  end
  local answer = answer_of_plan(plan)
  if #plan.body.refusals > 0 then
    answer.outcome, answer.code = "refused", "refused_by_guards"
    answer.message = plan.body.refusals[1].message
  elseif answer.steps == 0 then
    answer.outcome = "unchanged"
  elseif not order.apply then
    answer.outcome = "planned"
  else
    return apply_plan(client, plan, answer)
  end
  return answer
end

--- Makes the plan of a playbook and, when the order has `apply`, applies it, with the guards, the journal and the
-- locks of the program.
---@param order table path, text, apply, time_limit; and tenant, client, secret, limiter
---@return table answer {outcome = "applied", "partial", "unchanged", "planned", "refused" or "failed",
-- plan, steps, counts, run, states, message, code, hint}
function M.run_playbook(order)
  return M.protected(run_playbook, order)
end

return M

--- Works at runs over companies that stand in the journal's database: claims jobs under a lease, does each for its company,
-- and records what came of it. Any number of workers may run, on any number of machines; none of them leads.
-- @module lastpass.tenants.worker
local digest = require "lastpass.digest"
local engine = require "lastpass.tenants.engine"
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local kinds = require "lastpass.tenants.kinds"
local leases = require "lastpass.store.lease"
local results = require "lastpass.tenants.job_result"
local scheduler = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"

local M = {}

--- Seconds that a claim lasts without a sign of life, and that one call of a worker may take.
M.LEASE, M.TIMEOUT = 180, 60

local EVERY = 2 -- seconds between two looks
local LONGEST_PAUSE = 10 -- seconds between two tries to reach the database

-- Whose worker was lost so often with it is not tried again.
local MOST_ATTEMPTS = 20

local function above_zero(value)
  return type(value) == "number" and value > 0 and value < 1e6, "a number of seconds above 0"
end

local known_options = {
  journal = "function",
  name = "string",
  in_flight = engine.options.in_flight,
  time_limit = engine.options.time_limit,
  lease = above_zero,
  timeout = above_zero,
  every = above_zero,
  kinds = "table",
  run = "number",
  once = "boolean",
  stop = "function",
  on_event = "function",
}

---@class lastpass.tenants.Worker
local methods = {}
local worker_mt = { __name = "lastpass.tenants.Worker", __index = methods }

local function never()
  return false
end

-- Unlike any other worker's, of this machine or another one.
local function new_token()
  return digest.to_hex(digest.random(16))
end

-- Companies by what the journal calls them. One whose settings are wrong fails when its job is done.
local function by_tenant(set)
  local found = {}
  for _, company in ipairs(set:companies()) do
    local tenant = company:tenant()
    if tenant then
      found[tenant] = found[tenant] or company
    end
  end
  return found
end

--- Makes what connects the companies of a worker: their calls end before its leases do, and locks are leases.
---@param connect fun(settings: table): lastpass.Client
---@param options? table lease, timeout (seconds)
---@return fun(settings: table): lastpass.Client for `tenants.load`
function M.connect(connect, options)
  options = options or {}
  return function(settings)
    local limit = options.timeout or M.TIMEOUT
    settings.timeout = math.min(settings.timeout or limit, limit)
    settings.lease = options.lease or M.LEASE
    return connect(settings)
  end
end

--- Makes a worker. Nothing is claimed yet.
---@param set lastpass.tenants.Set whose companies it can work for; loaded with `worker.connect`
---@param options? table journal() (gives the journal; default the one of the companies), name, in_flight (16), time_limit (of
-- a company), lease, timeout, every (seconds between two looks), kinds (list; default all), run (jobs of this one alone), once
-- (boolean: end when nothing is due), stop() (asked often: end), on_event(event)
---@return lastpass.tenants.Worker
function M.new(set, options)
  options = errors.check_options("worker.new", options, known_options)
  local lease, timeout = options.lease or M.LEASE, options.timeout or M.TIMEOUT
  if lease < 2 * timeout then
    local text =
      "worker.new: a lease of %g s is too short for calls of %g s: twice that is the least"
    errors.raise(2, text, lease, timeout)
  end
  local companies = set:companies()
  return setmetatable({
    _open = options.journal or function()
      return journals.of(companies[1])
    end,
    _companies = by_tenant(set),
    _unknown = {}, -- list of tenants
    _jobs = {}, -- by id, what is under way
    _count = 0,
    _tasks = {},
    _ended = {}, -- what is to be recorded
    _runs = {},
    _lease = math.floor(lease),
    _timeout = timeout,
    _every = options.every or EVERY,
    _in_flight = options.in_flight or engine.IN_FLIGHT,
    _time_limit = options.time_limit,
    _kinds = options.kinds or errors.names_of(kinds.list),
    _run = options.run,
    _once = options.once,
    _stop = options.stop or never,
    _on_event = options.on_event or never,
    _name = options.name or results.worker_name(),
    _token = new_token(),
    _pause = 0.25,
    _totals = { done = 0, failed = 0, given_back = 0 },
  }, worker_mt)
end

-- ------------------------------------------------------------------ the journal

-- What passes by itself; the worker continues with what it has.
local passing = { transport = true, conflict = true }

-- Calls a method of the journal. A database that cannot be reached is asked again later; what is wrong for good ends the
-- worker.
local function ask(self, name, ...)
  local journal, message, err = self._open()
  local value
  if journal then
    value, message, err = journal[name](journal, ...)
  end
  if value ~= nil then
    self._pause, self._is_away = 0.25, nil
    return value
  elseif not passing[err.kind] and err.code ~= "no_such_run" then
    self._failure = self._failure or err
  elseif not self._is_away then
    self._is_away = true
    self._on_event { what = "journal", message = message, err = err }
  end
  return nil, message, err
end

-- ------------------------------------------------------------------ one job

-- Asked right before each request of a company: whether the job is still this worker's, and will be for as long as the call
-- may take. What only reads ends when its run was stopped.
local function before_send(self, entry)
  if entry.is_cancelled and not entry.writes then
    return errors.fail("cancelled", "stopped", "ended: the run was stopped")
  elseif leases.left(self._lease, entry.since) < self._timeout and not entry.is_lost then
    local since = leases.moment()
    local states = ask(self, "renew_tenant_jobs", { entry.job }, self._lease)
    entry.is_lost = states ~= nil and states[entry.job.id] == "lost"
    entry.since = states and not entry.is_lost and since or entry.since
  end
  if entry.is_lost or leases.left(self._lease, entry.since) < self._timeout then
    local text = "%s: the job was lost: its lease is over, or ends before a call would"
    return errors.fail("conflict", "lock_lost", text:format(entry.job.company))
  end
  return true
end

local function do_job(self, entry)
  local job = entry.job
  local settings = results.settings(entry.run, job, entry.kind)
  local run, message, err = engine.start({ entry.company }, job.kind, settings, {
    time_limit = self._time_limit,
    cancel = function()
      return entry.is_cancelled == true
    end,
    before_send = function()
      return before_send(self, entry)
    end,
    on_say = function(company, text)
      self._on_event { what = "said", company = company.name, message = text }
    end,
  }, 1)
  if not run then
    return results.of_failure(entry, message, err)
  end
  local each = run:each()
  local company, outcome
  company, outcome, message, err = each()
  local result = outcome and results.of_outcome(entry, outcome)
    or results.of_failure(entry, message, err)
  if company then
    each() -- releases it
  end
  return result
end

local function on_done(self, entry, task)
  local result = task.results and task.results[1] or results.of_raised(entry, task.failure)
  self._jobs[entry.job.id], self._tasks[task] = nil, nil
  self._count = self._count - 1
  result.id, result.token = entry.job.id, entry.job.token
  result.seconds = scheduler.now() - entry.started
  if not entry.is_lost then
    self._ended[#self._ended + 1] = { entry = entry, result = result }
  end
end

local function begin(self, job, run, since)
  local kind = kinds.of(job.kind, 1)
  local entry = {
    job = job,
    run = run,
    kind = kind,
    writes = kind.writes,
    company = self._companies[job.tenant],
    since = since,
    started = scheduler.now(),
  }
  self._jobs[job.id], self._count = entry, self._count + 1
  self._on_event { what = "began", company = job.company, run = job.run, attempt = job.attempt }
  local task = scheduler.spawn(function(task)
    on_done(self, entry, task)
  end, do_job, self, entry)
  self._tasks[task] = not task.done or nil
end

-- ------------------------------------------------------------------ claiming

local function give_back(self, job, code, reason, delay)
  self._ended[#self._ended + 1] = {
    result = {
      id = job.id,
      token = job.token,
      state = "ready",
      code = code,
      reason = reason,
      delay = delay,
    },
  }
end

local function run_of(self, id)
  if not self._runs[id] then
    self._runs[id] = ask(self, "tenant_run", id)
  end
  return self._runs[id]
end

local UNKNOWN = "the worker %s does not know this company"

local function take(self, job, since)
  local run = run_of(self, job.run)
  if not self._companies[job.tenant] then
    table.insert(self._unknown, job.tenant)
    give_back(self, job, "unknown_company", UNKNOWN:format(self._name), 0)
  elseif not run then
    give_back(self, job, nil, nil, 1)
  elseif job.attempt > MOST_ATTEMPTS then
    local text = ("given up: its worker was lost %d times"):format(job.attempt - 1)
    self._ended[#self._ended + 1] = {
      result = {
        id = job.id,
        token = job.token,
        state = "failed",
        code = "workers_lost",
        reason = text,
      },
    }
  else
    begin(self, job, run, since)
  end
end

-- How many jobs were claimed.
local function claim(self)
  local free = self._in_flight - self._count
  if free < 1 then
    return 0
  end
  local since = leases.moment()
  local jobs = ask(self, "claim_tenant_jobs", {
    kinds = self._kinds,
    worker = self._name,
    token = self._token,
    lease = self._lease,
    limit = free,
    run = self._run,
    except = self._unknown,
  })
  for _, job in ipairs(jobs or {}) do
    take(self, job, since)
  end
  return jobs and #jobs or nil
end

-- ------------------------------------------------------------------ recording

local counters = { done = "done", failed = "failed", ready = "given_back" }

local function record(self)
  local list, ended = {}, self._ended
  for index, one in ipairs(ended) do
    list[index] = one.result
  end
  if #list == 0 or not ask(self, "record_tenant_jobs", list) then
    return
  end
  self._ended = {}
  for _, one in ipairs(ended) do
    local counter = counters[one.result.state]
    self._totals[counter] = self._totals[counter] + 1
    if one.entry then
      self._on_event {
        what = one.result.state,
        company = one.entry.job.company,
        run = one.entry.job.run,
        code = one.result.code,
        message = one.result.reason,
        seconds = one.result.seconds,
      }
    end
  end
end

-- ------------------------------------------------------------------ leases

local function cancel_all(self)
  for _, entry in pairs(self._jobs) do
    entry.is_cancelled = true
  end
end

local function renew_leases(self)
  local jobs, since = {}, leases.moment()
  for _, entry in pairs(self._jobs) do
    jobs[#jobs + 1] = entry.job
  end
  local states = ask(self, "renew_tenant_jobs", jobs, self._lease)
  for id, state in pairs(states or {}) do
    local entry = self._jobs[id]
    if entry then
      entry.since = state == "lost" and entry.since or since
      entry.is_lost = state == "lost"
      entry.is_cancelled = entry.is_cancelled or state ~= "running"
    end
  end
  ask(self, "renew_locks")
end

local function notice_stops(self)
  local ids = {}
  for _, entry in pairs(self._jobs) do
    ids[entry.job.run] = true
  end
  local list = {}
  for id in pairs(ids) do
    list[#list + 1] = id
  end
  local states = ask(self, "tenant_run_states", list)
  for _, entry in pairs(states and self._jobs or {}) do
    if states[entry.job.run] ~= "running" then
      entry.is_cancelled = true
    end
  end
end

-- What is due by the time: leases are renewed when a third of their time is over, stops are noticed at each look.
local function look_after(self)
  if self._count == 0 then
    return
  end
  local now = scheduler.now()
  if now >= (self._renew_at or 0) then
    self._renew_at = now + self._lease / 3
    renew_leases(self)
  elseif now >= (self._look_at or 0) then
    notice_stops(self)
  end
  self._look_at = now + self._every
end

-- ------------------------------------------------------------------ the loop

-- Until a job is through, or it is time for another look. At random, so that many workers do not ask together.
local function wait(self, seconds)
  local ends_at, count = scheduler.now() + seconds, #self._ended
  local was_stopped = self._stop()
  if not self._timer or self._timer.done then
    self._timer = scheduler.spawn(nil, scheduler.sleep, seconds)
  end
  local list = { [self._timer] = true }
  for task in pairs(self._tasks) do
    list[task] = true
  end
  scheduler.wait_for_any(function()
    return #self._ended > count
      or scheduler.now() >= ends_at
      or self._timer.done
      or not was_stopped and self._stop()
  end, list)
end

local function pause(self, claimed)
  if self._is_away then
    self._pause = math.min(self._pause * 2, LONGEST_PAUSE)
    return self._pause
  elseif claimed and claimed > 0 then
    return math.min(self._every, self._lease / 3)
  end
  return math.min(self._every, self._lease / 3) * (0.5 + math.random() / 2)
end

-- Whether nothing of a run can begin before another worker has done what this one does not know.
local function is_left_to_others(self)
  local jobs = self._unknown[1] and ask(self, "tenant_jobs", self._run)
  local unknown = errors.set_of(self._unknown)
  for _, job in ipairs(jobs or {}) do
    if job.state == "running" or job.state == "ready" and not unknown[job.tenant] then
      return false
    end
  end
  return jobs and true or false
end

-- While other workers are at a run that this one is for, there may be more to do.
local function is_through(self)
  local states = self._run and ask(self, "tenant_run_states", { self._run })
  if states and states[self._run] == "running" then
    self._totals.is_left = is_left_to_others(self) or nil
    return self._totals.is_left
  end
  return not self._run or states
end

local function is_over(self, claimed)
  if self._count > 0 then
    return false
  elseif self._failure or self._stop() then
    return #self._ended == 0 or self._is_away or self._failure
  end
  return self._once and claimed == 0 and #self._ended == 0 and is_through(self)
end

--- Works until `stop` says so: then what is under way comes to its end, and leases are given back. With `once` until
-- nothing is due.
---@return {done: integer, failed: integer, given_back: integer, is_left?: boolean}|nil totals is_left: what there is to do of
-- the option `run` is for companies that this worker does not know
---@return string? message
---@return lastpass.Error? err what is wrong with the journal for good
function methods:work()
  while true do
    record(self)
    local claimed = 0
    if self._stop() or self._failure then
      cancel_all(self)
    else
      claimed = claim(self)
    end
    if is_over(self, claimed) then
      break
    end
    look_after(self)
    if #self._ended == 0 or self._is_away then
      wait(self, pause(self, claimed))
    end
  end
  if self._failure then
    return nil, self._failure.message, self._failure
  end
  return self._totals
end

signature.declare("worker:", methods, { work = "" })

return signature.declare("tenants.worker.", M, {
  connect = "connect: function, options?: table",
  new = "set: table, options?: table",
})

--- Sends the steps of a run: phase by phase, in batches, several calls under way at once; each call's intent is on
-- the disk before it is sent, its outcome after.
-- @module lastpass.plan.dispatch
local batches = require "lastpass.plan.batches"
local changes = require "lastpass.directory.changes"
local errors = require "lastpass.error"
local parallel = require "lastpass.parallel"
local reconcile = require "lastpass.plan.reconcile"
local rest_batches = require "lastpass.plan.rest_batches"
local scim_batches = require "lastpass.plan.scim_batches"
local waiting = require "lastpass.transport.scheduler"

local M = {}

-- A server that asks to wait again and again, and for longer than that, ends the run.
local MOST_WAITS = 10
local LONGEST_WAIT = 120 -- seconds

local function wait_for_server(work, err, waits)
  local seconds = err.retry_after or math.min(0.5 * 2 ^ (waits - 1), 30)
  if waits > MOST_WAITS or seconds > LONGEST_WAIT then
    return work:stop(err)
  end
  work.pause_ends = waiting.now() + seconds
  work:sleep(seconds)
end

-- A client that notes each request right before it is sent, which may be long after the intent: the server asked to
-- wait, or a rate is kept to. What raises there is not sent any more, and its answer is lost.
local function watching_client(work, client, steps, more)
  local report = client:option "on_request"
  local options = more or {}
  function options.on_request(request)
    local ok, _, err = work:note_sending(steps)
    if not ok then
      error(err, 0)
    end
    if report then
      report(request)
    end
  end
  return client:with(options)
end

local function send_over_enterprise(work, steps)
  return batches.send(watching_client(work, work.client, steps), steps, work.private)
end

-- A write whose answer was lost is this module's matter, not the client's.
local function send_over_scim(work, steps)
  local client = watching_client(work, work.scim, steps, { repeat_writes = false })
  return scim_batches.send(client, work, steps)
end

local function send_over_rest(work, steps)
  return rest_batches.send(watching_client(work, work.rest, steps), work, steps)
end

local senders = { scim = send_over_scim, rest = send_over_rest }

local function send_noting(work, steps)
  local send = senders[steps[1].via] or send_over_enterprise
  local ok, results, err, requests = waiting.protected_call(send, work, steps)
  if ok then
    return results, err, requests
  elseif type(results) ~= "table" or not results.kind then
    error(results, 0)
  end
  local failure, entries = results, {}
  for _, step in ipairs(work:select("is_uncertain", steps)) do
    entries[#entries + 1] = { step = step, state = "uncertain", reason = failure.message }
  end
  work:stop(failure)
  return entries, failure, 0
end

-- One batch. What the server was too busy for is tried again after it has had its pause.
local function send_batch(work, steps)
  local waits = 0
  while #steps > 0 and not work.stopped and not work:has_failed_enough() do
    if not work:intend(steps) then
      return
    end
    local results, err, requests = send_noting(work, steps)
    work.requests, work.sent = work.requests + requests, work.sent + requests
    work:record(results)
    if not err or err.uncertain or work.stopped then
      return
    elseif err.kind ~= "throttled" then
      return work:stop(err)
    end
    waits = waits + 1
    wait_for_server(work, err, waits)
    steps = work:select("is_left", steps)
  end
end

local function send_queue(work, queue)
  for _, part in ipairs(queue) do
    if not work:may_go_on() then
      return
    end
    send_batch(work, part)
  end
end

-- Parts that may be under way at once, each in a queue of its own; what is in one queue goes one after another.
local function queues_of(work, steps)
  local over = { enterprise = {}, scim = {}, rest = {} }
  for _, step in ipairs(steps) do
    table.insert(over[step.via or "enterprise"], step)
  end
  local queues = scim_batches.queues(over.scim, work.options)
  for _, step in ipairs(over.rest) do
    queues[#queues + 1] = { { step } }
  end
  for _, part in ipairs(batches.cut(over.enterprise, work.options.chunk)) do
    queues[#queues + 1] = { part }
  end
  return queues
end

local function send_all(work, steps)
  parallel(work.options.in_flight, function(spawn)
    for _, queue in ipairs(queues_of(work, steps)) do
      if not work:may_go_on() then
        return
      end
      spawn(send_queue, work, queue)
    end
  end)
end

local function too_many_failures(work)
  local _, _, err = errors.fail(
    "guard",
    "too_many_failures",
    ("stopped after %d failures"):format(work.options.stop_after),
    { hint = "check what failed; the option stop_after allows more" }
  )
  return err
end

-- Until nothing of the phase is left or the run stops. Each round sends what is left, then finds out
-- what became of calls whose answer was lost.
local function run_phase(work, steps)
  local left = work:select("is_left", steps)
  while #left > 0 and not work.stopped do
    send_all(work, left)
    work:check_cancel()
    if not work.stopped then
      reconcile.lost_answers(work, work:select("is_uncertain", steps))
    end
    if work:has_failed_enough() then
      work:stop(too_many_failures(work))
    end
    left = work:select("is_left", steps)
  end
end

local function steps_by_phase(steps)
  local phases, order = {}, {}
  for _, step in ipairs(steps) do
    local phase = changes.by_name[step.kind].phase
    if not phases[phase] then
      phases[phase] = {}
      order[#order + 1] = phase
    end
    table.insert(phases[phase], step)
  end
  table.sort(order)
  return phases, order
end

--- Records that what is left was not tried.
---@param work lastpass.plan.Work
function M.record_rest(work)
  local entries = {}
  for _, step in ipairs(work:select "is_left") do
    entries[#entries + 1] = {
      step = step,
      state = "not_tried",
      reason = "the run was stopped before it came to this step",
      code = work.stopped and work.stopped.code,
    }
  end
  work:record(entries)
end

--- Applies what is left.
---@param work lastpass.plan.Work
function M.run(work)
  local phases, order = steps_by_phase(work.body.steps)
  if work.scim and not work.stopped then
    scim_batches.read_ids(work)
  end
  for _, phase in ipairs(order) do
    if not work.stopped then
      run_phase(work, phases[phase])
    end
  end
  M.record_rest(work)
end

return M

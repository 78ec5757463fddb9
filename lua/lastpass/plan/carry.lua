--- Carries the steps of a run out: phase by phase, in batches, several calls under way at once; each
-- call's intent is on the disk before it is sent, its outcome after.
-- @module lastpass.plan.carry
local batches = require "lastpass.plan.batches"
local errors = require "lastpass.error"
local kinds = require "lastpass.plan.kinds"
local parallel = require "lastpass.parallel"
local settle = require "lastpass.plan.settle"
local loop = require "lastpass.transport.waiting"

local M = {}

-- A server that asks to wait again and again, and for longer than that, ends the run.
local MOST_WAITS = 10
local LONGEST_WAIT = 120 -- seconds

local function wait_for_server(work, err, waits)
  local seconds = err.retry_after or math.min(0.5 * 2 ^ (waits - 1), 30)
  if waits > MOST_WAITS or seconds > LONGEST_WAIT then
    return work:stop(err)
  end
  work.pause_ends = loop.now() + seconds
  work:sleep(seconds)
end

-- A client that tells the run before each request, which may come long after the intent: the server asked
-- to wait, or a rate is kept to. What raises there is sent no more, and its answer is lost.
local function watching_client(work, steps)
  local report = work.client:option "on_request"
  local function on_request(request)
    local ok, _, err = work:note_sending(steps)
    if not ok then
      error(err, 0)
    end
    if report then
      report(request)
    end
  end
  return work.client:with { on_request = on_request }
end

local function send_noting(work, steps)
  local ok, results, err, requests =
    loop.protected_call(batches.send, watching_client(work, steps), steps, work.private)
  if ok then
    return results, err, requests
  elseif type(results) ~= "table" or not results.kind then
    error(results, 0)
  end
  local failure, entries = results, {}
  for place, step in ipairs(steps) do
    entries[place] = { step = step, state = "uncertain", reason = failure.message }
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
    work:settle(results)
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

local function send_all(work, list)
  parallel(work.options.in_flight, function(spawn)
    for _, batch in ipairs(list) do
      work:look_for_cancel()
      if work.stopped or work:has_failed_enough() then
        return
      end
      spawn(send_batch, work, batch)
    end
  end)
end

local function too_many_failures(work)
  local _, _, err = errors.fail(
    "guard",
    "too_many_failures",
    ("stopped after %d failures"):format(work.options.stop_after),
    { hint = "look at what failed; the option stop_after allows more" }
  )
  return err
end

-- Until nothing of the phase is left or the run stops. Each turn sends what is left, then finds out
-- what became of calls whose answer was lost.
local function run_phase(work, steps)
  local left = work:select("is_left", steps)
  while #left > 0 and not work.stopped do
    send_all(work, batches.cut(left, work.options.chunk))
    work:look_for_cancel()
    if not work.stopped then
      settle.read_back(work, work:select("is_uncertain", steps))
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
    local phase = kinds.by_name[step.kind].phase
    if not phases[phase] then
      phases[phase] = {}
      order[#order + 1] = phase
    end
    table.insert(phases[phase], step)
  end
  table.sort(order)
  return phases, order
end

local function file_rest(work)
  local entries = {}
  for _, step in ipairs(work:select "is_left") do
    entries[#entries + 1] = {
      step = step,
      state = "not_tried",
      reason = "the run was stopped before it came to this step",
      code = work.stopped and work.stopped.code,
    }
  end
  work:settle(entries)
end

--- Carries out what is left.
---@param work lastpass.plan.Work
function M.carry_out(work)
  local phases, order = steps_by_phase(work.body.steps)
  for _, phase in ipairs(order) do
    if not work.stopped then
      run_phase(work, phases[phase])
    end
  end
  file_rest(work)
end

local function was_interrupted(failure)
  return type(failure) == "string" and failure:find "interrupted!$" ~= nil
end

-- The lock is given back also when the end of a run breaks off.
local function end_with(work, finish)
  local ok, run = loop.protected_call(finish, work)
  if ok then
    return run
  end
  work.lock:release()
  error(run, 0)
end

--- Calls a function that works on a run so that the run is ended whatever happens: what raises is
-- raised again after `finish` has been called. Ctrl-C in lua is no error: the run stops.
---@param work lastpass.plan.Work
---@param fn fun(work: lastpass.plan.Work)
---@param finish fun(work: lastpass.plan.Work): any
---@return any what `finish` returns
function M.guarded(work, fn, finish)
  local ok, failure = loop.protected_call(fn, work)
  if ok then
    return end_with(work, finish)
  elseif was_interrupted(failure) then
    work:stop(require("lastpass.plan.work").interrupted())
    file_rest(work)
    return end_with(work, finish)
  end
  local _, _, err = errors.fail("conflict", "failed", tostring(failure))
  work:stop(err)
  work.progress = nil -- it may be what has raised
  end_with(work, finish)
  error(failure, 0)
end

return M

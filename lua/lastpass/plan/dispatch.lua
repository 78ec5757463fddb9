--- Sends the steps of a run: phase by phase, in batches, several calls under way at once; each call's intent is on
-- the disk before it is sent, its outcome after.
-- @module lastpass.plan.dispatch
local batch = require "lastpass.enterprise.batch"
local changes = require "lastpass.directory.changes"
local errors = require "lastpass.error"
local parallel = require "lastpass.parallel"
local reconcile = require "lastpass.plan.reconcile"
local waiting = require "lastpass.transport.scheduler"

local M = {}

local function row_of(step, private)
  return changes.row(step.kind, step.subject, step.after, private and private[step.subject])
end

--- Cuts steps of one phase into batches, each of one kind: lists for commands that take one, else
-- single steps, so that as little as can be is in doubt after a crash.
---@param steps lastpass.plan.Step[]
---@param chunk integer rows of a list
---@return lastpass.plan.Step[][]
function M.cut(steps, chunk)
  local list, open = {}, {}
  for _, step in ipairs(steps) do
    local kind = changes.by_name[step.kind]
    local part = open[kind.name]
    if not part or not changes.takes_list(kind) or #part >= chunk then
      part = {}
      open[kind.name] = part
      list[#list + 1] = part
    end
    part[#part + 1] = step
  end
  return list
end

--- Whether each step can be put into a request at all. Nothing is sent.
---@param client lastpass.Client
---@param steps lastpass.plan.Step[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "bad_step"
function M.check(client, steps)
  for _, step in ipairs(steps) do
    local kind = changes.by_name[step.kind]
    local ok, row = pcall(row_of, step)
    local body, message
    if ok then
      local data = changes.takes_list(kind) and { row } or row
      body, message = client:request_body(kind.command, data)
    end
    if not body then
      return errors.fail(
        "conflict",
        "bad_step",
        ("step %d of the plan cannot be applied: %s"):format(
          step.number,
          message or "it does not say what it changes"
        ),
        { hint = "make the plan again" }
      )
    end
    body:close()
  end
  return true
end

local function same_for_all(steps, state, reason, code)
  local results = {}
  for index, step in ipairs(steps) do
    results[index] = { step = step, state = state, reason = reason, code = code }
  end
  return results
end

local function send_list(client, kind, steps, private)
  local list = {}
  for index, step in ipairs(steps) do
    list[index] = row_of(step, private)
  end
  -- update_users takes no chunk: each of its rows is a call of its own
  local options = changes.takes_list(kind) and { chunk = #steps } or nil
  local name = "client:" .. kind.method
  local result, message, err = batch.run(client, name, kind.command, list, options, 2)
  if not result then
    return same_for_all(steps, "not_tried", message, err.code), err, 1
  end
  local results = {}
  for _, state in ipairs { "done", "unchanged", "refused", "uncertain", "not_tried" } do
    for _, entry in ipairs(result[state]) do
      results[#results + 1] = {
        step = steps[entry.row],
        state = state,
        reason = entry.reason,
        code = entry.code,
      }
    end
  end
  return results, result.stopped, result.requests
end

local function send_one(client, kind, step)
  local reply, message, err = client[kind.command](client, row_of(step))
  if reply then
    if kind.traceless then
      local reason = "the server said so; the directory does not show it"
      return same_for_all({ step }, "done", reason, "traceless"), nil, 1
    end
    return same_for_all({ step }, "done"), nil, 1
  elseif err.kind == "refused" then
    return same_for_all({ step }, "refused", message, err.code), nil, 1
  elseif err.kind == "partial" then
    -- an answer that neither says yes nor no
    return same_for_all({ step }, "uncertain", message, "unclear_remark"), nil, 1
  end
  local state = err.uncertain and "uncertain" or "not_tried"
  return same_for_all({ step }, state, message, err.code), err, 1
end

-- A run that is resumed by another process does not have what was given beside the plan.
local function split_private(steps, private)
  local ready, results = {}, {}
  for _, step in ipairs(steps) do
    local needs = type(step.after) == "table" and step.after.private
    if needs and not (private and private[step.subject]) then
      results[#results + 1] = {
        step = step,
        state = "refused",
        reason = ("its %s stands in no journal: ask for it again"):format(
          table.concat(needs, " and its ")
        ),
        code = "not_kept",
      }
    else
      ready[#ready + 1] = step
    end
  end
  return ready, results
end

--- Sends a batch.
---@param client lastpass.Client
---@param steps lastpass.plan.Step[] of one kind, as `cut` gives them
---@param private? table<string, table> by address: fields of a row that stand in no plan
---@return table[] results {step, state, reason, code}; each step once
---@return lastpass.Error|nil err what broke the call off
---@return integer requests
function M.send(client, steps, private)
  local kind = changes.by_name[steps[1].kind]
  if kind.method then
    local ready, results = split_private(steps, private)
    if #ready == 0 then
      return results, nil, 0
    end
    local sent, err, requests = send_list(client, kind, ready, private)
    for _, entry in ipairs(sent) do
      results[#results + 1] = entry
    end
    return results, err, requests
  end
  return send_one(client, kind, steps[1])
end

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
local function watching_client(work, steps)
  local report = work.client:option "on_request"
  return work.client:with {
    on_request = function(request)
      local ok, _, err = work:note_sending(steps)
      if not ok then
        error(err, 0)
      end
      if report then
        report(request)
      end
    end,
  }
end

local function send_noting(work, steps)
  local ok, results, err, requests =
    waiting.protected_call(M.send, watching_client(work, steps), steps, work.private)
  if ok then
    return results, err, requests
  elseif type(results) ~= "table" or not results.kind then
    error(results, 0)
  end
  local failure, entries = results, {}
  for index, step in ipairs(steps) do
    entries[index] = { step = step, state = "uncertain", reason = failure.message }
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

local function send_all(work, list)
  parallel(work.options.in_flight, function(spawn)
    for _, part in ipairs(list) do
      work:check_cancel()
      if work.stopped or work:has_failed_enough() then
        return
      end
      spawn(send_batch, work, part)
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
    send_all(work, M.cut(left, work.options.chunk))
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
  for _, phase in ipairs(order) do
    if not work.stopped then
      run_phase(work, phases[phase])
    end
  end
  M.record_rest(work)
end

return M

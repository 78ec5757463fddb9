--- Carries a plan out.
-- @module lastpass.plan.apply
local batches = require "lastpass.plan.batches"
local carry = require "lastpass.plan.carry"
local document = require "lastpass.plan.document"
local finish = require "lastpass.plan.finish"
local fresh = require "lastpass.plan.fresh"
local journal_room = require "lastpass.store.client_journal"
local last_guards = require "lastpass.plan.last_guards"
local options_room = require "lastpass.plan.apply_options"
local preconditions = require "lastpass.plan.preconditions"
local progress = require "lastpass.plan.progress"
local refused_rows = require "lastpass.plan.refused_rows"
local work_room = require "lastpass.plan.work"
local loop = require "lastpass.transport.waiting"

local M = {}

--- Says whether to stop, for every run of this process that has no option `cancel`: programs that
-- see Ctrl-C themselves set it.
M.interruptible = options_room.interruptible

-- Those who have changed since are filed; the guards are asked about the others.
local function look_at_directory(work)
  local snapshot, message, err = work:read_directory()
  if not snapshot then
    return nil, message, err
  end
  work.snapshot = snapshot
  local changed = fresh.changed(work, snapshot)
  local is_changed, left = {}, {}
  for _, entry in ipairs(changed) do
    is_changed[entry.step.number] = true
  end
  for _, step in ipairs(work.body.steps) do
    if not is_changed[step.number] then
      left[#left + 1] = step
    end
  end
  local ok
  ok, message, err = last_guards.ask(work, left, snapshot)
  if not ok then
    return nil, message, err
  end
  return changed
end

local function begin(work, plan)
  local id, message, err = work.journal:begin_run {
    tenant = work.tenant,
    plan = plan.name,
    kind = work.body.kind or "apply",
    of_run = work.body.of_run,
    document = work.document,
    total = #work.body.steps,
  }
  if not id then
    return nil, message, err
  end
  work.run_id = id
  return id
end

-- All that can refuse the plan while the lock is held and nothing is written.
local function prepare(work, plan)
  local ok, message, err = preconditions.check_journal(work, plan)
  if not ok then
    return nil, message, err
  end
  local changed
  changed, message, err = look_at_directory(work)
  if not changed then
    return nil, message, err
  end
  ok, message, err = preconditions.abandon_undone(work)
  if not ok then
    return nil, message, err
  end
  ok, message, err = begin(work, plan)
  if not ok then
    return nil, message, err
  end
  return changed
end

local function check(client, plan, text, body, options)
  local ok, message, err = preconditions.check_plan(client, plan, text, body, options)
  if not ok then
    return nil, message, err
  end
  ok, message, err = batches.check(client, body.steps)
  if not ok then
    return nil, message, err
  elseif options.refused_rows then
    return refused_rows.prepare(options.refused_rows)
  end
  return true
end

--- Carries a plan out, once. What has changed since the plan was made is left alone, one by one; a
-- run that stops can be resumed.
---@param client lastpass.Client
---@param plan lastpass.Plan
---@param options? lastpass.plan.ApplyOptions
---@return lastpass.Run|nil run once it was begun: look at `run.ok` and `run.stopped`
---@return string? message when nothing was written
---@return lastpass.Error? err codes refused_by_guards, other_tenant, plan_expired, plan_changed,
-- needs_confirmation, applied_before, unfinished_run, last_admin, per_day, locked, and those of reads
function M.run(client, plan, options)
  options = options_room.complete("client:apply", client, options, 2)
  -- What is carried out is what the journal keeps: resume must be able to read it.
  local text = plan:text()
  local body, message, err = document.parse(text, "the plan")
  if not body then
    return nil, message, err
  end
  local ok
  ok, message, err = check(client, plan, text, body, options)
  if not ok then
    return nil, message, err
  end
  local journal
  journal, message, err = journal_room.of(client)
  if not journal then
    return nil, message, err
  end
  local tenant = journal_room.tenant(client)
  local lock
  lock, message, err = journal:lock(tenant)
  if not lock then
    return nil, message, err
  end
  local work = work_room.new {
    client = client,
    journal = journal,
    tenant = tenant,
    lock = lock,
    plan = plan.name,
    private = plan:_private(),
    body = body,
    document = text,
    options = options,
  }
  local changed
  ok, changed, message, err = loop.protected_call(prepare, work, plan)
  if not ok then
    lock:release()
    error(changed, 0)
  elseif not changed then
    lock:release()
    return nil, message, err
  end
  if options.progress then
    work.progress = progress.new(options.progress, #work.body.steps, 0)
  end
  return carry.guarded(work, function()
    work:settle(changed)
    carry.carry_out(work)
  end, finish.finish)
end

return M

--- What has to be so before a plan is carried out.
-- @module lastpass.plan.preconditions
local errors = require "lastpass.error"
local apply_options = require "lastpass.plan.apply_options"
local journal_room = require "lastpass.store.client_journal"
local kinds = require "lastpass.plan.kinds"
local time = require "lastpass.time"

local M = {}

local NEWEST = 1000000 -- all runs of a company, in fact

local function refused_by_guards(body)
  local messages, allows = {}, {}
  for _, refusal in ipairs(body.refusals) do
    messages[#messages + 1] = refusal.message
    allows[#allows + 1] = refusal.allow
  end
  return errors.fail(
    "guard",
    "refused_by_guards",
    "the plan is refused: " .. table.concat(messages, "; "),
    { hint = "to allow it: " .. table.concat(allows, "; ") }
  )
end

local function count_final(steps)
  local count = 0
  for _, step in ipairs(steps) do
    -- by its kind, not by what the plan says of it
    count = count + (kinds.by_name[step.kind].reversal == "final" and 1 or 0)
  end
  return count
end

local function check_confirmation(body, confirmed)
  local count = count_final(body.steps)
  if (confirmed or 0) == count then
    return true
  elseif count == 0 then
    return errors.fail(
      "guard",
      "needs_confirmation",
      ("confirm_final is %s, but no step of the plan is final"):format(tostring(confirmed)),
      { hint = "leave confirm_final out" }
    )
  end
  return errors.fail(
    "guard",
    "needs_confirmation",
    ("%d %s of the plan cannot be undone%s"):format(
      count,
      count == 1 and "step" or "steps",
      confirmed and ("; confirm_final is %s"):format(tostring(confirmed)) or ""
    ),
    { hint = ("apply with { confirm_final = %d }"):format(count) }
  )
end

--- Whether a plan is still good.
---@param client lastpass.Client
---@param body table of the plan
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "plan_expired"
function M.check_age(client, body)
  local now = client:now()
  if type(body.expires) == "number" and now <= body.expires then
    return true
  end
  return errors.fail(
    "conflict",
    "plan_expired",
    ("the plan was good until %s"):format(
      type(body.expires) == "number" and time.iso(body.expires) or "never"
    ),
    { hint = "make the plan again" }
  )
end

--- Whether the server may still carry out calls of a run whose answers were lost. Until then nothing else
-- may be done: what comes late would undo it.
---@param steps lastpass.store.Step[] of the run, as the journal has them
---@param client lastpass.Client
---@return integer|nil until_utc epoch seconds; nil when that time is over
---@return integer count steps
function M.in_doubt(steps, client)
  local until_utc, count, now = nil, 0, time.now()
  local options = apply_options.defaults
  for _, step in ipairs(steps) do
    if step.state == "intended" or step.state == "uncertain" and step.code ~= "unclear_remark" then
      local one = step.doubt_until
        or (step.intended_at or 0) + math.ceil(client:option "timeout" + options.late_margin)
      if one > now then
        until_utc, count = math.max(until_utc or 0, one), count + 1
      end
    end
  end
  return until_utc, count
end

--- What the plan itself says.
---@param client lastpass.Client
---@param plan lastpass.Plan
---@param text string the plan file's bytes, which say its name first
---@param body table what they say
---@param options lastpass.plan.ApplyOptions
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.check_plan(client, plan, text, body, options)
  local tenant = journal_room.tenant(client)
  if plan.name ~= text:match '"name": "(%x+)"' then
    return errors.fail(
      "conflict",
      "plan_changed",
      "the plan has been changed since it was made",
      { hint = "make the plan again" }
    )
  elseif body.tenant ~= tenant then
    return errors.fail(
      "conflict",
      "other_tenant",
      ("the plan is for %s, and this client works on %s"):format(body.tenant, tenant)
    )
  elseif #body.refusals > 0 then
    return refused_by_guards(body)
  end
  local ok, message, err = M.check_age(client, body)
  if not ok then
    return nil, message, err
  end
  return check_confirmation(body, options.confirm_final)
end

local function applied_before(run)
  return errors.fail(
    "conflict",
    "applied_before",
    ("this plan was applied by run %d, at %s"):format(run.id, time.iso(run.started)),
    { hint = "make a new plan; a plan is applied once", run = run.id }
  )
end

local function unfinished(run, why)
  return errors.fail("conflict", "unfinished_run", ("run %d %s"):format(run.id, why), {
    hint = ("go on with client:resume(%d), or take it back with client:undo(%d)"):format(
      run.id,
      run.id
    ),
    run = run.id,
  })
end

-- A run that was stopped is in nobody's way, once the server is through with what it was asked.
local function check_stopped(work, run)
  local counts = run.summary and run.summary.counts
  if not counts or (counts.uncertain or 0) == 0 then
    return true
  end
  local open, message, err = work.journal:open_steps(run.id)
  if not open then
    return nil, message, err
  end
  local until_utc, count = M.in_doubt(open, work.client)
  if not until_utc then
    return true
  end
  return unfinished(
    run,
    ("was stopped, and LastPass may carry out %d of its steps until %s"):format(
      count,
      time.iso(until_utc)
    )
  )
end

-- The lock is ours: whoever began a run that is still open is gone.
local function check_open(journal, run)
  local open, message, err = journal:open_steps(run.id)
  if not open then
    return nil, message, err
  elseif #open > 0 then
    return unfinished(
      run,
      ("broke off, and nobody knows what became of %d of its steps"):format(#open)
    )
  end
  -- it broke off between two calls: it can be resumed, and is in nobody's way
  return journal:end_run(run.id, "stopped", {
    stopped = {
      kind = "cancelled",
      code = "broke_off",
      message = "the program ended before the run did",
    },
  })
end

--- What the journal says of this plan, and of other runs. The lock must be held.
---@param work lastpass.plan.Work
---@param plan lastpass.Plan
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.check_journal(work, plan)
  local runs, message, err = work.journal:runs { tenant = work.tenant, limit = NEWEST }
  if not runs then
    return nil, message, err
  end
  local taken_back = {}
  for _, run in ipairs(runs) do -- the newest first
    if run.kind == "undo" and run.state == "finished" then
      taken_back[run.of_run] = true
    end
    if run.plan == plan.name and run.state == "finished" then
      -- applying nothing twice harms nobody
      if not taken_back[run.id] and #work.body.steps > 0 then
        return applied_before(run)
      end
    elseif run.plan == plan.name and run.state ~= "abandoned" then
      return unfinished(run, "has begun this plan, and did not come to its end")
    elseif run.state == "running" and run.id ~= work.body.of_run then
      local ok
      ok, message, err = check_open(work.journal, run)
      if not ok then
        return nil, message, err
      end
    elseif run.state == "stopped" then
      local ok
      ok, message, err = check_stopped(work, run)
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

--- A run that is taken back is not to be resumed. The lock must be held.
---@param work lastpass.plan.Work
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.abandon_undone(work)
  if not work.body.of_run then
    return true
  end
  local run, message, err = work.journal:run(work.body.of_run)
  if not run then
    return nil, message, err
  elseif run.state == "finished" or run.state == "abandoned" then
    return true
  end
  return work.journal:end_run(run.id, "abandoned", run.summary)
end

return M

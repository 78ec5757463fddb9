--- The options of apply and resume, and what has to be so before a plan is applied.
-- @module lastpass.plan.preconditions
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local surface = require "lastpass.plan.surface"
local time = require "lastpass.time"

local M = {}

---@class lastpass.plan.ApplyOptions
---@field progress? true|fun(state: table) true: on standard error; a function gets {done, total, rate
-- (steps a second), seconds_left, phase}
---@field chunk? integer          rows of one call; default the client's
---@field in_flight? integer      calls under way at once; default 4
---@field stop_after? integer     failures (rows refused, calls without an answer) that end the run;
-- default 20
---@field confirm_final? integer  how many final steps the plan has, when it has any
---@field approver? string        the other admin who is asked to approve the plan; asked in any case then
---@field refused_rows? string    path of a CSV file for the people whose steps did not go through
---@field cancel? fun(): any      asked before each call and while waiting; true stops the run
---@field settle_after? number    seconds between the two reads that must not show a step whose answer
-- was lost before it counts as not done; default 2
---@field late_margin? number     seconds beyond the call's time limit in which the server may still act
-- on a call whose answer was lost; until then it is neither repeated nor given up; default 60
---@field confirm_within? number  seconds after the last call in which the directory has to show what was
-- done; what it does not show by then is not confirmed; default 10
---@field via? "enterprise"|"scim" what the plan must have been made for; default: whatever it was made for

local function whole(value)
  return type(value) == "number" and value >= 1 and value == math.floor(value),
    "an integer from 1 on"
end

local function seconds(value)
  return type(value) == "number" and value >= 0 and value < math.huge, "seconds, 0 or more"
end

local option_types = {
  progress = function(value)
    return value == true or type(value) == "function", "true or a function"
  end,
  chunk = whole,
  in_flight = whole,
  stop_after = whole,
  confirm_final = "number",
  approver = function(value)
    return type(value) == "string" and value:find "%S" ~= nil, "an address"
  end,
  refused_rows = "string",
  cancel = "function",
  settle_after = seconds,
  late_margin = seconds,
  confirm_within = seconds,
  via = surface.is_known,
}

-- What holds where an option is not given; `chunk` is the client's, `cancel` as `interruptible` has it.
local defaults = {
  in_flight = 4,
  stop_after = 20,
  settle_after = 2,
  late_margin = 60,
  confirm_within = 10,
}

local default_cancel

--- Sets what is asked where the option `cancel` is not given.
---@param cancel? fun(): any nil: nothing is asked
---@return function|nil previous
function M.interruptible(cancel)
  local previous = default_cancel
  default_cancel = cancel
  return previous
end

--- Checks options, and completes them.
---@param where string how the caller is called
---@param client lastpass.Client
---@param given table|nil
---@param level integer whose line is blamed
---@param more? table<string, string|string[]> types of options that the caller has beside these
---@return lastpass.plan.ApplyOptions
function M.options(where, client, given, level, more)
  local all = more or {}
  for name, check in pairs(option_types) do
    all[name] = check
  end
  local options = { chunk = client:option "chunk", cancel = default_cancel }
  for name, value in pairs(defaults) do
    options[name] = value
  end
  for name, value in pairs(errors.check_options(where, given, all, level + 1)) do
    options[name] = value
  end
  return options
end

local NEWEST = 1000000 -- all runs of a company, in fact

local REMAKE = "make the plan again"

local function refuse(kind, code, hint, form, ...)
  return errors.fail(kind, code, form:format(...), { hint = hint })
end

--- The error that guards refuse a plan with.
---@param refusals table[] of the plan's body
---@param prefix string of the message
---@return nil
---@return string message
---@return lastpass.Error err
function M.refused_by_guards(refusals, prefix)
  local messages, ways = {}, {}
  for index, refusal in ipairs(refusals) do
    messages[index], ways[index] = refusal.message, refusal.allow
  end
  local hint = "to allow it: " .. table.concat(ways, "; ")
  return refuse("guard", "refused_by_guards", hint, "%s%s", prefix, table.concat(messages, "; "))
end

local function check_confirmation(body, confirmed)
  local count = document.final_count(body)
  if (confirmed or 0) == count then
    return true
  elseif count == 0 then
    local form = "confirm_final is %s, but no step of the plan is final"
    local hint = "leave confirm_final out"
    return refuse("guard", "needs_confirmation", hint, form, tostring(confirmed))
  end
  local hint = ("apply with { confirm_final = %d }"):format(count)
  local what = count == 1 and "step" or "steps"
  local given = confirmed and ("; confirm_final is %s"):format(tostring(confirmed)) or ""
  local form = "%d %s of the plan cannot be undone%s"
  return refuse("guard", "needs_confirmation", hint, form, count, what, given)
end

--- Whether a plan has not expired.
---@param client lastpass.Client
---@param body table of the plan
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "plan_expired"
function M.check_age(client, body)
  local expires = type(body.expires) == "number" and body.expires
  if expires and client:now() <= expires then
    return true
  end
  local shown = expires and time.iso(expires) or "never"
  return refuse("conflict", "plan_expired", REMAKE, "the plan was good until %s", shown)
end

--- Whether the server may still act on calls of a run whose answers were lost. Until then nothing else
-- may be done: what comes late would undo it.
---@param steps lastpass.store.Step[] of the run, as the journal has them
---@param client lastpass.Client
---@return integer|nil until_utc epoch seconds; nil when that time is over
---@return integer count steps
function M.in_doubt(steps, client)
  local until_utc, count, now = nil, 0, time.now()
  for _, step in ipairs(steps) do
    if step.state == "intended" or step.state == "uncertain" and step.code ~= "unclear_remark" then
      local one = step.doubt_until
        or (step.intended_at or 0) + math.ceil(client:option "timeout" + defaults.late_margin)
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
  local tenant = journals.tenant(client)
  if plan.name ~= document.name_in(text) then
    local form = "the plan has been changed since it was made"
    return refuse("conflict", "plan_changed", REMAKE, form)
  elseif body.tenant ~= tenant then
    local form = "the plan is for %s, and this client works on %s"
    return refuse("conflict", "other_tenant", nil, form, body.tenant, tenant)
  elseif #body.refusals > 0 then
    return M.refused_by_guards(body.refusals, "the plan is refused: ")
  end
  local ok, message, err = M.check_age(client, body)
  if not ok then
    return nil, message, err
  end
  return check_confirmation(body, options.confirm_final)
end

local function applied_before(run)
  local text = ("this plan was applied by run %d, at %s"):format(run.id, time.iso(run.started))
  local hint = "make a new plan; a plan is applied once"
  return errors.fail("conflict", "applied_before", text, { hint = hint, run = run.id })
end

local function unfinished(run, form, ...)
  local text = ("run %d "):format(run.id) .. form:format(...)
  local ways = "go on with client:resume(%d), or take it back with client:undo(%d)"
  local hint = ways:format(run.id, run.id)
  return errors.fail("conflict", "unfinished_run", text, { hint = hint, run = run.id })
end

-- What an identity provider asked for is finished by the endpoint's worker. Until LastPass is through with it nothing else
-- may be done.
local function check_endpoint(work, run)
  local open, message, err = work.journal:open_steps(run.id)
  if not open then
    return nil, message, err
  end
  local until_utc, count = M.in_doubt(open, work.client)
  if not until_utc then
    return work.journal:end_run(run.id, #open > 0 and "stopped" or "finished", run.summary)
  end
  local text = "the SCIM endpoint (run %d) is finding out what became of %d changes, until %s"
  return errors.fail(
    "conflict",
    "unfinished_run",
    text:format(run.id, count, time.iso(until_utc)),
    {
      hint = "wait until then; its worker finishes them: lastpass scim worker",
      run = run.id,
      retry_after = until_utc - time.now(),
    }
  )
end

-- A run that was stopped blocks nothing, once the server is through with what it was asked.
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
  local form = "was stopped, and LastPass may carry out %d of its steps until %s"
  return unfinished(run, form, count, time.iso(until_utc))
end

-- The lock is ours: the process that began a run that is still open has ended.
local function check_open(journal, run)
  local open, message, err = journal:open_steps(run.id)
  if not open then
    return nil, message, err
  elseif #open > 0 then
    return unfinished(run, "broke off, and it is not known what became of %d of its steps", #open)
  end
  -- it broke off between two calls: it can be resumed, and blocks nothing
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
  local undone = {}
  for _, run in ipairs(runs) do -- the newest first
    local ok = true
    if run.kind == "undo" and run.state == "finished" then
      undone[run.of_run] = true
    end
    if run.plan == plan.name and run.state == "finished" then
      -- applying nothing twice harms nobody
      if not undone[run.id] and #work.body.steps > 0 then
        return applied_before(run)
      end
    elseif run.plan == plan.name and run.state ~= "abandoned" then
      return unfinished(run, "has begun this plan, and did not come to its end")
    elseif run.kind == "scim" and (run.state == "running" or run.state == "stopped") then
      ok, message, err = check_endpoint(work, run)
    elseif run.state == "running" and run.id ~= work.body.of_run then
      ok, message, err = check_open(work.journal, run)
    elseif run.state == "stopped" then
      ok, message, err = check_stopped(work, run)
    end
    if not ok then
      return nil, message, err
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

--- Takes a run back: makes the plan that leads to what was before. Who has changed since is held, and
-- what cannot come back is listed.
-- @module lastpass.plan.undo
local actions = require "lastpass.plan.actions"
local changes = require "lastpass.directory.changes"
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local guards = require "lastpass.plan.guards"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local plans = require "lastpass.plan"
local preconditions = require "lastpass.plan.preconditions"
local rest_batches = require "lastpass.plan.rest_batches"
local runs = require "lastpass.plan.run"
local state = require "lastpass.plan.state"
local surface = require "lastpass.plan.surface"
local number_steps = require("lastpass.plan.steps").number
local time = require "lastpass.time"

local M = {}

local known_options = {
  expires_in = plans.check_expiry,
  limit = "table",
  since = "number",
  via = surface.is_known,
}

-- So many seconds after a run began, taking it back has no limits: it must not wait. What has been in
-- force for longer is no slip of the day any more, and to let many people in again is what it is.
local FREE = 7 * 24 * 60 * 60

local function warn(body, subject, text)
  body.warnings[#body.warnings + 1] = ("%s %s"):format(subject, text)
end

local function add_step(body, id, step, back, now)
  local reverse = {
    kind = back.kind,
    subject = step.subject,
    before = back.before,
    after = back.after,
    reason = ("takes back step %d of run %d: %s"):format(
      step.number,
      id,
      changes.by_name[step.kind].verb
    ),
    rule = "undo",
    origin = ("run %d, step %d"):format(id, step.number),
    reversal = changes.by_name[back.kind].reversal,
    base = state.hash(now),
  }
  body.objects[step.subject] = now
  return reverse
end

local function hold(body, step, why)
  step.held, step.code = why, "changed_since"
  body.held[#body.held + 1] = step
end

-- An open step counts as done when the directory shows it; what it cannot show is said.
local function was_done(body, step, outcome, now)
  local result = outcome and outcome.state
  if result == "done" then
    return true
  elseif result == "unknown" then
    warn(body, step.subject, "may have been changed: " .. changes.by_name[step.kind].verb)
  elseif result == "intended" or result == "uncertain" or result == "not_confirmed" then
    if changes.is_traceless(step) then
      warn(body, step.subject, "may have been changed: " .. changes.by_name[step.kind].verb)
      return false
    end
    return state.satisfies(now, step)
  elseif outcome and outcome.code == "done_in_part" then
    warn(body, step.subject, "was changed in part, which is not taken back: " .. outcome.reason)
  end
  return false
end

-- The directory shows little of somebody who is only invited; who has accepted is as the run left
-- them only while nobody has used the account.
local function created_differences(expected, now, user)
  if now.status == "invited" then
    return {}
  end
  local as_user = {}
  for name, value in pairs(expected) do
    as_user[name] = value
  end
  as_user.status = "active"
  local differences = state.differences(as_user, now)
  if #differences == 0 and not user.never_logged_in then
    differences[1] = "has logged in"
  end
  return differences
end

-- Goes through what was done to one person: each with the person right before it, and how they
-- ought to be now.
local function replay(body, steps, outcomes, objects, now)
  local expected, done, created = objects[steps[1].subject], {}, false
  for _, step in ipairs(steps) do
    local outcome = outcomes[step.number]
    if was_done(body, step, outcome, now) then
      done[#done + 1] = { step = step, before = expected }
      expected = state.after(expected, step)
      created = created or step.kind == "create"
    elseif outcome and outcome.state == "unchanged" then
      expected = state.after(expected, step)
    end
  end
  return done, expected, created
end

local function take_back(body, id, steps, outcomes, objects, snapshot)
  local user = snapshot:user(steps[1].subject)
  local now = state.at(snapshot, steps[1].subject)
  local done, expected, created = replay(body, steps, outcomes, objects, now)
  if #done == 0 then
    return
  elseif created and now.status == "absent" then
    return warn(body, steps[1].subject, "was created by the run and is gone already")
  end
  local differences = created and created_differences(expected, now, user)
    or state.differences(expected, now)
  for index = #done, 1, -1 do
    local step = done[index].step
    local back, lost = state.inverse(step, done[index].before, now)
    if lost then
      warn(body, step.subject, lost)
    end
    if back then
      local reverse = add_step(body, id, step, back, now)
      if #differences > 0 then
        hold(body, reverse, "has changed since: " .. table.concat(differences, "; "))
      else
        body.steps[#body.steps + 1] = reverse
      end
    end
  end
end

-- Who approved the run, or had to, is asked about taking it back as well.
local function approval_of(read)
  local list, message, err = read.journal:approvals(read.row.id)
  if not list then
    return nil, message, err
  end
  local rule = {}
  for name, value in pairs((read.body.settings or {}).approval or {}) do
    rule[name] = value
  end
  rule.undoes_approved = #list > 0 or nil
  return next(rule) ~= nil and rule or false
end

-- The limits that the plan has, none for a run that began a short time ago, errors in those that are given raise; and
-- whether it needs an approval.
local function settings_of(read, given)
  local approval, message, err = approval_of(read)
  if approval == nil then
    return nil, message, err
  elseif not given and time.now() - read.row.started <= FREE then
    return { approval = approval or nil }
  end
  local settings = limits.defaults()
  limits.merge("client:undo: limit", settings, given or {}, 2)
  return { limits = settings, approval = approval or nil }
end

local function ask_limits(body, read)
  local settings = body.settings.limits
  if not settings then
    return true
  end
  local done_lately, message, err = guards.done_lately(read.journal, read.tenant)
  if not done_lately then
    return nil, message, err
  end
  local counts = limits.count(body.steps)
  for _, refusal in ipairs(limits.refusals(settings, counts, body.directory, done_lately)) do
    refusal.allow = actions.advice(refusal.allow)
    body.refusals[#body.refusals + 1] = refusal
  end
  return true
end

local function ask_last_admin(body, snapshot)
  local message = guards.last_admin(body.steps, snapshot)
  if message then
    body.refusals[#body.refusals + 1] = {
      guard = "last_admin",
      message = message,
      allow = "make another user an admin; no option allows this",
    }
  end
end

local function complete(body, read, client, snapshot, options)
  body.kind, body.of_run = "undo", read.row.id
  body.tenant = read.tenant
  local now = math.floor(client:now())
  plans.stamp(body, now, options.expires_in)
  body.directory = guards.size_of(snapshot)
  body.unchanged = 0
  local ok, message, err = surface.assign(client, body, options.via or read.body.via)
  if not ok then
    err.hint = ("%s; or, over the Enterprise API: { via = 'enterprise' }"):format(
      err.hint or message
    )
    return nil, message, err
  end
  plans.count(body, client)
  return true
end

-- A run that another process is busy with must come to its end first.
local function check_state(read)
  if read.row.state ~= "running" then
    return true
  end
  local lock, message, err = read.journal:lock(read.tenant)
  if not lock then
    return nil, message, err
  end
  return lock:release()
end

-- What LastPass does late would undo the undo.
local function check_doubt(client, read)
  local until_utc, count = preconditions.in_doubt(read.steps, client)
  if not until_utc then
    return true
  end
  return errors.fail(
    "conflict",
    "in_doubt",
    ("run %d cannot be taken back yet: LastPass may carry out %d of its steps until %s"):format(
      read.row.id,
      count,
      time.iso(until_utc)
    ),
    {
      hint = ("client:resume(%d) waits, and finds out what was done"):format(read.row.id),
      retry_after = until_utc - time.now(),
    }
  )
end

-- What the run knew of the REST API is asked for again. A plan whose steps need nothing of it does not say so.
local function join_rest(client, snapshot, body)
  if not body.rest then
    return nil
  end
  return rest_batches.join(client, snapshot, { levels = body.rest.asks_levels })
end

--- Makes the plan that takes a run back.
---@param client lastpass.Client
---@param id integer
---@param options? table expires_in (seconds; default a day), limit (as of `client:plan`; a run that began
-- within a week has none unless they are given), since (epoch seconds; of what identity providers changed within a day,
-- what was done from then on), via (default: what carried the run)
---@return lastpass.Plan|nil plan `body.held`: who has changed since; `body.warnings`: what does not
-- come back
---@return string? message
---@return lastpass.Error? err codes no_such_run, other_tenant, locked, in_doubt, and those of reading
function M.make(client, id, options)
  options = errors.check_options("client:undo", options, known_options, 2)
  limits.merge("client:undo: limit", limits.defaults(), options.limit or {}, 2)
  local read, message, err = runs.read(client, id, options.since)
  if not read then
    return nil, message, err
  elseif options.since and read.row.kind ~= "scim" then
    return errors.fail("argument", "whole_run", ("run %d is taken back as a whole"):format(id), {
      hint = "'since' is for runs of what identity providers changed within a day",
    })
  end
  local ok
  ok, message, err = check_state(read)
  if not ok then
    return nil, message, err
  end
  ok, message, err = check_doubt(client, read)
  if not ok then
    return nil, message, err
  end
  local snapshot
  snapshot, message, err = client:snapshot()
  if not snapshot then
    return nil, message, err
  end
  local body = document.new()
  body.rest, message, err = join_rest(client, snapshot, read.body)
  if err then
    return nil, message, err
  end
  local outcomes = runs.outcomes(read.steps)
  for _, steps in ipairs((document.by_subject(read.body.steps))) do
    take_back(body, id, steps, outcomes, read.body.objects, snapshot)
  end
  number_steps(body.steps)
  ok, message, err = complete(body, read, client, snapshot, options)
  if not ok then
    return nil, message, err
  end
  body.settings, message, err = settings_of(read, options.limit)
  if body.settings then
    ok, message, err = ask_limits(body, read)
  end
  if not body.settings or not ok then
    return nil, message, err
  end
  ask_last_admin(body, snapshot)
  body.sources = json.list {}
  return plans.of_body(body)
end

return M

--- Executes what a request or a job asks for: guards, one commit of the intent, the calls, the read-back, one commit of the
-- outcome. Nothing counts as done before the directory shows it.
-- @module lastpass.inbound.execution
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local guards = require "lastpass.inbound.guards"
local held = require "lastpass.inbound.held"
local limits = require "lastpass.plan.limits"
local objects = require "lastpass.inbound.objects"
local plan_guards = require "lastpass.plan.guards"
local sending = require "lastpass.inbound.sending"
local state = require "lastpass.plan.state"

local M = {}

--- What is to be done about a user or a group.
---@class lastpass.inbound.Write
---@field view table            the directory that was read last
---@field entry? lastpass.inbound.Entry
---@field object lastpass.store.ScimObject written with the intent
---@field is_stored? boolean    the journal has the object as it is: nothing of it is written before it is done
---@field is_new? boolean       the object goes away again when the change is refused
---@field changes table[]       {kind, subject, after, user, is_new, member = {group, user, present}}
---@field final table           {object}: written with the outcome
---@field touched table<string, boolean> sides of the user that the request says something of
---@field approved? boolean     somebody has decided: limits do not hold it
---@field proof? table          id and token of the job that is executed
---@field previous? string      token of the claim of an earlier attempt
---@field again? table          {run, numbers}: the same steps once more
---@field reading? table[]      calls of the journal beside the intent; what they read is `read` of what is written

-- ---- the intent ----

--- A token unlike any other, for a claim.
---@return string
function M.new_token()
  return digest.to_hex(digest.random(16))
end

local function steps_of(changes)
  local steps = {}
  for index, change in ipairs(changes) do
    steps[index] = {
      kind = change.kind,
      subject = change.subject,
      before = state.of(change.user or nil),
      after = change.after,
    }
  end
  return steps
end

local function claims_of(write, takes_admin)
  local object = write.object
  local claims = { object.type .. " " .. object.account }
  if object.alias then
    claims[2] = object.type .. " " .. object.alias
  end
  -- of two admins who are taken out at once, one might be the last
  claims[#claims + 1] = takes_admin and "admins" or nil
  return claims
end

local function finish_job(endpoint, write, token)
  local not_before, delay = endpoint:due_in(endpoint:doubt(#write.changes))
  return {
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    kind = held.FINISH,
    subject = write.changes[1].subject,
    object = write.object.id,
    not_before = not_before,
    delay = delay,
    payload = {
      changes = held.plain(write.changes),
      final = write.final,
      claim = token,
      is_new = write.is_new,
      approved = write.approved,
      sent = true,
      asked_at = write.asked_at or math.floor(endpoint.now()),
    },
  }
end

local LIMIT = "%s within %s: %d so far, and %d by this change; the limit is %d"

local function limit_reason(over)
  local counts = limits.by_name[over.name].counts
  return LIMIT:format(counts, over.text, over.done, over.amount, over.allowed)
end

local function intend(endpoint, write, takes_admin)
  local token, doubt = M.new_token(), endpoint:doubt(#write.changes)
  local claims = claims_of(write, takes_admin)
  local written, message, err = endpoint:call_journal("scim_intend", {
    tenant = endpoint.tenant,
    run = "scim " .. os.date("!%Y-%m-%d", math.floor(endpoint.now())),
    idle = endpoint.connection.idle,
    takes_back = plan_guards.takes_back,
    claims = claims,
    token = token,
    previous = write.previous,
    lease = doubt,
    doubt = doubt,
    steps = not write.again and steps_of(write.changes) or nil,
    again = write.again,
    limits = not write.again
        and guards.amounts(endpoint, write.view, write.changes, write.approved)
      or nil,
    objects = not write.is_stored and { write.object } or nil,
    job = not write.proof and finish_job(endpoint, write, token) or nil,
    proof = write.proof,
    reading = write.reading,
    expected = not write.proof and objects.expected(endpoint, write.entry) or nil,
  })
  if not written then
    return nil, message, err
  end
  written.token, written.claimed, written.doubt = token, #claims, doubt
  return written
end

-- ---- the outcome ----

local ranks =
  { done = 1, refused = 2, unknown = 3, not_tried = 4, not_confirmed = 5, uncertain = 6 }

local function worst_of(results)
  local worst
  for _, result in ipairs(results) do
    if not worst or ranks[result.state] > ranks[worst.state] then
      worst = result
    end
  end
  return worst
end

local function members_of(results)
  local list = {}
  for _, result in ipairs(results) do
    if result.state == "done" and result.change.member then
      list[#list + 1] = result.change.member
    end
  end
  return list
end

local function changes_in(results, ...)
  local wanted, list = errors.set_of { ... }, {}
  for _, result in ipairs(results) do
    if wanted[result.state] then
      list[#list + 1] = result.change
    end
  end
  return list
end

local function recorded(written, results)
  local steps = {}
  for index, result in ipairs(results) do
    steps[index] = {
      number = written.numbers[index],
      state = result.state,
      reason = result.reason,
      code = result.code,
      confirmed = result.confirmed,
    }
  end
  return steps
end

-- Seconds after which a change that could not be sent, or is not shown yet, is looked at again.
local SOON, LONGEST = 10, 600

local function unsent_payload(write, results)
  return {
    changes = held.plain(changes_in(results, "not_tried")),
    final = write.final,
    is_new = write.is_new,
    approved = write.approved,
    asked_at = write.asked_at,
  }
end

local function ready_in(endpoint, seconds, result)
  result.state = "ready"
  result.not_before, result.delay = endpoint:due_in(seconds)
  return result
end

-- What becomes of the job that was left behind with the intent, or that is executed.
local function result_of(endpoint, write, written, results, worst)
  if worst.state == "done" then
    return { state = "done", outcome = "done" }
  elseif worst.state == "refused" or worst.state == "unknown" then
    local job_state = write.proof and "failed" or "done"
    return { state = job_state, code = worst.code, reason = worst.reason }
  elseif worst.state == "not_tried" then
    local seconds = worst.err and worst.err.retry_after or SOON
    return ready_in(endpoint, math.min(seconds, LONGEST), {
      reason = worst.reason,
      payload = unsent_payload(write, results),
    })
  end
  local payload = finish_job(endpoint, write, written.token).payload
  payload.doubt_until = math.floor(endpoint.now()) + written.doubt
  return ready_in(endpoint, worst.state == "uncertain" and written.doubt or SOON, {
    reason = worst.reason,
    payload = payload,
  })
end

local function copy_at(object, clock)
  local copy = objects.copy(object)
  copy.written_at = copy.shown and clock or copy.written_at
  if copy.state == "tombstone" then
    copy.deleted_at = clock
  end
  copy.version, copy.created, copy.changed = nil, nil, nil
  return copy
end

--- Writes down what became of changes.
---@param endpoint lastpass.inbound.Endpoint
---@param write lastpass.inbound.Write
---@param written table of the intent
---@param results table[] of `sending`
---@return table|nil worst result
---@return string? message
---@return lastpass.Error? err
function M.record(endpoint, write, written, results)
  local worst = worst_of(results)
  local is_open = worst.state == "uncertain" or worst.state == "not_confirmed"
  local unmade = changes_in(results, "refused", "not_tried")
  local done = worst.state == "done"
  local is_current = not written.is_overtaken
  local jobs = write.entry and write.entry.jobs or {}
  local supersede = done and held.overtaken(jobs, write.touched) or {}
  local ok, message, err = endpoint:call_journal("scim_record", {
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    token = written.token,
    claimed = written.claimed,
    lease = is_open and written.doubt or nil,
    run = written.run,
    steps = recorded(written, results),
    objects = done and is_current and { copy_at(write.final.object, written.clock) } or nil,
    forget = worst.state == "refused" and write.is_new and is_current and { write.object.id }
      or nil,
    members = is_current and members_of(results) or nil,
    job = {
      id = written.job,
      token = write.proof and write.proof.token,
      result = result_of(endpoint, write, written, results, worst),
    },
    add_jobs = done and is_current and write.final.jobs or nil,
    supersede = supersede,
    repeatable = done and not write.proof and write.object.type == "User" and #supersede == 0,
    give_back = not write.again and guards.amounts(endpoint, write.view, unmade, true) or nil,
    slot = written.slot,
  })
  if not ok then
    return nil, message, err
  end
  return worst
end

-- ---- answers ----

local RETRY_AFTER = 30 -- seconds, while it is found out what became of a call

local function answer(worst, written)
  local fields = { run = written.run, step = written.numbers[1], job = written.job }
  if worst.state == "done" then
    return written
  elseif worst.state == "refused" then
    local is_gone = worst.code == "no_such_user"
    fields.status = is_gone and 404 or 400
    fields.scim_type = not is_gone and "invalidValue" or nil
    local reason = "LastPass refused it: " .. tostring(worst.reason)
    return errors.fail("refused", worst.code or "refused", reason, fields)
  end
  fields.status = 503
  fields.retry_after = worst.err and worst.err.retry_after or RETRY_AFTER
  local text = worst.state == "not_tried" and "LastPass could not be asked: %s"
    or "LastPass does not show it yet, and it is being found out: %s"
  return errors.fail("transport", worst.state, text:format(tostring(worst.reason)), fields)
end

-- What the directory shows of a user now is shown of them until it is read again.
local function note_shown(write, results)
  local user = results[#results].user
  local object = write.final.object
  if user and object.state == "active" then
    object.shown = { status = user.status, fullname = user.fullname }
  end
end

local function refused_results(changes, message, err)
  local results = {}
  for index, change in ipairs(changes) do
    results[index] = { change = change, state = "refused", reason = message, code = err.code }
  end
  return results
end

local function carry_out(endpoint, context, write, ends)
  local results = sending.send(endpoint, write.changes, ends)
  sending.read_back(endpoint, results, context.ends)
  if write.object.type == "User" then
    note_shown(write, results)
  end
  return results
end

-- Answered as if done, written nowhere but here. What no approval allows is refused as it would be; limits are for the plan
-- that comes out of it.
local function run_in_shadow(endpoint, write)
  local ok, message, err = guards.ask(endpoint, write.view, write.changes, true)
  if not ok then
    return guards.refuse(message, err)
  end
  local results = {}
  for index, change in ipairs(write.changes) do
    results[index] = { change = change, state = "done" }
  end
  return M.note(endpoint, {
    objects = { copy_at(write.final.object, math.floor(endpoint.now())) },
    members = members_of(results),
  })
end

--- Executes a write.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context of the request; gets run, step, job
---@param write lastpass.inbound.Write
---@return table|nil written
---@return string? message
---@return lastpass.Error? err with `status`
function M.run(endpoint, context, write)
  if endpoint.is_shadow then
    return run_in_shadow(endpoint, write)
  end
  local began = endpoint.clock()
  local ok, takes_admin, err = guards.ask(endpoint, write.view, write.changes, write.approved)
  if not ok then
    if err.kind ~= "guard" then
      return nil, takes_admin, err
    elseif guards.final_codes[err.code] or write.approved then
      return guards.refuse(takes_admin, err)
    end
    return held.hold(endpoint, context, write, err.code, takes_admin)
  end
  write.asked_at = write.asked_at or math.floor(endpoint.now())
  local written, message, failure = intend(endpoint, write, takes_admin)
  if not written then
    return nil, message, failure
  elseif written.held then
    return held.hold(endpoint, context, write, "limit", limit_reason(written.held))
  end
  context.run, context.step, context.job = written.run, written.numbers[1], written.job
  local results
  local still_ok, why = true, nil
  if takes_admin then
    -- the claim is ours: nobody else takes an admin now, so who is left is certain
    still_ok, why, err = guards.ask(endpoint, write.view, write.changes, true)
  end
  if still_ok then
    local ends = began + written.doubt - endpoint.margin
    results = carry_out(endpoint, context, write, ends)
  else
    results = refused_results(write.changes, why, err)
  end
  local worst
  worst, message, failure = M.record(endpoint, write, written, results)
  if not worst then
    return nil, message, failure
  elseif not still_ok then
    return guards.refuse(why, err)
  end
  return answer(worst, written)
end

--- Writes down what needs no call.
---@param endpoint lastpass.inbound.Endpoint
---@param fields table objects, members, add_jobs, forget, supersede
---@return table|nil
---@return string? message
---@return lastpass.Error? err
function M.note(endpoint, fields)
  fields.tenant, fields.connection = endpoint.tenant, endpoint.store_name
  return endpoint:call_journal("scim_record", fields)
end

return M

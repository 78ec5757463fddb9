--- Executes what a request or a job asks for: guards, one commit of the intent, the calls, the read-back, one commit of the
-- outcome. Nothing counts as done before the directory shows it.
-- @module lastpass.inbound.execution
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local guards = require "lastpass.inbound.guards"
local held = require "lastpass.inbound.held"
local limits = require "lastpass.plan.limits"
local objects = require "lastpass.inbound.objects"
local outcome = require "lastpass.inbound.outcome"
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
    job = not write.proof and outcome.finish_job(endpoint, write, token) or nil,
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
  outcome.note_shown(write, results)
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
    objects = { outcome.copy_at(write.final.object, math.floor(endpoint.now())) },
    members = outcome.members_of(results),
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
  worst, message, failure = outcome.record(endpoint, write, written, results)
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

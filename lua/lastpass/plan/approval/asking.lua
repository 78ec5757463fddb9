--- Asks another admin to approve a plan: on their phone, by the client's LastPass MFA, or by the function `ask` of its
-- option `approval`. Each answer is in the journal, refusals as well.
-- @module lastpass.plan.approval.asking
local approvals = require "lastpass.plan.approval"
local digest = require "lastpass.digest"
local document = require "lastpass.plan.document"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local preconditions = require "lastpass.plan.preconditions"
local text = require "lastpass.text"
local time = require "lastpass.time"
local waiting = require "lastpass.transport.scheduler"

local M = {}

---@class lastpass.plan.ApprovalRequest what the function `ask` is given
---@field user string      the admin who is asked
---@field operator string  who is about to apply the plan
---@field plan string      the plan's short name, as `print(plan)` shows it
---@field tenant string
---@field steps integer
---@field final integer    steps that cannot be undone
---@field reason string    why it is asked
---@field text string      one line for the phone
---@field ip? string       the operator's address
---@field cancel? fun(): any

local function no_approver(form, ...)
  local hint = "name another admin"
  return errors.fail("guard", "not_an_approver", form:format(...), { hint = hint })
end

-- A phone of somebody who has left approves nothing. Whom no list names must be an admin.
local function check_person(client, asked)
  local user, message, err = client:user(asked.approver)
  if not user and err and err.code ~= "no_such_user" then
    return nil, message, err
  elseif not user then
    return no_approver("%s cannot approve plans: there is no such user", asked.approver)
  elseif user.status ~= "active" then
    return no_approver("%s cannot approve plans: the account is %s", asked.approver, user.status)
  elseif not asked.by and not user.admin then
    return no_approver("%s cannot approve plans: no admin", asked.approver)
  end
  asked.approver = user.email -- as the company writes it
  return true
end

-- Seconds between two looks at whether somebody wants to stop.
local SLICE = 0.2

-- Sleeps; true when it was stopped.
local function sleep(seconds, cancel)
  local ends_at = waiting.now() + seconds
  repeat
    if cancel and cancel() then
      return true
    end
    waiting.sleep(math.max(0, math.min(SLICE, ends_at - waiting.now())))
  until waiting.now() >= ends_at
  return cancel ~= nil and cancel()
end

local function wait_for(mfa, handle, cancel)
  local poll = mfa:option "poll"
  local ends_at, pause = waiting.now() + mfa:option "timeout", poll.first
  local result = handle:poll()
  while result.outcome == "pending" do
    if sleep(pause, cancel) then
      handle:cancel()
      return errors.fail("cancelled", "interrupted", "interrupted; nothing was changed")
    elseif waiting.now() >= ends_at then
      return handle:cancel()
    end
    result = handle:poll()
    pause = result.retry_after or poll.every
  end
  return result
end

-- Asks on the admin's phone, by the client's LastPass MFA. No other request is joined: what is approved is this plan.
local function ask_phone(client, request)
  local mfa, message, err = client:mfa()
  if not mfa then
    return nil, message, err
  end
  local handle
  handle, message, err = mfa:challenge {
    user = request.user,
    ip = request.ip or "127.0.0.1",
    device = request.text,
    browser_id = digest.to_hex(digest.random(16)),
  }
  if not handle then
    return nil, message, err
  end
  return wait_for(mfa, handle, request.cancel)
end

local function request_of(body, name, asked, options, ip)
  local final = document.final_count(body)
  local short, steps = name:sub(1, 12), #body.steps
  local what = final > 0 and ("%s, %d final"):format(text.plural(steps, "step"), final)
    or text.plural(steps, "step")
  return {
    user = asked.approver,
    operator = asked.operator,
    plan = short,
    tenant = body.tenant,
    steps = steps,
    final = final,
    reason = asked.reason,
    text = ("lastpass plan %s: %s, by %s"):format(short, what, asked.operator),
    ip = ip,
    cancel = options.cancel,
  }
end

local REFUSED = "%s has not approved the plan (%s)"

-- Kinds of what is no answer of a person.
local kinds = { throttled = "throttled", unreachable = "transport", error = "protocol" }

local function outcome_error(asked, result, outcome)
  local kind = kinds[result.outcome] or "guard"
  local words = tostring(result.raw or outcome):gsub("_", " ")
  return errors.fail(kind, "not_approved", REFUSED:format(asked.approver, words), {
    outcome = outcome,
    retry_after = result.retry_after,
    hint = "nothing was changed",
  })
end

-- An approval is the word "approved", by the person who was asked. What was let through because nobody could be asked
-- is none.
local function is_approved(result, asked)
  return result.ok == true
    and result.outcome == "approved"
    and not result.failed_open
    and type(result.user) == "string"
    and email.fold(result.user) == email.fold(asked.approver)
end

-- A word of `lastpass.mfa.outcomes`. What says "approved" is none, where it is no approval by the person who was asked.
local function outcome_of(result, asked)
  local outcome = result and result.outcome
  if result and is_approved(result, asked) then
    return "approved"
  elseif type(outcome) == "string" and outcome:find "^[%l_]+$" and outcome ~= "approved" then
    return outcome:sub(1, 32)
  end
  return "error"
end

-- By the function `ask`: what it raises, and what is neither a result nor a failure, approves nothing.
local function ask_elsewhere(ask, request)
  local ran, result, message, err = waiting.protected_call(ask, request)
  if not ran then
    message = "approval: the function 'ask' has failed: " .. tostring(result)
  elseif type(result) == "table" or not result and err then
    return result or nil, message, err
  else
    message = message or "approval: the function 'ask' has given no result: " .. type(result)
  end
  return errors.fail("protocol", "not_approved", message, {
    outcome = "error",
    hint = "nothing was changed",
  })
end

-- Asks the other admin, and writes the answer into the journal.
local function obtain(client, journal, subject, options, asked)
  local ok, message, err = check_person(client, asked)
  if not ok then
    return nil, message, err
  end
  local settings = client:option "approval"
  local request = request_of(subject.body, subject.plan, asked, options, settings.ip)
  local asked_at = time.now()
  local result
  if settings.ask then
    result, message, err = ask_elsewhere(settings.ask, request)
  else
    result, message, err = ask_phone(client, request)
  end
  local outcome = outcome_of(result, asked)
  local approved = outcome == "approved"
  local number, why, failure = journal:note_approval {
    tenant = subject.tenant,
    plan = subject.plan,
    run = approved and subject.run or nil,
    approver = asked.approver,
    operator = asked.operator,
    outcome = outcome,
    reason = asked.reason,
    answer = result and result.raw and tostring(result.raw) or message,
    log_id = result and result.log_id and tostring(result.log_id),
    asked_at = asked_at,
  }
  if not number then
    return nil, why, failure
  elseif approved then
    return number
  elseif not result then
    return nil, message, err
  end
  return outcome_error(asked, result, outcome)
end

--- Asks before a plan is applied. No lock is held meanwhile: a person takes a minute. What the journal refuses anyway
-- is found before a phone rings.
---@param work lastpass.plan.Work gets `approval`, its number in the journal; false when the plan needs none
---@param plan lastpass.Plan
---@return true|nil
---@return string? message
---@return lastpass.Error? err codes of `approval.check`, those of the journal, and not_approved with `outcome`
function M.before_run(work, plan)
  local asked, message, err = approvals.check(work.client, work.body, work.options.approver)
  if asked then
    work.lock, message, err = work.journal:lock(work.tenant, { lease = work.client:option "lease" })
    asked = work.lock
  end
  if not asked then
    work.approval = asked
    return asked ~= nil or nil, message, err
  end
  local ran, ok
  ran, ok, message, err = waiting.protected_call(preconditions.check_journal, work, plan)
  work.lock:release()
  if not ran then
    error(ok, 0)
  elseif not ok then
    return nil, message, err
  end
  local subject = { body = work.body, plan = plan.name, tenant = work.tenant }
  asked, message, err = approvals.check(work.client, work.body, work.options.approver)
  if not asked then
    return nil, message, err
  end
  work.approval, message, err = obtain(work.client, work.journal, subject, work.options, asked)
  return work.approval ~= nil or nil, message, err
end

--- Asks before a run goes on: that is at another time, and perhaps by somebody else.
---@param client lastpass.Client
---@param read table of `run.read`
---@param options lastpass.plan.ApplyOptions
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.before_resume(client, read, options)
  local subject =
    { body = read.body, plan = read.row.plan, tenant = read.tenant, run = read.row.id }
  local asked, message, err = approvals.check_resume(client, read, options.approver)
  if not asked then
    return asked == false or nil, message, err
  end
  local approval
  approval, message, err = obtain(client, read.journal, subject, options, asked)
  return approval ~= nil or nil, message, err
end

return M

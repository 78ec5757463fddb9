--- Four eyes: a plan with steps that cannot be undone, or with many that take, weaken or give back access, is applied
-- only when another admin has approved it, on their phone or wherever the option `ask` asks. The rule is the company's
-- (option `approval` of the client), the playbook's (word `approval`), or both; each question is in the journal.
-- @module lastpass.plan.approval
local changes = require "lastpass.directory.changes"
local document = require "lastpass.plan.document"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local text = require "lastpass.text"

local M = {}

--- From so many steps on that take, weaken or give back access, where nobody says otherwise.
M.FROM = 10

-- What approves a plan alone must not be enough to let people in again either.
local function weighs(step)
  return changes.harms(step.kind) or step.kind == "enable"
end

local function common(one, other)
  if not (one and other) then
    return one or other
  end
  local set, list = {}, {}
  for _, address in ipairs(other) do
    set[email.fold(address)] = true
  end
  for _, address in ipairs(one) do
    list[#list + 1] = set[email.fold(address)] and address or nil
  end
  return list
end

-- The rules of the company and of the playbook together: the stricter one of each.
local function rule_of(client, body)
  local of_client = client:option "approval"
  local of_plan = body.settings and body.settings.approval
  if not of_client and not of_plan then
    return nil
  end
  of_client, of_plan = of_client or {}, of_plan or {}
  return {
    by = common(of_client.by, of_plan.by),
    from = math.min(of_client.from or of_plan.from or M.FROM, of_plan.from or math.huge),
    undoes_approved = of_plan.undoes_approved,
  }
end

-- Why a rule wants an approval of these steps; nil when it wants none.
local function reason_of(rule, body)
  local steps, final, count = #body.steps, document.final_count(body), 0
  for _, step in ipairs(body.steps) do
    count = count + (weighs(step) and 1 or 0)
  end
  if steps == 0 then
    return nil
  elseif final > 0 then
    return ("%d of %s cannot be undone"):format(final, text.plural(steps, "step"))
  elseif count >= rule.from then
    local form =
      "%d of %s take, weaken or give back access; from %d on another admin has to approve"
    return form:format(count, text.plural(steps, "step"), rule.from)
  elseif rule.undoes_approved then
    return "what it takes back was approved by another admin"
  elseif rule.goes_on then
    return "what was done of it was approved by another admin"
  end
  return nil
end

--- Whether a plan needs another admin's approval.
---@param client lastpass.Client
---@param body table of the plan
---@return string|nil reason nil when it needs none
function M.reason(client, body)
  local rule = rule_of(client, body)
  return rule and reason_of(rule, body)
end

local function refuse(code, message, hint)
  return errors.fail("guard", code, message, { hint = hint })
end

local function is_listed(list, address)
  for _, one in ipairs(list) do
    if email.fold(one) == email.fold(address) then
      return true
    end
  end
  return false
end

local function without(list, operator)
  local left = {}
  for _, address in ipairs(list or {}) do
    left[#left + 1] = email.fold(address) ~= email.fold(operator) and address or nil
  end
  return left
end

local OPERATOR =
  'say who applies it: lastpass.new{ approval = { operator = … } }, or "operator" in the profile'

-- Who is asked: whoever was named, or the only one who may.
local function choose(rule, reason, operator, approver)
  if not operator then
    return refuse(
      "no_operator",
      "nobody may approve their own plan, and who applies it is not known",
      OPERATOR
    )
  end
  local listed = without(rule.by, operator)
  if not approver and #listed == 1 then
    return listed[1]
  elseif not approver then
    local names = #listed > 0 and "; one of " .. table.concat(listed, ", ") or ""
    local message = ("another admin has to approve the plan: %s"):format(reason)
    return refuse("needs_approval", message, "apply with { approver = … }" .. names)
  elseif email.fold(approver) == email.fold(operator) then
    local message = ("%s applies the plan and cannot approve it"):format(approver)
    return refuse("own_approval", message, "name another admin")
  elseif rule.by and not is_listed(rule.by, approver) then
    local message = ("%s may not approve plans of this company"):format(approver)
    local hint = #listed > 0 and "one of " .. table.concat(listed, ", ")
      or "nobody is left who may: the company and the playbook name different people"
    return refuse("not_an_approver", message, hint)
  end
  return approver
end

local function check(client, rule, body, approver)
  local reason = rule.from and reason_of(rule, body)
  if #body.steps == 0 or not reason and not approver then
    return false
  end
  reason = reason or "whoever applies it wants another admin to see it"
  local operator = (client:option "approval" or {}).operator
  local chosen, message, err = choose(rule, reason, operator, approver)
  if not chosen then
    return nil, message, err
  end
  return { approver = chosen, operator = operator, reason = reason, by = rule.by }
end

--- Who has to approve a plan. Nothing is sent.
---@param client lastpass.Client
---@param body table of the plan
---@param approver? string whom whoever applies it has named; then it is asked for in any case
---@return table|false|nil asked {approver, operator, reason, by}; false when it needs nobody
---@return string? message
---@return lastpass.Error? err kind "guard", codes needs_approval, no_operator, own_approval, not_an_approver
function M.check(client, body, approver)
  return check(client, rule_of(client, body) or {}, body, approver)
end

--- Who has to approve that a run goes on: also by a client without a rule, when somebody has approved what was done of it.
---@param client lastpass.Client
---@param read table of `run.read`
---@param approver? string
---@return table|false|nil asked as of `check`
---@return string? message
---@return lastpass.Error? err
function M.check_resume(client, read, approver)
  local list, message, err = read.journal:approvals(read.row.id)
  if not list then
    return nil, message, err
  end
  local rule = rule_of(client, read.body) or #list > 0 and { from = M.FROM } or {}
  rule.goes_on = #list > 0
  return check(client, rule, read.body, approver)
end

return M

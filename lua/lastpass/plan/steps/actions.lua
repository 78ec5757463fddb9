--- Steps for actions that were asked for one by one, or why there is none.
-- @module lastpass.plan.steps.actions
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local state = require "lastpass.plan.state"

local M = {}

-- What an invitation does not have: an account.
local needs_account = {
  update = true,
  groups = true,
  rename = true,
  enable = true,
  disable = true,
  disable_mfa = true,
  reset_password = true,
  require_password_change = true,
  admin_level = true,
}

-- Who is in the REST API alone, in words.
local NOT_IN_DIRECTORY = {
  staged = "is staged and has no account yet; they have to be invited first",
  awaiting_approval = "waits for an approval in the Admin Console",
  expired_invitation = "let the invitation expire, and has no account; inviting sends it again",
}
local INVITED_ALREADY = {
  active = "has an account already",
  disabled = "has an account already, disabled",
  invited = "is invited already",
}

local ONLY_INVITED =
  "is only invited and has no account yet; removing them withdraws the invitation"
local DUPLICATE = "two users of the directory have this address, but for upper and lower case"

-- Why a change of address would come to nothing: it ends with a log-in (enterprise-api §4.3).
local function rename_refusal(builder, action, present)
  local taken = builder:state_of(action.after.email)
  if taken.status ~= "absent" and email.fold(action.after.email) ~= email.fold(action.subject) then
    return "address_taken", ("%s is somebody else's address"):format(action.after.email)
  elseif present.status == "disabled" then
    return "not_active", "is disabled, and a change of address ends with a log-in"
  elseif builder.snapshot:user(action.subject).never_logged_in then
    return "not_active", "has never logged in, and a change of address ends with a log-in"
  end
  return nil
end

local function cause_of(action, before, after)
  return {
    reason = "asked for",
    rule = "action",
    origin = action.origin or "actions",
    before = before,
    after = after,
  }
end

local function contains(list, name)
  for _, one in ipairs(list or {}) do
    if one == name then
      return true
    end
  end
  return false
end

local function is_known_group(builder, name)
  if not builder.known_groups then
    builder.known_groups = {}
    for _, known in ipairs(builder.rows:group_names()) do
      builder.known_groups[known] = true
    end
  end
  return builder.known_groups[name]
end

-- A group that does not exist cannot be left; two rows must not want opposite things.
local function groups_refusal(builder, action)
  local step = builder:step_of("groups", action.subject)
  for _, name in ipairs(action.after.leave) do
    if not is_known_group(builder, name) then
      local near = errors.did_you_mean(name, builder.rows:group_names())
      return "no_such_group", ("there is no group '%s'%s"):format(name, near)
    elseif contains(action.after.join, name) or step and contains(step.after.join, name) then
      return "contradiction", ("is to join and to leave '%s'"):format(name)
    end
  end
  for _, name in ipairs(action.after.join) do
    if step and contains(step.after.leave, name) then
      return "contradiction", ("is to join and to leave '%s'"):format(name)
    end
  end
  return nil
end

local function exists_already(action, present)
  if present.status == "disabled" then
    return "is in the directory already, disabled"
  elseif action.after.fullname and present.fullname ~= action.after.fullname then
    return ("is in the directory already, as %s"):format(
      present.fullname or "somebody without a name"
    )
  end
  for _, name in ipairs(action.after.groups) do
    if not contains(present.groups, name) then
      return ("is in the directory already, and not in %s"):format(name)
    end
  end
  return nil
end

-- Whom the REST API alone has can be invited, unless somebody else has to say yes; whom the directory has can be neither
-- staged nor invited anew.
local function preparing_refusal(kind, status)
  if kind == "stage" then
    local why = INVITED_ALREADY[status]
      or (status ~= "absent" and status ~= "staged") and NOT_IN_DIRECTORY[status]
    return why and "exists" or nil, why or nil
  elseif status == "absent" then
    return "no_such_user", "is not in the company; who is to be created and invited has to be added"
  elseif status == "active" or status == "disabled" then
    return "already_active", INVITED_ALREADY[status]
  elseif status == "awaiting_approval" then
    return status, NOT_IN_DIRECTORY[status]
  end
  return nil
end

-- The level that is meant, with its number; who is known to have it already has nothing to gain.
local function resolve_level(builder, action)
  local accounts = state.accounts(builder.snapshot)
  local level, message, err = accounts:level(action.after.level)
  if not level then
    return err.code, ("%s; %s"):format(message, err.hint)
  end
  local account = accounts:of(action.subject)
  if not account or account.is_duplicate then
    return "no_such_user", "is not known to the REST API by this address"
  end
  action.after = { level = level.name, level_id = level.id }
  action.level_before = account.level_id
    and { level = account.admin_level, level_id = account.level_id }
  return nil
end

-- Why an action cannot be carried out on somebody in this state.
local function refusal(builder, action, present)
  local kind, status = action.kind, present.status
  if builder:in_doubt(action.subject) then
    return "twin", DUPLICATE
  elseif kind == "stage" or kind == "invite" then
    return preparing_refusal(kind, status)
  elseif NOT_IN_DIRECTORY[status] and kind ~= "create" then
    return "only_prepared", NOT_IN_DIRECTORY[status]
  elseif kind == "create" then
    local why = (status == "active" or status == "disabled") and exists_already(action, present)
    return why and "exists" or nil, why or nil
  elseif status == "absent" then
    return "no_such_user", "is not in the directory"
  elseif status == "invited" then
    return needs_account[kind] and "only_invited" or nil,
      needs_account[kind] and ONLY_INVITED or nil
  elseif kind == "uninvite" then
    return "not_invited", "has accepted the invitation: to take them out, use remove"
  elseif kind == "reinvite" and not builder.snapshot:user(action.subject).never_logged_in then
    return "already_active", "has accepted the invitation"
  elseif kind == "rename" then
    return rename_refusal(builder, action, present)
  elseif kind == "groups" then
    return groups_refusal(builder, action)
  elseif kind == "admin_level" then
    return resolve_level(builder, action)
  end
  return nil
end

-- Several actions may be about the groups of one user: they are one step.
local function change_groups(builder, action, present)
  local join, leave = json.list {}, json.list {}
  for _, name in ipairs(action.after.join) do
    join[#join + 1] = not contains(present.groups, name) and name or nil
  end
  for _, name in ipairs(action.after.leave) do
    leave[#leave + 1] = contains(present.groups, name) and name or nil
  end
  if #join + #leave == 0 then
    return nil
  end
  local step = builder:groups_step(action.subject, cause_of(action))
  for _, name in ipairs(join) do
    builder:add_group(step, "join", name)
  end
  for _, name in ipairs(leave) do
    builder:add_group(step, "leave", name)
  end
  action.after = { join = join, leave = leave }
  return step
end

-- What a change of names has to change; the name for SecurID is not shown, so it is always sent.
local function change_names(builder, action, present)
  local given, user = action.after, builder.snapshot:user(action.subject)
  local after = {
    fullname = given.fullname ~= present.fullname and given.fullname or nil,
    duousername = given.duousername ~= user.duo_username and given.duousername or nil,
    securidusername = given.securidusername,
  }
  if next(after) == nil then
    return nil
  end
  local before = { fullname = present.fullname, duousername = user.duo_username }
  return builder:add("name", action.subject, cause_of(action, before, after))
end

-- Who is staged is created by the Enterprise API, which invites; the REST API's own call for it has no documented path
-- (business §2.1).
local function invite(builder, action, present)
  if present.status == "staged" then
    local after = { fullname = present.fullname, groups = json.list {} }
    local before = { status = "staged" }
    return builder:add("create", action.subject, cause_of(action, before, after))
      or builder:step_of("create", action.subject)
  end
  return builder:add("reinvite", action.subject, cause_of(action))
    or builder:step_of("reinvite", action.subject)
end

local function give_level(builder, action, present)
  if present.admin_level == action.after.level then
    return nil
  end
  return builder:add(
    "admin_level",
    action.subject,
    cause_of(action, action.level_before, action.after)
  ) or builder:step_of("admin_level", action.subject)
end

local function step_for(builder, action, present)
  local kind, subject = action.kind, action.subject
  if kind == "invite" then
    return invite(builder, action, present)
  elseif kind == "admin_level" then
    return give_level(builder, action, present)
  elseif kind == "groups" then
    return change_groups(builder, action, present)
  elseif kind == "update" then
    return change_names(builder, action, present)
  elseif present.status == "invited" and (kind == "remove" or kind == "delete") then
    kind = "uninvite"
  end
  if
    (kind == "create" or kind == "stage") and present.status ~= "absent"
    or state.satisfies(present, { kind = kind })
  then
    return nil
  end
  for _, name in ipairs(kind == "create" and action.after.groups or {}) do
    builder:count_member(name, 1)
  end
  local before = kind == "rename" and { email = subject } or nil
  return builder:add(kind, subject, cause_of(action, before, action.after))
    or builder:step_of(kind, subject)
end

--- Single actions, where they are not done already. Each gets its step, or says why it has none.
---@param builder lastpass.plan.Builder
function M.add(builder)
  for _, action in ipairs(builder.declared.actions) do
    local present = builder:state_of(action.subject)
    local code, reason = refusal(builder, action, present)
    if code then
      action.state, action.code, action.reason = "refused", code, reason
      builder:problem(code, action.subject, reason, action.origin or "actions")
    else
      action.step = step_for(builder, action, present)
      action.state = not action.step and "unchanged" or nil
    end
  end
end

return M

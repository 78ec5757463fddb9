--- Steps for people whom the playbook names for one thing: to be removed, renamed, or acted on.
-- @module lastpass.plan.steps.named
local draft = require "lastpass.plan.steps.draft"
local errors = require "lastpass.error"
local image = require "lastpass.plan.image"
local json = require "lastpass.json"
local key_of = require("lastpass.email").fold

local M = {}

local add, cause, image_of, with = draft.add, draft.cause, draft.image_of, draft.with

--- People who are to be removed or deleted are named one by one, in whatever state they are.
---@param work table a draft
function M.removals(work)
  local rows = {}
  for row, extra in pairs(work.declared.extras) do
    if extra.state and not draft.row_in_doubt(work, row) then
      rows[#rows + 1] = row
    end
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    local user = draft.user_of(work, row)
    local address = user and draft.address_of(work, user) or work.declared.wanted:row(row)
    local found = image_of(work, address)
    if found.status == "invited" then
      add(work, "uninvite", address, cause(work, row, "is declared gone"))
    elseif found.status ~= "absent" then
      add(work, work.declared.extras[row].state, address, cause(work, row, "is declared gone"))
    end
  end
end

local PENDING = "%s becomes %s when they log in with the old address once more"

--- Known people with another address.
---@param work table a draft
function M.renames(work)
  local choice, renames = work.declared.settings.rename, work.matching.renames
  local rows = {}
  for row in pairs(renames) do
    -- a change of address ends with a log-in (enterprise-api §4.3), so not for who cannot log in
    if not draft.row_in_doubt(work, row) and select(4, work.declared.wanted:row(row)) ~= false then
      rows[#rows + 1] = row
    end
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    local rename = renames[row]
    local pending = work.pending_renames[key_of(rename.from)]
    if pending and key_of(pending) == key_of(rename.to) then
      work.warnings[#work.warnings + 1] = PENDING:format(rename.from, rename.to)
    elseif choice ~= "keep" then
      local step = add(
        work,
        "rename",
        rename.from,
        with(
          cause(work, row, ("has another address, found by %s"):format(rename.rule), "match"),
          { email = rename.from },
          { email = rename.to }
        )
      )
      if choice == "hold" then
        draft.hold(
          work,
          step,
          "rename",
          'an address is changed only when the playbook says rename "updateemail"; '
            .. 'rename "keep" keeps the old one'
        )
      end
    end
  end
end

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
}

local ONLY_INVITED =
  "is only invited and has no account yet; removing them withdraws the invitation"
local DOUBLE = "two users of the directory have this address, but for upper and lower case"

-- Why a change of address would come to nothing: it ends with a log-in (enterprise-api §4.3).
local function rename_refusal(work, action, found)
  local taken = image_of(work, action.after.email)
  if taken.status ~= "absent" and key_of(action.after.email) ~= key_of(action.subject) then
    return "address_taken", ("%s is somebody else's address"):format(action.after.email)
  elseif found.status == "disabled" then
    return "not_active", "is disabled, and a change of address ends with a log-in"
  elseif work.snapshot:user(action.subject).never_logged_in then
    return "not_active", "has never logged in, and a change of address ends with a log-in"
  end
  return nil
end

local function contains(list, name)
  for _, one in ipairs(list or {}) do
    if one == name then
      return true
    end
  end
  return false
end

local function has_group(work, name)
  if not work.has_group then
    work.has_group = {}
    for _, known in ipairs(work.rows:group_names()) do
      work.has_group[known] = true
    end
  end
  return work.has_group[name]
end

-- A group that is not there cannot be left; two rows must not want opposite things.
local function groups_refusal(work, action)
  local step = draft.step_of(work, "groups", action.subject)
  for _, name in ipairs(action.after.leave) do
    if not has_group(work, name) then
      local near = errors.did_you_mean(name, work.rows:group_names())
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

local function exists_already(action, found)
  if found.status == "disabled" then
    return "is in the directory already, disabled"
  elseif action.after.fullname and found.fullname ~= action.after.fullname then
    return ("is in the directory already, as %s"):format(
      found.fullname or "somebody without a name"
    )
  end
  for _, name in ipairs(action.after.groups) do
    if not contains(found.groups, name) then
      return ("is in the directory already, and not in %s"):format(name)
    end
  end
  return nil
end

-- Why an action cannot be carried out on somebody in this state.
local function refusal(work, action, found)
  local kind, status = action.kind, found.status
  if draft.in_doubt(work, action.subject) then
    return "twin", DOUBLE
  elseif kind == "create" then
    local why = (status == "active" or status == "disabled") and exists_already(action, found)
    return why and "exists" or nil, why or nil
  elseif status == "absent" then
    return "no_such_user", "is not in the directory"
  elseif status == "invited" then
    return needs_account[kind] and "only_invited" or nil,
      needs_account[kind] and ONLY_INVITED or nil
  elseif kind == "uninvite" then
    return "not_invited", "has accepted the invitation: to take them out, use remove"
  elseif kind == "reinvite" and not work.snapshot:user(action.subject).never_logged_in then
    return "already_active", "has accepted the invitation"
  elseif kind == "rename" then
    return rename_refusal(work, action, found)
  elseif kind == "groups" then
    return groups_refusal(work, action)
  end
  return nil
end

-- Several actions may be about the groups of one person: they are one step.
local function change_groups(work, action, found)
  local join, leave = json.list {}, json.list {}
  for _, name in ipairs(action.after.join) do
    join[#join + 1] = not contains(found.groups, name) and name or nil
  end
  for _, name in ipairs(action.after.leave) do
    leave[#leave + 1] = contains(found.groups, name) and name or nil
  end
  if #join + #leave == 0 then
    return nil
  end
  local step = draft.step_of(work, "groups", action.subject)
  if not step then
    step = add(work, "groups", action.subject, {
      reason = "asked for",
      rule = "action",
      origin = action.origin or "actions",
      before = { groups = found.groups },
      after = { join = json.list {}, leave = json.list {} },
    })
  end
  for field, list in pairs { join = join, leave = leave } do
    for _, name in ipairs(list) do
      if not contains(step.after[field], name) then
        table.insert(step.after[field], name)
        work.more_members[name] = (work.more_members[name] or 0) + (field == "join" and 1 or -1)
      end
    end
    table.sort(step.after[field])
  end
  action.after = { join = join, leave = leave }
  return step
end

-- What a change of names has to change; the name for SecurID is not shown, so it is always sent.
local function change_names(work, action, found)
  local wanted, user = action.after, work.snapshot:user(action.subject)
  local after = {
    fullname = wanted.fullname ~= found.fullname and wanted.fullname or nil,
    duousername = wanted.duousername ~= user.duo_username and wanted.duousername or nil,
    securidusername = wanted.securidusername,
  }
  if next(after) == nil then
    return nil
  end
  return add(work, "name", action.subject, {
    reason = "asked for",
    rule = "action",
    origin = action.origin or "actions",
    before = { fullname = found.fullname, duousername = user.duo_username },
    after = after,
  })
end

-- The kind of step that an action is.
local function kind_of(action, found)
  local kind = action.kind
  if found.status == "invited" and (kind == "remove" or kind == "delete") then
    return "uninvite"
  end
  return kind
end

local function step_for(work, action, found)
  if action.kind == "groups" then
    return change_groups(work, action, found)
  elseif action.kind == "update" then
    return change_names(work, action, found)
  end
  local kind = kind_of(action, found)
  if kind == "create" and found.status ~= "absent" or image.holds(found, { kind = kind }) then
    return nil
  end
  for _, name in ipairs(kind == "create" and action.after.groups or {}) do
    work.more_members[name] = (work.more_members[name] or 0) + 1
  end
  return add(work, kind, action.subject, {
    reason = "asked for",
    rule = "action",
    origin = action.origin or "actions",
    before = kind == "rename" and { email = action.subject } or nil,
    after = action.after,
  }) or draft.step_of(work, kind, action.subject)
end

--- Single actions, where they are not done already. Each gets its step, or says why it has none.
---@param work table a draft
function M.actions(work)
  for _, action in ipairs(work.declared.actions) do
    local found = image_of(work, action.subject)
    local code, reason = refusal(work, action, found)
    if code then
      action.state, action.code, action.reason = "refused", code, reason
      draft.problem(work, code, action.subject, reason, action.origin or "actions")
    else
      action.step = step_for(work, action, found)
      action.state = not action.step and "unchanged" or nil
    end
  end
end

return M

--- Steps for people whom the playbook names for one thing: to be removed, renamed, or acted on.
-- @module lastpass.plan.steps.named
local draft = require "lastpass.plan.steps.draft"
local image = require "lastpass.plan.image"
local key_of = require "lastpass.directory.key"

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
  enable = true,
  disable = true,
  disable_mfa = true,
  reset_password = true,
  require_password_change = true,
}

-- What is to be done to somebody in this state, or why it cannot be.
local function judge(work, kind, subject, found)
  if found.status == "absent" then
    return nil, "no_such_user", "is not in the directory"
  elseif draft.in_doubt(work, subject) then
    return nil, "twin", "two users of the directory have this address, but for upper and lower case"
  elseif kind == "uninvite" and found.status ~= "invited" then
    return nil, "not_invited", "has accepted the invitation: to take them out, use remove"
  elseif found.status == "invited" and needs_account[kind] then
    return nil, "only_invited", "is only invited: to withdraw the invitation, use uninvite"
  elseif found.status == "invited" and (kind == "remove" or kind == "delete") then
    return "uninvite"
  end
  return kind
end

--- Single actions, where they are not done already.
---@param work table a draft
function M.actions(work)
  for _, action in ipairs(work.declared.actions) do
    local found = image_of(work, action.subject)
    local kind, code, reason = judge(work, action.kind, action.subject, found)
    if not kind then
      draft.problem(work, code, action.subject, reason, "actions")
    elseif not image.holds(found, { kind = kind }) then
      add(work, kind, action.subject, { reason = "asked for", rule = "action", origin = "actions" })
    end
  end
end

return M

--- Steps for people whom the playbook names for one thing: to be removed, renamed, or acted on.
-- @module lastpass.plan.steps.named
local draft = require "lastpass.plan.steps.draft"
local email_room = require "lastpass.email"
local image = require "lastpass.plan.image"

local M = {}

local add, cause, image_of, with = draft.add, draft.cause, draft.image_of, draft.with

--- People who are to be removed or deleted are named one by one, in whatever state they are.
---@param work table a draft
---@param matching lastpass.directory.Matching
function M.removals(work, matching)
  local rows = {}
  for row, extra in pairs(work.declared.extras) do
    if extra.state and not matching.refused[row] then
      rows[#rows + 1] = row
    end
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    local address = work.declared.wanted:row(row)
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
---@param matching lastpass.directory.Matching
function M.renames(work, matching)
  local choice = work.declared.settings.rename
  local rows = {}
  for row in pairs(matching.renames) do
    rows[#rows + 1] = row
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    local rename = matching.renames[row]
    local pending = work.pending_renames[email_room.fold(rename.from)]
    if pending and email_room.fold(pending) == email_room.fold(rename.to) then
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

--- Single actions, where they are not done already.
---@param work table a draft
function M.actions(work)
  for _, action in ipairs(work.declared.actions) do
    local found = image_of(work, action.subject)
    local kind = action.kind
    if found.status == "absent" then
      work.problems[#work.problems + 1] = {
        code = "no_such_user",
        subject = action.subject,
        reason = "is not in the directory",
        origin = "actions",
      }
    elseif not image.holds(found, { kind = kind }) then
      add(work, kind, action.subject, { reason = "asked for", rule = "action", origin = "actions" })
    end
  end
end

return M

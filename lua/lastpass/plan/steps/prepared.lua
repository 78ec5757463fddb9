--- Steps that need what the REST API says: people who are staged instead of invited, and admin levels.
-- @module lastpass.plan.steps.prepared
local rest_changes = require "lastpass.directory.rest_changes"
local state = require "lastpass.plan.state"

local M = {}

local WAITS = {
  awaiting_approval = "waits for an approval in the Admin Console; nothing is done until then",
  expired_invitation = "let the invitation expire; inviting them sends it again",
}

local NO_GROUPS =
  "%d people are staged without their groups, which they get once they have accepted"

--- Decides about somebody new who is staged, waits, or is to be staged.
---@param builder lastpass.plan.Builder
---@param row integer of the desired state
---@param extra table what is declared beside the core's row
---@return boolean taken false: they are created and invited
function M.take(builder, row, extra)
  local address, fullname, names = builder.declared.desired:row(row)
  local is_staged = extra.staged
  if is_staged == nil then
    is_staged = builder.declared.settings.create == "staged"
  end
  local status = builder:state_of(address).status
  if WAITS[status] then
    builder:problem(status, address, WAITS[status], builder.declared:origin(row))
    return true
  elseif not is_staged then
    return false
  elseif status == "absent" then
    local after = { fullname = fullname }
    builder:add("stage", address, builder:cause(row, "is not in the directory", nil, after))
    builder.without_groups = (builder.without_groups or 0) + (names and #names > 0 and 1 or 0)
  end
  return true
end

local UNKNOWN = "it cannot be read whether they have the admin level %s, so a playbook cannot "
  .. "keep it; it can be given directly"
local LATER = "%d people get their admin level once they have an account"

local function give_level(builder, row, wanted, accounts)
  local subject, origin = builder:subject_of(row), builder.declared:origin(row)
  local level, message, err = accounts:level(wanted)
  if not level then
    return builder:problem(err.code, subject, ("%s; %s"):format(message, err.hint), origin)
  end
  local now, account = builder:state_of(subject), accounts:of(subject)
  if now.status ~= "active" then
    builder.without_levels = (builder.without_levels or 0) + (now.status ~= "disabled" and 1 or 0)
  elseif not account or account.is_duplicate then
    builder:problem("no_such_user", subject, "is not known to the REST API", origin)
  elseif accounts.level_gap and (now.admin or not rest_changes.is_full_level(level.name)) then
    builder:problem("level_unknown", subject, UNKNOWN:format(level.name), origin)
  elseif now.admin_level ~= level.name then
    local before = account.level_id and { level = account.admin_level, level_id = account.level_id }
    local after = { level = level.name, level_id = level.id }
    builder:add(
      "admin_level",
      subject,
      builder:cause(row, "has another admin level", before, after)
    )
  end
end

--- Admin levels of declared people; and what is done later is noted.
---@param builder lastpass.plan.Builder
function M.levels(builder)
  local rows, accounts = {}, state.accounts(builder.snapshot)
  for row, extra in pairs(builder.declared.extras) do
    local _, _, _, active = builder.declared.desired:row(row)
    if
      extra.admin_level
      and active ~= false
      and not builder:is_gone(row)
      and not builder:row_in_doubt(row)
    then
      rows[#rows + 1] = row
    end
  end
  table.sort(rows)
  for _, row in ipairs(rows) do
    give_level(builder, row, builder.declared.extras[row].admin_level, accounts)
  end
  for _, note in ipairs { { "without_groups", NO_GROUPS }, { "without_levels", LATER } } do
    if (builder[note[1]] or 0) > 0 then
      builder:warn(note[2], builder[note[1]])
    end
  end
end

return M

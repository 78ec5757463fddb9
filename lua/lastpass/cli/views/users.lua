--- How users are shown.
-- @module lastpass.cli.views.users
local core = require "lastpass.core"

local M = {
  name = "users",
  key = "email",
  fields = {
    "email",
    "fullname",
    "status",
    "admin",
    "groups",
    "mfa",
    "created",
    "last_login",
    "last_password_change",
    "never_logged_in",
    "password_reset_required",
    "password_strength",
    "security_score",
    "sites",
    "notes",
    "form_fills",
    "applications",
    "attachments",
    "duo_username",
    "linked_account",
    "has_sharing_keys",
    "id",
  },
  columns = {
    "email",
    { field = "fullname", title = "name", rank = 1 },
    "status",
    { field = "admin", rank = 2 },
    { field = "mfa", max = 20, rank = 3 },
    { field = "groups", rank = 4 },
    { field = "last_login", rank = 5 },
  },
  times = { created = true, last_login = true, last_password_change = true },
}

local tones = { disabled = "dim", invited = "warn" }

--- Disabled people step back, invited ones stand out.
function M.tone(user)
  return tones[user.status]
end

--- Rows may be a snapshot, whose users are asked for then.
function M.each(rows)
  return type(rows) == "table" and rows.users and rows:users() or rows
end

-- So many users at once: below the size from which malloc asks the system for each text.
local AT_ONCE = 100

local forms = { json = { "[\n", ",\n", "\n]\n", "[]\n" }, ndjson = { "", "\n", "\n", "" } }

--- Writes JSON from the snapshot's own rows, without a Lua value for each field.
---@param session lastpass.cli.Session
---@param plan table form, fields
---@param rows any
---@return boolean written
function M.fast(session, plan, rows)
  local form = forms[plan.form]
  if not form or type(rows) ~= "table" or not rows._rows then
    return false
  end
  local zone = rows._client:zone()
  local write = core.user_lines(plan.fields, function(civil)
    return (zone:to_utc(civil))
  end)
  local json = require "lastpass.cli.output.json"
  local before, count = form[1], #rows._rows
  for first = 1, count, AT_ONCE do
    local last = math.min(first + AT_ONCE - 1, count)
    session.streams:write(before, write(rows._rows, first, last, form[2]))
    before = form[2]
  end
  for _, email in ipairs(rows._invited) do
    session.streams:write(before, json.object(M, plan.fields, rows:user(email)))
    before = form[2]
  end
  session.streams:write(before == form[1] and form[4] or form[3])
  return true
end

return M

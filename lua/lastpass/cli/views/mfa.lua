--- How answers of second factors, and the directory of LastPass MFA, are shown.
-- @module lastpass.cli.views.mfa
local M = {}

local outcome_tones = {
  approved = "good",
  pending = "dim",
  throttled = "warn",
  unreachable = "warn",
  error = "warn",
}

M.mfa_result = {
  name = "results",
  key = "user",
  fields = {
    "user",
    "ok",
    "outcome",
    "raw",
    "code",
    "meaning",
    "evidence",
    "asked_method",
    "retry_after",
    "log_id",
  },
  columns = { "user", "outcome", { field = "meaning", wrap = true }, { field = "raw" } },
  tone = function(result)
    return outcome_tones[result.outcome] or "bad"
  end,
}

M.mfa_users = {
  name = "users",
  key = "email",
  fields = {
    "email",
    "first_name",
    "last_name",
    "status",
    "phone_number",
    "secondary_email",
    "department",
    "employee_id",
    "description",
    "sam_account_name",
    "organizational_unit",
    "attributes",
  },
  columns = {
    "email",
    "first_name",
    "last_name",
    { field = "status" },
    { field = "department", rank = 1 },
  },
  get = function(user, field)
    if field == "status" then
      return user.raw and user.raw.Status
    end
    return user[field]
  end,
}

M.mfa_groups = {
  name = "groups",
  key = "name",
  fields = { "name", "id" },
  columns = { "name", "id" },
}

M.mfa_roles = {
  name = "roles",
  key = "id",
  fields = { "name", "id", "order" },
  columns = { "name", "id", { field = "order", align = "right" } },
}

M.mfa_members = {
  name = "members",
  key = "name",
  fields = { "name", "kind" },
  columns = { "name", "kind" },
}

return M

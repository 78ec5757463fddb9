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

M.mfa_code = {
  name = "results",
  key = "user",
  fields = M.mfa_result.fields,
  columns = { "user", "outcome", { field = "meaning", wrap = true } },
  tone = M.mfa_result.tone,
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

local row_tones = { unsafe = "bad", too_short = "bad", ok = "good", skipped = "dim" }

M.mfa_doctor = {
  name = "checks",
  key = "check",
  fields = { "check", "state", "place", "found", "expected", "problem", "fix" },
  columns = {
    "state",
    "check",
    { field = "place", wrap = true },
    { field = "found", wrap = true },
    { field = "problem", wrap = true },
    { field = "fix", wrap = true, title = "what to do" },
  },
  tone = function(row)
    return row_tones[row.state]
  end,
}

return M

--- How what the REST API lists is shown.
-- @module lastpass.cli.views.rest
local M = {}

M.rest_levels = {
  name = "levels",
  key = "name",
  fields = { "id", "name", "description", "permissions", "managed_companies_permissions", "users" },
  columns = {
    "id",
    "name",
    { field = "description", wrap = true, rank = 1 },
    { field = "permissions", wrap = true, rank = 2 },
    { field = "users", align = "right" },
  },
}

M.rest_companies = {
  name = "companies",
  key = "name",
  fields = { "id", "name", "status", "type", "license_limit", "addons", "parent_id" },
  columns = {
    "id",
    "name",
    "status",
    "type",
    { field = "license_limit", align = "right", title = "seats" },
    "addons",
    { field = "parent_id", title = "parent" },
  },
  tone = function(company)
    return company.status == "suspended" and "dim" or nil
  end,
}

M.rest_cycles = {
  name = "cycles",
  key = "start_date",
  fields = { "start_date", "end_date" },
  columns = { "start_date", "end_date" },
}

M.rest_billing = {
  name = "records",
  key = "company_name",
  fields = { "company_id", "company_name", "license_type", "license_limit", "used_licenses" },
  columns = {
    "company_id",
    "company_name",
    { field = "license_type", title = "type" },
    { field = "license_limit", align = "right", title = "seats" },
    { field = "used_licenses", align = "right", title = "used" },
  },
}

M.rest_admins = {
  name = "admins",
  key = "email",
  fields = { "company_id", "company", "email", "level", "level_id", "user_id" },
  columns = { "company", "email", "level" },
}

return M

--- The operations that the vendor documents, one row each: what the client's methods are made of, and what the sandbox
-- answers (business §2). What is only named or inferred there is not here: `client:request` sends it.
-- @module lastpass.business.operations
local errors = require "lastpass.error"
local option_kinds = require "lastpass.option_kinds"

local one_of, whole = option_kinds.one_of, option_kinds.whole

local M = {}

--- What a user can be (business §2.2).
M.account_statuses = {
  "enrolled",
  "pending-invitation",
  "expired-invitation",
  "staged",
  "disabled",
  "awaiting-approval",
}

-- A word or a list of them; on the wire they stand with commas between (business §1.2).
local function some_of(words)
  local known = errors.set_of(words)
  return function(value)
    local list = type(value) == "table" and value or { value }
    for _, word in ipairs(list) do
      if not known[word] then
        return false, "one or several of " .. table.concat(words, ", ")
      end
    end
    return #list > 0, "one or several of " .. table.concat(words, ", ")
  end
end

-- Ids are 64-bit integers; what a Lua number may not hold is written as text (business §1.6).
local function id(value)
  if type(value) == "number" then
    return value == math.floor(value) and value >= 0 and value <= 2 ^ 53,
      "an id: an integer, or its digits as a string"
  end
  return type(value) == "string" and value:find "^%d+$" and #value <= 19 or false,
    "an id: an integer, or its digits as a string"
end

local function date(value)
  return type(value) == "string" and value:find "^%d%d%d%d%-%d%d%-%d%d$" and true or false,
    "a date as 2026-11-30"
end

local function text(value)
  return type(value) == "string" and value ~= "" and #value <= 300, "a text of 1 to 300 bytes"
end

M.id, M.date = id, date

local name_sort = one_of { "name:asc", "name:desc" }

---@class lastpass.business.Operation
---@field name string       the client's method
---@field operation string  the vendor's name of it
---@field kind "list"|"array"|"one"|"write"|"job"|"done" what comes: pages, a
-- bare array, an object, the object that was made, a 202, nothing
---@field method string
---@field path string       with {parameters} in the order of the method's arguments
---@field most? integer     the largest page
---@field query? table      option to {kind, name on the wire}
---@field body? table       option to {kind, name on the wire}
---@field required? string[] options that must be given
---@field does string

---@type lastpass.business.Operation[]
M.list = {
  {
    name = "users",
    operation = "listUsers",
    kind = "list",
    method = "GET",
    path = "/v1/users",
    most = 500,
    query = {
      name = { text, "name" },
      email = { text, "email" },
      account_status = { one_of(M.account_statuses), "account-status" },
      sort = { text, "sort" },
    },
    does = "the company's people; % stands for anything in `name` and `email`",
  },
  {
    name = "create_user",
    operation = "createUser",
    kind = "write",
    method = "POST",
    path = "/v1/users",
    body = {
      email = { text, "email" },
      name = { text, "name" },
      action = { one_of { "invite", "stage" }, "creationAccountAction" },
    },
    required = { "email", "action" },
    does = "creates somebody: invited by mail, or staged, which sends none",
  },
  {
    name = "admin_levels",
    operation = "listAdminLevels",
    kind = "list",
    method = "GET",
    path = "/v1/admin-levels",
    most = 50,
    query = { name = { text, "name" }, sort = { name_sort, "sort" } },
    does = "the admin levels and what they permit",
  },
  {
    name = "add_user_to_admin_level",
    operation = "addUserToAdminLevel",
    kind = "write",
    method = "POST",
    path = "/v1/admin-levels/{admin-level-id}/users",
    body = { user_id = { id, "userId" } },
    required = { "user_id" },
    does = "gives somebody an admin level; the former one ends",
  },
  {
    name = "managed_companies",
    operation = "listManagedCompanies",
    kind = "list",
    method = "GET",
    path = "/v1/managed-companies",
    most = 500,
    query = {
      parent_id = { id, "parent-id" },
      name = { text, "name" },
      license_limit = { text, "license-limit" },
      status = { some_of { "active", "suspended" }, "status" },
      type = { some_of { "managed", "managed-msp", "msp" }, "type" },
      addon = { some_of { "mfa", "sso" }, "addon" },
      sort = { text, "sort" },
    },
    does = "the companies that this one manages; `parent_id` for one of them and all below it",
  },
  {
    name = "create_managed_company",
    operation = "createManagedCompany",
    kind = "job",
    method = "POST",
    path = "/v1/managed-companies",
    body = {
      name = { text, "name" },
      license_limit = { whole(0, 2147483647), "licenseLimit" },
      type = { one_of { "managed", "managed-msp" }, "type" },
      addons = { some_of { "mfa", "sso" }, "addons" },
      parent_id = { id, "parentId" },
    },
    required = { "name", "license_limit", "type" },
    does = "creates a company below this one, or below `parent_id`",
  },
  {
    name = "update_managed_company",
    operation = "updateManagedCompany",
    kind = "job",
    method = "PUT",
    path = "/v1/managed-companies/{child-company-id}",
    body = {
      license_limit = { whole(0, 2147483647), "licenseLimit" },
      status = { one_of { "active", "suspended" }, "status" },
      addons = {
        function(value)
          if type(value) == "table" and next(value) == nil then
            return true
          end
          return some_of { "mfa", "sso" }(value)
        end,
        "addons",
      },
    },
    -- a PUT: what is left out may be reset
    required = { "license_limit", "status", "addons" },
    does = "replaces a managed company's limit, status and addons, all three",
  },
  {
    name = "detach_managed_company",
    operation = "detachManagedCompany",
    kind = "done",
    method = "DELETE",
    path = "/v1/managed-companies/{child-company-id}",
    does = "ends the managed relation; the company lives on, and no call brings it back",
  },
  {
    name = "managed_company_user",
    operation = "getManagedCompanyUser",
    kind = "one",
    method = "GET",
    path = "/v1/managed-companies/{child-company-id}/users/{user-id}",
    does = "somebody of a managed company",
  },
  {
    name = "managed_company_admin_level",
    operation = "getManagedCompanyAdminLevel",
    kind = "one",
    method = "GET",
    path = "/v1/managed-companies/{child-company-id}/admin-levels/{admin-level-id}",
    does = "an admin level of a managed company",
  },
  {
    name = "managed_company_admin_level_users",
    operation = "listManagedCompanyAdminLevelUsers",
    kind = "list",
    method = "GET",
    path = "/v1/managed-companies/{child-company-id}/admin-levels/{admin-level-id}/users",
    most = 500,
    query = {},
    does = "who has an admin level in a managed company",
  },
  {
    name = "billing_cycles",
    operation = "listBillingCycles",
    kind = "array",
    method = "GET",
    path = "/v1/managed-companies-reports/billing-cycles",
    query = { number = { whole(1, 12), "number-of-cycles" } },
    does = "the newest billing cycles: start_date, end_date",
  },
  {
    name = "billing_reports",
    operation = "listBillingReports",
    kind = "list",
    method = "GET",
    path = "/v1/managed-companies-reports/billing-reports",
    most = 50,
    query = {
      start_date = { date, "start-date" },
      end_date = { date, "end-date" },
      license_type = {
        one_of { "msp-distributor", "managed-msp", "msp-managed-company" },
        "license-type",
      },
    },
    required = { "start_date", "end_date" },
    does = "billing records of the companies below; take the dates from a billing cycle",
  },
  {
    name = "managed_companies_admins",
    operation = "listManagedCompaniesAdminUsers",
    kind = "list",
    method = "GET",
    path = "/v1/managed-companies-reports/admin-users",
    most = 500,
    query = {},
    does = "the admins of all companies below",
  },
}

return M

--- The changes that the REST API alone makes (business §2.2, §2.3): rows of `lastpass.directory.changes`.
-- @module lastpass.directory.rest_changes
local M = {}

local REST_ONLY =
  "the REST API does it by %s; neither the Enterprise API nor SCIM has such an operation"
local STAGE, GIVE_LEVEL = "POST /v1/users", "POST /v1/admin-levels/{id}/users"

--- Prepares somebody: no mail is sent, and the directory does not show them.
M.stage = {
  name = "stage",
  rest = STAGE,
  scim = REST_ONLY:format(STAGE),
  fields = { "fullname" },
  takes = {
    { name = "username", type = "address", required = true },
    { name = "fullname", type = "string" },
  },
  phase = 1,
  verb = "prepare without an invitation",
  status = "staged",
  reversal = "hard",
  lost = "is staged; no documented call takes that back, the Admin Console does",
  limits = { { "stage", "25%", "people staged", least = 25 } },
}

--- Gives an admin level. Somebody has one of them, and no call takes the last one away.
M.admin_level = {
  name = "admin_level",
  rest = GIVE_LEVEL,
  scim = REST_ONLY:format(GIVE_LEVEL),
  fields = { "level", "level_id" },
  needs = { level = "string", level_id = "string" },
  takes = {
    { name = "username", type = "address", required = true },
    { name = "level", type = "string", required = true },
  },
  phase = 4,
  verb = "give the admin level",
  reversal = "hard", -- there is a way back to another level, and none to no level
  undone_by = { "admin_level" },
  limits = { { "admin_level", "2%", "admin levels given" } },
  weakens = true, -- the former level ends (business §2.3)
}

-- Built-in levels with which somebody is still an admin of the company. What a custom one permits is not known.
local FULL_LEVELS = { admin = true, ["super admin"] = true }

--- Whether somebody with that level is an admin of the company, as far as that is known.
---@param name string
---@return boolean
function M.is_full_level(name)
  return FULL_LEVELS[name:lower()] or false
end

return M

--- JSON with the members of an object in the order of the documentation: `id` first, the raw record
-- last. Names that the order does not know follow, sorted; equal values give equal bytes.
-- @module lastpass.unified.encode
local json = require "lastpass.json"

local M = {}

local order = {
  "id",
  "external_id",
  "identifiers",
  "user_id",
  "role_id",
  "group_id",
  "first_name",
  "last_name",
  "name",
  "label",
  "title",
  "username",
  "email",
  "emails",
  "phones",
  "description",
  "status",
  "action",
  "actor",
  "type",
  "is_primary",
  "is_email_verified",
  "is_2fa_enabled",
  "roles",
  "organization",
  "organizations",
  "user_type",
  "group_type",
  "workspace",
  "applicable_in",
  "licenses",
  "groups",
  "workspaces",
  "created_at",
  "updated_at",
  "last_login_at",
  "last_active_at",
}

local rank, quoted = { remote_data = 1000 }, { remote_data = '"remote_data":' }
for place, name in ipairs(order) do
  rank[name], quoted[name] = place, ('"%s":'):format(name)
end

local function before(a, b)
  local one, other = rank[a] or 500, rank[b] or 500
  if one ~= other then
    return one < other
  end
  return a < b
end

local function names_of(object)
  local names = {}
  for name in pairs(object) do
    names[#names + 1] = name
  end
  table.sort(names, before)
  return names
end

local encode

local function encode_object(object)
  local parts = {}
  for place, name in ipairs(names_of(object)) do
    parts[place] = (quoted[name] or json.encode(name) .. ":") .. encode(object[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value)
  if type(value) ~= "table" then
    return json.encode(value)
  elseif #value > 0 or json.is_list(value) then
    local parts = {}
    for place = 1, #value do
      parts[place] = encode(value[place])
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  return encode_object(value)
end

--- Writes a value.
---@param value any
---@return string
M.encode = encode

return M

--- Open Cybersecurity Schema Framework 1.5 (https://schema.ocsf.io/1.5.0), one object a line:
-- Authentication, Account Change, User Access Management, Group Management, Entity Management, and
-- the base event for what is none of them. What the classes may and must have is in
-- spec/support/ocsf_rules.lua.
-- @module lastpass.export.formats.ocsf
local json = require "lastpass.json"
local writer = require "lastpass.export.writer"

local M = {}

local VERSION = "1.5.0"

local severities = {
  info = { 1, "Informational" },
  low = { 2, "Low" },
  medium = { 3, "Medium" },
  high = { 4, "High" },
}

local outcomes = { success = { 1, "Success" }, failure = { 2, "Failure" } }

-- Classes: number, name, activities by verb.
local classes = {
  authentication = {
    3002,
    "Authentication",
    {
      login = { 1, "Logon" },
      login_failed = { 1, "Logon" },
      logout = { 2, "Logoff" },
      preauth = {
        6,
        "Preauth",
      },
    },
  },
  account = {
    3001,
    "Account Change",
    {
      create = { 1, "Create" },
      enable = { 2, "Enable" },
      password = { 3, "Password Change" },
      password_reset = { 4, "Password Reset" },
      disable = { 5, "Disable" },
      delete = { 6, "Delete" },
      lock = { 9, "Lock" },
      enable_multifactor = { 10, "MFA Factor Enable" },
      disable_multifactor = { 11, "MFA Factor Disable" },
    },
  },
  access = {
    3005,
    "User Access Management",
    { grant = { 1, "Assign Privileges" }, revoke = { 2, "Revoke Privileges" } },
  },
  group = {
    3006,
    "Group Management",
    {
      grant = { 3, "Add User" },
      revoke = { 4, "Remove User" },
      delete = { 5, "Delete" },
      create = { 6, "Create" },
    },
  },
  entity = {
    3004,
    "Entity Management",
    {
      create = { 1, "Create" },
      read = { 2, "Read" },
      change = { 3, "Update" },
      delete = { 4, "Delete" },
    },
  },
  base = { 0, "Base Event", {} },
}

-- The order of the templates below.
local order = { "authentication", "account", "access", "group", "entity", "base" }

local function class_of(action)
  local is_access = action.verb == "grant" or action.verb == "revoke"
  if action.category == "authentication" or action.category == "group" then
    return action.category
  elseif action.category == "account" then
    return is_access and "access" or "account"
  elseif action.category == "sharing" then
    return is_access and "access" or "entity"
  elseif action.category == "vault" or action.category == "configuration" then
    return "entity"
  end
  return "base"
end

local function user(field)
  return { '{"name":"', { "text", field, "json" }, '"}' }
end

-- A class needs a user also where the event names none.
local function user_or(field, other)
  return {
    "when",
    field,
    user(field),
    { { "when", other, user(other), { '{"name":"unknown"}' } } },
  }
end

local actor = {
  "when",
  "username",
  { ',"actor":{"user":{"name":"', {
    "text",
    "username",
    "json",
  }, '"}}' },
}

-- What was managed, by kinds that the schema has a number for and those that it has not.
local function entity_of(kind, number, caption)
  return {
    ('"type_id":%d,"type":"%s","name":"'):format(number, caption),
    { "text", kind, "json" },
    '"',
  }
end

local managed = {
  { "policy", 5, "Policy" },
  { "item", 99, "Vault item" },
  { "site", 99, "Site" },
  { "folder", 99, "Shared folder" },
  { "group", 3, "Group" },
  { "user", 2, "User" },
}

local entity = { '"type_id":99,"type":"Account","name":"LastPass"' }
for position = #managed, 1, -1 do
  local one = managed[position]
  entity = { { "when", one[1], entity_of(one[1], one[2], one[3]), entity } }
end

local source = {
  "when",
  "ip",
  { ',"src_endpoint":{"ip":"', { "text", "address", "json" }, '"}' },
}

-- What an access is to, in words: the schema wants the names of privileges.
local privileges = {
  admin_granted = "Administrator",
  admin_revoked = "Administrator",
  folder_permissions_changed = "Shared folder permissions",
  folder_limited = "Limited shared folder access",
}

-- What each class has beside the rest.
local own = {
  authentication = {
    ',"user":',
    user_or("username", "user"),
    ',"service":{"name":"LastPass"}',
    actor,
    source,
  },
  account = { ',"user":', user_or("user", "username"), actor, source },
  access = {
    ',"user":',
    user_or("user", "username"),
    actor,
    source,
    { "slot", 3 },
    {
      "when",
      "folder",
      { ',"resources":[{"type":"Shared folder","name":"', { "text", "folder", "json" }, '"}]' },
    },
  },
  group = {
    ',"group":{"name":"',
    { "when", "group", { { "text", "group", "json" } }, { "unknown" } },
    '"}',
    { "when", "user", { ',"user":', user("user")[1], user("user")[2], user("user")[3] } },
    actor,
    source,
  },
  entity = { ',"entity":{', entity[1], "}", actor, source },
  base = {},
}

local function describe(action)
  local name = class_of(action)
  local class, index = classes[name], 1
  for position, other in ipairs(order) do
    index = other == name and position or index
  end
  local activity = class[3][action.verb] or { 99, "Other" }
  local severity = severities[action.severity]
  local outcome = outcomes[action.outcome] or { 0, "Unknown" }
  local head = {
    class_uid = class[1],
    class_name = class[2],
    category_uid = math.floor(class[1] / 1000),
    category_name = class[1] == 0 and "Uncategorized" or "Identity & Access Management",
    activity_id = activity[1],
    activity_name = activity[1] == 99 and action.id or activity[2],
    type_uid = class[1] * 100 + activity[1],
    type_name = class[2] .. ": " .. activity[2],
    severity_id = severity[1],
    severity = severity[2],
    status_id = outcome[1],
    status = outcome[2],
  }
  return index,
    {
      "{" .. json.encode(head):sub(2, -2),
      (',"unmapped":{"id":"%s","category":"%s","action":"'):format(action.id, action.category),
      (',"privileges":["%s"]'):format(privileges[action.id] or "Shared folder access"),
      action.id,
    }
end

--- Opens the format.
---@param options table {cid}
---@return table format
function M.ocsf(options)
  local metadata = {
    version = VERSION,
    product = {
      name = writer.PRODUCT,
      vendor_name = writer.VENDOR,
    },
    log_name = "reporting",
    log_provider = "LastPass Enterprise API",
    tenant_uid = ("%.0f"):format(tonumber(options.cid) or 0),
  }
  local before = {
    { "slot", 1 },
    ',"time":',
    { "when", "time", { { "time", "milliseconds" } }, { "0" } },
    ',"metadata":' .. json.encode(metadata):sub(1, -2) .. ',"uid":"',
    { "text", "event_id", "json" },
    '","event_code":"',
    { "slot", 4 },
    '","original_time":"',
    { "text", "local_time", "json" },
    '"}',
  }
  local after = {
    ',"message":"',
    { "text", "label", "json" },
    { "when", "data", { ": ", { "text", "data", "json" } } },
    '"',
    { "slot", 2 },
    { "text", "label", "json" },
    '","actor":"',
    { "text", "username", "json" },
    '","ip":"',
    { "text", "address", "json" },
    '","targets":[',
    writer.json_targets(),
    '],"data":"',
    { "text", "data", "json" },
    '"',
    { "when", "ambiguous", { ',"time_ambiguous":true' } },
    "}}",
  }
  local templates = {}
  for position, name in ipairs(order) do
    templates[position] = writer.wrap(before, own[name], after)
  end
  return {
    templates = templates,
    slots = 4,
    describe = describe,
    media_type = "application/x-ndjson",
  }
end

return M

--- What the Open Cybersecurity Schema Framework, version 1.5.0, says of the classes and objects that
-- `format = "ocsf"` writes: which attributes there are, of which type, which must be there, and what
-- numbers mean. An attribute that is not here may not be written.
--
-- Types: "string", "integer", "list" (of strings), "object" (any), or the name of an object below.
-- "[x]" is a list of x.
local M = {}

M.version = "1.5.0"

-- Number and caption go together; 0 and 99 are everywhere.
M.severities = {
  [0] = "Unknown",
  [1] = "Informational",
  [2] = "Low",
  [3] = "Medium",
  [4] = "High",
  [5] = "Critical",
  [6] = "Fatal",
  [99] = "Other",
}
M.statuses = { [0] = "Unknown", [1] = "Success", [2] = "Failure", [99] = "Other" }
M.categories = { [0] = "Uncategorized", [3] = "Identity & Access Management" }

-- What every class has. `profile`: only when metadata.profiles names it.
M.base = {
  activity_id = { "integer", required = true },
  activity_name = { "string" },
  category_uid = { "integer", required = true },
  category_name = { "string" },
  class_uid = { "integer", required = true },
  class_name = { "string" },
  type_uid = { "integer", required = true },
  type_name = { "string" },
  severity_id = { "integer", required = true },
  severity = { "string" },
  status_id = { "integer" },
  status = { "string" },
  status_code = { "string" },
  status_detail = { "string" },
  time = { "integer", required = true },
  timezone_offset = { "integer" },
  metadata = { "metadata", required = true },
  message = { "string" },
  count = { "integer" },
  duration = { "integer" },
  start_time = { "integer" },
  end_time = { "integer" },
  raw_data = { "string" },
  unmapped = { "object" },
  actor = { "actor", profile = "host" },
  device = { "object", profile = "host" },
}

-- What the classes of Identity & Access Management have beside; `actor` needs no profile there.
M.iam = { actor = { "actor" }, src_endpoint = { "endpoint" } }

M.classes = {
  [0] = { name = "Base Event", category = 0, activities = {} },
  [3001] = {
    name = "Account Change",
    activities = {
      "Create",
      "Enable",
      "Password Change",
      "Password Reset",
      "Disable",
      "Delete",
      "Attach Policy",
      "Detach Policy",
      "Lock",
      "MFA Factor Enable",
      "MFA Factor Disable",
      "Unlock",
    },
    attributes = {
      user = { "user", required = true },
      user_result = { "user" },
      policies = { "[policy]" },
    },
  },
  [3002] = {
    name = "Authentication",
    activities = {
      "Logon",
      "Logoff",
      "Authentication Ticket",
      "Service Ticket Request",
      "Service Ticket Renew",
      "Preauth",
    },
    attributes = {
      user = { "user", required = true },
      service = { "service" },
      dst_endpoint = { "endpoint" },
    },
    one_of = { "service", "dst_endpoint" },
  },
  [3004] = {
    name = "Entity Management",
    activities = {
      "Create",
      "Read",
      "Update",
      "Delete",
      "Move",
      "Enroll",
      "Unenroll",
      "Enable",
      "Disable",
      "Activate",
      "Deactivate",
      "Suspend",
      "Resume",
    },
    attributes = {
      entity = { "managed_entity", required = true },
      entity_result = { "managed_entity" },
      comment = { "string" },
    },
  },
  [3005] = {
    name = "User Access Management",
    activities = { "Assign Privileges", "Revoke Privileges" },
    attributes = {
      user = { "user", required = true },
      privileges = { "list", required = true },
      resources = { "[resource]" },
    },
  },
  [3006] = {
    name = "Group Management",
    activities = {
      "Assign Privileges",
      "Revoke Privileges",
      "Add User",
      "Remove User",
      "Delete",
      "Create",
    },
    attributes = {
      group = { "group", required = true },
      user = { "user" },
      privileges = { "list" },
      resource = { "resource" },
    },
  },
}

M.objects = {
  metadata = {
    attributes = {
      version = { "string", required = true },
      product = { "product", required = true },
      uid = { "string" },
      event_code = { "string" },
      log_name = { "string" },
      log_provider = { "string" },
      original_time = { "string" },
      tenant_uid = { "string" },
      profiles = { "list" },
    },
  },
  product = {
    attributes = { name = { "string" }, vendor_name = { "string" }, version = { "string" } },
    one_of = { "name", "uid" },
  },
  actor = {
    attributes = { user = { "user" }, app_name = { "string" } },
    one_of = { "user", "app_name" },
  },
  user = {
    attributes = {
      name = { "string" },
      uid = { "string" },
      email_addr = { "string" },
      type = { "string" },
      type_id = { "integer" },
    },
    one_of = { "name", "uid", "account" },
    types = { [0] = "Unknown", "User", "Admin", "System", [99] = true },
  },
  group = {
    attributes = { name = { "string" }, uid = { "string" }, type = { "string" } },
    one_of = { "name", "uid" },
  },
  policy = {
    attributes = { name = { "string" }, uid = { "string" } },
    one_of = { "name", "uid" },
  },
  service = {
    attributes = { name = { "string" }, uid = { "string" }, version = { "string" } },
    one_of = { "name", "uid" },
  },
  resource = {
    attributes = { name = { "string" }, uid = { "string" }, type = { "string" } },
    one_of = { "name", "uid" },
  },
  endpoint = {
    attributes = { ip = { "string" }, hostname = { "string" }, name = { "string" } },
    one_of = { "ip", "hostname", "name" },
  },
  managed_entity = {
    attributes = {
      name = { "string" },
      uid = { "string" },
      type = { "string" },
      type_id = { "integer" },
      user = { "user" },
      group = { "group" },
      policy = { "policy" },
    },
    one_of = { "name", "uid", "user", "group", "policy" },
    -- 99: the type says it in the source's own words
    types = {
      [0] = "Unknown",
      "Device",
      "User",
      "Group",
      "Organization",
      "Policy",
      "Email",
      "Network Zone",
      [99] = true,
    },
  },
}

local function complain(list, where, ...)
  list[#list + 1] = where .. ": " .. (...):format(select(2, ...))
end

local check_object

local function check_value(list, where, value, kind)
  local element = kind:match "^%[(.*)%]$"
  if kind == "list" or element then
    if type(value) ~= "table" or #value == 0 then
      return complain(list, where, "a list expected")
    end
    for position, one in ipairs(value) do
      check_value(list, where .. "." .. position, one, element or "string")
    end
  elseif kind == "string" then
    if type(value) ~= "string" or value == "" then
      complain(list, where, "a string expected")
    end
  elseif kind == "integer" then
    if type(value) ~= "number" or value % 1 ~= 0 then
      complain(list, where, "an integer expected")
    end
  elseif type(value) ~= "table" then
    complain(list, where, "an object expected")
  elseif kind ~= "object" then
    check_object(list, where, value, M.objects[kind])
  end
end

local function check_attributes(list, where, object, rules, profiles)
  for name, value in pairs(object) do
    local rule = rules[name]
    if not rule then
      complain(list, where, "there is no attribute '%s'", name)
    elseif rule.profile and not profiles[rule.profile] then
      complain(list, where, "'%s' needs the profile '%s'", name, rule.profile)
    else
      check_value(list, where .. "." .. name, value, rule[1])
    end
  end
  for name, rule in pairs(rules) do
    if rule.required and object[name] == nil then
      complain(list, where, "'%s' is required", name)
    end
  end
end

local function check_one_of(list, where, object, names)
  for _, name in ipairs(names or {}) do
    if object[name] ~= nil then
      return
    end
  end
  if names then
    complain(list, where, "one of %s is required", table.concat(names, ", "))
  end
end

function check_object(list, where, object, rules)
  check_attributes(list, where, object, rules.attributes, {})
  check_one_of(list, where, object, rules.one_of)
  local caption = rules.types and object.type_id and rules.types[object.type_id]
  if object.type_id and not caption then
    complain(list, where, "type_id %s is none", object.type_id)
  elseif type(caption) == "string" and object.type ~= caption then
    complain(list, where, "type must be '%s'", caption)
  end
end

local function check_caption(list, event, number, name, captions)
  local caption = captions[event[number]]
  if not caption then
    complain(list, number, "%s is none", tostring(event[number]))
  elseif event[name] ~= caption then
    complain(list, name, "'%s' expected, not '%s'", caption, tostring(event[name]))
  end
end

local function activity_of(class, number)
  return number == 0 and "Unknown" or number == 99 and "Other" or class.activities[number]
end

--- What is wrong with an event.
---@param event table decoded
---@return string[] complaints
function M.check(event)
  local list, class = {}, M.classes[event.class_uid]
  if not class then
    return { ("class_uid %s is none"):format(tostring(event.class_uid)) }
  end
  local rules, profiles = {}, {}
  for _, set in ipairs { M.base, event.class_uid > 0 and M.iam or {}, class.attributes or {} } do
    for name, rule in pairs(set) do
      rules[name] = rule
    end
  end
  for _, profile in ipairs(event.metadata and event.metadata.profiles or {}) do
    profiles[profile] = true
  end
  check_attributes(list, "event", event, rules, profiles)
  check_one_of(list, "event", event, class.one_of)
  check_caption(list, event, "severity_id", "severity", M.severities)
  check_caption(list, event, "status_id", "status", M.statuses)
  check_caption(list, event, "category_uid", "category_name", M.categories)
  local activity = activity_of(class, event.activity_id)
  if not activity then
    complain(list, "activity_id", "%s is none of %s", tostring(event.activity_id), class.name)
  elseif event.activity_id ~= 99 and event.activity_name ~= activity then
    complain(list, "activity_name", "'%s' expected", activity)
  elseif event.type_name ~= class.name .. ": " .. activity then
    complain(list, "type_name", "'%s: %s' expected", class.name, activity)
  end
  if event.class_name ~= class.name then
    complain(list, "class_name", "'%s' expected", class.name)
  end
  if event.category_uid ~= (class.category or 3) then
    complain(list, "category_uid", "%d expected", class.category or 3)
  end
  if event.type_uid ~= event.class_uid * 100 + (event.activity_id or 0) then
    complain(list, "type_uid", "class_uid * 100 + activity_id expected")
  end
  if (event.metadata or {}).version ~= M.version then
    complain(list, "metadata.version", "these are the rules of %s", M.version)
  end
  for _, privilege in ipairs(event.privileges or {}) do
    if privilege:find "_" then
      complain(list, "privileges", "'%s' is the name of an action", privilege)
    end
  end
  return list
end

return M

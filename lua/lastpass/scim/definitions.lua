--- What RFC 7643 defines: URNs, and the attributes of users, of groups and of the enterprise extension with their
-- characteristics (scim §2.1, §2.3). Data only; what is done with it is in `lastpass.scim.schema`.
-- @module lastpass.scim.definitions
local M = {}

local CORE = "urn:ietf:params:scim:schemas:core:2.0:"
local MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"

--- URNs of schemas and messages.
M.URN = {
  user = CORE .. "User",
  group = CORE .. "Group",
  enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
  service_provider_config = CORE .. "ServiceProviderConfig",
  resource_type = CORE .. "ResourceType",
  schema = CORE .. "Schema",
  list = MESSAGES .. "ListResponse",
  search = MESSAGES .. "SearchRequest",
  patch = MESSAGES .. "PatchOp",
  bulk_request = MESSAGES .. "BulkRequest",
  bulk_response = MESSAGES .. "BulkResponse",
  error = MESSAGES .. "Error",
}

--- An attribute with its characteristics; those that the data below leaves out have the RFC's defaults.
---@class lastpass.scim.Attribute
---@field name string
---@field type "string"|"boolean"|"decimal"|"integer"|"dateTime"|"binary"|"reference"|"complex"
---@field multi boolean
---@field required boolean
---@field case_exact boolean
---@field mutability "readWrite"|"readOnly"|"immutable"|"writeOnly"
---@field returned "default"|"always"|"request"|"never"
---@field uniqueness "none"|"server"|"global"
---@field description string
---@field subs? lastpass.scim.Attribute[] of complex ones
---@field sub? table<string, lastpass.scim.Attribute> the same by name in lower case
---@field canonical? string[] suggested values
---@field references? string[] what a reference leads to

local function complete(attribute)
  attribute.name, attribute[1] = attribute[1], nil
  attribute.description, attribute[2] = attribute[2], nil
  attribute.type = attribute.subs and "complex" or attribute.type or "string"
  for _, name in ipairs { "multi", "required", "case_exact" } do
    attribute[name] = attribute[name] or false
  end
  attribute.mutability = attribute.mutability or "readWrite"
  attribute.returned = attribute.returned or "default"
  attribute.uniqueness = attribute.uniqueness or "none"
  if attribute.subs then
    attribute.sub = {}
    for _, sub in ipairs(attribute.subs) do
      complete(sub)
      attribute.sub[sub.name:lower()] = sub
    end
  end
  return attribute
end

local function complete_all(attributes)
  for _, attribute in ipairs(attributes) do
    complete(attribute)
  end
  return attributes
end

-- A multi-valued attribute with the sub-attributes that most have: value, display, type, primary.
local function plural(name, description, about)
  local value = { "value", about.value or "The value.", type = about.value_type }
  value.case_exact, value.references = about.case_exact, about.references
  return {
    name,
    description,
    multi = true,
    subs = {
      value,
      { "display", "A name for the value that people read." },
      { "type", "What the value is for.", canonical = about.types },
      { "primary", "Whether this is the preferred value.", type = "boolean" },
    },
  }
end

--- What every resource has.
M.common = complete_all {
  {
    "schemas",
    "The URNs of the schemas that the resource has data of.",
    type = "reference",
    multi = true,
    case_exact = true,
    mutability = "readOnly",
    returned = "always",
  },
  {
    "id",
    "The server's identifier of the resource.",
    case_exact = true,
    mutability = "readOnly",
    returned = "always",
    uniqueness = "server",
  },
  { "externalId", "The client's identifier of the resource.", case_exact = true },
  {
    "meta",
    "When the resource was made and changed, and where it is.",
    mutability = "readOnly",
    subs = {
      { "resourceType", "The type of the resource.", case_exact = true, mutability = "readOnly" },
      { "created", "When it was made.", type = "dateTime", mutability = "readOnly" },
      { "lastModified", "When it was last changed.", type = "dateTime", mutability = "readOnly" },
      {
        "location",
        "Its URL.",
        type = "reference",
        references = { "uri" },
        case_exact = true,
        mutability = "readOnly",
      },
      { "version", "Its ETag.", case_exact = true, mutability = "readOnly" },
    },
  },
}

local user_attributes = complete_all {
  {
    "userName",
    "The name to log in with: the e-mail address.",
    required = true,
    uniqueness = "server",
  },
  {
    "name",
    "The parts of the user's name.",
    subs = {
      { "formatted", "The full name." },
      { "familyName", "The family name." },
      { "givenName", "The given name." },
      { "middleName", "The middle names." },
      { "honorificPrefix", "A title in front." },
      { "honorificSuffix", "A suffix." },
    },
  },
  { "displayName", "The name to show." },
  { "nickName", "What people call the user." },
  { "profileUrl", "A page about the user.", type = "reference", references = { "external" } },
  { "title", "The job title." },
  { "userType", "How the user belongs to the company." },
  { "preferredLanguage", "The preferred written or spoken language." },
  { "locale", "The place whose formats are used." },
  { "timezone", "The time zone, by its name in the time zone database." },
  { "active", "Whether the user can log in.", type = "boolean" },
  { "password", "A password to set.", mutability = "writeOnly", returned = "never" },
  plural("emails", "E-mail addresses.", { types = { "work", "home", "other" } }),
  plural("phoneNumbers", "Telephone numbers.", {
    types = { "work", "home", "mobile", "fax", "pager", "other" },
  }),
  plural("ims", "Addresses for instant messages.", {
    types = { "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo" },
  }),
  plural("photos", "URLs of pictures.", {
    types = { "photo", "thumbnail" },
    value_type = "reference",
    references = { "external" },
    case_exact = true,
  }),
  {
    "addresses",
    "Postal addresses.",
    multi = true,
    subs = {
      { "formatted", "The whole address." },
      { "streetAddress", "Street and number." },
      { "locality", "City." },
      { "region", "State or region." },
      { "postalCode", "Postal code." },
      { "country", "Country, by two letters." },
      { "type", "What the address is for.", canonical = { "work", "home", "other" } },
      { "primary", "Whether this is the preferred address.", type = "boolean" },
    },
  },
  {
    "groups",
    "The groups that the user is a member of.",
    multi = true,
    mutability = "readOnly",
    subs = {
      { "value", "The group's id.", case_exact = true, mutability = "readOnly" },
      {
        "$ref",
        "The group's URL.",
        type = "reference",
        references = { "User", "Group" },
        mutability = "readOnly",
      },
      { "display", "The group's name.", mutability = "readOnly" },
      {
        "type",
        "Whether the user is a member itself or by another group.",
        canonical = { "direct", "indirect" },
        mutability = "readOnly",
      },
    },
  },
  plural("entitlements", "What the user is entitled to.", {}),
  plural("roles", "Roles of the user.", {}),
  plural("x509Certificates", "Certificates.", { value_type = "binary", case_exact = true }),
}

local enterprise_attributes = complete_all {
  { "employeeNumber", "The number of the employee." },
  { "costCenter", "The cost center." },
  { "organization", "The organization." },
  { "division", "The division." },
  { "department", "The department." },
  {
    "manager",
    "The user's manager.",
    subs = {
      { "value", "The manager's id.", case_exact = true },
      { "$ref", "The manager's URL.", type = "reference", references = { "User" } },
      { "displayName", "The manager's name.", mutability = "readOnly" },
    },
  },
}

local group_attributes = complete_all {
  { "displayName", "The name of the group.", required = true },
  {
    "members",
    "The members of the group.",
    multi = true,
    subs = {
      -- an id, and so exact like `id` itself: two members are never taken for one
      { "value", "The member's id.", case_exact = true, mutability = "immutable" },
      {
        "$ref",
        "The member's URL.",
        type = "reference",
        references = { "User", "Group" },
        mutability = "immutable",
      },
      {
        "type",
        "The type of the member.",
        canonical = { "User", "Group" },
        mutability = "immutable",
      },
      { "display", "The member's name.", mutability = "readOnly" },
    },
  },
}

--- A type of resource, or an extension of one.
---@class lastpass.scim.Type
---@field name string
---@field urn string
---@field description string
---@field endpoint? string "/Users"; extensions have none
---@field extensions? lastpass.scim.Type[]
---@field attributes lastpass.scim.Attribute[] without those that every resource has
---@field index table<string, lastpass.scim.Attribute> by name in lower case, with those

local function index_of(attributes, ...)
  local index = {}
  for _, list in ipairs { attributes, ... } do
    for _, attribute in ipairs(list) do
      index[attribute.name:lower()] = attribute
    end
  end
  return index
end

local enterprise = {
  name = "EnterpriseUser",
  urn = M.URN.enterprise,
  description = "What companies know about a user",
  attributes = enterprise_attributes,
  index = index_of(enterprise_attributes),
}

--- Whether `schemas` of a message or a resource names a URN.
---@param schemas any as it came: what is no list names nothing
---@param urn string
---@return boolean
function M.names(schemas, urn)
  for _, one in ipairs(type(schemas) == "table" and schemas or {}) do
    if type(one) == "string" and one:lower() == urn:lower() then
      return true
    end
  end
  return false
end

--- The types of resources.
---@type table<string, lastpass.scim.Type>
M.types = {
  User = {
    name = "User",
    endpoint = "/Users",
    urn = M.URN.user,
    description = "User Account",
    extensions = { enterprise },
    attributes = user_attributes,
    index = index_of(user_attributes, M.common),
  },
  Group = {
    name = "Group",
    endpoint = "/Groups",
    urn = M.URN.group,
    description = "Group",
    extensions = {},
    attributes = group_attributes,
    index = index_of(group_attributes, M.common),
  },
}

return M

--- The documents in which a server tells what it can do and what it knows (scim §2.4).
-- @module lastpass.scim.documents
local definitions = require "lastpass.scim.definitions"
local json = require "lastpass.json"

local M = {}

local URN = definitions.URN

local function with_meta(document, base, resource_type, path)
  document.meta = { resourceType = resource_type, location = base and base .. path }
  return document
end

--- See `schema.service_provider_config`.
function M.service_provider_config(features, base)
  local bulk, filter, pagination = features.bulk, features.filter, features.pagination
  return with_meta({
    schemas = { URN.service_provider_config },
    documentationUri = features.documentation_uri,
    patch = { supported = features.patch and true or false },
    bulk = {
      supported = bulk and true or false,
      maxOperations = bulk and bulk.max_operations or 0,
      maxPayloadSize = bulk and bulk.max_payload or 0,
    },
    filter = {
      supported = filter and true or false,
      maxResults = filter and filter.max_results or 0,
    },
    changePassword = { supported = features.change_password and true or false },
    sort = { supported = features.sort and true or false },
    etag = { supported = features.etag and true or false },
    authenticationSchemes = json.list {
      {
        type = "oauthbearertoken",
        name = "Bearer token",
        description = "A token in the header Authorization: Bearer",
        specUri = "https://www.rfc-editor.org/rfc/rfc6750",
        primary = true,
      },
    },
    pagination = pagination and {
      cursor = pagination.cursor and true or false,
      index = true,
      defaultPaginationMethod = "index",
      defaultPageSize = pagination.default_page_size,
      maxPageSize = pagination.max_page_size,
    },
  }, base, "ServiceProviderConfig", "/ServiceProviderConfig")
end

local ORDER = { "User", "Group" }

--- See `schema.resource_types`.
function M.resource_types(base)
  local list = json.list {}
  for _, name in ipairs(ORDER) do
    local type_of = definitions.types[name]
    local extensions = json.list {}
    for index, extension in ipairs(type_of.extensions) do
      extensions[index] = { schema = extension.urn, required = false }
    end
    list[#list + 1] = with_meta({
      schemas = { URN.resource_type },
      id = name,
      name = name,
      endpoint = type_of.endpoint,
      description = type_of.description,
      schema = type_of.urn,
      schemaExtensions = extensions,
    }, base, "ResourceType", "/ResourceTypes/" .. name)
  end
  return list
end

local function attribute_document(attribute)
  local subs = attribute.subs and json.list {}
  for index, sub in ipairs(attribute.subs or {}) do
    subs[index] = attribute_document(sub)
  end
  local document = {
    name = attribute.name,
    type = attribute.type,
    multiValued = attribute.multi,
    description = attribute.description,
    required = attribute.required,
    mutability = attribute.mutability,
    returned = attribute.returned,
    canonicalValues = attribute.canonical,
    referenceTypes = attribute.references,
    subAttributes = subs,
  }
  if attribute.type ~= "boolean" and attribute.type ~= "complex" then
    document.caseExact = attribute.case_exact
  end
  if attribute.type ~= "boolean" then
    document.uniqueness = attribute.uniqueness
  end
  return document
end

local function schema_document(definition, base)
  local attributes = json.list {}
  for index, attribute in ipairs(definition.attributes) do
    attributes[index] = attribute_document(attribute)
  end
  return with_meta({
    schemas = { URN.schema },
    id = definition.urn,
    name = definition.name,
    description = definition.description,
    attributes = attributes,
  }, base, "Schema", "/Schemas/" .. definition.urn)
end

--- See `schema.schemas`.
function M.schemas(base)
  local list = json.list {}
  for _, name in ipairs(ORDER) do
    list[#list + 1] = schema_document(definitions.types[name], base)
    for _, extension in ipairs(definitions.types[name].extensions) do
      list[#list + 1] = schema_document(extension, base)
    end
  end
  return list
end

return M

--- What an assertion says of a user: the NameID and the attributes, out of a user object (saml §1.2).
-- @module lastpass.saml.idp.mapping
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local names = require "lastpass.saml.names"

local M = {}

-- As the fields of users are called here and in what LastPass's interfaces give.
local sources = {
  email = { fields = { "email", "username" }, format = names.format.email },
  secondary_email = { fields = { "secondary_email" }, format = names.format.email },
  user_id = { fields = { "user_id", "id" }, format = names.format.persistent },
  groups = { fields = { "groups" }, format = names.format.unspecified },
  roles = { fields = { "roles" }, format = names.format.unspecified },
}

--- What LastPass offers as sources, beside a custom value (saml §1.2).
M.sources = errors.names_of(sources)

local function field(user, name)
  local source = sources[name]
  for _, key in ipairs(source and source.fields or { name }) do
    local value = user[key]
    if value ~= nil then
      return value
    end
  end
  return nil
end

-- One value, or a list: always a list of strings; what is empty is left out.
local function values_of(value)
  local list = {}
  for _, one in ipairs(type(value) == "table" and value or { value }) do
    if type(one) == "number" then
      one = one % 1 == 0 and ("%.0f"):format(one) or tostring(one)
    elseif type(one) == "boolean" then
      one = tostring(one)
    end
    if type(one) == "string" and one ~= "" then
      list[#list + 1] = one
    end
  end
  return list
end

--- Whether a value says where an attribute or a NameID comes from.
---@param value any
---@return boolean ok
---@return string expected for messages
function M.is_source(value)
  local kind = type(value)
  local is_table = kind == "table" and (value.value ~= nil or value.source ~= nil)
  return kind == "string" or kind == "function" or is_table,
    "a field of the user, a function(user, sp), or a table with source or value"
end

local function resolve(source, user, sp)
  if type(source) == "table" then
    if source.value ~= nil then
      return source.value
    end
    source = source.source
  end
  if type(source) == "function" then
    return source(user, sp)
  end
  return field(user, source)
end

--- The NameID of a user for a service provider.
---@param settings table `name_id` (a source), `name_id_format`
---@param user table
---@param sp string entity ID
---@return lastpass.saml.NameId|nil
---@return string? message
---@return lastpass.Error? err code "no_name_id"
function M.name_id(settings, user, sp)
  local source = settings.name_id
  local list = values_of(resolve(source, user, sp))
  if not list[1] then
    local detail = type(source) == "string" and source or nil
    return checks.fail("no_name_id", { detail = detail })
  end
  local known = type(source) == "string" and sources[source]
  return {
    -- several groups or roles have to be one text
    value = table.concat(list, ","),
    format = settings.name_id_format or known and known.format or names.format.unspecified,
  }
end

local function attribute(name, definition, values)
  local is_table = type(definition) == "table"
  local format = is_table and definition.name_format or "unspecified"
  return {
    name = name,
    values = values,
    name_format = names.name_format[format] or format,
    friendly_name = is_table and definition.friendly_name or nil,
  }
end

--- The attributes of a user for a service provider, sorted by name.
---@param settings table `attributes`: a table name -> source, or a function(user, sp) -> table name -> value or values
---@param user table
---@param sp string entity ID
---@return {name: string, values: string[], name_format: string, friendly_name: string|nil}[]
function M.attributes(settings, user, sp)
  local definitions, list = settings.attributes or {}, {}
  local given = type(definitions) == "function" and (definitions(user, sp) or {})
  for _, name in ipairs(errors.names_of(given or definitions)) do
    local definition = not given and definitions[name] or nil
    local value = given and given[name]
    if definition then
      value = resolve(definition, user, sp)
    end
    local values = values_of(value)
    if values[1] then
      list[#list + 1] = attribute(name, definition, values)
    end
  end
  return list
end

return M

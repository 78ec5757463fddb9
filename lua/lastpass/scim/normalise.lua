--- Resources and values as the schema has them: canonical spelling, right types, nothing that says nothing. What
-- directories send in its stead (scim §3: "False", null, one object for a list, a bare string for a manager) is put
-- right; what is not understood is refused, never guessed.
-- @module lastpass.scim.normalise
local errors = require "lastpass.error"
local failure = require "lastpass.scim.failure"
local json = require "lastpass.json"
local values = require "lastpass.scim.values"

local M = {}

local null = json.null

local guarded, refuse = failure.guarded, failure.refuse

local booleans = { ["true"] = true, ["false"] = false }

local function text_of(value, strict)
  if type(value) == "number" and not strict then
    return json.encode(value) -- an id that a server sends as a number (scim §1.1)
  end
  return type(value) == "string" and value or nil
end

-- What a value of each simple type becomes; nil when it is none of that type.
local simple = {
  string = text_of,
  reference = text_of,
  boolean = function(value, strict)
    if type(value) == "string" and not strict then
      value = booleans[value:lower()] -- Entra (scim §3)
    end
    if type(value) == "boolean" then
      return value
    end
    return nil
  end,
  decimal = function(value)
    return type(value) == "number" and value or nil
  end,
  integer = function(value)
    return type(value) == "number" and value % 1 == 0 and value or nil
  end,
  dateTime = function(value)
    return type(value) == "string" and values.instant(value) and value or nil
  end,
  binary = function(value)
    return type(value) == "string" and value:find "^[%w+/_-]*=?=?$" and value or nil
  end,
}

local function is_absent(value)
  return value == nil or value == null or (type(value) == "table" and next(value) == nil)
end

--- Whether a value is unassigned, "" being as good as nothing.
---@param value any
---@return boolean
function M.is_blank(value)
  return is_absent(value) or value == ""
end

local function simple_value(definition, where, value, options)
  local result = simple[definition.type](value, options.strict)
  if result == nil then
    refuse(
      "invalidValue",
      "%s must be a %s, not a %s",
      where,
      definition.type,
      type(value) == "table" and (value[1] ~= nil and "list" or "complex value")
        or type(value) == definition.type and "string of another form"
        or type(value)
    )
  end
  return result
end

--- The keys of an object in their order; a list is refused.
---@param object table
---@param form string what a list is refused with, as of string.format
---@return string[]
function M.sorted_keys(object, form, ...)
  local keys = {}
  for key in pairs(object) do
    if type(key) ~= "string" then
      refuse("invalidValue", form, ...)
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function sorted_keys(object, where)
  return M.sorted_keys(object, "%s must be a complex value, not a list", where)
end

local function complex_value(definition, where, value, options)
  local by_value = definition.sub.value
  if type(value) ~= "table" and by_value and not options.strict then
    if value == "" then
      return nil
    end
    value = { value = value } -- Entra's manager (scim §3)
  elseif type(value) ~= "table" then
    refuse("invalidValue", "%s must be a complex value, not a %s", where, type(value))
  end
  local result
  for _, key in ipairs(sorted_keys(value, where)) do
    local sub, given = definition.sub[key:lower()], value[key]
    local is_order = key:lower() == "operation" -- {"value":"1","operation":"delete"} of SCIM 1.1 takes away
    if not sub and (not options.lenient or (is_order and options.input)) then
      refuse("invalidValue", "%s has no sub-attribute '%s'", where, key)
    elseif
      sub
      and not is_absent(given)
      and not (
        options.input
        and sub.mutability == "readOnly"
        and definition.mutability ~= "readOnly"
      )
    then
      result = result or {}
      if result[sub.name] ~= nil then
        refuse("invalidSyntax", "%s has '%s' twice", where, sub.name)
      end
      result[sub.name] = simple_value(sub, where .. "." .. sub.name, given, options)
    end
  end
  return result
end

local function one_value(definition, where, value, options)
  if definition.type == "complex" then
    return complex_value(definition, where, value, options)
  end
  return simple_value(definition, where, value, options)
end

local function elements_of(where, value, options)
  if type(value) == "table" and value[1] ~= nil then
    for key in pairs(value) do
      if type(key) ~= "number" then
        refuse("invalidValue", "%s is a list and an object", where)
      end
    end
    return value
  elseif options.strict then
    refuse("invalidValue", "%s must be a list", where)
  end
  return { value } -- one object for a list (scim §3)
end

-- An element that comes twice stands once, with all that was said of it.
local function merge(list, places, key, element)
  local place = places[key]
  if place then
    for name, part in pairs(element) do
      list[place][name] = part
    end
  else
    list[#list + 1] = element
    places[key] = #list
  end
end

-- A member without an id says neither who nor nobody: leaving it out could empty a group (scim §4.1).
local function check_named(definition, where, element, options)
  local value = options.input and definition.sub and definition.sub.value
  if
    value
    and value.mutability == "immutable"
    and (element == nil or M.is_blank(element.value))
  then
    refuse("invalidValue", "an element of %s has no '%s'", where, value.name)
  end
end

local function many_values(definition, where, value, options)
  local list, places, primaries = json.list {}, {}, 0
  for _, given in ipairs(elements_of(where, value, options)) do
    local element = not is_absent(given) and one_value(definition, where, given, options) or nil
    check_named(definition, where, element, options)
    if element ~= nil then
      merge(list, places, values.identity(definition, element), element)
      primaries = primaries + (element.primary and 1 or 0)
    end
  end
  if options.input and primaries > 1 then
    refuse("invalidValue", "%s has %d primary values", where, primaries)
  end
  return list[1] and list or nil
end

local function attribute_value(definition, where, value, options)
  if is_absent(value) then
    return nil
  elseif definition.multi then
    return many_values(definition, where, value, options)
  end
  return one_value(definition, where, value, options)
end

--- A value as an attribute has it.
---@param definition lastpass.scim.Attribute
---@param value any
---@param options? table as of `resource`
---@return table|nil boxed `{ value = … }`; its value is nil when the attribute is unassigned
---@return string? message
---@return lastpass.Error? err
function M.value(definition, value, options)
  return guarded(function()
    return { value = attribute_value(definition, definition.name, value, options or {}) }
  end)
end

-- Puts the attributes of an object into `into`; what is none of them is given to `other`.
local function container_values(into, other, attributes, where, given, options)
  for _, key in ipairs(sorted_keys(given, where == "" and "the resource" or where)) do
    local definition = attributes[key:lower()]
    if definition and definition.name == "schemas" then
      definition = nil -- made anew
    end
    if definition and not (options.input and definition.mutability == "readOnly") then
      local name = where .. definition.name
      local value = attribute_value(definition, name, given[key], options)
      if into[definition.name] ~= nil then
        refuse("invalidSyntax", "'%s' is given twice", name)
      end
      into[definition.name] = value
    elseif not definition then
      other(key, given[key])
    end
  end
end

local function unknown_name(name, value, options)
  if options.lenient == "keep" then
    return value ~= null and value or nil
  elseif not options.lenient then
    refuse("invalidSyntax", "unknown attribute '%s'", name)
  end
  return nil
end

local function extension_values(extension, value, options)
  if is_absent(value) then
    return nil
  elseif type(value) ~= "table" then
    refuse("invalidValue", "%s must be an object, not a %s", extension.urn, type(value))
  end
  local result = {}
  container_values(result, function(key, given)
    result[key] = unknown_name(extension.urn .. ":" .. key, given, options)
  end, extension.index, extension.urn .. ":", value, options)
  return next(result) ~= nil and result or nil
end

local function extension_of(type_of, urn)
  urn = urn:lower()
  for _, extension in ipairs(type_of.extensions) do
    if extension.urn:lower() == urn then
      return extension
    end
  end
  return nil
end

local function check_schemas(type_of, given, options)
  if is_absent(given) then
    if options.strict then
      refuse("invalidSyntax", "'schemas' is missing")
    end
    return
  end
  local has_type = false
  for _, urn in ipairs(type(given) == "table" and given or {}) do
    if type(urn) ~= "string" then
      refuse("invalidSyntax", "'schemas' must be a list of URNs")
    end
    has_type = has_type or urn:lower() == type_of.urn:lower()
  end
  if type(given) ~= "table" or given[1] == nil then
    refuse("invalidSyntax", "'schemas' must be a list of URNs")
  elseif options.strict and not has_type then
    refuse("invalidSyntax", "'schemas' does not name %s", type_of.urn)
  end
end

--- The URNs of a resource: its type's, and those of the extensions of which it has data (scim §2.1).
---@param type_of lastpass.scim.Type
---@param resource table
---@return string[]
function M.schemas_of(type_of, resource)
  local list = json.list { type_of.urn }
  for _, extension in ipairs(type_of.extensions) do
    if resource[extension.urn] ~= nil and next(resource[extension.urn]) ~= nil then
      list[#list + 1] = extension.urn
    end
  end
  return list
end

local function check_required(type_of, resource)
  for _, definition in ipairs(type_of.attributes) do
    local value = resource[definition.name]
    if definition.required and (value == nil or value == "") then
      refuse("invalidValue", "'%s' is missing", definition.name)
    end
  end
end

local function whole_resource(type_of, given, options)
  local result, schemas = {}, nil
  container_values(result, function(key, value)
    if key:lower() == "schemas" then
      if schemas ~= nil then
        refuse("invalidSyntax", "'schemas' is given twice")
      end
      schemas = value
      return
    end
    local extension = extension_of(type_of, key)
    if extension and result[extension.urn] ~= nil then
      refuse("invalidSyntax", "'%s' is given twice", extension.urn)
    elseif extension then
      result[extension.urn] = extension_values(extension, value, options)
    else
      result[key] = unknown_name(key, value, options)
    end
  end, type_of.index, "", given, options)
  if options.input then
    check_schemas(type_of, schemas, options)
    check_required(type_of, result)
  end
  result.schemas = M.schemas_of(type_of, result)
  return result
end

local known_options = {
  input = "boolean",
  strict = "boolean",
  lenient = function(value)
    return type(value) == "boolean" or value == "keep", "a boolean or 'keep'"
  end,
}

--- A resource in canonical form; what is given is not changed.
---@param type_of lastpass.scim.Type of `schema.types`
---@param resource table decoded JSON
---@param options? table
--   `input`: it is the body of a POST or PUT: what is read-only is left out, required attributes must be there;
--   `lenient`: true leaves unknown attributes out instead of refusing them, "keep" keeps them;
--   `strict`: nothing but the RFC's own forms is put right
---@return table|nil resource
---@return string? message
---@return lastpass.Error? err its `scim_type` is invalidValue or invalidSyntax
function M.resource(type_of, resource, options)
  options = errors.check_options("schema.normalize", options, known_options)
  return guarded(whole_resource, type_of, resource, options)
end

--- The extension of a type by its URN, whatever its case.
---@param type_of lastpass.scim.Type
---@param urn string
---@return lastpass.scim.Type|nil
M.extension_of = extension_of

return M

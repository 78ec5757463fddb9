--- Filters as tests of resources in canonical form (scim §2.5): case by attribute, times as instants, any value of a
-- multi-valued attribute.
-- @module lastpass.scim.evaluate
local errors = require "lastpass.error"
local failure = require "lastpass.scim.failure"
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"
local values = require "lastpass.scim.values"

local M = {}

local null = json.null

local function refuse(form, ...)
  failure.refuse("invalidFilter", "the filter is not possible: " .. form, ...)
end

-- ---- comparing one value ----

-- Which types of attributes an operator compares; eq and ne compare all.
local ordered = errors.set_of { "string", "reference", "dateTime", "integer", "decimal" }
local texts = errors.set_of { "string", "reference" }
local compares =
  { co = texts, sw = texts, ew = texts, gt = ordered, ge = ordered, lt = ordered, le = ordered }

local lua_types = { boolean = "boolean", integer = "number", decimal = "number" }
local booleans = { ["true"] = true, ["false"] = false }

-- The filter's value in the attribute's type.
local function operand(definition, value, lenient)
  local wanted = lua_types[definition.type] or "string"
  if lenient and type(value) == "string" and wanted == "boolean" then
    value = booleans[value:lower()]
  elseif lenient and type(value) == "number" and wanted == "string" then
    value = json.encode(value)
  elseif lenient and type(value) == "string" and wanted == "number" then
    value = tonumber(value)
  end
  if type(value) ~= wanted then
    refuse("'%s' is a %s, and is compared with something else", definition.name, definition.type)
  elseif definition.type == "dateTime" and not values.instant(value) then
    refuse("'%s' is compared with what is no time as 2026-11-30T09:15:00Z", definition.name)
  end
  return values.comparable(definition, value)
end

-- By operator: whether a value, in comparable form, fulfils it.
local tests = {
  eq = function(value, wanted)
    return value == wanted
  end,
  ne = function(value, wanted)
    return value ~= wanted
  end,
  co = function(value, wanted)
    return value:find(wanted, 1, true) ~= nil
  end,
  sw = function(value, wanted)
    return value:sub(1, #wanted) == wanted
  end,
  ew = function(value, wanted)
    return wanted == "" or value:sub(-#wanted) == wanted
  end,
  gt = function(value, wanted)
    return value > wanted
  end,
  ge = function(value, wanted)
    return value >= wanted
  end,
  lt = function(value, wanted)
    return value < wanted
  end,
  le = function(value, wanted)
    return value <= wanted
  end,
}

local function value_test(definition, op, value, lenient)
  local kinds = compares[op]
  if kinds and not kinds[definition.type] then
    refuse("'%s' is a %s, for which there is no '%s'", definition.name, definition.type, op)
  end
  local wanted, test = operand(definition, value, lenient), tests[op]
  return function(given)
    given = values.comparable(definition, given)
    if type(given) ~= type(wanted) then
      return op == "ne" -- a resource that is not in canonical form
    end
    return test(given, wanted)
  end
end

-- ---- reaching the values ----

local function absent_result(node)
  return function()
    return node.op == "ne" and node.value ~= null or (node.op == "eq" and node.value == null)
  end
end

-- Calls `test` with the values of an attribute until it holds. Whether it did, and whether there were any; "" is one.
local function any_value(container, found, where, test)
  local value = container and container[found.name]
  local sub, has_values = found.sub, false
  if value == nil then
    return false, false
  elseif not found.attribute.multi then
    value = { value }
  end
  for _, element in ipairs(value) do
    if not where or where(element) then
      local part = element
      if sub and type(element) == "table" then
        part = element[sub]
      end
      if part ~= nil then
        has_values = true
        if test(part) then
          return true, true
        end
      end
    end
  end
  return false, has_values
end

local function always()
  return true
end

-- The test of one comparison. `find` leads from a path to an attribute, `container` from what is tested to what
-- holds the attribute.
local function comparison(node, found, where, container, lenient)
  if node.op == "pr" or node.op == "where" or node.value == null then
    if node.value == null and node.op ~= "eq" and node.op ~= "ne" then
      refuse("'%s' is not possible with null", node.op)
    end
    local expects, test = node.op ~= "eq", node.op == "pr" and values.is_present or always
    return function(resource)
      return any_value(container(resource, found), found, where, test) == expects
    end
  end
  local definition = found.definition
  if definition.type == "complex" then
    definition = definition.sub.value
    if not definition then
      refuse("'%s' has parts; one of them is to be compared", found.name)
    end
    found = {
      name = found.name,
      attribute = found.attribute,
      sub = "value",
      urn = found.urn,
      extension = found.extension,
    }
  end
  local test = value_test(definition, node.op, node.value, lenient)
  local holds_when_absent = node.op == "ne"
  return function(resource)
    local holds, has_values = any_value(container(resource, found), found, where, test)
    return holds or (holds_when_absent and not has_values)
  end
end

local function element_container(element)
  return element
end

-- `schemas` and the type follow from what a resource is, and are not in every backend's.
local function container_of(type_of)
  return function(resource, found)
    if found.extension then
      return resource[found.extension.urn]
    elseif found.name == "schemas" and not resource.schemas then
      return { schemas = schema.schemas_of(type_of, resource) }
    elseif found.sub == "resourceType" then
      return { meta = { resourceType = type_of.name } }
    end
    return resource
  end
end

-- Inside of [ ]: names are those of the attribute's sub-attributes.
local function element_finder(attribute)
  return function(path)
    local sub = not path.urn and not path.sub and attribute.sub and attribute.sub[path.name:lower()]
    if not sub then
      return nil, ("'%s' has no sub-attribute '%s'"):format(attribute.name, path.name)
    end
    return { name = sub.name, attribute = sub, definition = sub }
  end
end

local compile_node

local function compile_selection(path, attribute, context)
  if not attribute.multi or attribute.type ~= "complex" then
    refuse("'%s' has no values to choose from by [ ]", attribute.name)
  end
  return compile_node(path.filter, {
    find = element_finder(attribute),
    container = element_container,
    lenient = context.lenient,
    unknown = context.unknown,
  })
end

local function compile_comparison(node, context)
  local found, message = context.find(node.path)
  if not found then
    if context.unknown == "absent" then
      return absent_result(node)
    end
    refuse("%s", message)
  elseif not found.attribute then
    refuse("a schema's URN is not an attribute")
  elseif found.definition.returned == "never" then
    refuse("'%s' cannot be searched", found.name)
  end
  local where = node.path.filter and compile_selection(node.path, found.attribute, context)
  return comparison(node, found, where, context.container, context.lenient)
end

local function compile_logic(node, context)
  local parts, count, stops_at = {}, #node, node.op == "or"
  for index, part in ipairs(node) do
    parts[index] = compile_node(part, context)
  end
  return function(resource)
    for index = 1, count do
      if parts[index](resource) == stops_at then
        return stops_at
      end
    end
    return not stops_at
  end
end

function compile_node(node, context)
  if node.op == "and" or node.op == "or" then
    return compile_logic(node, context)
  elseif node.op == "not" then
    local part = compile_node(node[1], context)
    return function(resource)
      return not part(resource)
    end
  end
  return compile_comparison(node, context)
end

local known_options = {
  lenient = "boolean",
  unknown = function(value)
    return value == "refuse" or value == "absent", "'refuse' or 'absent'"
  end,
}

--- See `filter.compile`.
function M.compile(node, type_of, options)
  options = errors.check_options("filter.compile", options, known_options)
  return failure.guarded(compile_node, node, {
    find = function(path)
      return schema.find(type_of, path)
    end,
    container = container_of(type_of),
    unknown = options.unknown,
    lenient = options.lenient,
  })
end

--- A filter in [ ] as a test of an attribute's elements.
---@param node table
---@param attribute lastpass.scim.Attribute
---@param lenient? boolean
---@return (fun(element: table): boolean)|nil
---@return string? message
---@return lastpass.Error? err
function M.compile_selection(node, attribute, lenient)
  return failure.guarded(compile_node, node, {
    find = element_finder(attribute),
    container = element_container,
    lenient = lenient,
  })
end

return M

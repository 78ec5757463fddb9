--- The operations of a PATCH, from what clients send to what is applied: one operation for each attribute, paths
-- resolved, values in canonical form (scim §2.9, §3).
-- @module lastpass.scim.operations
local evaluate = require "lastpass.scim.evaluate"
local failure = require "lastpass.scim.failure"
local filter = require "lastpass.scim.filter"
local json = require "lastpass.json"
local normalise = require "lastpass.scim.normalise"
local schema = require "lastpass.scim.schema"
local signature = require "lastpass.signature"

local M = {}

local null = json.null

local methods = {}
local reader_mt = { __index = methods }

-- Failures inside are raised as tables of this kind, and returned at the entry.
local refusal_mt = {}

local function refuse(scim_type, form, ...)
  error(setmetatable({ scim_type = scim_type, message = form:format(...) }, refusal_mt), 0)
end

local function must(result, message, err)
  if result == nil then
    error(
      setmetatable(
        { scim_type = err.scim_type, message = message, position = err.position },
        refusal_mt
      ),
      0
    )
  end
  return result
end

local function is_unassigned(value)
  return value == nil
    or value == null
    or value == ""
    or (type(value) == "table" and next(value) == nil)
end

-- ---- one operation ----

-- Everything that is emitted counts, elements of lists one by one.
local function emit(self, context, op, found, value, more)
  local operation = {
    op = op,
    index = context.index,
    path = { urn = found.extension and found.urn, name = found.name, sub = found.sub },
    value = value,
    found = found,
    strict = self.options.strict,
  }
  for name, part in pairs(more or {}) do
    operation[name] = part
  end
  if operation.filter then
    operation.path.filter = operation.filter
  end
  self.values = self.values + (type(value) == "table" and math.max(#value, 1) or 1)
  if self.values > self.options.max_values then
    refuse("tooMany", "the PATCH has more than %d values", self.options.max_values)
  end
  self.operations[#self.operations + 1] = operation
end

local function normal_value(self, definition, value)
  return must(normalise.value(definition, value, {
    input = true,
    strict = self.options.strict,
    lenient = self.options.lenient,
  })).value
end

local function with_sub(found, sub)
  return {
    urn = found.urn,
    name = found.name,
    sub = sub.name,
    attribute = found.attribute,
    definition = sub,
    extension = found.extension,
  }
end

-- A simple attribute, or a part of a complex one.
local function singular(self, context, found, value)
  local definition, op = found.definition, context.op
  if op == "remove" or is_unassigned(value) and value ~= "" then
    if definition.required then
      refuse(op == "remove" and "mutability" or "invalidValue", "'%s' is required", found.name)
    elseif op ~= "add" then
      emit(self, context, "remove", found)
    end
    return
  end
  value = normal_value(self, definition, value)
  if definition.required and value == "" then
    refuse("invalidValue", "'%s' is required", found.name)
  end
  emit(self, context, op, found, value)
end

-- "value" first: a new one takes along what was derived of the old one.
local function ordered_keys(object)
  local keys = {}
  for key in pairs(object) do
    if type(key) ~= "string" then
      refuse("invalidValue", "an object is expected, not a list")
    end
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    local a_first, b_first = a:lower() == "value", b:lower() == "value"
    if a_first ~= b_first then
      return a_first
    end
    return a < b
  end)
  return keys
end

-- A complex attribute with one value: of add and replace the parts that are given (scim §2.9).
local function complex(self, context, found, value)
  local definition, op = found.definition, context.op
  if op == "remove" or is_unassigned(value) then
    if op ~= "add" then
      emit(self, context, "remove", found)
    end
    return
  end
  if type(value) ~= "table" then
    if self.options.strict or not definition.sub.value then
      refuse("invalidValue", "'%s' must be a complex value", found.name)
    end
    value = { value = value } -- Entra's manager (scim §3)
  end
  local seen = {}
  for _, key in ipairs(ordered_keys(value)) do
    local sub = definition.sub[key:lower()]
    if not sub and not self.options.lenient then
      refuse("invalidPath", "'%s' has no sub-attribute '%s'", found.name, key)
    elseif sub and seen[sub] then
      refuse("invalidSyntax", "'%s.%s' is given twice", found.name, sub.name)
    elseif sub and sub.mutability ~= "readOnly" then
      seen[sub] = true
      singular(self, context, with_sub(found, sub), value[key])
    end
  end
end

local function names_value(element)
  if type(element) ~= "table" then
    return not is_unassigned(element)
  end
  for key, part in pairs(element) do
    if type(key) == "string" and key:lower() == "value" then
      return not is_unassigned(part)
    end
  end
  return false
end

-- Values to remove, as Entra sends them: "path":"members","value":[{"value":"id","$ref":null}] (scim §3).
-- An empty list says neither all nor which, and an element without a value not which one.
local function listed(self, found, value)
  local definition = found.definition
  if self.options.strict then
    refuse("invalidValue", "remove has no 'value'; say which by a filter in the path")
  end
  local elements = type(value) == "table" and value[1] ~= nil and value or { value }
  for _, element in ipairs(definition.sub.value and elements or {}) do
    if not names_value(element) then
      refuse("invalidValue", "what to remove of '%s' must have a 'value'", found.name)
    end
  end
  local list = normal_value(self, definition, value)
  if not list then
    refuse("invalidValue", "the list of what to remove of '%s' is empty", found.name)
  end
  return list
end

local function plural(self, context, found, value)
  local op = context.op
  if op == "remove" then
    emit(
      self,
      context,
      "remove",
      found,
      value ~= nil and value ~= null and listed(self, found, value) or nil
    )
    return
  end
  local list = normal_value(self, found.definition, value)
  if list then
    emit(self, context, op, found, list)
  elseif type(value) == "table" and not json.is_list(value) then
    refuse("invalidValue", "the value of '%s' says nothing; the empty list is []", found.name)
  elseif op == "replace" then
    emit(self, context, "remove", found)
  end
end

-- The parts that a filter of equalities asks for, with which a value can be made that it matches
-- (Entra: emails[type eq "work"].value when there is no such address, scim §3).
local function parts_of_filter(self, node, attribute)
  local parts = {}
  for _, equality in ipairs(node.op == "and" and node or { node }) do
    local sub = equality.op == "eq" and attribute.sub[equality.path.name:lower()]
    if
      not sub
      or sub.mutability == "readOnly"
      or equality.value == null
      or parts[sub.name] ~= nil
    then
      return nil
    end
    parts[sub.name] = normal_value(self, sub, equality.value)
  end
  return parts
end

-- The value that all matches of a filter have, for a look-up.
local function value_of_filter(node, attribute)
  for _, part in ipairs(node.op == "and" and node or { node }) do
    if part.op == "eq" and attribute.sub[part.path.name:lower()] == attribute.sub.value then
      return part.value
    end
  end
  return nil
end

local function selected(self, context, found, node, value)
  local attribute, op, sub = found.attribute, context.op, found.sub
  local test = must(evaluate.compile_selection(node, attribute, not self.options.strict))
  local more = { filter = node, test = test, by_value = value_of_filter(node, attribute) }
  if sub and found.definition.mutability == "immutable" then
    refuse(
      "mutability",
      "'%s.%s' cannot be changed; remove the value and add another",
      found.name,
      sub
    )
  elseif op == "remove" then
    if value ~= nil and value ~= null then
      refuse("invalidValue", "remove has a filter and a 'value'")
    end
    emit(self, context, op, found, nil, more)
    return
  elseif is_unassigned(value) and (value ~= "" or not sub) then
    if op == "replace" then
      emit(self, context, "remove", found, nil, more)
    end
    return
  end
  if sub then
    value = normal_value(self, found.definition, value)
  else
    local is_list = type(value) == "table" and value[1] ~= nil
    value = normal_value(self, attribute, is_list and value or { value })
    if not value or #value ~= 1 or (is_list and self.options.strict) then
      refuse("invalidValue", "the value of '%s[…]' must be one object", found.name)
    end
    value = value[1]
  end
  more.parts = parts_of_filter(self, node, attribute)
  emit(self, context, op, found, value, more)
end

-- ---- paths ----

-- An id is tolerated when it is the resource's (Okta sends it, scim §3), which is seen when it is applied. Other
-- read-only attributes stand in values that clients echo, and are left out there.
local function read_only(self, context, found, value)
  if found.name == "id" and context.op ~= "remove" and type(value) == "string" then
    emit(self, context, "same", found, value)
  elseif found.name == "schemas" and context.op ~= "remove" and not self.options.strict then
    return -- follows from the data
  elseif context.has_path or self.options.strict then
    refuse("mutability", "'%s' is read-only", found.name .. (found.sub and "." .. found.sub or ""))
  end
end

local expand

local function dispatch(self, context, found, node, value)
  local attribute, definition = found.attribute, found.definition
  if attribute.mutability == "readOnly" or definition.mutability == "readOnly" then
    read_only(self, context, found, value)
  elseif node then
    if not attribute.multi then
      refuse("invalidPath", "'%s' has one value, from which no filter can choose", found.name)
    end
    selected(self, context, found, node, value)
  elseif attribute.multi and found.sub then
    if definition.mutability == "immutable" then
      refuse("mutability", "'%s.%s' cannot be changed", found.name, found.sub)
    end
    singular(self, context, found, value) -- of all values, which `apply` takes for one only
  elseif attribute.multi then
    plural(self, context, found, value)
  elseif definition.type == "complex" then
    complex(self, context, found, value)
  else
    singular(self, context, found, value)
  end
end

-- A schema's URN by itself: all attributes of the extension (scim §2.9).
local function whole_schema(self, context, found, value)
  if context.op ~= "remove" then
    expand(self, context, found.urn, value)
  elseif not found.extension then
    refuse("noTarget", "remove needs the path of an attribute")
  else
    for _, attribute in ipairs(found.extension.attributes) do
      emit(self, context, "remove", {
        urn = found.urn,
        name = attribute.name,
        attribute = attribute,
        definition = attribute,
        extension = found.extension,
      })
    end
  end
end

local function at_path(self, context, text, value)
  local path = must(filter.path(text, { lenient = self.options.lenient_filters }))
  local found, message = schema.find(self.type, path)
  if not found then
    if self.options.lenient and not context.has_path then
      return
    end
    refuse("invalidPath", "%s", message)
  elseif not found.name then
    whole_schema(self, context, found, value)
  else
    dispatch(self, context, found, path.filter, value)
  end
end

local function by_length(a, b)
  if #a ~= #b then
    return #a < #b
  end
  return a < b
end

-- A value without a path: each of its keys is one (scim §3: dotted, with an URN before it, with a filter). Whole
-- attributes come before their parts.
function expand(self, context, urn, value)
  if type(value) ~= "table" or (value[1] ~= nil) then
    refuse(
      "invalidValue",
      "without a path of an attribute the value must be an object of attributes"
    )
  elseif urn and context.urn then
    refuse("invalidPath", "a schema's URN inside of another")
  end
  local keys, seen = {}, {}
  for key in pairs(value) do
    local folded = type(key) == "string" and key:lower()
    if not folded or seen[folded] then
      refuse("invalidSyntax", "'%s' is given twice", tostring(key))
    end
    seen[folded] = true
    keys[#keys + 1] = key
  end
  table.sort(keys, by_length)
  for _, key in ipairs(keys) do
    local inner = { op = context.op, index = context.index, urn = urn or context.urn }
    at_path(self, inner, urn and urn .. ":" .. key or key, value[key])
  end
end

local function add(self, index, given)
  local context = { op = given.op, index = index, has_path = given.path ~= nil }
  if given.op ~= "remove" and given.value == nil then
    refuse("invalidValue", "its 'value' is missing")
  elseif given.path then
    at_path(self, context, given.path, given.value)
  elseif given.op == "remove" then
    refuse("noTarget", "remove needs a path")
  else
    expand(self, context, nil, given.value)
  end
end

--- Reads one operation.
---@param index integer which one of the request
---@param given table `op` in lower case, `path`, `value`
---@return boolean|nil ok
---@return string? message
---@return table? err
function methods:add(index, given)
  local ok, problem = pcall(add, self, index, given)
  if ok then
    return true
  elseif getmetatable(problem) == refusal_mt then
    return failure.fail(problem.scim_type, problem.message, { position = problem.position })
  end
  return error(problem, 0)
end

--- A reader that collects operations.
---@param type_of lastpass.scim.Type
---@param options table `strict`, `lenient`, `lenient_filters`, `max_values`
---@return table reader `operations` are those read so far
function M.reader(type_of, options)
  return setmetatable({ type = type_of, options = options, operations = {}, values = 0 }, reader_mt)
end

signature.declare("reader:", methods, { add = "index: integer, given: table" })

return M

--- What one operation of a PATCH does to what its path leads to: a simple attribute, a complex one, all values of an
-- attribute, or those that a filter selects (scim §2.9, §3).
-- @module lastpass.scim.targets
local evaluate = require "lastpass.scim.evaluate"
local failure = require "lastpass.scim.failure"
local json = require "lastpass.json"
local normalise = require "lastpass.scim.normalise"

local M = {}

local null = json.null
local must, refuse = failure.must, failure.refuse

local is_unassigned = normalise.is_blank

--- Everything that is emitted counts, elements of lists one by one.
---@param self table the reader (lastpass.scim.operations)
---@param context table `op`, `index`
---@param op string
---@param found table as of `schema.find`
---@param value any
---@param more? table further fields of the operation
function M.emit(self, context, op, found, value, more)
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

--- A simple attribute, or a part of a complex one.
---@param self table
---@param context table
---@param found table
---@param value any
function M.singular(self, context, found, value)
  local definition, op = found.definition, context.op
  if op == "remove" or is_unassigned(value) and value ~= "" then
    if definition.required then
      refuse(op == "remove" and "mutability" or "invalidValue", "'%s' is required", found.name)
    elseif op ~= "add" then
      M.emit(self, context, "remove", found)
    end
    return
  end
  value = normal_value(self, definition, value)
  if definition.required and value == "" then
    refuse("invalidValue", "'%s' is required", found.name)
  end
  M.emit(self, context, op, found, value)
end

--- A complex attribute with one value: of add and replace the parts that are given (scim §2.9).
---@param self table
---@param context table
---@param found table
---@param value any
function M.complex(self, context, found, value)
  local definition, op = found.definition, context.op
  local is_object = type(value) == "table" and not json.is_list(value)
  if op == "remove" or (is_unassigned(value) and not is_object) then
    if op ~= "add" then
      M.emit(self, context, "remove", found)
    end
    return
  elseif not is_object then
    if self.options.strict or not definition.sub.value then
      refuse("invalidValue", "'%s' must be a complex value", found.name)
    end
    value = { value = value } -- Entra's manager (scim §3)
  end
  local seen = {}
  for _, key in ipairs(normalise.sorted_keys(value, "an object is expected, not a list")) do
    local sub = definition.sub[key:lower()]
    if not sub and not self.options.lenient then
      refuse("invalidPath", "'%s' has no sub-attribute '%s'", found.name, key)
    elseif sub and seen[sub] then
      refuse("invalidSyntax", "'%s.%s' is given twice", found.name, sub.name)
    elseif sub and sub.mutability ~= "readOnly" then
      seen[sub] = true
      M.singular(self, context, with_sub(found, sub), value[key])
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

--- All values of an attribute.
---@param self table
---@param context table
---@param found table
---@param value any
function M.plural(self, context, found, value)
  local op = context.op
  if op == "remove" then
    M.emit(
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
    M.emit(self, context, op, found, list)
  elseif type(value) == "table" and not json.is_list(value) then
    refuse("invalidValue", "the value of '%s' says nothing; the empty list is []", found.name)
  elseif op == "replace" then
    M.emit(self, context, "remove", found)
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

-- The value that all matches of a filter have, for a look-up. Without one (`eq null`) there is none.
local function value_of_filter(self, node, attribute)
  local sub = attribute.sub.value
  for _, part in ipairs(sub and node.op == "and" and node or { node }) do
    local is_equality = sub and part.op == "eq" and attribute.sub[part.path.name:lower()] == sub
    if is_equality and part.value ~= null then
      return normal_value(self, sub, part.value)
    end
  end
  return nil
end

--- The values that a filter selects, or parts of them.
---@param self table
---@param context table
---@param found table
---@param node table the filter in [ ]
---@param value any
function M.selected(self, context, found, node, value)
  local attribute, op, sub = found.attribute, context.op, found.sub
  local test = must(evaluate.compile_selection(node, attribute, not self.options.strict))
  local more = { filter = node, test = test, by_value = value_of_filter(self, node, attribute) }
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
    M.emit(self, context, op, found, nil, more)
    return
  elseif is_unassigned(value) and (value ~= "" or not sub) then
    if op == "replace" then
      M.emit(self, context, "remove", found, nil, more)
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
  M.emit(self, context, op, found, value, more)
end

return M

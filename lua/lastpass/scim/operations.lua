--- The operations of a PATCH, from what clients send to what is applied: one operation for each attribute, paths
-- resolved, values in canonical form (scim §2.9, §3).
-- @module lastpass.scim.operations
local failure = require "lastpass.scim.failure"
local filter = require "lastpass.scim.filter"
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"
local signature = require "lastpass.signature"
local targets = require "lastpass.scim.targets"

local M = {}

local must, refuse = failure.must, failure.refuse

local methods = {}
local reader_mt = { __index = methods }

-- ---- paths ----

-- An id is tolerated when it is the resource's (Okta sends it, scim §3), which is seen when it is applied. Other
-- read-only attributes stand in values that clients echo, and are left out there.
local function read_only(self, context, found, value)
  local is_id = found.name == "id" and context.op ~= "remove"
  if is_id and (type(value) == "string" or type(value) == "number") then
    local id = type(value) == "number" and json.encode(value) or value
    targets.emit(self, context, "same", found, id)
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
    targets.selected(self, context, found, node, value)
  elseif attribute.multi and found.sub then
    if definition.mutability == "immutable" then
      refuse("mutability", "'%s.%s' cannot be changed", found.name, found.sub)
    end
    targets.singular(self, context, found, value) -- of all values, which `apply` takes for one only
  elseif attribute.multi then
    targets.plural(self, context, found, value)
  elseif definition.type == "complex" then
    targets.complex(self, context, found, value)
  else
    targets.singular(self, context, found, value)
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
      targets.emit(self, context, "remove", {
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
  return true
end

--- Reads one operation.
---@param index integer which one of the request
---@param given table `op` in lower case, `path`, `value`
---@return boolean|nil ok
---@return string? message
---@return table? err
function methods:add(index, given)
  return failure.guarded(add, self, index, given)
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

--- PATCH of SCIM (RFC 7644 §3.5.2): reads requests in every form that Entra ID and Okta send (scim §2.9, §3), and
-- applies them, all or nothing. What is not understood is refused, never guessed.
-- @module lastpass.scim.patch
local definitions = require "lastpass.scim.definitions"
local errors = require "lastpass.error"
local failure = require "lastpass.scim.failure"
local filter = require "lastpass.scim.filter"
local json = require "lastpass.json"
local operations = require "lastpass.scim.operations"
local signature = require "lastpass.signature"

local M = {}

local null = json.null

local MAX_OPERATIONS, MAX_VALUES = 1000, 100000

local ops = { add = "add", replace = "replace", remove = "remove" }

-- "name" is what Entra once sent beside the others: {"name":"addMember","op":"Add",…}.
local fields = { op = "op", path = "path", value = "value", name = false }

-- The fields of one operation, whatever their case.
local function read_fields(given)
  if type(given) ~= "table" then
    return nil, "it must be an object"
  end
  local found = {}
  for key, value in pairs(given) do
    local field = type(key) == "string" and fields[key:lower()]
    if field == nil or type(key) ~= "string" then
      return nil, ("unknown field '%s'"):format(tostring(key))
    elseif field and found[field] ~= nil then
      return nil, ("'%s' is given twice"):format(field)
    elseif field then
      found[field] = value
    end
  end
  if found.path == null or found.path == "" then
    found.path = nil
  end
  found.op = type(found.op) == "string" and ops[found.op:lower()] or nil
  if not found.op then
    return nil, "its 'op' must be add, replace or remove"
  elseif found.path ~= nil and type(found.path) ~= "string" then
    return nil, "its 'path' must be a string"
  end
  return found
end

local known_fields = { schemas = "schemas", operations = "operations" }

local function read_body(body, strict)
  local found = {}
  for key, value in pairs(body) do
    local field = type(key) == "string" and known_fields[key:lower()]
    if not field or found[field] ~= nil then
      return nil, ("'%s' is no field of a PATCH, or is given twice"):format(tostring(key))
    end
    found[field] = value
  end
  local may_be_missing = found.schemas == nil and not strict
  if not may_be_missing and not definitions.names(found.schemas, definitions.URN.patch) then
    return nil, "'schemas' must name " .. definitions.URN.patch
  end
  local list = found.operations
  if type(list) ~= "table" or (next(list) ~= nil and list[1] == nil) then
    return nil, "'Operations' must be a list"
  elseif list[1] == nil then
    return nil, "'Operations' is empty"
  end
  return list
end

local known_options = {
  strict = "boolean",
  lenient = "boolean",
  lenient_filters = "boolean",
  max_operations = "number",
  max_values = "number",
}

local function refused(index, message, err)
  local fields_of = { operation = index, position = err.position }
  return failure.fail(err.scim_type, ("operation %d: %s"):format(index, message), fields_of)
end

--- Reads the body of a PATCH.
---@param body table decoded JSON
---@param type_of lastpass.scim.Type
---@param options? table `strict`: the RFC's own forms only; `lenient`: unknown attributes in a value without a
-- path are left out instead of refused; `lenient_filters`: as `lenient` of `filter.path`;
-- `max_operations`: default 1,000; `max_values`: in all operations together, default 100,000
---@return table[]|nil operations `op` ("add", "replace", "remove"; "same" of an id that must be the
-- resource's), `index` in the request, `path` {urn, name, filter, sub} in canonical spelling, `value` in canonical
-- form. A value without a path has become an operation for each attribute.
---@return string? message
---@return lastpass.Error? err its `scim_type` is of RFC 7644 §3.12; `operation` is which one
function M.parse(body, type_of, options)
  options = errors.check_options("patch.parse", options, known_options)
  local list, problem = read_body(body, options.strict)
  if not list then
    return failure.fail("invalidSyntax", "the PATCH cannot be read: " .. problem)
  end
  local most = options.max_operations or MAX_OPERATIONS
  if #list > most then
    local form = "the PATCH has %d operations, and %d are the limit"
    return failure.fail("tooMany", form:format(#list, most))
  end
  local reader = operations.reader(type_of, {
    strict = options.strict,
    lenient = options.lenient,
    lenient_filters = options.lenient_filters,
    max_values = options.max_values or MAX_VALUES,
  })
  for index, given in ipairs(list) do
    local found, message = read_fields(given)
    if not found then
      return refused(index, message, { scim_type = "invalidSyntax" })
    end
    local ok, err
    ok, message, err = reader:add(index, found)
    if not ok then
      return refused(index, message, err)
    end
  end
  return reader.operations
end

--- Applies operations to a resource.
---@param resource table in canonical form; it is not changed, but what did not change is shared with the result
---@param list table[] as of `parse`
---@param type_of lastpass.scim.Type
---@return table|nil resource the new one
---@return boolean|string changed false when it says the same as before; or the message
---@return lastpass.Error? err
function M.apply(resource, list, type_of)
  return require("lastpass.scim.apply").apply(resource, list, type_of)
end

-- The ids of `value eq "a" or value eq "b"`; nil when a filter says anything else.
local function ids_of_filter(node)
  local ids = {}
  for index, part in ipairs(node.op == "or" and node or { node }) do
    local path = part.path
    if
      part.op ~= "eq"
      or path.name:lower() ~= "value"
      or path.sub
      or type(part.value) ~= "string"
    then
      return nil
    end
    ids[index] = part.value
  end
  return ids
end

local function ids_of_list(list)
  local ids = {}
  for index, member in ipairs(list) do
    ids[index] = member.value
    if not member.value then
      return nil
    end
  end
  return ids
end

-- What an operation does to members, as far as that does not depend on who they are.
local function member_change(operation)
  local path, value = operation.path, operation.value
  if path.sub then
    return nil
  elseif path.filter then
    local ids = operation.op == "remove" and ids_of_filter(path.filter)
    return ids and { op = "remove", ids = ids } or nil
  elseif value == nil then
    return { op = "clear" }
  end
  local ids = ids_of_list(value)
  return ids and { op = operation.op, ids = ids } or nil
end

--- Takes the changes of members out of the operations of a group, so that it can be changed without reading who
-- they are.
---@param list table[] as of `parse`
---@return table[]|nil others the other operations; nil when one cannot be executed without the members
---@return {op: "add"|"remove"|"replace"|"clear", ids: string[]|nil}[]|nil changes in their order
function M.split_members(list)
  local others, changes = {}, {}
  for _, operation in ipairs(list) do
    if operation.path.name ~= "members" then
      others[#others + 1] = operation
    else
      local change = member_change(operation)
      if not change then
        return nil
      end
      changes[#changes + 1] = change
    end
  end
  return others, changes
end

--- The body of a PATCH in the form that most servers understand: a path in every operation, `op` in lower case.
---@param list table[] `op`, `path` (a string, or a table as of `filter.path`), `value`
---@return table body
function M.body(list)
  local emitted = json.list {}
  for index, operation in ipairs(list) do
    errors.check_options("patch.body", operation, {
      op = "string",
      path = { "string", "table" },
      value = { "string", "number", "boolean", "table", "userdata" },
    })
    local op, path = ops[operation.op or ""], operation.path
    if not op then
      errors.raise(2, "patch.body: operation %d: 'op' must be add, replace or remove", index)
    elseif path == nil then
      errors.raise(2, "patch.body: operation %d: 'path' is missing", index)
    elseif op ~= "remove" and operation.value == nil then
      errors.raise(2, "patch.body: operation %d: 'value' is missing", index)
    end
    if type(path) == "string" then
      local _, message = filter.path(path)
      if message then
        errors.raise(2, "patch.body: operation %d: %s", index, message)
      end
    end
    emitted[index] = {
      op = op,
      path = type(path) == "table" and filter.print_path(path) or path,
      value = operation.value,
    }
  end
  if not emitted[1] then
    errors.raise(2, "patch.body: no operations are given")
  end
  return { schemas = json.list { definitions.URN.patch }, Operations = emitted }
end

return signature.declare("scim.patch.", M, {
  parse = "body: table, type: table, options?: table",
  apply = "resource: table, operations: table, type: table",
  split_members = "operations: table",
  body = "operations: table",
})

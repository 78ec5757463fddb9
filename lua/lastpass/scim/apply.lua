--- Applies the operations of a PATCH to a copy of a resource (scim §2.9).
-- @module lastpass.scim.apply
local elements = require "lastpass.scim.elements"
local failure = require "lastpass.scim.failure"
local schema = require "lastpass.scim.schema"
local values = require "lastpass.scim.values"

local M = {}

local function refuse(operation, scim_type, form, ...)
  local message = ("operation %d: "):format(operation.index) .. form:format(...)
  failure.raise(scim_type, message, { operation = operation.index })
end

-- ---- the draft: a resource of which what is changed has been copied ----

local function copy_of(object)
  local copy = {}
  for name, value in pairs(object or {}) do
    copy[name] = value
  end
  return copy
end

local function own(draft, container, name)
  local value = container[name]
  if not draft.is_own[value or false] then
    value = copy_of(value)
    container[name] = value
    draft.is_own[value] = true
  end
  return value
end

local function container_of(draft, found)
  if found.extension then
    return own(draft, draft.resource, found.urn)
  end
  return draft.resource
end

local function elements_of(draft, found)
  local made = draft.elements[found.attribute]
  if not made then
    made = elements.new(found.attribute, container_of(draft, found)[found.name], draft.budget)
    draft.elements[found.attribute] = made
    draft.founds[#draft.founds + 1] = found
  end
  return made
end

-- ---- operations ----

-- With another id, a manager's URL and name are no longer true; those that the same operation sets stay.
local function clear_derived(draft, operation, object)
  local found = operation.found
  for name in pairs(object) do
    local set_by = draft.set_by[found.attribute.sub[name:lower()]]
    if name ~= "value" and set_by ~= operation.index then
      object[name] = nil
    end
  end
end

local function apply_singular(draft, operation)
  local found, value = operation.found, operation.value
  local container = container_of(draft, found)
  if not found.sub then
    container[found.name] = value
    return
  end
  local object = own(draft, container, found.name)
  if found.sub == "value" and object.value ~= value then
    clear_derived(draft, operation, object)
  end
  object[found.sub] = value
  draft.set_by[found.definition] = operation.index
end

-- A value that the filter of the operation matches (scim §3); nil when there cannot be one.
local function made_to_match(operation)
  local parts, found, value = operation.parts, operation.found, operation.value
  if not parts or (operation.strict and operation.op == "replace") then
    return nil
  end
  local element = copy_of(parts)
  if found.sub then
    element[found.sub] = value
  else
    for name, part in pairs(value) do
      element[name] = part
    end
  end
  return operation.test(element) and element or nil
end

-- What the filter says of a value is true of the one that takes its place, unless that says otherwise.
local function replacement(operation)
  local element = copy_of(operation.strict and {} or operation.parts)
  for name, part in pairs(operation.value) do
    element[name] = part
  end
  return element
end

-- A member does not become another one by being added to (scim §2.3).
local function check_immutable(operation, list, positions)
  local sub, value = operation.found.attribute.sub.value, operation.value.value
  if sub and sub.mutability == "immutable" and not list:have(positions, sub, value) then
    refuse(operation, "mutability", "'%s.%s' cannot be changed", operation.found.name, sub.name)
  end
end

local function apply_selected(draft, operation)
  local list, found, op = elements_of(draft, operation.found), operation.found, operation.op
  local positions = list:matches(operation.test, operation.by_value)
  if op == "remove" and found.sub then
    list:unset_at(positions, found.sub)
  elseif op == "remove" then
    list:remove_at(positions)
  elseif not positions[1] then
    local element = made_to_match(operation)
    if not element then
      refuse(operation, "noTarget", "no value of '%s' matches the filter", found.name)
    end
    list:add { element }
  elseif found.sub then
    list:set_at(positions, { [found.sub] = operation.value })
  elseif op == "add" then
    check_immutable(operation, list, positions)
    list:set_at(positions, operation.value)
  else
    list:replace_at(positions, replacement(operation))
  end
end

-- "emails.value": of one e-mail. Of several, a value for all of them is no guess to make.
local function apply_to_parts(draft, operation)
  local list, found = elements_of(draft, operation.found), operation.found
  local positions = list:all()
  if operation.op == "remove" then
    list:unset_at(positions, found.sub)
  elseif positions[2] then
    refuse(operation, "invalidPath", "'%s' has several values; say which by a filter", found.name)
  elseif positions[1] then
    list:set_at(positions, { [found.sub] = operation.value })
  else
    list:add { { [found.sub] = operation.value } }
  end
end

local function apply_plural(draft, operation)
  local list, op = elements_of(draft, operation.found), operation.op
  if op == "add" then
    list:add(operation.value)
  elseif op == "replace" or operation.value == nil then
    list:replace(operation.value)
  else
    list:remove(operation.value)
  end
end

local function apply_operation(draft, operation)
  local found = operation.found
  if operation.op == "same" then
    if draft.resource[found.name] ~= operation.value then
      refuse(operation, "mutability", "'%s' is read-only", found.name)
    end
  elseif operation.filter then
    apply_selected(draft, operation)
  elseif found.attribute.multi and found.sub then
    apply_to_parts(draft, operation)
  elseif found.attribute.multi then
    apply_plural(draft, operation)
  else
    apply_singular(draft, operation)
  end
end

-- ---- the result ----

local function drop_empty(draft, container)
  for name, value in pairs(container) do
    if draft.is_own[value] and next(value) == nil then
      container[name] = nil
    end
  end
end

local function finish(draft, type_of)
  local resource = draft.resource
  for _, found in ipairs(draft.founds) do
    container_of(draft, found)[found.name] = draft.elements[found.attribute]:result()
  end
  for _, extension in ipairs(type_of.extensions) do
    drop_empty(draft, resource[extension.urn] or {})
  end
  drop_empty(draft, resource)
  resource.schemas = schema.schemas_of(type_of, resource)
  return resource
end

local function apply_all(resource, list, type_of)
  local draft
  draft = {
    resource = copy_of(resource),
    is_own = {},
    set_by = {}, -- by sub-attribute: the request's operation
    elements = {},
    founds = {},
    budget = {
      work = 0,
      spent = function()
        refuse(draft.operation, "tooMany", "the PATCH is too much work; send it in smaller ones")
      end,
    },
  }
  for _, operation in ipairs(list) do
    draft.operation = operation
    apply_operation(draft, operation)
  end
  local result = finish(draft, type_of)
  return result, not values.identical(resource, result)
end

--- See `patch.apply`.
function M.apply(resource, list, type_of)
  return failure.guarded(apply_all, resource, list, type_of)
end

return M

--- Mappings: which fields of a source say what of a person who ought to be there.
-- @module lastpass.source.mapping
local email = require "lastpass.email"
local errors = require "lastpass.error"

local M = {}

--- What the fields of a source say of a person. What is not mapped is not managed. An empty name
-- says nothing, an empty group is none.
---@class lastpass.source.Mapping
---@field email string            the field with the address
---@field fullname? string        the field with the name
---@field groups? string[]        fields that each name a group, or are a list of names
---@field fixed_groups? string[]  groups that everybody is in
---@field active? lastpass.source.ActiveMapping

--- When somebody is active: the field is none of these values, spaces around them and the case of
-- ASCII letters aside. An empty field says nothing: who may log in stays as it is.
---@class lastpass.source.ActiveMapping
---@field field string
---@field inactive string[]

local known = {
  email = "string",
  fullname = "string",
  groups = "table",
  active = "table",
  fixed_groups = "table",
}

local function check_list(option, list)
  for key, value in pairs(list) do
    if type(key) ~= "number" or type(value) ~= "string" then
      errors.raise(3, "people:feed: option '%s' must be a list of strings", option)
    end
  end
  return list
end

local function folded_set(values)
  local list, set = {}, {}
  for _, value in ipairs(values) do
    local key = email.fold(email.trim(value))
    if not set[key] then
      set[key], list[#list + 1] = true, key
    end
  end
  return set, list
end

--- Checks a mapping. A mistake in it is the programmer's.
---@param mapping lastpass.source.Mapping
---@return table plan {email, fullname, active: fields; groups: list of fields; fixed: names;
-- inactive: the values as they are compared; is_inactive: the same as a set; fields: all of them}
function M.plan(mapping)
  mapping = errors.check_options("people:feed", mapping, known)
  if not mapping.email then
    errors.raise(3, "people:feed: the mapping must name the field 'email'")
  end
  local plan = {
    email = mapping.email,
    fullname = mapping.fullname,
    groups = mapping.groups and check_list("groups", mapping.groups),
    fixed = mapping.fixed_groups and check_list("fixed_groups", mapping.fixed_groups),
  }
  local active = mapping.active
  if active then
    errors.check_options("people:feed: active", active, { field = "string", inactive = "table" })
    if not active.field or not active.inactive then
      errors.raise(3, "people:feed: 'active' needs a 'field' and the list 'inactive'")
    end
    plan.active = active.field
    plan.is_inactive, plan.inactive = folded_set(check_list("inactive", active.inactive))
  end
  plan.fields = {}
  for _, field in ipairs { "email", "fullname", "active" } do
    plan.fields[#plan.fields + 1] = plan[field]
  end
  for _, field in ipairs(plan.groups or {}) do
    plan.fields[#plan.fields + 1] = field
  end
  return plan
end

return M

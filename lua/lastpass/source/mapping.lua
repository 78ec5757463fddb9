--- Mappings: which fields of a source say what of a person who ought to be there.
-- @module lastpass.source.mapping
local errors = require "lastpass.error"
local status = require "lastpass.source.status"

local M = {}

--- What the fields of a source say of a person. What is not mapped is not managed. An empty name
-- says nothing, an empty group is none.
---@class lastpass.source.Mapping
---@field email string            the field with the address
---@field fullname? string        the field with the name
---@field groups? string[]        fields that each name a group, or are a list of names
---@field fixed_groups? string[]  groups that everybody is in
---@field active? lastpass.source.ActiveMapping

--- When somebody is active: the field, and which of its words mean what. A row whose word is on neither
-- list, or empty, is refused.
---@class lastpass.source.ActiveMapping: lastpass.source.StatusWords
---@field field string

local known = {
  email = "string",
  fullname = "string",
  groups = "table",
  active = "table",
  fixed_groups = "table",
}

local function check_list(option, list)
  local count = 0
  for number in ipairs(list) do
    count = number
  end
  for key, value in pairs(list) do
    if type(key) ~= "number" or key > count or type(value) ~= "string" then
      errors.raise(3, "people:feed: option '%s' must be a list of strings without gaps", option)
    end
  end
  return list
end

local known_active = { field = "string", active = "table", inactive = "table" }

--- Checks what a mapping says of the status.
---@param where string how the caller is called
---@param active lastpass.source.ActiveMapping
---@param level integer whose line is blamed
---@return table words of `status.compile`
function M.status_words(where, active, level)
  where = where .. ": active"
  errors.check_options(where, active, known_active, level + 1)
  if not active.field then
    errors.raise(
      level + 1,
      "%s: needs the 'field' with the status, and its words, as in "
        .. '{ field = "status", active = { "active" }, inactive = { "terminated" } }',
      where
    )
  end
  local words = { active = active.active, inactive = active.inactive }
  return status.compile(where, words, level + 1)
end

--- Checks a mapping. A mistake in it is the programmer's.
---@param mapping lastpass.source.Mapping
---@return table plan {email, fullname, active: fields; groups: list of fields; fixed: names;
-- words: those of the status, compiled; fields: all of them}
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
    plan.active, plan.words = active.field, M.status_words("people:feed", active, 3)
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

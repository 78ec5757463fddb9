--- Words about sources.
-- @module lastpass.plan.words.sources
local checks = require "lastpass.plan.words.checks"
local errors = require "lastpass.error"
local tracked = require "lastpass.plan.tracked"

local M = {}

--- users(source, { fullname = "name" }): everybody of a source by a mapping of its fields.
---@param context table see `words.new`
---@return function
function M.users(context)
  local mapping_fields = {
    email = "string",
    fullname = "string",
    groups = "table",
    active = "table",
    fixed_groups = "table",
  }
  return function(source, mapping)
    if not tracked.is(source) then
      errors.raise(2, "users: the first argument must be a source, as source.csv gives it")
    end
    errors.check_options("users", mapping, mapping_fields, 2)
    mapping = mapping or {}
    local complete = { email = mapping.email or "email" }
    for name, value in pairs(mapping) do
      complete[name] = value
    end
    if complete.fixed_groups then
      checks.texts("users", "fixed_groups", complete.fixed_groups, 2)
    end
    -- a failure of the source stays in it; its proof keeps what removes held
    source._people:feed(context.declared.wanted, complete, source._number)
  end
end

--- source.csv "hr.csv": relative paths begin at the playbook.
---@param context table see `words.new`
---@return table
function M.source(context)
  local kinds = { "csv", "json", "ldap", "table" }
  local words = {}
  for _, kind in ipairs(kinds) do
    words[kind] = function(place, ...)
      local is_file = kind == "csv" or kind == "json"
      if is_file and type(place) == "string" and not place:match "^/" and context.folder then
        place = context.folder .. place
      end
      local people = tracked.open(kind, 2, place, ...)
      local sources = context.declared.sources
      local one = tracked.new(people, #sources + 1, context.reading)
      sources[#sources + 1] = one
      return one
    end
  end
  return setmetatable(words, {
    __index = function(_, kind)
      local nearest = errors.nearest(kind, kinds)
      errors.raise(
        2,
        "source: there is no kind '%s'%s",
        tostring(kind),
        nearest and (" (did you mean '%s'?)"):format(nearest)
          or "; known are csv, json, ldap and table"
      )
    end,
  })
end

return M

--- Words about sources.
-- @module lastpass.plan.words.sources
local checks = require "lastpass.plan.words.checks"
local errors = require "lastpass.error"
local mappings = require "lastpass.source.mapping"
local signature = require "lastpass.signature"
local source_room = require "lastpass.source"
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
    if complete.active then
      mappings.status_words("users", complete.active, 2)
    end
    if complete.groups then
      checks.texts("users", "groups", complete.groups, 2)
    end
    if complete.fixed_groups then
      checks.texts("users", "fixed_groups", complete.fixed_groups, 2)
    end
    local declared, people = context.declared, source._people
    local first = #declared.wanted + 1
    local count, message, err = people:feed(declared.wanted, complete, source._number)
    if not count and err.kind == "argument" then
      errors.raise(2, "users: %s", message) -- the mapping names what is not there
    end
    -- any other failure stays in the source; its proof keeps what removes held
    for _, row in ipairs(people.other_letters or {}) do
      declared:extra(row).other_letters = true
    end
    if context.reason then
      declared:note_reason(first, context.reason)
    end
  end
end

-- The hash of the bytes that were read, not of what the file holds when the plan is made.
local function with_sha256(options)
  local copy = { sha256 = true }
  for name, value in pairs(options or {}) do
    copy[name] = value
  end
  return copy
end

-- The moments among the dates of a source fall on a day in the account's zone.
local function with_zone(options, zone)
  if type(options) ~= "table" or options.dates == nil or options.zone ~= nil then
    return options
  end
  local copy = { zone = zone }
  for name, value in pairs(options) do
    copy[name] = value
  end
  return copy
end

-- Two sources of one name are told apart, also from one plan to the next.
local function label(sources, name)
  local others = 0
  for _, source in ipairs(sources) do
    others = others + (source.name == name and 1 or 0)
  end
  return others == 0 and name or ("%s (%d)"):format(name, others + 1)
end

--- source.csv "hr.csv": relative paths begin at the playbook.
---@param context table see `words.new`
---@return table
function M.source(context)
  local kinds = { "csv", "json", "ldap", "table" }
  local words = {}
  for _, kind in ipairs(kinds) do
    local function open(place, options)
      local is_file = kind == "csv" or kind == "json"
      if is_file and type(place) == "string" and not place:match "^/" and context.folder then
        place = context.folder .. place
      end
      if is_file and (options == nil or type(options) == "table" and options.sha256 == nil) then
        options = with_sha256(options)
      end
      if kind == "ldap" then
        place = with_zone(place, context.zone)
      else
        options = with_zone(options, context.zone)
      end
      local people = tracked.open(context.declared, kind, 2, place, options)
      local sources = context.declared.sources
      local columns = options and options.columns
      local name = label(sources, people.name)
      local one = tracked.new(people, #sources + 1, context.reading, name, columns)
      sources[#sources + 1] = one
      return one
    end
    words[kind] = signature.check("source." .. kind, source_room.signatures[kind], open)
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

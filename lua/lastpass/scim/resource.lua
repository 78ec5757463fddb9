--- Users and groups as tables: what servers write is read in one form, and what is sent is made whole.
-- @module lastpass.scim.resource
local definitions = require "lastpass.scim.definitions"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

--- Where each type lives (scim §2.4), and the attributes that name one of it: the first is its own, the second is
-- the client's.
M.types = {
  User = {
    endpoint = "/Users",
    names = { "userName", "externalId" },
    noun = "user",
    urn = definitions.URN.user,
  },
  Group = {
    endpoint = "/Groups",
    names = { "displayName", "externalId" },
    noun = "group",
    urn = definitions.URN.group,
  },
}

--- Raises unless it is one of the types.
---@param where string
---@param name string
---@param level integer
---@return table type
function M.type(where, name, level)
  local found = M.types[name]
  if not found then
    local nearest = errors.did_you_mean(name, errors.names_of(M.types))
    errors.raise(level + 1, "%s: there is no type '%s'%s", where, tostring(name), nearest)
  end
  return found
end

--- Raises for an empty id.
---@param where string
---@param id string
---@param level integer
function M.check_id(where, id, level)
  if id == "" then
    errors.raise(level + 1, "%s: 'id' is empty: it is what the server calls the resource", where)
  end
end

local EXACT = 2 ^ 53 -- from here on two ids could be one number

-- A number as id, as sloppy servers write it (scim §1.1); nil for what is no id.
local function text_of(value)
  if type(value) == "number" and value == math.floor(value) and math.abs(value) < EXACT then
    return ("%.0f"):format(value)
  end
  return type(value) == "string" and value ~= "" and value or nil
end

-- Null is absence, also in a list: what stands behind it moves up.
local function without_nulls(value)
  local length, kept = #value, 0
  for index = 1, length do
    local item = value[index]
    value[index] = nil
    if item ~= json.null then
      kept = kept + 1
      value[kept] = item
    end
  end
  for key, item in pairs(value) do
    if item == json.null then
      value[key] = nil
    elseif type(item) == "table" then
      without_nulls(item)
    end
  end
end

local booleans = { ["true"] = true, ["false"] = false }

-- One object where a list belongs is a list of one, and an id by itself a member; nil when it is no list: taken for
-- an empty one, it would look as if everybody had left.
local function tidy_members(list)
  if type(list) == "string" or type(list) == "table" and list.value ~= nil then
    list = { list }
  elseif type(list) ~= "table" or list[1] == nil and next(list) ~= nil then
    return nil
  end
  for index, member in ipairs(list) do
    if type(member) ~= "table" then
      member = { value = member }
      list[index] = member
    end
    member.value = text_of(member.value)
  end
  return list
end

-- Names with other capitals than the standard's: all that is read by name afterwards has the standard's.
local spellings = {}
for word in
  ("id externalId userName displayName active name emails members groups meta schemas"):gmatch "%a+"
do
  spellings[word:lower()] = word
end

--- The standard's spelling of an attribute's name, when it is one of the usual ones.
---@param name string
---@return string
function M.spelling(name)
  return spellings[name:lower()] or name
end

local function with_standard_names(resource)
  local named = {}
  for name, value in pairs(resource) do
    named[type(name) == "string" and spellings[name:lower()] or name] = value
  end
  return named
end

--- A resource as this package gives it: `id` is a string, `active` a boolean whatever the server wrote
-- ("False" would be true in Lua too), null is absence, and a single member is a list of one.
---@param name "User"|"Group"
---@param resource any what the server wrote; it is changed
---@param is_part? boolean only some attributes were taken, by the standard's names
---@return table|nil resource nil when it is none
---@return string? reason
function M.read(name, resource, is_part)
  if type(resource) ~= "table" then
    return nil, "it is no object"
  elseif not is_part then
    if resource.id == nil or resource[M.types[name].names[1]] == nil then
      resource = with_standard_names(resource)
    end
    without_nulls(resource)
  end
  resource.id = text_of(resource.id)
  if not resource.id then
    return nil, "it has no id"
  end
  if type(resource.active) == "string" then
    resource.active = booleans[resource.active:lower()]
  end
  local list = name == "Group" and "members" or "groups"
  if resource[list] ~= nil then
    resource[list] = tidy_members(resource[list])
    if not resource[list] then
      return nil, ("its %s cannot be read"):format(list)
    end
  end
  return resource
end

-- What the server alone decides (scim §2.3); clients that send it back are ignored or refused.
local read_only = { User = { meta = true, groups = true }, Group = { meta = true } }

--- What is sent of a resource: its schemas named, and nothing that only the server says.
---@param name "User"|"Group"
---@param resource table is not changed
---@param id? string of a resource that is replaced
---@return table body
function M.write(name, resource, id)
  local body = { id = id, schemas = json.list { M.types[name].urn } }
  for key, value in pairs(resource) do
    if not read_only[name][key] and key ~= "id" and key ~= "schemas" then
      body[key] = value
      if key:find "^urn:" then
        table.insert(body.schemas, key)
      end
    end
  end
  return body
end

--- The version that a server gave a resource: `meta.version`, and nothing that an HTTP server adds by itself
-- (scim §2.10).
---@param resource table
---@return string|nil
function M.version(resource)
  local meta = resource.meta
  local version = type(meta) == "table" and meta.version
  return type(version) == "string" and version ~= "" and version or nil
end

--- Whether two values of the attribute are the same one: userName and displayName whatever the case, externalId and
-- id to the letter (scim §2.2).
---@param attribute string
---@param one any
---@param other any
---@return boolean
function M.same(attribute, one, other)
  if one == other or type(one) ~= "string" or type(other) ~= "string" then
    return one == other
  elseif attribute == "externalId" or attribute == "id" then
    return false
  end
  local fold = require("lastpass.email").fold
  return fold(one) == fold(other)
end

return M

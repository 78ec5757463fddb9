--- Attributes of a SCIM resource by path, as columns name them: "name.givenName", `emails[type eq "work"].value`,
-- "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department" (scim §2.5).
-- @module lastpass.source.scim_attributes
local filter = require "lastpass.scim.filter"
local record = require "lastpass.source.record"
local schema = require "lastpass.scim.schema"

local M = {}

---@class lastpass.source.ScimPath
---@field keys string[]  one after another
---@field test? fun(element: table): boolean of the values that the brackets select
---@field urn? string    of the extension, in lower case

-- By their text: paths are the same for all records of a source.
local paths = setmetatable({}, { __mode = "v" })

-- The elements that brackets select, by a filter on a resource that has this one alone.
local function selection(path)
  local where = { op = "where", path = { urn = path.urn, name = path.name, filter = path.filter } }
  local matches, message = filter.compile(where, schema.types.User)
  if not matches then
    return nil, message
  end
  return function(element)
    return matches { [path.name] = { element } }
  end
end

local function read_path(text)
  local parsed, message = filter.path(text)
  if not parsed then
    return nil, message
  end
  local path, test = { keys = {} }, nil
  if parsed.filter then
    local found = schema.find(schema.types.User, { urn = parsed.urn, name = parsed.name })
    parsed.name = found and found.name or parsed.name
    test, message = selection(parsed)
    if not test then
      return nil, message
    end
  end
  path.test, path.urn = test, parsed.urn and parsed.urn:lower()
  path.keys[1], path.keys[2] = parsed.name, parsed.sub
  if #path.keys == 0 then
    return nil, "it names a schema and no attribute of it"
  end
  return path
end

--- Reads a path.
---@param text string
---@return lastpass.source.ScimPath|nil
---@return string? message what is wrong with it
function M.path(text)
  local path, message = paths[text], nil
  if not path then
    path, message = read_path(text)
    paths[text] = path
  end
  return path, message
end

-- What an object has by a name, whatever its case (scim §2.2).
local function member(object, key)
  if object[key] ~= nil then
    return object[key]
  end
  key = key:lower()
  for name, value in pairs(object) do
    if type(name) == "string" and name:lower() == key then
      return value
    end
  end
  return nil
end

local CORE = schema.URN.user:lower()

-- Where the keys of a path begin: in the resource, or in the extension's object.
local function start_of(resource, path)
  if not path.urn or path.urn == CORE then
    return resource
  end
  local extension = member(resource, path.urn)
  return type(extension) == "table" and extension or {}
end

local function add_value(value, found)
  local text = record.text(value)
  if text then
    found[#found + 1] = text
    return nil
  end
  -- what a complex value says by itself (scim §2.5)
  local inner = type(value) == "table" and member(value, "value")
  text = record.text(inner)
  found[#found + 1] = text
  return not text and "holds another object" or nil
end

local function collect_in(value, path, depth, found)
  local key = path.keys[depth]
  if type(value) == "table" and #value > 0 then
    found.is_list = found.is_list or depth > #path.keys
    for _, element in ipairs(value) do
      local selected = depth ~= 2
        or not path.test
        or type(element) == "table" and path.test(element)
      local fault = selected and collect_in(element, path, depth, found) or nil
      if fault then
        return fault
      end
    end
    return nil
  elseif not key then
    return add_value(value, found)
  elseif type(value) ~= "table" then
    -- Entra and others write the value of a complex attribute bare
    return key == "value" and add_value(value, found) or nil
  end
  local inner = member(value, key)
  if inner == nil then
    return nil
  end
  return collect_in(inner, path, depth + 1, found)
end

--- The values at a path of a resource as text, as `columns.kind` wants it.
---@param resource table
---@param text string the path
---@param found table gets the texts; `present`, `is_list`
---@return string|nil fault
function M.collect(resource, text, found)
  local path = M.path(text)
  local fault = collect_in(start_of(resource, path), path, 1, found)
  found.present = #found > 0
  return fault
end

return M

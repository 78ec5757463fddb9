--- Which endpoint a path names, and which methods it has (scim §2.4).
-- @module lastpass.scim.server.routes
local core = require "lastpass.core"
local errors = require "lastpass.error"
local parameters = require "lastpass.scim.server.parameters"
local schema = require "lastpass.scim.schema"

local M = {}

local METHODS = { "GET", "POST", "PUT", "PATCH", "DELETE" }
local known_methods = errors.set_of(METHODS)

--- The types in the order in which the root lists them.
M.types = { schema.types.User, schema.types.Group }

local LONGEST_ID = 256

-- By segment in lower case: methods and the names of their actions. `feature`: without it there is nothing here.
local singles = {
  [".search"] = { POST = "search", feature = "search" },
  bulk = { POST = "bulk" },
  me = { any = "me" },
  serviceproviderconfig = { GET = "service_provider_config", feature = "discovery" },
  resourcetypes = { GET = "resource_types", feature = "discovery", has_items = true },
  schemas = { GET = "schemas", feature = "discovery", has_items = true },
}

local root = { GET = "list", feature = "root" }
local collections, items, searches = {}, {}, {}
for _, type in ipairs(M.types) do
  local segment, name = type.endpoint:sub(2):lower(), type.name:lower()
  collections[segment] = { type = type, GET = ("list_%ss"):format(name), POST = "create_" .. name }
  searches[segment] = { type = type, POST = ("search_%ss"):format(name), feature = "search" }
  items[segment] = {
    type = type,
    GET = "get_" .. name,
    PUT = "replace_" .. name,
    PATCH = "patch_" .. name,
    DELETE = "delete_" .. name,
  }
end

-- "/Users/3%204" -> {"Users", "3 4"}; nil when it is no path.
local function split(path)
  local segments = {}
  for segment in path:gmatch "[^/]+" do
    local text = parameters.unescape_path(segment)
    if not text or text:find "%c" or text ~= core.clean(text) then
      return nil
    end
    segments[#segments + 1] = text
  end
  return segments
end

local function endpoint_of(segments)
  local first = segments[1] and segments[1]:lower()
  local second = segments[2]
  if not first then
    return root
  elseif #segments == 1 then
    return collections[first] or singles[first]
  elseif #segments == 2 and collections[first] then
    if second:lower() == ".search" then
      return searches[first]
    end
    return #second <= LONGEST_ID and items[first] or nil, second
  elseif #segments == 2 and singles[first] and singles[first].has_items then
    return singles[first], second
  end
  return nil
end

--- Finds the endpoint of a request.
---@param method string
---@param path string below the base, raw
---@return table|nil route `action`, `type`, `id`, `feature`; without `action` the method is not known: `allow`
function M.find(method, path)
  local segments = split(path)
  local endpoint, id
  if segments then
    endpoint, id = endpoint_of(segments)
  end
  if not endpoint then
    return nil
  end
  local allow = {}
  for _, name in ipairs(METHODS) do
    allow[#allow + 1] = endpoint[name] and name
  end
  if method == "HEAD" then
    method = "GET"
  end
  return {
    action = known_methods[method] and endpoint[method] or endpoint.any,
    type = endpoint.type,
    id = id,
    feature = endpoint.feature,
    allow = table.concat(allow, ", "),
  }
end

return M

--- The schemas of SCIM: which attributes users and groups have, how a name leads to one, and resources in canonical
-- form (scim §2.1 to §2.3).
-- @module lastpass.scim.schema
local definitions = require "lastpass.scim.definitions"
local normalise = require "lastpass.scim.normalise"
local signature = require "lastpass.signature"

local M = {}

--- URNs: `user`, `group`, `enterprise`, `service_provider_config`, `resource_type`, `schema`; of messages `list`,
-- `search`, `patch`, `bulk_request`, `bulk_response`, `error`.
M.URN = definitions.URN

--- The types of resources: `User` and `Group`.
---@type table<string, lastpass.scim.Type>
M.types = definitions.types

local known_urns = {}
for _, urn in pairs(definitions.URN) do
  known_urns[urn:lower()] = urn
end

-- The longest known URN that the text is, or that a name follows; it has dots and colons itself (scim §2.5).
local function known_urn(lower)
  local found
  for known, urn in pairs(known_urns) do
    local is_prefix = lower == known or lower:sub(1, #known + 1) == known .. ":"
    if is_prefix and (not found or #urn > #found) then
      found = urn
    end
  end
  return found
end

local NAME = "^[%a$_][%w$_-]*$"

--- The parts of an attribute's name: "urn:…:User:manager.value".
---@param text string
---@return table|nil path `urn`, `name` (nil for a schema by itself), `sub`
---@return string? message
function M.split(text)
  local urn, rest = nil, text
  if text:find(":", 1, true) then
    urn = known_urn(text:lower())
    if urn and #urn == #text then
      return { urn = urn }
    elseif urn then
      rest = text:sub(#urn + 2)
    else
      urn, rest = text:match "^(.+):([^:]*)$"
    end
  end
  local name, sub = rest or "", nil
  if name:find(".", 1, true) then
    name, sub = name:match "^([^.]*)%.(.*)$"
  end
  if not name:find(NAME) or (sub and not sub:find(NAME)) then
    return nil, ("'%s' is not the name of an attribute"):format(text)
  end
  return { urn = urn, name = name, sub = sub }
end

local function unknown(text)
  return nil, ("unknown attribute '%s'"):format(text)
end

--- Where the parts of a name lead to.
---@param type_of lastpass.scim.Type
---@param path table as `split` gives it
---@return table|nil found `urn` (the type's own for its attributes), `name`, `sub`, `attribute`, `definition` (of the
-- sub-attribute, when there is one), `extension` (when it is in one); of a schema by itself only `urn`
-- and `extension`
---@return string? message
function M.find(type_of, path)
  local extension
  if path.urn and path.urn:lower() ~= type_of.urn:lower() then
    extension = normalise.extension_of(type_of, path.urn)
    if not extension then
      return unknown(path.urn .. (path.name and ":" .. path.name or ""))
    end
  end
  local container = extension or type_of
  if not path.name then
    return { urn = container.urn, extension = extension }
  end
  local attribute = container.index[path.name:lower()]
  if not attribute then
    return unknown(path.name)
  end
  local sub = path.sub and attribute.sub and attribute.sub[path.sub:lower()]
  if path.sub and not sub then
    return unknown(path.name .. "." .. path.sub)
  end
  return {
    urn = container.urn,
    name = attribute.name,
    sub = sub and sub.name,
    attribute = attribute,
    definition = sub or attribute,
    extension = extension,
  }
end

--- Finds an attribute by its name, whatever its case; an URN may stand before it.
---@param type_of lastpass.scim.Type
---@param text string
---@return table|nil found as of `find`
---@return string? message
function M.resolve(type_of, text)
  local path, message = M.split(text)
  if not path then
    return nil, message
  end
  return M.find(type_of, path)
end

M.normalize = normalise.resource
M.schemas_of = normalise.schemas_of

--- What a server can do, as it tells its clients (scim §2.4).
---@param features table `patch`, `bulk` {max_operations, max_payload}, `filter` {max_results}, `sort`, `etag`,
-- `pagination` {cursor, default_page_size, max_page_size}, `documentation_uri`
---@param base? string the base URL, for `meta.location`
---@return table
function M.service_provider_config(features, base)
  return require("lastpass.scim.documents").service_provider_config(features, base)
end

--- The types of resources, as a server tells its clients.
---@param base? string the base URL, for `meta.location`
---@return table[]
function M.resource_types(base)
  return require("lastpass.scim.documents").resource_types(base)
end

--- The schemas, as a server tells its clients.
---@param base? string the base URL, for `meta.location`
---@return table[]
function M.schemas(base)
  return require("lastpass.scim.documents").schemas(base)
end

return signature.declare("scim.schema.", M, {
  split = "text: string",
  find = "type: table, path: table",
  resolve = "type: table, text: string",
  normalize = "type: table, resource: table, options?: table",
  schemas_of = "type: table, resource: table",
  service_provider_config = "features: table, base?: string",
  resource_types = "base?: string",
  schemas = "base?: string",
})

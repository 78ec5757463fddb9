--- What a server says of itself (ServiceProviderConfig). It is used when it is there and missed when it is not:
-- LastPass documents none (scim §1.5).
-- @module lastpass.scim.discovery
local call = require "lastpass.scim.call"
local signature = require "lastpass.signature"

local M = {}

---@class lastpass.scim.Features
---@field patch? boolean
---@field bulk? {max_operations: integer, max_payload: integer} nil when it is not offered
---@field filter? {max_results: integer|nil}
---@field sort boolean
---@field etag boolean
---@field pagination? {cursor: boolean, index: boolean, default: string|nil, max_page_size: integer|nil}
---@field document table  as the server wrote it

local function is_supported(part)
  local supported = type(part) == "table" and part.supported
  return supported == true or type(supported) == "string" and supported:lower() == "true"
end

local function limit(part, name)
  local value = type(part) == "table" and tonumber(part[name])
  return value and value >= 1 and math.floor(value) or nil
end

local function features_of(document)
  local paging = document.pagination
  return {
    patch = is_supported(document.patch),
    bulk = is_supported(document.bulk) and {
      max_operations = limit(document.bulk, "maxOperations") or 1000,
      max_payload = limit(document.bulk, "maxPayloadSize") or 1048576,
    } or nil,
    filter = is_supported(document.filter) and {
      max_results = limit(document.filter, "maxResults"),
    } or nil,
    sort = is_supported(document.sort),
    etag = is_supported(document.etag),
    pagination = type(paging) == "table"
        and {
          cursor = paging.cursor == true,
          index = paging.index == true,
          default = type(paging.defaultPaginationMethod) == "string"
              and paging.defaultPaginationMethod
            or nil,
          max_page_size = limit(paging, "maxPageSize"),
        }
      or nil,
    document = document,
  }
end

-- A token that is refused is no missing page. 403 is one: some keep the page from who may do all else.
local function is_absent(err)
  return err.kind == "refused" or err.code == "forbidden" or err.code == "not_json"
end

--- What the server says it can do; asked once and remembered.
---@param client lastpass.scim.Client
---@return lastpass.scim.Features|false|nil features false: the server does not say
---@return string? message
---@return lastpass.Error? err
function M.discover(client)
  if client._features ~= nil then
    return client._features
  end
  local reply, message, err = call.perform(client, {
    command = "discover",
    method = "GET",
    path = "/ServiceProviderConfig",
  })
  if not reply and not is_absent(err) then
    return nil, message, err
  end
  client._features = reply and reply.body and features_of(reply.body) or false
  return client._features
end

signature.declare("scim:", M, { discover = "" })

return M

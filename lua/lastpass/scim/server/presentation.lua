--- Resources as a server shows them: completed with what the server knows, reduced to what was asked for; their
-- versions (scim §2.1, §2.6, §2.10).
-- @module lastpass.scim.server.presentation
local messages = require "lastpass.scim.messages"
local percent = require "lastpass.text.percent"
local schema = require "lastpass.scim.schema"

local M = {}

--- The address of a resource.
---@param call table `request.base`
---@param type table of lastpass.scim.schema
---@param id string
function M.location(call, type, id)
  return call.request.base .. type.endpoint .. "/" .. percent.encode(id)
end

--- A resource as it is answered: a table of its own.
---@param call table
---@param type table
---@param resource table the backend's; not changed
---@param selection table of lastpass.scim.server.selection
function M.show(call, type, resource, selection)
  local meta = {}
  for name, value in pairs(resource.meta or {}) do
    meta[name] = value
  end
  meta.resourceType = type.name
  meta.location = M.location(call, type, resource.id)
  if not call.features.etag then
    meta.version = nil
  end
  local whole = { meta = meta }
  for name, value in pairs(resource) do
    whole[name] = whole[name] or value
  end
  local shown = selection:apply(whole)
  shown.schemas = schema.schemas_of(type, shown)
  return shown
end

--- The response that carries one resource.
function M.response(call, status, type, resource, selection)
  local version = call.features.etag and resource.meta and resource.meta.version or nil
  local headers = { ETag = version }
  if status == 201 then
    headers.Location = M.location(call, type, resource.id)
  end
  return messages.response(status, M.show(call, type, resource, selection), headers)
end

-- 'W/"a"' and '"a"' are the same here: weak comparison is enough (scim §2.10).
local function opaque(version)
  return version:match '^%s*[Ww]?/?(".*")%s*$' or version
end

--- Whether a header of conditions names a version.
---@param header string a list of versions, or "*"
---@param version string|nil of a resource that exists
function M.matches(header, version)
  if header:find "^%s*%*%s*$" then
    return true
  elseif not version then
    return false
  end
  local wanted = opaque(version)
  for one in header:gmatch '[Ww]?/?"[^"]*"' do
    if opaque(one) == wanted then
      return true
    end
  end
  return false
end

return M

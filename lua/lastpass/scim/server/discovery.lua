--- What a server says of itself: ServiceProviderConfig, ResourceTypes and Schemas (scim §2.4).
-- @module lastpass.scim.server.discovery
local messages = require "lastpass.scim.messages"
local schema = require "lastpass.scim.schema"

local M = {}

--- GET /ServiceProviderConfig.
function M.service_provider_config(call)
  local document = schema.service_provider_config(call.features, call.request.base)
  return messages.response(200, document)
end

-- A list, or the one of it whose id is in the path; pages and orders say nothing here.
local function answer(call, documents)
  if call.asked.filter then
    return messages.fail(403, nil, "there is no filter on what a server says of itself")
  elseif not call.id then
    return messages.response(200, messages.list(documents, { total = #documents, start = 1 }))
  end
  for _, document in ipairs(documents) do
    if document.id:lower() == call.id:lower() then
      return messages.response(200, document)
    end
  end
  return nil
end

--- GET /ResourceTypes, all or one.
function M.resource_types(call)
  return answer(call, schema.resource_types(call.request.base))
end

--- GET /Schemas, all or one.
function M.schemas(call)
  return answer(call, schema.schemas(call.request.base))
end

return M

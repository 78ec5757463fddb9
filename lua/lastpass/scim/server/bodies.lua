--- Bodies of requests: their media type, their JSON, and that they are the message which the endpoint takes
-- (scim §2.1, §2.12).
-- @module lastpass.scim.server.bodies
local definitions = require "lastpass.scim.definitions"
local json = require "lastpass.json"
local messages = require "lastpass.scim.messages"

local M = {}

--- Reads the body of a request.
---@param call table
---@param urn string what `schemas` has to name, when there are any: not every client sends them
---@return table|nil body decoded
---@return string? message
---@return lastpass.Error? err
function M.read(call, urn)
  local body = call.request.body
  if type(body) == "table" then -- of an operation of a bulk request, decoded with it
    return body
  elseif body == nil or not body:find "%S" then
    return messages.fail(400, "invalidSyntax", "the request has no body")
  elseif not messages.reads(call.request.headers["content-type"]) then
    local detail = ("the body must be %s, in UTF-8"):format(messages.MEDIA_TYPE)
    return messages.fail(415, nil, detail)
  end
  local value, message = json.decode(body)
  if type(value) ~= "table" or #value > 0 or json.is_list(value) then
    local detail = value == nil and "the body is not valid JSON: " .. message
      or "the body must be a JSON object"
    return messages.fail(400, "invalidSyntax", detail)
  end
  local schemas = value.schemas
  if schemas == nil or schemas == json.null then
    return value
  elseif not definitions.names(type(schemas) == "table" and schemas or { schemas }, urn) then
    return messages.fail(400, "invalidSyntax", "'schemas' must name " .. urn)
  end
  return value
end

return M

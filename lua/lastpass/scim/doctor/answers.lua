--- What an answer has to be, in pieces that checks are put together of: each looks at an answer and says what is wrong
-- with it, or nothing.
-- @module lastpass.scim.doctor.answers
local definitions = require "lastpass.scim.definitions"
local json = require "lastpass.json"

local M = {}

---@class lastpass.scim.Answer
---@field status integer
---@field headers table
---@field text string
---@field value? table the decoded body

--- One of these statuses.
---@param ... integer
function M.status(...)
  local wanted = { ... }
  return function(_, answer)
    for _, status in ipairs(wanted) do
      if answer.status == status then
        return nil
      end
    end
    return ("the status is %d"):format(answer.status)
  end
end

--- A ListResponse, of so many resources where that is said.
---@param total? integer
function M.list(total)
  return function(_, answer)
    local value = answer.value
    if answer.status == 404 then
      return "the status is 404, where an empty list is a list as well"
    elseif answer.status ~= 200 then
      return ("the status is %d"):format(answer.status)
    elseif not value then
      return "the body is not a JSON object"
    elseif type(value.totalResults) ~= "number" then
      return "totalResults is not a number"
    elseif value.Resources ~= nil and type(value.Resources) ~= "table" then
      return "Resources is not a list"
    elseif value.totalResults > 0 and value.Resources == nil then
      return "Resources is missing (with a capital R)"
    elseif not definitions.names(value.schemas, definitions.URN.list) then
      return "schemas does not name " .. definitions.URN.list
    elseif total and value.totalResults ~= total then
      return ("totalResults is %.0f and not %d: is the filter passed over?"):format(
        value.totalResults,
        total
      )
    elseif total and #(value.Resources or {}) ~= total then
      return ("there are %d resources and not %d"):format(#(value.Resources or {}), total)
    end
  end
end

--- The Error message of SCIM, with its status as a string.
---@param status integer
---@param scim_type? string
function M.refusal(status, scim_type)
  return function(_, answer)
    local value = answer.value
    if answer.status ~= status then
      return ("the status is %d and not %d"):format(answer.status, status)
    elseif not value then
      return "the error's body is not JSON: Okta counts that as a second failure"
    elseif not definitions.names(value.schemas, definitions.URN.error) then
      return "the error's schemas does not name " .. definitions.URN.error
    elseif value.status ~= tostring(status) then
      return ('the error\'s status is %s and not "%d"'):format(json.encode(value.status), status)
    elseif scim_type and value.scimType ~= scim_type then
      return ("the error's scimType is %s and not %s"):format(tostring(value.scimType), scim_type)
    end
  end
end

--- A user or a group with what clients need.
---@param type_name "User"|"Group"
---@param status? integer default 200
function M.resource(type_name, status)
  local urn = definitions.URN[type_name:lower()]
  local name = type_name == "User" and "userName" or "displayName"
  return function(_, answer)
    local value = answer.value
    if answer.status ~= (status or 200) then
      return ("the status is %d and not %d"):format(answer.status, status or 200)
    elseif not value then
      return "the body is not a JSON object: an empty one is an error to Okta"
    elseif type(value.id) ~= "string" or value.id == "" then
      return "id is not a string"
    elseif type(value[name]) ~= "string" then
      return name .. " is missing"
    elseif not definitions.names(value.schemas, urn) then
      return "schemas does not name " .. urn
    elseif value.active ~= nil and type(value.active) ~= "boolean" then
      return ("active is %s and not a boolean"):format(json.encode(value.active))
    end
  end
end

--- All of several.
---@param ... function
function M.all(...)
  local checks = { ... }
  return function(context, answer)
    for _, classify in ipairs(checks) do
      local problem, is_note = classify(context, answer)
      if problem then
        return problem, is_note
      end
    end
  end
end

--- What the RFC asks for and providers do without.
---@param classify function
function M.note(classify)
  return function(context, answer)
    local problem = classify(context, answer)
    return problem, problem and true
  end
end

return M

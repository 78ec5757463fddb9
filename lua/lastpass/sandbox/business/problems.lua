--- Problem details (RFC 9457), as the REST API answers what it refuses (business §1.3).
-- @module lastpass.sandbox.business.problems
local json = require "lastpass.json"

local M = {}

local titles = {
  [400] = "Bad Request",
  [401] = "Unauthorized",
  [403] = "Forbidden",
  [404] = "Not Found",
  [405] = "Method Not Allowed",
  [409] = "Conflict",
  [413] = "Content Too Large",
  [501] = "Not Implemented",
}

--- A reply.
---@param status integer
---@param detail string
---@param fields? table[] {pointer, detail} of single fields
---@return table
function M.fail(status, detail, fields)
  return {
    status = status,
    is_problem = true,
    value = {
      title = titles[status],
      status = status,
      detail = detail,
      errors = fields and json.list(fields) or nil,
    },
  }
end

--- A reply about one field.
---@param pointer string
---@param detail string
---@return table
function M.refuse(pointer, detail)
  return M.fail(400, "one or more fields are wrong", { { pointer = pointer, detail = detail } })
end

return M

--- The organization: one account is one (unified-directory §5.1).
-- @module lastpass.unified.organizations
local json = require "lastpass.json"
local lists = require "lastpass.unified.lists"

local M = {
  name = "organizations",
  what = "organization",
  collection = { list = true },
  item = { get = true },
  scalars = { id = true, name = true, pricing_plan = true, created_at = true, updated_at = true },
  filters = {},
}

local function object(call)
  return {
    id = call.cid,
    name = call.settings.company_name or json.null,
    pricing_plan = json.null,
    licenses = json.list {},
    created_at = json.null,
    updated_at = json.null,
    remote_data = { cid = call.cid },
  }
end

--- The one organization.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  return lists.of(call, M, { object(call) })
end

--- The same by its id; it is an answer only when the directory can be read.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.get(call)
  local view, problem = call:directory()
  if not view then
    return nil, problem
  end
  return lists.single(call, call.id == call.cid and object(call) or nil)
end

return M

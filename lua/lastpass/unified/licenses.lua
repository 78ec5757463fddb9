--- Licences: this API tells nothing of them, so the list is empty (unified-directory §5.1).
-- @module lastpass.unified.licenses
local lists = require "lastpass.unified.lists"

local M = {
  name = "licenses",
  what = "licence",
  collection = { list = true },
  item = { get = true },
  scalars = { id = true },
}

local function nothing()
  return nil
end

M.filters = {
  organization_id = { kind = "exact", value = nothing },
  workspace_id = { kind = "exact", value = nothing },
}

--- None.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  return lists.of(call, M, {})
end

--- None.
---@param call lastpass.unified.Call
---@return nil
---@return lastpass.unified.Problem problem
function M.get(call)
  return call:not_found()
end

return M

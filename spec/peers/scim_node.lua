--- SCIM filters and PATCH by packages of npm: one process of node, asked with JSON lines (scim_filter.cjs).
local node = require "spec.peers.node"

local M = {}

--- What is missing, as a reason to leave a test out.
---@return string|nil
function M.missing()
  return node.missing { "scim2-parse-filter", "scim-query-filter-parser", "scim-patch" }
end

--- Asks all at once.
---@param requests table[] as scim_filter.cjs has them
---@return table[] replies in their order
function M.ask(requests)
  return node.ask("scim_filter.cjs", requests)
end

return M

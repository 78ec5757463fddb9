--- lua-zlib, where it is installed: for the journal's snapshots and for compressed replies.
-- @module lastpass.zlib
local M = {}

--- Loads it.
---@return table|nil zlib nil when it is not installed
function M.load()
  local global = rawget(_G, "zlib")
  local ok, zlib = pcall(require, "zlib")
  rawset(_G, "zlib", global) -- on Lua 5.1 it sets a global variable, which nobody asked for
  return ok and zlib or nil
end

return M

--- How often a token may ask, over all workers: so many requests in windows of ten seconds, counted in
-- a `lua_shared_dict` (unified-directory §1.8).
-- @module lastpass.nginx.gateway.rate
local dicts = require "lastpass.nginx.dicts"

local M = {}

--- Seconds of a window.
M.WINDOW = 10

--- Counts a request.
---@param dict table of `ngx.shared`
---@param token lastpass.nginx.gateway.Token
---@param now number epoch seconds
---@return boolean|nil allowed nil when there is no room to count
---@return table headers ratelimit-limit, -remaining, -reset (seconds to go)
function M.count(dict, token, now)
  local limit = math.max(1, math.floor(token.rate * M.WINDOW))
  local window = math.floor(now / M.WINDOW)
  local key = ("rate %s %d"):format(token.name, window)
  local count = dicts.count(dict, key, 1, 2 * M.WINDOW)
  if not count then
    return nil, {}
  end
  local reset = math.max(1, math.ceil((window + 1) * M.WINDOW - now))
  return count <= limit,
    {
      ["ratelimit-limit"] = ("%d"):format(limit),
      ["ratelimit-remaining"] = ("%d"):format(math.max(0, limit - count)),
      ["ratelimit-reset"] = ("%d"):format(reset),
    }
end

return M

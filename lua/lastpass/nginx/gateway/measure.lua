--- What is counted of each request to the gateway.
-- @module lastpass.nginx.gateway.measure
local metrics = require "lastpass.nginx.metrics"
local routes = require "lastpass.unified.routes"

local M = {}

-- What a path is about, of few different names: each is a series of its own.
local function class_of(path)
  if path:find "/batch%-request$" then
    return "batch"
  elseif path:find "/capabilities$" or path:find("/meta/", 1, true) then
    return "catalog"
  end
  local resource = path:match "/unified/user%-directory/([%l_]+)"
  if resource and routes.resources[resource] then
    return resource
  end
  return path:find("/proxy/", 1, true) and "proxy" or "other"
end

--- Counts a request and files how long it took.
---@param request lastpass.unified.Request
---@param response lastpass.unified.Response
---@param token string|nil name; nil when nobody knows it
---@param started number of `ngx.now()`
function M.request(request, response, token, started)
  local resource = response.resource or class_of(request.path)
  metrics.count("lastpass_gateway_requests_total", {
    resource = resource,
    status = response.status,
    token = token or "none",
  })
  ngx.update_time()
  metrics.observe("lastpass_gateway_request_seconds", { resource = resource }, ngx.now() - started)
end

return M

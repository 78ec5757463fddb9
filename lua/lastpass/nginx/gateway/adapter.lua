--- From nginx's request to a plain table, from a plain table to nginx's response, and what is counted of both.
-- @module lastpass.nginx.gateway.adapter
local metrics = require "lastpass.nginx.metrics"
local query = require "lastpass.unified.query"
local resources = require "lastpass.unified.resources"

local M = {}

local READ = { GET = true, HEAD = true, OPTIONS = true }

local function read_file(path, most)
  local file = path and io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read(most + 1)
  file:close()
  return text
end

--- The body of the current request of nginx. One that did not fit into client_body_buffer_size is in a file; of one
-- that is too large no more is read than is needed to see that.
---@param most integer bytes
---@return string|nil
function M.body(most)
  ngx.req.read_body()
  return ngx.req.get_body_data() or read_file(ngx.req.get_body_file(), most)
end

-- Read when they are needed: a cached answer needs hardly any.
local headers_mt = {
  __index = function(headers, name)
    local value = ngx.var["http_" .. name:gsub("-", "_")] or false
    headers[name] = value
    return value
  end,
}

local request_mt = {
  __index = function(request, name)
    if name == "query" then
      local list = query.split(request.raw_query)
      request.query = list
      return list
    end
  end,
}

--- The current request of nginx.
---@param max_body integer
---@return lastpass.unified.Request
function M.request(max_body)
  local method, var = ngx.req.get_method(), ngx.var
  local request = setmetatable({
    method = method,
    path = var.uri,
    raw_query = var.args or "",
    headers = setmetatable({}, headers_mt),
    id = var.request_id,
    remote_address = var.remote_addr,
    now = ngx.now(),
  }, request_mt)
  if not READ[method] then
    request.body = M.body(max_body)
  end
  return request
end

--- Sends a response.
---@param response lastpass.unified.Response
---@param id string of the request
function M.respond(response, id)
  ngx.status = response.status
  local header = ngx.header
  for name, value in pairs(response.headers) do
    header[name] = value
  end
  header["x-request-id"] = id
  if response.status ~= 304 and response.status ~= 204 then
    header["content-length"] = #response.body
    ngx.print(response.body)
  end
end

-- What a path is about, in few different names, because each is a time series of its own.
local function class_of(path)
  if path:find "/batch%-request$" then
    return "batch"
  elseif path:find "/capabilities$" or path:find("/meta/", 1, true) then
    return "catalog"
  end
  local resource = path:match "/unified/user%-directory/([%l_]+)"
  if resource and resources[resource] then
    return resource
  end
  return path:find("/proxy/", 1, true) and "proxy" or "other"
end

--- Counts a request and its duration.
---@param request lastpass.unified.Request
---@param response lastpass.unified.Response
---@param token string|nil name; nil for an unknown one
---@param started number of `ngx.now()`
function M.measure(request, response, token, started)
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

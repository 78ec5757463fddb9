--- From nginx's request to a plain table, and from a plain table to nginx's response.
-- @module lastpass.nginx.gateway.adapter
local query = require "lastpass.unified.query"

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

-- A body that did not fit into client_body_buffer_size lies in a file; one that is too large for us is
-- read no further than is needed to see that.
local function body_of(most)
  ngx.req.read_body()
  return ngx.req.get_body_data() or read_file(ngx.req.get_body_file(), most)
end

-- Read when they are asked for: an answer that is kept needs hardly any.
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

--- The request at hand.
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
    request.body = body_of(max_body)
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

return M

--- Stands for lua-resty-http where that is not installed: the functions of its documentation that
-- `lastpass.transport.resty` calls, over the same cosockets, with the same answers. Where the real one is
-- installed, specs take it.
local M = {}

local methods = {}
local client_mt = { __index = methods }

--- The real one, or this.
function M.install()
  if not pcall(require, "resty.http") then
    package.loaded["resty.http"] = { new = M.new }
  end
end

function M.new()
  return setmetatable({ socket = ngx.socket.tcp() }, client_mt)
end

function methods:set_timeouts(...)
  self.socket:settimeouts(...)
end

function methods:connect(options)
  local socket = self.socket
  local ok, reason = socket:connect(options.host, options.port, { pool = options.pool })
  if not ok then
    return nil, reason
  end
  if options.scheme == "https" and socket:getreusedtimes() == 0 then
    local done
    done, reason = socket:sslhandshake(nil, options.ssl_server_name, options.ssl_verify ~= false)
    if not done then
      self:close()
      return nil, reason
    end
  end
  self.stays = true
  return true
end

function methods:send_request(order)
  local lines = { ("%s %s HTTP/1.1"):format(order.method, order.path) }
  for name, value in pairs(order.headers) do
    lines[#lines + 1] = name .. ": " .. value
  end
  if order.body then
    lines[#lines + 1] = "Content-Length: " .. #order.body
  elseif order.method == "POST" then
    return nil, "a POST must have a body"
  end
  local sent, reason =
    self.socket:send { table.concat(lines, "\r\n"), "\r\n\r\n", order.body or "" }
  return sent and true or nil, reason
end

local function read_headers(socket)
  local headers = {}
  while true do
    local line, reason = socket:receive "*l"
    if not line then
      return nil, reason
    elseif line == "" then
      return headers
    end
    local name, value = line:match "^([^:%s]+):%s*(.*)$"
    name = name:lower()
    headers[name] = headers[name] and { headers[name], value } or value
  end
end

local function chunked_reader(socket)
  local ended
  return function()
    if ended then
      return nil
    end
    local size, reason = socket:receive "*l"
    size = size and tonumber(size, 16)
    if not size then
      return nil, reason or "unable to read chunksize"
    end
    local text
    text, reason = socket:receive(size + 2)
    if not text then
      return nil, reason
    end
    ended = size == 0
    return not ended and text:sub(1, -3) or nil
  end
end

local function counted_reader(socket, left)
  return function(most)
    if left == 0 then
      return nil
    end
    local text, reason = socket:receive(math.min(most, left))
    if text then
      left = left - #text
    end
    return text, reason
  end
end

-- Its last piece comes together with "closed".
local function open_reader(socket)
  return function(most)
    local text, reason, rest = socket:receive(most)
    return text or rest, reason
  end
end

local function reader_for(socket, headers)
  if (headers["transfer-encoding"] or ""):lower() == "chunked" then
    return chunked_reader(socket)
  end
  local length = headers["content-length"] and tonumber(headers["content-length"])
  return length and counted_reader(socket, length) or open_reader(socket)
end

function methods:read_response(order)
  local line, reason = self.socket:receive "*l"
  if not line then
    return nil, reason
  end
  local version, status = line:match "^HTTP/(1%.%d) (%d%d%d)"
  if not status then
    return nil, "couldn't parse HTTP version from response status line: " .. line
  end
  local headers
  headers, reason = read_headers(self.socket)
  if not headers then
    return nil, reason
  end
  self.stays = version == "1.1" and (headers.connection or ""):lower() ~= "close"
  status = tonumber(status)
  return {
    status = status,
    headers = headers,
    has_body = order.method ~= "HEAD" and status ~= 204 and status ~= 304,
    body_reader = reader_for(self.socket, headers),
  }
end

function methods:set_keepalive(...)
  if self.stays then
    return self.socket:setkeepalive(...)
  end
  return self.socket:close()
end

function methods:close()
  return self.socket:close()
end

return M

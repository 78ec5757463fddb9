--- HTTP over one connection that is kept, quick enough for thousands of requests.
local socket = require "socket"

local M = {}

local methods = {}
local connection_mt = { __index = methods }

--- A connection to this machine; it is opened when it is needed.
---@param port integer
function M.new(port)
  return setmetatable({ _port = port }, connection_mt)
end

local function open(self)
  if not self._socket then
    self._socket = assert(socket.connect("127.0.0.1", self._port))
    self._socket:settimeout(60)
    self._socket:setoption("tcp-nodelay", true)
  end
  return self._socket
end

--- Closes it.
function methods:close()
  if self._socket then
    self._socket:close()
    self._socket = nil
  end
end

local function receive_head(one)
  local line, message = one:receive "*l"
  if not line then
    return nil, message
  end
  local status, headers = tonumber(line:match "^HTTP/1%.[01] (%d+)"), {}
  while true do
    line, message = one:receive "*l"
    if not line then
      return nil, message
    elseif line == "" then
      return status, headers
    end
    local name, value = line:match "^([^:]+):%s*(.*)$"
    headers[name:lower()] = value
  end
end

local function receive(self, method)
  local one = self._socket
  local status, headers = receive_head(one)
  if not status then
    self:close()
    return nil, headers
  end
  local body = ""
  local length = tonumber(headers["content-length"] or "0")
  if method ~= "HEAD" and status ~= 304 and status ~= 204 and length > 0 then
    local message
    body, message = one:receive(length)
    if not body then
      self:close()
      return nil, message
    end
  end
  if (headers.connection or ""):lower() == "close" then
    self:close()
  end
  return status, body, headers
end

--- Sends bytes as they are, and reads one answer.
---@return integer|nil status nil when the connection was closed without one
---@return string body, or why there is no answer
---@return table? headers
function methods:send(bytes, method)
  for _ = 1, 2 do -- a kept connection may have been closed meanwhile
    local was_open = self._socket ~= nil
    open(self):send(bytes)
    local status, body, headers = receive(self, method)
    if status or not was_open then
      return status, body, headers
    end
  end
  return nil, "closed"
end

--- A request.
---@param method string
---@param target string path and query, as they are sent
---@param headers? table
---@param body? string
function methods:request(method, target, headers, body)
  local lines = { ("%s %s HTTP/1.1"):format(method, target), "Host: localhost" }
  for name, value in pairs(headers or {}) do
    lines[#lines + 1] = name .. ": " .. value
  end
  if body then
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  return self:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""), method)
end

return M

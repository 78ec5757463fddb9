--- What a thread of nginx does for `lastpass.transport.thread`: sends one request with libcurl. Each
-- thread's Lua state keeps its connections, one pool for each way to prove who the server is.
-- @module lastpass.transport.thread_worker
local M = {}

local transports = {}

local function transport_for(options)
  local key = ("%s|%s|%s|%s|%s"):format(
    tostring(options.ca_file),
    tostring(options.verify),
    tostring(options.proxy),
    tostring(options.http_version),
    tostring(options.connect_timeout)
  )
  transports[key] = transports[key] or require("lastpass.transport.curl").new(options)
  return transports[key]
end

local function send(order)
  local request = order.request
  local body
  if order.parked then
    body = require("lastpass.core").take_body(order.parked)
    if not body then
      return { message = "nobody waits any more", kind = "cancelled", code = "cancelled" }
    end
    request.body = body
  end
  local response, message, err = transport_for(order.options):send(request)
  if body then
    body:close()
  end
  if response then
    local headers = {}
    for name, value in pairs(response.headers) do
      headers[name] = value
    end
    return { status = response.status, headers = headers, body = response.body }
  end
  return {
    message = message,
    kind = err.kind,
    code = err.code,
    hint = err.hint,
    sent = err.sent,
    begun = err.begun,
  }
end

--- Sends one request.
---@param order table options of the transport, request (plain values), parked (number of the body)
---@return table answer status, headers and body; or message, kind, code, hint, sent, begun
function M.send(order)
  local ok, answer = pcall(send, order)
  if ok then
    return answer
  end
  -- nobody knows how far it came
  return {
    message = tostring(answer),
    kind = "transport",
    code = "raised",
    sent = true,
    begun = true,
  }
end

return M

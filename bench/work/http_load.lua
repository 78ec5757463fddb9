--- Requests at a steady rate over connections that are kept, each begun when it is due and not when the one before has
-- come back: a server that falls behind shows it.
-- @module bench.work.http_load
local setup = require "bench.work.setup"
local socket = require "socket"

local M = {}

local function connect(port)
  local one = assert(socket.connect("127.0.0.1", port))
  one:settimeout(0)
  one:setoption("tcp-nodelay", true)
  return { socket = one, received = "" }
end

-- The length of the answer that has come, or nil while some of it is missing.
local function complete_length(received)
  local head_end = select(2, received:find("\r\n\r\n", 1, true))
  if not head_end then
    return nil
  end
  local length = tonumber(received:sub(1, head_end):match "[Cc]ontent%-[Ll]ength: (%d+)") or 0
  return #received >= head_end + length and head_end + length or nil
end

local function read_answer(one)
  local text, message, part = one.socket:receive(65536)
  one.received = one.received .. (text or part or "")
  if not text and message == "closed" then
    error "the server closed a connection"
  end
  local length = complete_length(one.received)
  if not length then
    return nil
  end
  local status = tonumber(one.received:match "^HTTP/1%.1 (%d+)")
  local body = one.received:sub(1, length)
  one.received = one.received:sub(length + 1)
  return status, body
end

--- The request of a method, a target and a body.
---@param method string
---@param target string
---@param token string
---@param body? string
---@return string bytes
function M.request(method, target, token, body)
  return ("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"):format(
    method,
    target,
    token
  ) .. (body and ("Content-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n%s"):format(
    #body,
    body
  ) or "\r\n")
end

--- Sends requests.
---@param options table port, rate (per second; nil: each when the one before has come back), count, connections,
-- request(number) -> bytes, check(status, body)
---@return number[] seconds from when each was due to its answer
function M.run(options)
  local idle, busy, seconds, connected = {}, {}, {}, 0
  -- nginx closes a connection on which nothing was asked for a while
  local function take()
    if idle[1] then
      return table.remove(idle)
    end
    connected = connected + 1
    return connect(options.port)
  end
  local function may_begin()
    return idle[1] ~= nil or connected < options.connections
  end
  local begun, sent, done = setup.now(), 0, 0
  local function due()
    return options.rate and begun + sent / options.rate or setup.now()
  end
  while done < options.count do
    while sent < options.count and may_begin() and due() <= setup.now() do
      local one = take()
      one.due = due()
      sent = sent + 1
      assert(one.socket:send(options.request(sent)))
      busy[one.socket] = one
    end
    local sockets = {}
    for each in pairs(busy) do
      sockets[#sockets + 1] = each
    end
    local wait = sent < options.count and may_begin() and due() - setup.now() or 10
    for _, each in ipairs((socket.select(sockets, nil, math.max(wait, 0)))) do
      local one = busy[each]
      local status, body = read_answer(one)
      if status then
        options.check(status, body)
        done = done + 1
        seconds[done] = setup.now() - one.due
        busy[each] = nil
        idle[#idle + 1] = one
      end
    end
  end
  for _, one in ipairs(idle) do
    one.socket:close()
  end
  return seconds
end

--- What a share of the numbers does not exceed.
---@param list number[] sorted by this function
---@param share number 0.99 for the 99th percentile
function M.percentile(list, share)
  table.sort(list)
  return list[math.max(1, math.ceil(#list * share))]
end

return M

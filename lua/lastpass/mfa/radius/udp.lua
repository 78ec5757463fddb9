--- A socket of UDP that talks to one address: LuaSocket's, and inside nginx a cosocket. It is connected, so that the system
-- drops what comes from anywhere else, and each exchange has its own: no identifier is ever in use twice on one.
-- @module lastpass.mfa.radius.udp
local errors = require "lastpass.error"
local scheduler = require "lastpass.transport.scheduler"

local M = {}

local MOST_BYTES = 4097 -- one more than a packet may have: a longer one shows
local SLICE = 0.2 -- seconds after which somebody who waits hears of Ctrl-C
local FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.02 -- seconds between two looks of a task

---@class lastpass.mfa.radius.Socket
---@field send fun(self, bytes: string): true|nil, "refused"|"failed"|nil
---@field receive fun(self, seconds: number): string|nil, "timeout"|"refused"|"failed"|nil
---@field close fun(self)

-- The system's words for what came back; "refused" is a message that nobody listens at that port.
local function reason_of(message)
  message = tostring(message):lower()
  return message:find "timeout" and "timeout" or message:find "refused" and "refused" or "failed"
end

-- ---- LuaSocket ----

local plain = {}
plain.__index = plain

-- Whether other tasks of this program may run while one waits (`lastpass.parallel`).
local function is_in_task()
  local thread, is_main = coroutine.running()
  return thread ~= nil and not is_main
end

--- Sends a message.
---@param bytes string
---@return true|nil
---@return string? reason
function plain:send(bytes)
  local ok, message = self._socket:send(bytes)
  return ok and true or nil, not ok and reason_of(message) or nil
end

--- Waits for a message, for a moment: whoever wants to wait longer asks again.
---@param seconds number
---@return string|nil bytes
---@return string? reason "timeout" when none came
function plain:receive(seconds)
  if not is_in_task() then
    self._socket:settimeout(math.max(math.min(seconds, SLICE), 0))
    local bytes, message = self._socket:receive(MOST_BYTES)
    return bytes, not bytes and reason_of(message) or nil
  end
  local ends_at, pause = scheduler.now() + math.min(seconds, SLICE), FIRST_PAUSE
  self._socket:settimeout(0)
  while true do
    local bytes, message = self._socket:receive(MOST_BYTES)
    local left = ends_at - scheduler.now()
    if bytes or reason_of(message) ~= "timeout" or left <= 0 then
      return bytes, not bytes and reason_of(message) or nil
    end
    scheduler.sleep(math.min(pause, left))
    pause = math.min(pause * 2, LONGEST_PAUSE)
  end
end

--- Gives the port back.
function plain:close()
  self._socket:close()
end

local function open_plain(host, port)
  local ok, socket = pcall(require, "socket")
  if not ok then
    return errors.fail(
      "argument",
      "no_luasocket",
      "RADIUS needs LuaSocket, which is not installed",
      {
        hint = "apt install lua-socket, or luarocks install luasocket",
      }
    )
  end
  local one, message = socket.udp()
  if one then
    ok, message = one:setpeername(host, port)
    if ok then
      return setmetatable({ _socket = one }, plain)
    end
    one:close()
  end
  return nil, message
end

-- ---- nginx ----

local cosocket = {}
cosocket.__index = cosocket
cosocket.send = plain.send
cosocket.close = plain.close

--- Waits for a message.
---@param seconds number
---@return string|nil bytes
---@return string? reason
function cosocket:receive(seconds)
  self._socket:settimeout(math.max(seconds * 1000, 1))
  local bytes, message = self._socket:receive(MOST_BYTES)
  return bytes, not bytes and reason_of(message) or nil
end

local function open_cosocket(host, port)
  local one = ngx.socket.udp()
  local ok, message = one:setpeername(host:find(":", 1, true) and "[" .. host .. "]" or host, port)
  if ok then
    return setmetatable({ _socket = one }, cosocket)
  end
  return nil, message
end

--- Opens a socket.
---@param host string
---@param port integer
---@return lastpass.mfa.radius.Socket|nil
---@return string? message
---@return lastpass.Error? err code "no_luasocket", "would_block", "no_address"
function M.open(host, port)
  if scheduler.is_serving() and not scheduler.yields() then
    return errors.fail(
      "transport",
      "would_block",
      ("RADIUS would stop this worker of nginx in its phase '%s'"):format(scheduler.phase()),
      { hint = "ask from a phase that may wait (access, content, a timer)" }
    )
  end
  local socket, message, err = (scheduler.yields() and open_cosocket or open_plain)(host, port)
  if socket or err then
    return socket, message, err
  end
  return errors.fail(
    "transport",
    "no_address",
    ("no way to %s: %s"):format(host, tostring(message))
  )
end

return M

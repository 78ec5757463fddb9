--- How one waits where the program runs: with libcurl's event loop (`lastpass.transport.loop`), or in a
-- request or a timer of nginx with light threads (`lastpass.transport.nginx`). Either has now, sleep,
-- spawn, wait_for_any, can_wait_in_pcall, protected_call, call_without_yield and is_interrupted.
-- @module lastpass.transport.scheduler
local loop = require "lastpass.transport.loop"

local M = {}

-- Phases in which a request may wait without stopping the others of its worker.
local yielding = {
  rewrite = true,
  access = true,
  content = true,
  timer = true,
  ssl_cert = true,
  ssl_session_fetch = true,
  ssl_client_hello = true,
  preread = true,
}

-- Phases before the worker serves anybody.
local starting = { init = true, init_worker = true }

--- The phase of nginx.
---@return string|nil phase nil outside of nginx, and in a thread of nginx, which may wait as any program
function M.phase()
  local ngx = rawget(_G, "ngx")
  -- a thread has an `ngx` of a few functions, and none that waits
  if not ngx or not ngx.get_phase or not ngx.sleep then
    return nil
  end
  return ngx.get_phase()
end

--- Whether one waits here by letting nginx go on.
---@return boolean
function M.yields()
  return yielding[M.phase() or ""] == true
end

--- Whether a wait that does not yield would stop a worker that serves others.
---@return boolean
function M.is_serving()
  local phase = M.phase()
  return phase ~= nil and not starting[phase]
end

local function returned(ok, first, ...)
  if ok then
    return first, ...
  elseif type(first) == "table" then
    return nil, first.message, first
  end
  error(first, 0)
end

--- Calls what waits and raises its failures, as iterators over pages do.
---@param fn function
---@return any ... what it returns; nil, message, err for a failure that it raises; what else is raised goes on
function M.caught(fn, ...)
  return returned(M.protected_call(fn, ...))
end

-- One Lua state of nginx starts in init and serves requests later.
local function choose(_, name)
  return (M.yields() and require "lastpass.transport.nginx" or loop)[name]
end

return setmetatable(M, { __index = M.phase() == nil and loop or choose })

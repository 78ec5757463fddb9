--- Where in nginx the program is, if it is in nginx at all.
-- @module lastpass.transport.phase
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
function M.name()
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
  return yielding[M.name() or ""] == true
end

--- Whether a wait would stop a worker that serves others.
---@return boolean
function M.is_request()
  local name = M.name()
  return name ~= nil and not starting[name]
end

return M

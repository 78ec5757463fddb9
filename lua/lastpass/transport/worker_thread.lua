--- Has work done by a thread of nginx, while the worker goes on. A thread has a Lua state of its own,
-- may wait as any program does, and is given plain values.
-- @module lastpass.transport.worker_thread
local errors = require "lastpass.error"

local M = {}

--- The name of nginx's thread_pool when nobody says another.
M.POOL = "lastpass"

-- All Lua states for threads are in use (lua_worker_thread_vm_pool_size), or so many tasks wait: that
-- passes.
local function is_busy(message)
  return message:find("no available Lua vm", 1, true) or message:find("queue overflow", 1, true)
end

local function no_thread(message, pool)
  return errors.fail("transport", "no_thread", "no thread of nginx: " .. message, {
    hint = ("nginx.conf needs, beside events { … }: thread_pool %s threads=32;"):format(pool),
  })
end

local function run(pool, ends_at, room, what, order)
  local pause = 0.01
  while true do
    local ok, answer = ngx.run_worker_thread(pool, room, what, order)
    if ok then
      return answer
    end
    local message = tostring(answer)
    if not is_busy(message) then
      return no_thread(message, pool)
    elseif ngx.now() >= ends_at then
      return errors.fail("transport", "timeout", "no thread of nginx was free in time", {
        hint = "raise threads of thread_pool and lua_worker_thread_vm_pool_size, or the timeout",
      })
    end
    ngx.sleep(pause)
    pause = math.min(pause * 2, 0.25)
  end
end

-- A worker that is told to quit ends when it has no timer left, whatever its threads are doing: so
-- there is a timer as long as the work may last.
local function hold(seconds)
  local held = ngx.thread.spawn(function()
    ngx.sleep(seconds)
  end)
  return function()
    ngx.thread.kill(held)
  end
end

--- Carries an order out.
---@param pool string name of nginx's thread_pool
---@param wait number seconds in which a thread must be free
---@param lasts number seconds for which it may work
---@param room string a module
---@param what string its function
---@param order table plain values
---@return table|nil answer
---@return string? message
---@return lastpass.Error? err code "no_thread" or "timeout": nothing was begun
function M.run(pool, wait, lasts, room, what, order)
  if not ngx.run_worker_thread then
    return no_thread("it was built without them", pool)
  end
  ngx.update_time()
  local let_go = hold(wait + lasts)
  local answer, message, err = run(pool, ngx.now() + wait, room, what, order)
  let_go()
  return answer, message, err
end

return M

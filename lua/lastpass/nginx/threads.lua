--- Gives orders to threads of nginx, and waits for their answers without stopping the worker. What runs
-- there (`lastpass.nginx.thread.…`) has a Lua state of its own, and may wait for files, SQLite and plain
-- libcurl; orders and answers are plain values.
-- @module lastpass.nginx.threads
local worker_thread = require "lastpass.transport.worker_thread"

local M = {}

local LONGEST_WAIT = 120 -- seconds for a thread and a Lua state that are free
local LONGEST_WORK = 86400 -- seconds; a worker that is told to quit waits so long for an answer

--- Has an order carried out in a thread.
---@param pool string name of nginx's thread_pool
---@param room string a module under lastpass.nginx.thread
---@param what string its function
---@param order table plain values
---@return table answer `outcome`; "failed" with code "no_thread" when none took the order
function M.order(pool, room, what, order)
  local answer, message, err = worker_thread.run(
    pool,
    LONGEST_WAIT,
    LONGEST_WORK,
    "lastpass.nginx.thread." .. room,
    what,
    order
  )
  if answer then
    return answer
  end
  return {
    outcome = "failed",
    kind = err.kind,
    code = "no_thread",
    message = message,
    hint = err.hint,
  }
end

return M

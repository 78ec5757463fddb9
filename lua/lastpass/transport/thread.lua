--- The transport of nginx that needs no further library: libcurl in threads of nginx
-- (`ngx.run_worker_thread`), so that a worker never waits for LastPass. The secret goes by its number.
--
--     thread_pool lastpass threads=32;              # beside events { … }
--     lua_worker_thread_vm_pool_size 32;            # in http { … }: as many, its default is 10
-- @module lastpass.transport.thread
local background = require "lastpass.transport.background"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local light_threads = require "lastpass.transport.light_threads"
local phase = require "lastpass.transport.phase"
local signature = require "lastpass.signature"
local worker_thread = require "lastpass.transport.worker_thread"

---@class lastpass.ThreadTransport: lastpass.Transport
local methods = {}
local transport_mt = { __name = "lastpass.transport.thread", __index = methods }

local DEFAULT_THREADS = 32
local DEFAULT_TIMEOUT = 60 -- seconds; as libcurl has none of its own
local GRACE = 1 -- seconds that a thread may take beyond the timeout of its request

local M = {}

-- The turns of a pool, shared by all transports of this worker that use it.
local turns = {}

local function turn_of(pool, threads)
  if not turns[pool] then
    turns[pool] = assert(require("ngx.semaphore").new(threads))
  end
  return turns[pool]
end

local function time_left(request)
  local timeout = request.timeout or DEFAULT_TIMEOUT
  if request.deadline then
    timeout = math.min(timeout, math.max(request.deadline - light_threads.now(), 0.001))
  end
  return timeout
end

-- Bytes for a sink come whole, and are fed here: the sink belongs to this Lua state.
local function take(request, answer)
  local sink = request.sink
  if not sink or answer.status ~= 200 then
    return answer
  end
  if not sink:feed(answer.body) then
    return errors.fail("protocol", "bad_reply", "the reply is not acceptable", { sent = true })
  end
  answer.body = ""
  return answer
end

local function order_of(self, request, timeout)
  local order = {
    options = self._options,
    request = {
      method = request.method,
      url = request.url,
      headers = request.headers,
      repeatable = request.repeatable,
      max_bytes = request.max_bytes,
      timeout = timeout,
    },
  }
  if type(request.body) == "userdata" then
    order.parked = core.park_body(request.body)
    if not order.parked then
      return nil
    end
  else
    order.request.body = request.body
  end
  return order
end

-- What was not taken by a thread does not stay behind. A body that is still here was not sent.
local function take_back(order)
  local body = order.parked and core.take_body(order.parked)
  if body then
    body:close()
  end
  return body ~= nil
end

local function too_late(message, sent)
  return errors.fail("transport", "timeout", message, {
    sent = sent or nil,
    begun = sent or nil,
    hint = "raise the option threads, or the timeout",
  })
end

-- Runs in the background. `state` is for whoever does not wait for the end.
local function carry_out(self, request, ends_at, state)
  local left = ends_at - light_threads.now()
  if left <= 0 then
    return too_late "its turn came too late"
  end
  local order = order_of(self, request, left)
  if not order then
    return errors.fail("transport", "no_memory", "there is no memory for the request")
  end
  state.order = order
  local answer, message, err = worker_thread.run(
    self._pool,
    left,
    left + GRACE,
    "lastpass.transport.thread_worker",
    "send",
    order
  )
  take_back(order)
  if answer and not answer.status then
    return errors.fail(answer.kind, answer.code, answer.message, {
      hint = answer.hint,
      sent = answer.sent,
      begun = answer.begun,
    })
  end
  return answer, message, err
end

local function not_ended(state)
  if not state.order then
    return too_late "it waited too long for its turn"
  end
  return too_late("a thread of nginx has not answered in time", not take_back(state.order))
end

--- Sends a request and lets nginx go on until the reply is there.
---@param request lastpass.Request
---@return lastpass.Response|nil response
---@return string? message
---@return lastpass.Error? err kind "transport", "protocol" or "cancelled"
function methods:send(request)
  if not phase.yields() then
    return errors.fail(
      "transport",
      "would_block",
      ("threads of nginx cannot be waited for in the phase %s"):format(phase.name() or "none"),
      { hint = "do it in access, rewrite or content, or in a timer: ngx.timer.at(0, …)" }
    )
  end
  local ends_at = light_threads.now() + time_left(request)
  local state = {}
  local ended, answer, message, err = background.run(
    turn_of(self._pool, self._threads),
    ends_at,
    ends_at + GRACE,
    function()
      return carry_out(self, request, ends_at, state)
    end
  )
  if not ended then
    return not_ended(state)
  elseif not answer then
    return nil, message, err
  end
  return take(request, answer)
end

--- Makes the transport.
---@param options? table as of `lastpass.transport.curl`, and: pool (name of nginx's thread_pool, default
-- "lastpass"), threads (how many requests at once in this worker, default 32; the first transport of a
-- pool decides)
---@return lastpass.ThreadTransport
function M.new(options)
  local of_curl, pool, threads = {}, worker_thread.POOL, DEFAULT_THREADS
  for name, value in pairs(options or {}) do
    if name == "pool" then
      pool = value
    elseif name == "threads" then
      threads = value
    else
      of_curl[name] = value
    end
  end
  return setmetatable({ _options = of_curl, _pool = pool, _threads = threads }, transport_mt)
end

signature.declare("transport:", methods, {
  send = "request: table",
})

signature.declare("transport.thread.", M, {
  new = "options?: table",
})

return M

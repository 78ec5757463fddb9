--- The transport of nginx that needs no further library: libcurl in threads of nginx
-- (`ngx.run_worker_thread`), so that a worker never waits for LastPass. The secret goes by its number.
--
--     thread_pool lastpass threads=32;              # beside events { … }
--     lua_worker_thread_vm_pool_size 32;            # in http { … }: as many, its default is 10
-- @module lastpass.transport.thread
local core = require "lastpass.core"
local errors = require "lastpass.error"
local nginx = require "lastpass.transport.nginx"
local scheduler = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"

---@class lastpass.ThreadTransport: lastpass.Transport
local methods = {}
local transport_mt = { __name = "lastpass.transport.thread", __index = methods }

local DEFAULT_THREADS = 32
local DEFAULT_TIMEOUT = 60 -- seconds; as libcurl has none of its own
local GRACE = 1 -- seconds that a thread may take beyond the timeout of its request

local M = {}

-- ---- in the worker ----

-- Of each pool a semaphore with its threads, shared by all transports of this worker that use it.
local slots = {}

local function slots_of(pool, threads)
  slots[pool] = slots[pool] or assert(require("ngx.semaphore").new(threads))
  return slots[pool]
end

local function end_of(request)
  local ends_at = nginx.now() + (request.timeout or DEFAULT_TIMEOUT)
  return request.deadline and math.min(ends_at, request.deadline) or ends_at
end

-- Bytes for a sink come whole, and are fed here: the sink belongs to this Lua state.
local function feed_sink(request, answer)
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
    order.body_number = core.hand_off_body(request.body)
    return order.body_number and order
  end
  order.request.body = request.body
  return order
end

-- A body that no thread has taken was not sent, and does not stay behind.
local function take_back(order)
  local body = order.body_number and core.take_body(order.body_number)
  if body then
    body:close()
  end
  return body ~= nil
end

local function fail_late(message, sent)
  return errors.fail("transport", "timeout", message, {
    sent = sent or nil,
    begun = sent or nil,
    hint = "raise the option threads, or the timeout",
  })
end

-- Runs in a job. `state` is for `send`, which may not wait for its end.
local function send_by_thread(self, request, ends_at, state)
  local left = ends_at - nginx.now()
  if left <= 0 then
    return fail_late "no thread was free in time"
  end
  local order = order_of(self, request, left)
  if not order then
    return errors.fail("transport", "no_memory", "there is no memory for the request")
  end
  state.order = order
  local answer, message, err = nginx.run_thread(
    self._pool,
    left,
    left + GRACE,
    "lastpass.transport.thread",
    "send_order",
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

--- Sends a request and lets nginx go on until the reply is there.
---@param request lastpass.Request
---@return lastpass.Response|nil response
---@return string? message
---@return lastpass.Error? err kind "transport", "protocol" or "cancelled"
function methods:send(request)
  if not scheduler.yields() then
    return errors.fail(
      "transport",
      "would_block",
      ("threads of nginx cannot be waited for in the phase %s"):format(scheduler.phase() or "none"),
      { hint = "do it in access, rewrite or content, or in a timer: ngx.timer.at(0, …)" }
    )
  end
  local ends_at, state = end_of(request), {}
  local free = slots_of(self._pool, self._threads)
  local ended, answer, message, err = nginx.run_job(free, ends_at, ends_at + GRACE, function()
    return send_by_thread(self, request, ends_at, state)
  end)
  if answer then
    return feed_sink(request, answer)
  elseif ended then
    return nil, message, err
  elseif not state.order then
    return fail_late "no thread was free in time"
  end
  return fail_late("a thread of nginx has not answered in time", not take_back(state.order))
end

--- Makes the transport.
---@param options? table as of `lastpass.transport.curl`, and: pool (name of nginx's thread_pool, default
-- "lastpass"), threads (how many requests at once in this worker, default 32; the first transport of a
-- pool decides)
---@return lastpass.ThreadTransport
function M.new(options)
  local own, curl_options = {}, {}
  for name, value in pairs(options or {}) do
    local list = (name == "pool" or name == "threads") and own or curl_options
    list[name] = value
  end
  return setmetatable({
    _options = curl_options,
    _pool = own.pool or nginx.POOL,
    _threads = own.threads or DEFAULT_THREADS,
  }, transport_mt)
end

-- ---- in a thread, whose Lua state keeps its connections ----

-- One transport for each way to prove who the server is.
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

local function send_with_curl(order)
  local request, body = order.request, nil
  if order.body_number then
    body = core.take_body(order.body_number)
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

--- Sends one request, in a thread of nginx.
---@param order table options of the transport, request (plain values), body_number (of the core)
---@return table answer status, headers and body; or message, kind, code, hint, sent, begun
function M.send_order(order)
  local ok, answer = pcall(send_with_curl, order)
  if ok then
    return answer
  end
  -- how far it came is not known
  return {
    message = tostring(answer),
    kind = "transport",
    code = "raised",
    sent = true,
    begun = true,
  }
end

signature.declare("transport:", methods, {
  send = "request: table",
})

signature.declare("transport.thread.", M, {
  new = "options?: table",
})

return M

--- The transport of nginx that needs no further library: libcurl in threads of nginx
-- (`ngx.run_worker_thread`), so that a worker never waits for LastPass. Secrets go by their numbers.
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

-- What holds a secret waits in the core under a number.
local function hand_off(body)
  local number = core.hand_off_body(body)
  if not number then
    return errors.fail("transport", "no_memory", "there is no memory for the request")
  end
  return number
end

-- What no thread has taken was not sent, and does not stay behind.
local function take_back(order)
  local is_taken_back = false
  for _, number in pairs { order.header_number, order.body_number } do
    local body = core.take_body(number)
    if body then
      body:close()
      is_taken_back = true
    end
  end
  return is_taken_back
end

local function hand_off_header(order, header)
  local line, message = core.secret_header(header)
  if not line then
    return errors.fail("transport", "bad_secret", message)
  end
  local err
  order.header_number, message, err = hand_off(line)
  line:close()
  return order.header_number, message, err
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
  local done, message, err = true, nil, nil
  if request.secret_header then
    done, message, err = hand_off_header(order, request.secret_header)
  end
  if done and type(request.body) == "userdata" then
    order.body_number, message, err = hand_off(request.body)
    done = order.body_number
  else
    order.request.body = request.body
  end
  if not done then
    take_back(order)
    return nil, message, err
  end
  return order
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
  local order, message, err = order_of(self, request, left)
  if not order then
    return nil, message, err
  end
  state.order = order
  local answer
  answer, message, err = nginx.run_thread(
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
  local function send()
    return send_by_thread(self, request, ends_at, state)
  end
  local ended, answer, message, err
  if scheduler.phase() == "timer" then -- that nobody cuts off, and libcurl keeps to the time by itself
    ended, answer, message, err = nginx.run_here(free, ends_at, send)
  else
    ended, answer, message, err = nginx.run_job(free, ends_at, ends_at + GRACE, send)
  end
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

-- Headers come as a copy, and by their table the transport knows an address that it has prepared: so equal ones are the
-- same table. Made-up addresses must not fill the memory.
local MOST_HEADERS = 32
local headers_of_addresses, addresses = {}, 0

local function have_same(one, other)
  for name, value in pairs(one) do
    if other[name] ~= value then
      return false
    end
  end
  return true
end

local function known_headers(request)
  local known = headers_of_addresses[request.url]
  local headers = request.headers
  if known and headers and have_same(known, headers) and have_same(headers, known) then
    return known
  elseif not known and addresses >= MOST_HEADERS then
    headers_of_addresses, addresses = {}, 0
  end
  addresses = addresses + (known and 0 or 1)
  headers_of_addresses[request.url] = headers
  return headers
end

-- What stays of a request whose secrets are there: nil when the worker has taken one back.
local function take_secrets(order)
  local request, held = order.request, {}
  for field, number in pairs { secret_header = order.header_number, body = order.body_number } do
    request[field] = core.take_body(number)
    held[#held + 1] = request[field]
  end
  local has_all = (request.secret_header or not order.header_number)
    and (request.body or not order.body_number)
  return has_all, held
end

local function send_with_curl(order)
  local has_all, held = take_secrets(order)
  local response, message, err
  if has_all then
    order.request.headers = known_headers(order.request)
    response, message, err = transport_for(order.options):send(order.request)
  end
  for _, body in ipairs(held) do
    body:close()
  end
  if not has_all then
    return { message = "nobody waits any more", kind = "cancelled", code = "cancelled" }
  elseif response then
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
---@param order table options of the transport, request (plain values), body_number, header_number (of the core)
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

--- What every request of a company passes: the time limit of a run, a circuit breaker, its turn beside companies that
-- need less, and what a worker asks before each request. A transport and a limiter around those of the company's client.
-- @module lastpass.tenants.gate
local errors = require "lastpass.error"
local limiter = require "lastpass.limiter"
local scheduler = require "lastpass.transport.scheduler"

---@class lastpass.tenants.Gate
local methods = {}
local gate_mt = { __name = "lastpass.tenants.Gate", __index = methods }

local M = {}

--- After so many failures of the network in a row a company is given up.
M.MOST_FAILURES = 3

--- A company that has sent so many requests in a run gives way to those that need less.
M.FEW_REQUESTS = 4

-- It sends one after so many seconds then, and gives way for at most this part of its time limit: what LastPass takes
-- for a page is hardly longer, and the processor is the others' meanwhile.
local PACE, PART_OF_LIMIT = 0.5, 0.25

local LOOK = 0.05 -- seconds between two looks whether the others are through

--- Makes the gate of a company: open, without a time limit.
---@param company lastpass.tenants.Company
---@return lastpass.tenants.Gate
function M.new(company)
  return setmetatable({ _company = company, _failures = 0, _sent = 0 }, gate_mt)
end

--- Begins a run of the company.
---@param options table time_limit (seconds); cuts: a request or a wait under way ends with it; before_send(company):
-- asked before each request, gives true, or nil, message, err and nothing is sent; gives_way(): asked by a company that
-- has sent much, whether there are others to give way to
function methods:begin(options)
  self._failures, self._reason = 0, nil
  self._sent, self._turn, self._gives_way = 0, 0, options.gives_way
  self._patience = options.time_limit and scheduler.now() + options.time_limit * PART_OF_LIMIT
  self._limit = options.time_limit
  self._deadline = options.time_limit and scheduler.now() + options.time_limit or nil
  self._cuts, self._before_send = options.cuts, options.before_send
end

--- Ends it: whoever uses the client now has no time limit.
function methods:finish()
  self:begin {}
end

--- When the company's time is over, by the clock of `scheduler.now`.
---@return number|nil
function methods:deadline()
  return self._deadline
end

--- Whether the company has sent much in this run.
---@return boolean
function methods:is_long()
  return self._sent >= M.FEW_REQUESTS
end

--- Whether a request of it waits because others need less.
---@return boolean
function methods:is_giving_way()
  return scheduler.now() < (self._waits_until or 0)
end

-- ------------------------------------------------------------------ its turn

-- Waits for the turn of a request; pages that are asked for together have one after the other.
local function take_turn(self)
  local now, gives_way = scheduler.now(), self._gives_way
  if not gives_way or not self:is_long() or now >= self._patience or not gives_way() then
    return
  end
  local turn = math.min(math.max(self._turn, now) + PACE, self._patience)
  self._turn = turn
  while now < turn and gives_way == self._gives_way and gives_way() do
    self._waits_until = math.min(now + 2 * LOOK, turn)
    scheduler.sleep(math.min(LOOK, turn - now))
    now = scheduler.now()
  end
end

-- ------------------------------------------------------------------ what is refused

local function time_is_over(self)
  return errors.fail(
    "cancelled",
    "time_limit",
    ("not answered within the time limit of %g seconds"):format(self._limit),
    { hint = "raise the time limit, or ask again when the company answers faster" }
  )
end

local function given_up(self)
  local message, err = self._reason[1], self._reason[2]
  return errors.fail(
    "transport",
    "given_up",
    ("given up after %d failures in a row: %s"):format(self._failures, message),
    { status = err.status, hint = err.hint }
  )
end

-- Whether a request may be sent after so many seconds.
local function may_send(self, seconds)
  if self._failures >= M.MOST_FAILURES then
    return given_up(self)
  elseif self._deadline and scheduler.now() + seconds >= self._deadline then
    return time_is_over(self)
  elseif seconds == 0 and self._before_send then
    return self._before_send(self._company)
  end
  return true
end

-- A wait that would outlast the time limit is not begun. What writes waits: it has an intent in the journal, and the
-- request after the wait is refused unsent.
local function check_wait(self, seconds)
  if self._cuts then
    local allowed, _, err = may_send(self, seconds)
    if not allowed then
      error(err, 0)
    end
  end
end

-- ------------------------------------------------------------------ what is around the limiter

local limiter_methods = {}

function limiter_methods:acquire(command, rate, on_wait)
  local gate = self.gate
  return self.inner:acquire(command, rate, function(wait)
    check_wait(gate, wait.seconds)
    if on_wait then
      on_wait(wait)
    end
  end)
end

function limiter_methods:back_off(seconds, rate)
  return self.inner:back_off(seconds, rate)
end

--- The limiter that the company's client is made with.
---@return table
function methods:limiter()
  local company = self._company
  return setmetatable({
    gate = self,
    inner = company:option "limiter"
      or limiter.of(company:option "url", company.cid, company:option "journal"),
  }, { __index = limiter_methods })
end

-- ------------------------------------------------------------------ what is around the transport

local function note_failure(self, message, err)
  self._failures = self._failures + 1
  self._reason = { message, err }
end

-- Answers count as well: a server that answers 503 three times is asked no further.
local function note_result(self, response, message, err)
  if not response then
    if self._deadline and scheduler.now() >= self._deadline and err.kind ~= "cancelled" then
      return time_is_over(self)
    elseif err.kind == "transport" then
      note_failure(self, message, err)
    end
    return nil, message, err
  elseif response.status >= 500 then
    note_failure(self, ("the server answered with status %d"):format(response.status), response)
  else
    self._failures = 0
  end
  return response
end

local function limit_request(self, request)
  if self._cuts and self._deadline then
    request.deadline = math.min(request.deadline or self._deadline, self._deadline)
  end
  return request
end

local transport_methods = {}

function transport_methods:send(request)
  local gate = self.gate
  take_turn(gate)
  gate._sent = gate._sent + 1
  local allowed, message, err = may_send(gate, 0)
  if not allowed then
    return nil, message, err
  end
  return note_result(gate, self.inner:send(limit_request(gate, request)))
end

local function start(self, request)
  local allowed, message, err = may_send(self.gate, 0)
  if not allowed then
    return nil, message, err
  end
  return self.inner:start(limit_request(self.gate, request))
end

local function result(self, transfer)
  return note_result(self.gate, self.inner:result(transfer))
end

-- Only some transports can start a request without waiting for it.
local function wrap_transport(gate, inner)
  local wrapped = { gate = gate, inner = inner, send = transport_methods.send }
  if inner.start then
    wrapped.start, wrapped.result = start, result
  end
  return wrapped
end

--- The company's client behind the gate.
---@param client lastpass.Client
---@return lastpass.Client
function methods:around(client)
  local on_retry = client:option "on_retry"
  return client:with {
    transport = wrap_transport(self, client:transport()),
    on_retry = function(retry)
      check_wait(self, retry.seconds)
      if on_retry then
        on_retry(retry)
      end
    end,
  }
end

return M

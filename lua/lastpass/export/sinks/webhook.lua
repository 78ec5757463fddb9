--- Events in batches over HTTPS: to Splunk's HTTP Event Collector, Elasticsearch's bulk interface, or
-- any address that takes lines of JSON. The next batch waits until the server has confirmed the last
-- one; what fails for a while is tried again. A batch that is refused for what is in it is halved until the
-- event is found: that one becomes a dead letter, and the others are sent. So is a batch that the server answers
-- with 500 after all retries: some receivers break on a single event.
--
-- Whether a receiver refuses one event or everything cannot be known from the one event. So refused events
-- wait, and the cursor with them, until another one is accepted, before or after them; too many of
-- them in a row, or no event accepted at all, is a failure, and no event is put aside. One that was refused by
-- 500 is sent once more before it is put aside: the server may have been broken only for that while.
--
-- A token goes into a header, which the transport takes as a string: this is the one place where it
-- is a Lua string.
-- @module lastpass.export.sinks.webhook
local address = require "lastpass.transport.address"
local dead_letters = require "lastpass.export.dead_letters"
local errors = require "lastpass.error"
local loop = require "lastpass.transport.scheduler"
local receivers = require "lastpass.export.sinks.receivers"
local secret = require "lastpass.secret"
local time = require "lastpass.time"
local transport = require "lastpass.transport"

local M = {}

local LONGEST_PAUSE = 60

local methods = {}
local webhook_mt = { __name = "lastpass.export.sinks.webhook", __index = methods }

local function fail_webhook(kind, code, message, fields)
  return errors.fail(kind, code, "webhook: " .. message, fields)
end

local function batch_of(events, from, to)
  return { text = table.concat(events, "", from, to), count = to - from + 1 }
end

-- Sends a batch once: true, or outcomes of its events, when the server has it.
local function post(self, batch)
  local response, message, err = self.transport:send {
    method = "POST",
    url = self.url,
    headers = self.headers,
    body = batch.text,
    timeout = self.timeout,
    max_bytes = 64 * 1048576,
  }
  if not response then
    err.passing = err.kind == "transport"
      and err.code ~= "tls_certificate"
      and err.code ~= "ca_file"
    err.message = "webhook: " .. message
    return nil, err.message, err
  end
  local ok
  ok, message, err = receivers.check_status(response, self.token, self.receipt.status)
  if not ok then
    return nil, message, err
  end
  return self.style.read(self, response, batch)
end

-- Sends one event once more: whether the server takes it now; or a failure of something else.
local function takes_now(self, letter)
  local ok, message, err = post(self, { text = letter.text, count = 1 })
  local outcome = type(ok) == "table" and ok[1]
  if outcome and outcome.state ~= "accepted" then
    local fields = { status = outcome.status, passing = outcome.state == "again" }
    ok, message, err = fail_webhook("throttled", "events_refused", outcome.message, fields)
  end
  if ok then
    return true
  elseif err.passing and err.status ~= 500 then
    err.passing = nil -- the batch at hand has been taken already
    return nil, message, err
  end
  return false
end

-- Of the events that wait, those that the server still refuses: a 500 may have been its own fault.
local function refused_still(self)
  local refused = {}
  for _, letter in ipairs(self.pending) do
    local is_taken, message, err = false, nil, nil
    if letter.status == 500 then
      is_taken, message, err = takes_now(self, letter)
    end
    if is_taken == nil then
      return nil, message, err
    elseif is_taken then
      self.accepted = self.accepted + 1
    else
      refused[#refused + 1] = letter
    end
  end
  return refused
end

-- Puts aside what waits and is still refused.
local function put_aside(self)
  if #self.pending == 0 then
    return true
  elseif not self.dead_letters then
    local first = self.pending[1]
    return fail_webhook("refused", "events_refused", first.reason, { status = first.status })
  end
  local refused, message, err = refused_still(self)
  local ok = refused
  if ok and #refused > 0 then
    ok, message, err = dead_letters.add(self.dead_letters, refused)
  end
  if not ok then
    return nil, message, err
  end
  self.pending, self.confirmed = {}, true
  self.refused = self.refused + #refused
  for _, letter in ipairs(refused) do
    if self.on_refused then
      self.on_refused { message = letter.reason, path = self.dead_letters, count = self.refused }
    end
  end
  return true
end

local function accept(self, count)
  self.accepted = self.accepted + count
  return put_aside(self)
end

-- A server that answers everything with 500 is broken for a while.
local function fail_refused(status, message, hint)
  local fields = { status = status, hint = hint }
  if status == 500 then
    return fail_webhook("transport", "http_status", message, fields)
  end
  return fail_webhook("refused", "events_refused", message, fields)
end

local function add_refused(self, text, status, reason)
  self.pending[#self.pending + 1] = {
    text = text,
    at = time.now(),
    cursor = self.cursor,
    receiver = self.url:match "^%a+://[^/?#]*",
    status = status,
    reason = reason,
  }
  self.confirmed = false
  if #self.pending <= self.most_refused then
    return true
  end
  local message = ("%d events in a row were refused: %s"):format(#self.pending, reason)
  local hint = "if each of them is at fault, allow more of them in a row; none was put aside"
  return fail_refused(status, message, hint)
end

local deliver

-- A batch that is too large is a hint for all that follow, unless it was one event that was too large.
local function halve(self, batch, err, retries)
  local events, half = receivers.split(batch, self.format, self.style), math.ceil(batch.count / 2)
  local before = self.refused + #self.pending
  local ok, message, failure = deliver(self, batch_of(events, 1, half), retries)
  if ok then
    ok, message, failure = deliver(self, batch_of(events, half + 1, batch.count), retries)
  end
  if ok and err.status == 413 and self.refused + #self.pending == before then
    self.batch.events = math.min(self.batch.events, half)
  end
  return ok, message, failure
end

-- Halves a batch that was refused, or adds its one event to those that wait.
local function divide(self, batch, message, err, retries)
  if batch.count > 1 then
    return halve(self, batch, err, retries)
  end
  return add_refused(self, batch.text, err.status, (message:gsub("^webhook: ", "")))
end

-- What the server has decided about each event; those to be sent again come back as a batch.
local function take_outcomes(self, batch, outcomes)
  if #outcomes == 0 then
    return accept(self, batch.count)
  end
  local events, again, accepted = receivers.split(batch, self.format, self.style), {}, 0
  local ok, message, err = true, nil, nil
  local reason, status = nil, 500
  for _, outcome in ipairs(outcomes) do
    accepted = accepted + (outcome.state == "accepted" and 1 or 0)
  end
  if accepted > 0 then
    ok, message, err = accept(self, accepted)
  end
  for number, outcome in ipairs(outcomes) do
    if ok and outcome.state == "again" then
      again[#again + 1], reason = events[number], outcome.message
      status = outcome.status == 500 and status or outcome.status
    elseif ok and outcome.state == "refused" then
      ok, message, err = add_refused(self, events[number], outcome.status, outcome.message)
      if ok and accepted > 0 then
        ok, message, err = put_aside(self)
      end
    end
  end
  if ok and #again > 0 then
    return fail_webhook("throttled", "events_refused", "not all events were taken: " .. reason, {
      passing = true,
      status = status,
      rest = batch_of(again, 1, #again),
    })
  end
  return ok, message, err
end

-- Sends a batch until all of it is decided. Parts of one that the server has answered with 500 to the last are
-- not tried again: their `retries` is 0.
function deliver(self, batch, retries)
  local tries = 0
  while true do
    tries = tries + 1
    local ok, message, err = post(self, batch)
    if type(ok) == "table" then
      ok, message, err = take_outcomes(self, batch, ok)
    elseif ok then
      ok, message, err = accept(self, batch.count)
    end
    if ok then
      return true
    end
    batch = err.rest or batch -- of a batch taken in part, only what is left
    if err.divisible then
      return divide(self, batch, message, err, retries)
    elseif not err.passing then
      return nil, message, err
    elseif tries > (retries or self.retries) then
      -- of a single event nobody can tell whether it or the server is broken, before another one is accepted
      if err.status ~= 500 or batch.count == 1 and not retries and self.accepted == 0 then
        return nil, message, err
      end
      return divide(self, batch, message, err, 0)
    end
    local pause = err.retry_after or math.min(0.5 * 2 ^ (tries - 1), LONGEST_PAUSE)
    if self.on_retry then
      self.on_retry { message = message, code = err.code, attempt = tries, seconds = pause }
    end
    loop.sleep(pause)
  end
end

--- Opens the token, the file of dead letters, and the transport.
function methods:begin()
  if self.token_file then
    -- the file's mode is checked there
    local checked, message, err = secret.file(self.token_file)
    if not checked then
      return nil, message, err
    end
    checked:close()
    local file = assert(io.open(self.token_file, "rb"))
    self.token = file:read("*a"):gsub("%s+$", "")
    file:close()
  elseif self.token_env then
    local token = os.getenv(self.token_env)
    if not token or token == "" then
      return fail_webhook(
        "argument",
        "no_token",
        ("the variable %s is not set"):format(self.token_env)
      )
    end
    self.token = token
  end
  if self.token then
    self.headers.Authorization = self.style.token .. self.token
  end
  if not self.dead_letters and self.default_dead_letters then
    local path, message, err = self.default_dead_letters()
    if not path then
      return nil, message, err
    end
    self.dead_letters = path
  end
  self.transport = transport.open(self.given_transport, {
    ca_file = self.ca_file,
    proxy = self.proxy,
    connect_timeout = 10,
  })
  return true
end

--- Sends a batch and waits until the server has decided about it: `confirmed` says whether all events so far
-- were taken or put aside.
function methods:write(text, count)
  self.confirmed = #self.pending == 0
  local ok, message, err = deliver(self, { text = text, count = count })
  if not ok then
    self.pending = {} -- the cursor is before them: they are read again
  end
  return ok, message, err
end

--- Each batch was confirmed when it was written; what was refused at the end is put aside, when the
-- receiver has accepted any other event.
function methods:confirm()
  if #self.pending > 0 and self.accepted == 0 then
    local last = self.pending[#self.pending]
    local message = ("no event was accepted, %d refused: %s"):format(#self.pending, last.reason)
    self.pending = {}
    local hint = "none was put aside: they are sent again with the next events"
    return fail_refused(last.status, message, hint)
  end
  local ok, message, err = put_aside(self)
  if not ok then
    return nil, message, err
  end
  return {}
end

--- Nothing to complete.
function methods.finish()
  return true
end

--- Forgets the token.
function methods:close()
  self.headers.Authorization, self.token = nil, nil
end

-- As for LastPass itself: what is sent to must be who it says it is.
local function check_url(url, level)
  local scheme, host = (url or ""):match "^(%a+)://([^/?#:]+)"
  local is_here = host == "localhost" or (host and host:match "^127%.%d+%.%d+%.%d+$")
  if scheme ~= "https" and not (scheme == "http" and is_here) then
    errors.raise(level + 1, "client:export: sink 'webhook' needs a url that begins with https://")
  end
end

--- Opens the sink.
---@param options table as listed in `lastpass.export.sinks`
---@return table sink
function M.open(options, about, level)
  level = level + 1
  check_url(options.url, level)
  local problem = options.proxy
    and (address.proxy_problem(options.proxy) or address.proxy_refusal(options.url))
  if problem then
    errors.raise(level, "client:export: sink 'webhook': option 'proxy' %s", problem)
  end
  local style = receivers.styles[options.style or "generic"]
  if not style then
    errors.raise(level, "client:export: option 'style' must be splunk, elastic or generic")
  elseif not style.formats[about.format] then
    errors.raise(level, "client:export: the format %s does not go to this webhook", about.format)
  end
  local self = setmetatable({
    url = options.url,
    style = style,
    format = about.format,
    token_file = options.token_file,
    token_env = options.token_env,
    ca_file = options.ca_file,
    proxy = options.proxy,
    timeout = options.timeout or 60,
    retries = options.retries or 8,
    source_host = options.host,
    given_transport = options.transport,
    on_retry = options.on_retry,
    on_refused = options.on_refused,
    receipt = receivers.receipt(options.receipt, options.style or "generic", level),
    cursor = about.cursor,
    dead_letters = options.dead_letters,
    default_dead_letters = about.dead_letters,
    most_refused = options.most_refused or 20,
    pending = {}, -- refused events that are not put aside yet
    accepted = 0,
    refused = 0,
    confirmed = true,
    batch = { events = options.events or 5000, bytes = options.bytes or 1048576 },
    headers = { ["Content-Type"] = style.media_type or about.media_type },
  }, webhook_mt)
  for name, value in pairs(options.headers or {}) do
    self.headers[name] = value
  end
  self.frame = style.frame(self)
  return self
end

return M

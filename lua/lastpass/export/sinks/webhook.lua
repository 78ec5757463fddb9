--- Events in batches over HTTPS: to Splunk's HTTP Event Collector, Elasticsearch's bulk interface, or
-- any address that takes lines of JSON. The next batch waits until the server has confirmed the last
-- one; what fails for a while is tried again. A batch that is refused for what is in it is halved until the
-- event is found: that one becomes a dead letter, and the others are sent.
--
-- Whether a receiver refuses one event or everything cannot be known from the one event. So refused events
-- are held, and the cursor with them, until another one is accepted, before or after them; too many of
-- them in a row, or no event accepted at all, is a failure, and no event is put aside.
--
-- A token goes into a header, which the transport takes as a text: this is the one place where it
-- is a Lua string.
-- @module lastpass.export.sinks.webhook
local address = require "lastpass.transport.address"
local dead_letters = require "lastpass.export.dead_letters"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local loop = require "lastpass.transport.waiting"
local receipts = require "lastpass.export.receipts"
local secret = require "lastpass.secret"
local time = require "lastpass.time"
local transport = require "lastpass.transport"

local M = {}

local LONGEST_PAUSE = 60

local methods = {}
local webhook_mt = { __name = "lastpass.export.sinks.webhook", __index = methods }

local function fail(kind, code, message, fields)
  return errors.fail(kind, code, "webhook: " .. message, fields)
end

local styles = {}

-- https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
styles.splunk = {
  media_type = "application/json",
  token = "Splunk ",
  formats = { ndjson = true, ecs = true, ocsf = true },
  frame = function(self)
    local about = {
      host = self.source_host or "lastpass.com",
      source = "lastpass",
      sourcetype = "lastpass:" .. self.format,
    }
    return {
      before = {
        json.encode(about):sub(1, -2),
        { "when", "time", { ',"time":', { "time", "seconds" } } },
        ',"event":',
      },
      after = { "}\n" },
    }
  end,
  read = function(self, response)
    return receipts.splunk(response, self.token)
  end,
}

-- https://www.elastic.co/guide/en/elasticsearch/reference/8.11/docs-bulk.html
styles.elastic = {
  media_type = "application/x-ndjson",
  token = "ApiKey ",
  formats = { ndjson = true, ecs = true, ocsf = true },
  frame = function()
    return {
      before = { '{"create":{"_id":"', { "text", "event_id", "json" }, '"}}\n' },
      after = { "\n" },
    }
  end,
  lines = 2,
  read = function(self, response, batch)
    return receipts.elastic(response, self.token, batch.count)
  end,
}

styles.generic = {
  token = "Bearer ",
  formats = { ndjson = true, ecs = true, ocsf = true, cef = true, leef = true, csv = true },
  frame = function()
    return nil
  end,
  read = function(self, response)
    return receipts.generic(response, self.token, self.receipt)
  end,
}

-- The texts of a batch's events. Every format has a line for an event, but the fields of CSV may have line
-- ends within their quotes.
local function split(self, batch)
  local pieces, piece, lines, quotes = {}, {}, 0, 0
  for line in batch.text:gmatch "[^\n]*\n" do
    piece[#piece + 1], lines = line, lines + 1
    if self.format == "csv" then
      quotes = quotes + select(2, line:gsub('"', ""))
    end
    if lines >= (self.style.lines or 1) and quotes % 2 == 0 then
      pieces[#pieces + 1] = table.concat(piece)
      piece, lines = {}, 0
    end
  end
  assert(#pieces == batch.count, "a batch is not what it says")
  return pieces
end

local function batch_of(pieces, from, to)
  return { text = table.concat(pieces, "", from, to), count = to - from + 1 }
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
  ok, message, err = receipts.check_status(response, self.token, self.receipt.status)
  if not ok then
    return nil, message, err
  end
  return self.style.read(self, response, batch)
end

-- Puts aside what is held.
local function put_aside(self)
  local held = self.held
  if #held == 0 then
    return true
  end
  if not self.dead_letters then
    return fail("refused", "events_refused", held[1].reason, { status = held[1].status })
  end
  local ok, message, err = dead_letters.add(self.dead_letters, held)
  if not ok then
    return nil, message, err
  end
  self.held, self.settled = {}, true
  self.refused = self.refused + #held
  for _, letter in ipairs(held) do
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

local function hold(self, text, status, reason)
  self.held[#self.held + 1] = {
    text = text,
    at = time.now(),
    cursor = self.cursor,
    receiver = self.url:match "^%a+://[^/?#]*",
    status = status,
    reason = reason,
  }
  self.settled = false
  if #self.held <= self.most_refused then
    return true
  end
  local message = ("%d events in a row were refused: %s"):format(#self.held, reason)
  return fail("refused", "events_refused", message, {
    status = status,
    hint = "if each of them is at fault, allow more of them in a row; none was put aside",
  })
end

local deliver

-- A batch that is too large is a hint for all that follow, unless it was one event that was too large.
local function halve(self, batch, err)
  local pieces, half = split(self, batch), math.ceil(batch.count / 2)
  local before = self.refused + #self.held
  local ok, message, failure = deliver(self, batch_of(pieces, 1, half))
  if ok then
    ok, message, failure = deliver(self, batch_of(pieces, half + 1, batch.count))
  end
  if ok and err.status == 413 and self.refused + #self.held == before then
    self.batch.events = math.min(self.batch.events, half)
  end
  return ok, message, failure
end

-- What the server has decided about each event; those to be sent again come back as a batch.
local function take_outcomes(self, batch, outcomes)
  if #outcomes == 0 then
    return accept(self, batch.count)
  end
  local pieces, again, accepted = split(self, batch), {}, 0
  local ok, message, err, reason = true, nil, nil, nil
  for _, outcome in ipairs(outcomes) do
    accepted = accepted + (outcome.state == "accepted" and 1 or 0)
  end
  if accepted > 0 then
    ok, message, err = accept(self, accepted)
  end
  for number, outcome in ipairs(outcomes) do
    if ok and outcome.state == "again" then
      again[#again + 1], reason = pieces[number], outcome.message
    elseif ok and outcome.state == "refused" then
      ok, message, err = hold(self, pieces[number], outcome.status, outcome.message)
      if ok and accepted > 0 then
        ok, message, err = put_aside(self)
      end
    end
  end
  if ok and #again > 0 then
    return fail("throttled", "events_refused", "not all events were taken: " .. reason, {
      passing = true,
      rest = batch_of(again, 1, #again),
    })
  end
  return ok, message, err
end

-- Sends a batch until all of it is decided.
function deliver(self, batch)
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
    elseif err.divisible and batch.count > 1 then
      return halve(self, batch, err)
    elseif err.divisible then
      return hold(self, batch.text, err.status, message:gsub("^webhook: ", ""))
    elseif not err.passing or tries > self.retries then
      return nil, message, err
    end
    batch = err.rest or batch -- of a batch taken in part, only what is left
    local pause = err.retry_after or math.min(0.5 * 2 ^ (tries - 1), LONGEST_PAUSE)
    if self.on_retry then
      self.on_retry { message = message, code = err.code, attempt = tries, seconds = pause }
    end
    loop.sleep(pause)
  end
end

--- The token, the place of dead letters, and the transport.
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
      return fail("argument", "no_token", ("the variable %s is not set"):format(self.token_env))
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

--- Sends a batch and waits until the server has decided about it: `settled` says whether all events so far
-- were taken or put aside.
function methods:write(text, count)
  return deliver(self, { text = text, count = count })
end

--- Each batch was confirmed when it was written; what was refused at the end is put aside, when the
-- receiver has accepted any other event.
function methods:confirm()
  if #self.held > 0 and self.accepted == 0 then
    local last = self.held[#self.held]
    local message = ("no event was accepted, %d refused: %s"):format(#self.held, last.reason)
    return fail("refused", "events_refused", message, {
      status = last.status,
      hint = "none was put aside: they are sent again with the next events",
    })
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

local function whole(value)
  return type(value) == "number" and value >= 1 and value == math.floor(value),
    "an integer from 1 on"
end

local function whole_from_zero(value)
  return type(value) == "number" and value >= 0 and value == math.floor(value),
    "an integer from 0 on"
end

local known = {
  url = "string",
  style = "string",
  headers = "table",
  token_file = "string",
  token_env = "string",
  ca_file = "string",
  proxy = "string",
  timeout = "number",
  retries = "number",
  events = whole,
  bytes = whole,
  host = "string",
  transport = "table",
  on_retry = "function",
  on_refused = "function",
  dead_letters = "string",
  most_refused = whole_from_zero,
  receipt = "table",
}

local function status_set(value, level)
  local set = {}
  for _, status in ipairs(type(value) == "table" and value or { value }) do
    if type(status) ~= "number" or status % 1 ~= 0 or status < 200 or status > 599 then
      errors.raise(
        level + 1,
        "client:export: option 'receipt.status' must be a status of HTTP, or a list"
      )
    end
    set[status] = true
  end
  return next(set) and set or nil
end

local receipt_options = {
  status = { "number", "table" },
  body = "string",
  json = function(value)
    local ok = type(value) == "table" and next(value) ~= nil
    for name, expected in pairs(ok and value or {}) do
      local kind = type(expected)
      ok = ok
        and type(name) == "string"
        and (kind == "string" or kind == "number" or kind == "boolean")
    end
    return ok, "a table of members and their values"
  end,
}

local function read_receipt(given, style, level)
  errors.check_options("client:export: option 'receipt'", given, receipt_options, level + 1)
  if given and style ~= "generic" then
    errors.raise(
      level + 1,
      "client:export: option 'receipt' is for the style generic: %s has its own",
      style
    )
  end
  given = given or {}
  return { status = status_set(given.status, level + 1), body = given.body, json = given.json }
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
---@param options table url; style ("splunk", "elastic" or "generic", the default); token_file (mode 600) or
-- token_env; headers (name -> text); events (5000), bytes (1 MiB): the most in a batch; ca_file, proxy,
-- timeout (60), retries (8), host (Splunk: whose events these are), on_retry; receipt (generic: what an answer
-- must have: `status`, `body`: a text in it, `json`: members, with dots, and their values); dead_letters (the
-- file for events that are refused; default beside the journal), most_refused (20: how many in a row before it
-- stops), on_refused
---@return table sink
function M.open(options, about, level)
  level = level + 1
  errors.check_options("client:export: sink 'webhook'", options, known, level)
  check_url(options.url, level)
  local problem = options.proxy
    and (address.proxy_problem(options.proxy) or address.proxy_refusal(options.url))
  if problem then
    errors.raise(level, "client:export: sink 'webhook': option 'proxy' %s", problem)
  end
  local style = styles[options.style or "generic"]
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
    receipt = read_receipt(options.receipt, options.style or "generic", level),
    cursor = about.cursor,
    dead_letters = options.dead_letters,
    default_dead_letters = about.dead_letters,
    most_refused = options.most_refused or 20,
    held = {},
    accepted = 0,
    refused = 0,
    settled = true,
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

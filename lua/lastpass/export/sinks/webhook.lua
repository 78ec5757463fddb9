--- Events in batches over HTTPS: to Splunk's HTTP Event Collector, Elasticsearch's bulk interface, or
-- any address that takes lines of JSON. The next batch waits until the server has confirmed the last
-- one; what fails for a while is tried again.
--
-- A token goes into a header, which the transport takes as a text: this is the one place where it
-- is a Lua string.
-- @module lastpass.export.sinks.webhook
local address = require "lastpass.transport.address"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local loop = require "lastpass.transport.waiting"
local secret = require "lastpass.secret"
local transport = require "lastpass.transport"

local M = {}

local LONGEST_PAUSE = 60

local methods = {}
local webhook_mt = { __name = "lastpass.export.sinks.webhook", __index = methods }

local function fail(kind, code, message, fields)
  return errors.fail(kind, code, "webhook: " .. message, fields)
end

-- Codes of HTTP that may be others a little later.
local function is_passing(status)
  return status == 408 or status == 425 or status == 429 or status >= 500
end

local function retry_after(response)
  local value = response.headers and response.headers["retry-after"]
  return value and value:match "^%d+$" and tonumber(value) or nil
end

local function check_status(response)
  local status = response.status
  if status >= 200 and status < 300 then
    return true
  end
  local message = ("the server answered HTTP %d"):format(status)
  if is_passing(status) then
    return fail(status == 429 and "throttled" or "transport", "http_status", message, {
      status = status,
      retry_after = retry_after(response),
      passing = true,
    })
  end
  local kind = (status == 401 or status == 403) and "auth" or "refused"
  return fail(kind, "http_status", message, { status = status, body = response.body:sub(1, 2048) })
end

-- Pairs of lines, those whose number is in `which`.
local function pick_pairs(body, which)
  local number, kept = 0, {}
  for action, source in body:gmatch "([^\n]*)\n([^\n]*)\n" do
    number = number + 1
    if which[number] then
      kept[#kept + 1] = action .. "\n" .. source .. "\n"
    end
  end
  return table.concat(kept)
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
  read = function()
    return true
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
  -- 200 says nothing of the single events
  read = function(response, body)
    local answer = json.decode(response.body)
    if type(answer) ~= "table" or type(answer.items) ~= "table" then
      return fail("protocol", "unexpected_shape", "the answer is none of the bulk interface")
    elseif answer.errors ~= true then
      return true
    end
    local again, passing, reason = {}, true, nil
    for number, item in ipairs(answer.items) do
      local result = item.create or item.index or {}
      local status = tonumber(result.status) or 500
      if status >= 300 then
        again[number] = true
        passing = passing and is_passing(status)
        reason = reason or (type(result.error) == "table" and result.error.reason) or status
      end
    end
    return fail(
      passing and "throttled" or "refused",
      "events_refused",
      "Elasticsearch refused events: " .. tostring(reason),
      { passing = passing, rest = pick_pairs(body, again) }
    )
  end,
}

styles.generic = {
  token = "Bearer ",
  formats = { ndjson = true, ecs = true, ocsf = true, cef = true, leef = true, csv = true },
  frame = function()
    return nil
  end,
  read = function()
    return true
  end,
}

local function post(self, body)
  local response, message, err = self.transport:send {
    method = "POST",
    url = self.url,
    headers = self.headers,
    body = body,
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
  ok, message, err = check_status(response)
  if not ok then
    return nil, message, err
  end
  return self.style.read(response, body)
end

--- The token, and the transport.
function methods:begin()
  if self.token_file then
    -- the file's mode is checked there
    local checked, message, err = secret.file(self.token_file)
    if not checked then
      return nil, message, err
    end
    checked:close()
    local file = assert(io.open(self.token_file, "rb"))
    self.headers.Authorization = self.style.token .. file:read("*a"):gsub("%s+$", "")
    file:close()
  elseif self.token_env then
    local token = os.getenv(self.token_env)
    if not token or token == "" then
      return fail("argument", "no_token", ("the variable %s is not set"):format(self.token_env))
    end
    self.headers.Authorization = self.style.token .. token
  end
  self.transport = transport.open(self.given_transport, {
    ca_file = self.ca_file,
    proxy = self.proxy,
    connect_timeout = 10,
  })
  return true
end

--- Sends a batch and waits until the server has taken it.
function methods:write(text)
  local tries, body = 0, text
  while true do
    tries = tries + 1
    local ok, message, err = post(self, body)
    if ok then
      return true
    elseif not err.passing or tries > self.retries then
      return nil, message, err
    end
    body = err.rest or body -- of a batch taken in part, only what is left
    local pause = err.retry_after or math.min(0.5 * 2 ^ (tries - 1), LONGEST_PAUSE)
    if self.on_retry then
      self.on_retry { message = message, code = err.code, attempt = tries, seconds = pause }
    end
    loop.sleep(pause)
  end
end

--- Each batch was confirmed when it was written.
function methods.confirm()
  return {}
end

--- Nothing to complete.
function methods.finish()
  return true
end

--- Forgets the token.
function methods:close()
  self.headers.Authorization = nil
end

local function whole(value)
  return type(value) == "number" and value >= 1 and value == math.floor(value),
    "an integer from 1 on"
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
}

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
-- timeout (60), retries (8), host (Splunk: whose events these are), on_retry
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

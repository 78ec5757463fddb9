--- Receivers of webhooks: how they are spoken to, and what an answer says: whether it is a receipt, and if
-- not, whether to wait, to send less, or to stop.
--
-- A failure has, beside what every failure has: `passing` (it may be otherwise a little later),
-- `divisible` (the request was refused for what is in it: in a smaller one it may be accepted).
-- @module lastpass.export.sinks.receivers
local errors = require "lastpass.error"
local json = require "lastpass.json"
local redact = require "lastpass.export.redact"
local text = require "lastpass.text"

local M = {}

local LONGEST_WORDS = 200 -- columns of what the server said
local READ = 8192 -- bytes of an answer that are looked at for that

local function fail_webhook(kind, code, message, fields)
  return errors.fail(kind, code, "webhook: " .. message, fields)
end

-- Codes of HTTP that may be others a little later.
local function is_passing(status)
  return status == 408 or status == 425 or status == 429 or status >= 500
end

-- Refused for the address, the method or the sender: with less in it the request is refused as well.
local not_divisible = errors.set_of { 401, 403, 404, 405, 407, 410, 421, 451 }

local members = { "text", "message", "error_description", "error", "reason", "detail", "title" }

-- The sentence in an object that says what is wrong, however deep Elasticsearch and others put it.
local function sentence_of(value, depth)
  if type(value) == "string" then
    return value ~= "" and value or nil
  elseif type(value) ~= "table" or depth > 4 then
    return nil
  end
  for _, name in ipairs(members) do
    local found = sentence_of(value[name], depth + 1)
    if found then
      return found
    end
  end
  return sentence_of(value[1], depth + 1)
end

local function without_tags(body)
  body = body:gsub("<!%-%-.-%-%->", " ")
  for _, name in ipairs { "[sS][cC][rR][iI][pP][tT]", "[sS][tT][yY][lL][eE]" } do
    body = body:gsub("<" .. name .. ".-</" .. name .. ">", " ")
  end
  return (body:gsub("<[^>]*>", " "))
end

--- What a server said, fit for a message: in one line, short, without secrets.
---@param response table body
---@param token? string what must not come back in it
---@return string|nil
function M.words(response, token)
  local body = (response.body or ""):sub(1, READ)
  if token and token ~= "" then
    local escaped = token:gsub("%p", "%%%0")
    body = body:gsub(escaped, redact.MARK)
  end
  local answer = json.decode(body)
  local words = type(answer) == "table" and sentence_of(answer, 1) or without_tags(body)
  words = text.clean((redact.text(words):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")))
  if words == "" then
    return nil
  end
  if type(answer) == "table" and type(answer.code) == "number" then
    words = ("%s (code %d)"):format(words, answer.code)
  end
  return text.cut(words, LONGEST_WORDS)
end

local function retry_after(response)
  local value = response.headers and response.headers["retry-after"]
  return value and value:match "^%d+$" and tonumber(value) or nil
end

local function with_words(message, words)
  return words and message .. ": " .. words or message
end

--- Whether the status is one of success.
---@param response table
---@param token? string
---@param accepted? table<integer, true> default 200 to 299
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.check_status(response, token, accepted)
  local status = response.status
  local good = status >= 200 and status < 300
  if accepted then
    good = accepted[status] or false
  end
  if good then
    return true
  end
  local words = M.words(response, token)
  local message = with_words(("the server answered HTTP %d"):format(status), words)
  local fields = { status = status, body = words, retry_after = retry_after(response) }
  if is_passing(status) then
    fields.passing = true
    return fail_webhook(
      status == 429 and "throttled" or "transport",
      "http_status",
      message,
      fields
    )
  elseif status < 400 then
    -- another page, or success of a kind that was not asked for
    fields.passing = true
    return fail_webhook("transport", "no_receipt", message, fields)
  end
  fields.divisible = not not_divisible[status] or nil
  local is_auth = status == 401 or status == 403 or status == 407
  return fail_webhook(is_auth and "auth" or "refused", "http_status", message, fields)
end

local page_tags = errors.set_of {
  "html",
  "head",
  "body",
  "title",
  "script",
  "meta",
  "div",
  "p",
  "center",
  "form",
  "iframe",
  "noscript",
  "h1",
  "style",
  "link",
}

-- A page is what a network that wants a sign-in, or a proxy, puts in the receiver's place.
local function is_page(response)
  local media_type = response.headers and response.headers["content-type"] or ""
  if media_type:lower():find "^%s*text/html" or media_type:lower():find "^%s*application/xhtml" then
    return true
  end
  local body = (response.body or ""):sub(1, READ):gsub("^\239\187\191", ""):lower()
  body = body:gsub("<%?xml.-%?>", ""):gsub("<!%-%-.-%-%->", ""):gsub("^%s+", "")
  return body:find "^<!doctype%s+html" ~= nil or page_tags[body:match "^<(%l%w*)[%s>/]"] == true
end

local function no_receipt(what, response, token)
  local message = with_words("the answer is not a receipt: " .. what, M.words(response, token))
  return fail_webhook(
    "transport",
    "no_receipt",
    message,
    { passing = true, status = response.status }
  )
end

local function member_of(value, path)
  for name in path:gmatch "[^.]+" do
    value = type(value) == "table" and value[name] or nil
  end
  return value
end

-- The conditions that were set, all of which must hold.
local function check_conditions(receipt, response, token)
  if receipt.body and not (response.body or ""):find(receipt.body, 1, true) then
    return no_receipt(("'%s' is not in it"):format(receipt.body), response, token)
  end
  if receipt.json then
    local answer = json.decode(response.body or "")
    for path, expected in pairs(receipt.json) do
      local found = member_of(answer, path)
      if found == nil or tostring(found) ~= tostring(expected) then
        local what = ("'%s' is not %s in it"):format(path, tostring(expected))
        return no_receipt(what, response, token)
      end
    end
  end
  return true
end

--- Whether an answer of any receiver is a receipt: no page, and what was set.
---@param response table
---@param token? string
---@param receipt? table body (a text in it), json (member -> value)
function M.generic(response, token, receipt)
  if is_page(response) then
    return no_receipt("it is a page", response, token)
  end
  return check_conditions(receipt or {}, response, token)
end

--- Splunk's collector says "code":0 when it has taken everything.
function M.splunk(response, token)
  local answer = json.decode(response.body or "")
  if type(answer) == "table" and answer.code == 0 then
    return true
  end
  return no_receipt('it has no "code":0', response, token)
end

--- What Elasticsearch decided about each event, which the status does not say.
---@param count integer how many were sent
---@return table|nil outcomes "accepted", "again" or "refused" and what was said, for each; nil: not an answer of it
function M.elastic(response, token, count)
  local answer = json.decode(response.body or "")
  if type(answer) ~= "table" or type(answer.errors) ~= "boolean" then
    return no_receipt("it is none of the bulk interface", response, token)
  elseif not answer.errors then
    return {}
  elseif type(answer.items) ~= "table" or #answer.items ~= count then
    return no_receipt("it does not speak of each event", response, token)
  end
  local outcomes = {}
  for number, item in ipairs(answer.items) do
    local result = type(item) == "table" and (item.create or item.index) or {}
    local status = type(result) == "table" and tonumber(result.status) or 500
    local outcome = { state = "refused", status = status }
    -- 409: an event with this identifier is there already
    if status < 300 or status == 409 then
      outcome.state = "accepted"
    else
      outcome.state = is_passing(status) and "again" or "refused"
      local words = M.words({ body = json.encode(result) }, token)
      outcome.message = with_words(("HTTP %d"):format(status), words)
    end
    outcomes[number] = outcome
  end
  return outcomes
end

local function status_set(value, level)
  local list = type(value) == "table" and value or { value }
  for _, status in ipairs(list) do
    if type(status) ~= "number" or status % 1 ~= 0 or status < 200 or status > 599 then
      local message = "client:export: option 'receipt.status' must be a status of HTTP, or a list"
      errors.raise(level + 1, message)
    end
  end
  return #list > 0 and errors.set_of(list) or nil
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

--- Checks the option `receipt`; mistakes raise.
---@param given table|nil status, body (a text in it), json (member -> value)
---@param style string
---@param level integer whose line is blamed
---@return table receipt {status = set | nil, body, json}
function M.receipt(given, style, level)
  errors.check_options("client:export: option 'receipt'", given, receipt_options, level + 1)
  if given and style ~= "generic" then
    local message = "client:export: option 'receipt' is for the style generic: %s has its own"
    errors.raise(level + 1, message, style)
  end
  given = given or {}
  return { status = status_set(given.status, level + 1), body = given.body, json = given.json }
end

--- How receivers are spoken to: media type, what the token follows, formats, templates around each event, lines of
-- an event, and how their answer is read: true, or outcomes of its events; or a failure.
M.styles = {}

-- https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
M.styles.splunk = {
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
    return M.splunk(response, self.token)
  end,
}

-- https://www.elastic.co/guide/en/elasticsearch/reference/8.11/docs-bulk.html
M.styles.elastic = {
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
    return M.elastic(response, self.token, batch.count)
  end,
}

M.styles.generic = {
  token = "Bearer ",
  formats = { ndjson = true, ecs = true, ocsf = true, cef = true, leef = true, csv = true },
  frame = function()
    return nil
  end,
  read = function(self, response)
    return M.generic(response, self.token, self.receipt)
  end,
}

--- The texts of a batch's events. Every format has a line for an event, but the fields of CSV may have line
-- ends within their quotes.
---@param batch table {text, count}
---@param format string
---@param style table one of `styles`
---@return string[]
function M.split(batch, format, style)
  local events, parts, lines, quotes = {}, {}, 0, 0
  for line in batch.text:gmatch "[^\n]*\n" do
    parts[#parts + 1], lines = line, lines + 1
    if format == "csv" then
      quotes = quotes + select(2, line:gsub('"', ""))
    end
    if lines >= (style.lines or 1) and quotes % 2 == 0 then
      events[#events + 1] = table.concat(parts)
      parts, lines = {}, 0
    end
  end
  assert(#events == batch.count, "a batch is not what it says")
  return events
end

return M

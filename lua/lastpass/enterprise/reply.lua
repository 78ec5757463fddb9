--- From a response to a value or a failure: every shape of enterprise-api §2, in one place.
-- @module lastpass.enterprise.reply
local core = require "lastpass.core"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limiter = require "lastpass.limiter"

local BODY_KEPT = 2048 -- bytes of a reply that an error carries

local M = {}

local toggled = { disableuser = "disabled_users", enableuser = "enabled_users" }

-- Errors quote what the server sent; should it ever send the hash back, it stops here.
local function fields_for(call, response, more)
  local fields = more or {}
  fields.command = call.command
  fields.status = response and response.status
  if response and response.body ~= "" then
    fields.body = call.provhash:redact(response.body:sub(1, BODY_KEPT))
  end
  return fields
end

local function fail(kind, code, call, response, message, more)
  message = call.provhash:redact(message)
  return errors.fail(kind, code, call.command .. ": " .. message, fields_for(call, response, more))
end

--- A response whose HTTP status is not 200.
local function fail_status(call, response)
  local status = response.status
  if status == 429 then
    return fail(
      "throttled",
      "throttled",
      call,
      response,
      "the server asks to slow down (HTTP 429)",
      {
        retry_after = limiter.retry_after(response),
        hint = "ask for less at once, or set the option rate",
      }
    )
  end
  -- behind a 5xx the write may have been made; a 4xx or a redirect is a refusal of the request
  return fail(
    "transport",
    "http_status",
    call,
    response,
    ("the server answered HTTP %d"):format(status),
    {
      uncertain = call.writes and status >= 500 or nil,
      retry_after = limiter.retry_after(response),
      hint = status >= 300
          and status < 400
          and "redirects are not followed, so that the hash goes nowhere else; check the url"
        or nil,
    }
  )
end

-- Where a text names an address; "ann@x" must not be found inside "joann@x" or "ann@x.org".
local function place_of(address, folded)
  local from, to = folded:find(address, 1, true)
  while from do
    if
      not folded:sub(from - 1, from - 1):match "[%w._%%+\128-\255-]"
      and not folded:sub(to + 1):match "^[%w_\128-\255-]"
      and not folded:sub(to + 1):match "^%.[%w\128-\255]"
    then
      return from, to
    end
    from, to = folded:find(address, from + 1, true)
  end
  return nil
end

-- The caller's rows that a text is about: those whose address it names. One text may name several
-- people, and one person may stand in several rows; an address within a longer one that is named
-- as well ("ann@x" in "o'ann@x") is not meant.
local function rows_of_text(text, rows)
  local folded, named, positions = email.fold(text), {}, {}
  for position, row in ipairs(type(rows) == "table" and rows or {}) do
    local address = type(row) == "table" and row.username or row
    local from, to
    if type(address) == "string" and address ~= "" then
      from, to = place_of(email.fold(address), folded)
    end
    if from then
      named[#named + 1] = { position = position, from = from, to = to }
    end
  end
  for _, one in ipairs(named) do
    local inside = false
    for _, other in ipairs(named) do
      inside = inside
        or other.from <= one.from
          and other.to >= one.to
          and other.to - other.from > one.to - one.from
    end
    if not inside then
      positions[#positions + 1] = one.position
    end
  end
  return positions
end

local function rows_of_texts(call, texts)
  local rows = {}
  for _, text in ipairs(texts) do
    local reason = call.provhash:redact(text)
    local positions = rows_of_text(text, call.data)
    for _, position in ipairs(positions) do
      rows[#rows + 1] = { row = position, item = call.data[position], reason = reason }
    end
    if #positions == 0 then
      rows[#rows + 1] = { reason = reason }
    end
  end
  return rows
end

local function fail_partial(call, response, message, rows, unchanged)
  return fail("partial", "partial", call, response, "done in part: " .. message, {
    rows = rows,
    unchanged_users = unchanged,
  })
end

-- disableuser and enableuser: a user in neither list was not changed (enterprise-api §5).
local function check_toggled(call, response, value)
  local seen = {}
  for _, key in ipairs { toggled[call.command], "unchanged_users" } do
    local list = value[key]
    if type(list) == "table" then
      for _, address in ipairs(list) do
        seen[email.fold(tostring(address))] = true
      end
    end
  end
  local rows = {}
  for position, address in ipairs(call.data) do
    if not seen[email.fold(address)] then
      rows[#rows + 1] =
        { row = position, item = address, reason = "the server does not name this user" }
    end
  end
  if #rows == 0 then
    return value
  elseif #rows == #call.data then
    return fail(
      "refused",
      "no_such_user",
      call,
      response,
      "the server names none of the users",
      { rows = rows }
    )
  end
  return fail_partial(
    call,
    response,
    ("%d of %d users were not changed"):format(#rows, #call.data),
    rows,
    value.unchanged_users
  )
end

local function success(call, response, texts)
  local value, message, err = json.decode(response.body)
  if value == nil then
    return fail("protocol", err.code, call, response, message, { uncertain = call.writes or nil })
  end
  if #texts > 0 or texts.message then
    local warnings = {}
    for _, text in ipairs(texts) do
      warnings[#warnings + 1] = text
    end
    warnings[#warnings + 1] = texts.message
    value.warnings = warnings
  end
  if toggled[call.command] then
    return check_toggled(call, response, value)
  end
  return value
end

local hints = {
  authorization_error = "check cid and provhash: both give the same answer when wrong; "
    .. "a new hash makes the old one invalid at once",
  not_json = "check the url",
}

--- Says what a response means, without decoding its payload.
---@param call table {command, data, writes, provhash}
---@param response lastpass.Response
---@return table|nil texts warnings, when the reply is a success
---@return string? message
---@return lastpass.Error? err
function M.classify(call, response)
  if response.status ~= 200 then
    return fail_status(call, response)
  end
  local class, code, message, texts = core.reply(call.command, response.body)
  if class == "success" then
    return texts
  elseif class == "partial" then
    return fail_partial(call, response, message, rows_of_texts(call, texts))
  end
  return fail(class, code, call, response, message, {
    hint = hints[code],
    -- an unreadable answer to a write says nothing of whether it was made
    uncertain = class == "protocol" and call.writes or nil,
    rows = class == "refused" and #texts > 0 and rows_of_texts(call, texts) or nil,
  })
end

--- The value of a reply.
---@return any|nil value the decoded reply; `value.warnings` lists what the server remarked
---@return string? message
---@return lastpass.Error? err
function M.read(call, response)
  local texts, message, err = M.classify(call, response)
  if not texts then
    return nil, message, err
  end
  return success(call, response, texts)
end

local function fail_sink(command, code, message)
  return errors.fail("protocol", code, command .. ": " .. message, { command = command })
end

-- A reply may be read by a sink of the core (a snapshot, events) while it comes. What the sink could not
-- take is classified as any other reply is.
local function classify_rest(sink, expected, request, response)
  if response.status ~= 200 then
    return M.classify(request, response)
  end
  local finished, message, code = sink:finish()
  if not finished then
    return fail_sink(request.command, code, message)
  end
  local refusal = sink:refusal()
  if not refusal then
    return sink
  end
  response.body = refusal
  local texts, text, err = M.classify(request, response)
  if not texts then
    return nil, text, err
  end
  return fail_sink(request.command, "unexpected_shape", "the reply is not " .. expected)
end

--- What `call.perform` reads a response with.
---@param sink userdata
---@param expected string what a good reply is, for messages: "a directory"
---@return fun(request: table, response: lastpass.Response): userdata|nil, string?, lastpass.Error?
function M.sink_reader(sink, expected)
  return function(request, response)
    return classify_rest(sink, expected, request, response)
  end
end

--- libcurl stops when the sink refuses bytes; why it did is in the sink.
---@param sink userdata
---@param message string
---@param err lastpass.Error
---@return nil
---@return string message
---@return lastpass.Error err
function M.explain_sink(sink, message, err)
  if err.code == "bad_reply" then
    local _, text, code = sink:finish()
    if text then
      return fail_sink(err.command, code, text)
    end
  end
  return nil, message, err
end

return M

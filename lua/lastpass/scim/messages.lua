--- The messages of SCIM as a server writes them: errors, lists, headers, and what media types it reads and writes
-- (scim §2.1, §2.7, §2.12).
-- @module lastpass.scim.messages
local core = require "lastpass.core"
local definitions = require "lastpass.scim.definitions"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

M.MEDIA_TYPE = "application/scim+json"

local URN = definitions.URN

-- ---- media types ----

-- "application/scim+json; charset=utf-8" -> the type in lower case, its parameters.
local function read_media_type(text)
  local media, rest = text:match "^%s*([^%s;]+)%s*(.*)$"
  local parameters = {}
  for name, value in (rest or ""):gmatch ';%s*([%w_-]+)%s*=%s*"?([^";,%s]*)"?' do
    parameters[name:lower()] = value:lower()
  end
  return (media or ""):lower(), parameters
end

--- Whether a body of this type is read: SCIM's or plain JSON, in UTF-8 (scim §2.1).
---@param content_type string|nil nil counts as SCIM's
function M.reads(content_type)
  if not content_type or content_type == "" then
    return true
  end
  local media, parameters = read_media_type(content_type)
  local charset = parameters.charset
  return (media == M.MEDIA_TYPE or media == "application/json")
    and (charset == nil or charset == "utf-8" or charset == "utf8")
end

local answers = {
  ["*/*"] = M.MEDIA_TYPE,
  ["application/*"] = M.MEDIA_TYPE,
  [M.MEDIA_TYPE] = M.MEDIA_TYPE,
  ["application/json"] = "application/json",
}

--- The media type to answer in.
---@param accept string|nil the header
---@return string|nil media_type nil when nothing that a server of SCIM writes is accepted
function M.answers_in(accept)
  if not accept or not accept:find "%S" then
    return M.MEDIA_TYPE
  end
  local found
  for part in accept:gmatch "[^,]+" do
    local media, parameters = read_media_type(part)
    local answer = (tonumber(parameters.q) or 1) > 0 and answers[media]
    if answer == M.MEDIA_TYPE then
      return answer
    end
    found = found or answer
  end
  return found or nil
end

-- ---- responses ----

--- Makes a response.
---@param status integer
---@param document table|string|nil a string is JSON already; nil: no body
---@param headers? table<string, string>
---@return {status: integer, headers: table<string, string>, body: string} response
function M.response(status, document, headers)
  local all = { ["Cache-Control"] = "no-store" }
  for name, value in pairs(headers or {}) do
    all[name] = value
  end
  if type(document) == "table" then
    document = json.encode(document)
  end
  all["Content-Type"] = document and M.MEDIA_TYPE or nil
  return { status = status, headers = all, body = document or "" }
end

--- Makes an error's document.
---@param status integer
---@param scim_type? string
---@param detail string
function M.error_document(status, scim_type, detail)
  return {
    schemas = { URN.error },
    status = ("%d"):format(status), -- a string (scim §2.12)
    scimType = scim_type,
    detail = core.clean(detail, true),
  }
end

--- Makes the response of an error.
---@param status integer
---@param scim_type? string
---@param detail string for whoever administers the client
---@param options? table `retry_after`: seconds, rounded up, since Okta reads whole seconds only (scim §3);
-- `headers`
function M.error_response(status, scim_type, detail, options)
  options = options or {}
  local headers = {}
  if status == 401 then
    headers["WWW-Authenticate"] = "Bearer"
  end
  if options.retry_after then
    headers["Retry-After"] = ("%d"):format(math.max(1, math.ceil(options.retry_after)))
  end
  for name, value in pairs(options.headers or {}) do
    headers[name] = value
  end
  local response = M.response(status, M.error_document(status, scim_type, detail), headers)
  response.scim_type = scim_type
  return response
end

--- Makes the document of a list.
---@param resources (table|string)[] strings are JSON already
---@param about table `total`, `start` (index pages), `next_cursor`, `previous_cursor`
---@return string json
function M.list(resources, about)
  local parts = {}
  for position, resource in ipairs(resources) do
    parts[position] = type(resource) == "string" and resource or json.encode(resource)
  end
  local rest = json.encode {
    schemas = { URN.list },
    totalResults = about.total,
    startIndex = about.start,
    itemsPerPage = #resources,
    nextCursor = about.next_cursor,
    previousCursor = about.previous_cursor,
  }
  return '{"Resources":[' .. table.concat(parts, ",") .. "]," .. rest:sub(2)
end

-- ---- failures ----

-- "noTarget" -> "no_target"
local function code_of(scim_type)
  return scim_type and scim_type:gsub("%u", function(letter)
    return "_" .. letter:lower()
  end) or "bad_request"
end

--- A failure that a server answers with.
---@param status integer
---@param scim_type? string
---@param detail string
---@param fields? table further fields of the error, such as `retry_after`, `headers`
---@return nil
---@return string message
---@return lastpass.Error err with `status` and `scim_type`
function M.fail(status, scim_type, detail, fields)
  local all = { status = status, scim_type = scim_type }
  for name, value in pairs(fields or {}) do
    all[name] = value
  end
  local kind = status == 409 and "conflict" or status < 500 and "argument" or "refused"
  return errors.fail(kind, (code_of(scim_type)), detail, all)
end

-- Failures of these kinds are trouble of whatever is asked upstream: its status is not ours. A refusal of our own
-- credential upstream must not look as if the caller's were refused (an identity provider would stop at 401).
local upstream = { auth = true, transport = true, protocol = true, throttled = true }

M.RETRY_AFTER = 30

--- The response of a failure.
---@param message string
---@param err lastpass.Error
function M.failure_response(message, err)
  err = err or {}
  local status = err.status
  if upstream[err.kind] or err.uncertain then
    if not (status == 503 or (status == 429 and err.kind == "throttled")) then
      status = 503
    end
    local after = err.retry_after or M.RETRY_AFTER
    return M.error_response(status, nil, message, { retry_after = after, headers = err.headers })
  end
  if type(status) ~= "number" or status < 400 or status > 599 then
    status = err.kind == "argument" and 400
      or (err.kind == "conflict" or err.kind == "guard") and 409
      or 500
  end
  return M.error_response(
    status,
    err.scim_type,
    message,
    { retry_after = err.retry_after, headers = err.headers }
  )
end

return M

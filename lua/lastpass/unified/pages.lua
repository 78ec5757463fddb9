--- Rendered answers, kept for as long as the directory they show, and the conditional requests that
-- spare them (RFC 9110 §13).
-- @module lastpass.unified.pages
local cursor = require "lastpass.unified.cursor"
local digests = require "lastpass.unified.digests"
local kept_room = require "lastpass.unified.kept"

local M = {}

-- What one answer costs beside its body.
local OVERHEAD = 512

--- The name of an answer: all that it depends on beside the directory. Cursors change once a day.
---@param request table path, raw_query or query, now
---@return string
function M.key(request)
  local expiry = cursor.expiry(request.now or os.time())
  if request.raw_query then
    return ("%s\0%d\0%s"):format(request.path, expiry, request.raw_query)
  end
  local parts = { request.path, ("%d"):format(expiry) }
  for _, pair in ipairs(request.query or {}) do
    parts[#parts + 1] = pair[1]
    parts[#parts + 1] = tostring(pair[2])
  end
  return table.concat(parts, "\0")
end

local function shelf_of(view, settings)
  local kept = kept_room.of(view, settings)
  kept.pages = kept.pages or { bytes = 0, answers = {} }
  return kept.pages
end

--- The answer that is kept.
---@param view table
---@param settings table
---@param key string
---@return table|nil answer
function M.find(view, settings, key)
  return shelf_of(view, settings).answers[key]
end

--- Names an answer by what it shows, and keeps it; when too many bytes are kept, all go.
---@param view table
---@param settings table page_cache_bytes
---@param key string
---@param answer table
---@param tenant table
---@return table answer
function M.keep(view, settings, key, answer, tenant)
  local text = table.concat({ tenant.name, view.version, key }, "\0")
  answer.headers.etag = '"' .. digests.sha256_hex(text, 32) .. '"'
  local shelf = shelf_of(view, settings)
  local size = #answer.body + #key + OVERHEAD
  if size > settings.page_cache_bytes then
    return answer
  elseif shelf.bytes + size > settings.page_cache_bytes then
    shelf.bytes, shelf.answers = 0, {}
  end
  shelf.bytes = shelf.bytes + size
  shelf.answers[key] = answer
  return answer
end

--- Whether the caller has this answer already.
---@param request table
---@param etag string
---@return boolean
function M.is_known(request, etag)
  local given = request.headers and request.headers["if-none-match"]
  if not given then
    return false
  elseif given == "*" then
    return true
  end
  for tag in given:gmatch '"[^"]*"' do
    if tag == etag then
      return true
    end
  end
  return false
end

return M

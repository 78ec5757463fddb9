--- Cursors: where a walk through a list is, signed, and of use to nothing else (unified-directory §7).
-- The position is the key of the last item given out, so changes elsewhere repeat and skip nothing.
--
--     c1.<base64url of JSON>.<base64url of the first 16 bytes of HMAC-SHA256>
-- @module lastpass.unified.cursor
local base64url = require("lastpass.text.base64").url
local digests = require "lastpass.unified.digests"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"

local M = {}

--- Longer ones are none of ours.
M.LONGEST = 512

local DAY = 24 * 60 * 60
local MAC_BYTES = 16
local CONCEALED = "*"

--- When the cursors of this day end: a day from now at the earliest, and the same for a whole day, so
-- that a page is the same bytes all day long.
---@param now number epoch seconds
---@return integer
function M.expiry(now)
  return (math.floor(now / DAY) + 2) * DAY
end

--- What a walk is over: 16 hexadecimal digits of account, resource, filters and order.
---@param parts string[]
---@return string
function M.digest(parts)
  return digests.sha256_hex(table.concat(parts, "\0"), 16)
end

local function mac(key, signed)
  return digests.hmac(key, signed):sub(1, MAC_BYTES)
end

--- Makes a cursor.
---@param settings table cursor_keys
---@param walk table resource, digest
---@param keys string[] of the last item; what stands under `concealed` is not to be read by others
---@param now number epoch seconds
---@return string
function M.make(settings, walk, keys, now)
  local key = settings.cursor_keys[1]
  local list = json.list {}
  for place, text in ipairs(keys) do
    list[place] = text
  end
  if keys.concealed then
    list[#list + 1] = CONCEALED .. base64url.encode(digests.conceal(key, keys.concealed))
  end
  local payload = json.encode {
    v = 1,
    r = walk.resource,
    q = walk.digest,
    k = list,
    e = M.expiry(now),
  }
  local signed = "c1." .. base64url.encode(payload)
  return signed .. "." .. base64url.encode(mac(key, signed))
end

local function fail(reason)
  return problems.fail(400, reason)
end

local function signer(settings, signed, given)
  local found
  for _, key in ipairs(settings.cursor_keys) do
    if digests.same(mac(key, signed), given) then
      found = found or key
    end
  end
  return found
end

local function payload_of(settings, text)
  local signed, body, given = text:match "^(c1%.([%w_-]+))%.([%w_-]+)$"
  given = given and base64url.decode(given)
  local key = given and signer(settings, signed, given)
  local payload = key and base64url.decode(body)
  return payload and json.decode(payload), key
end

--- Reads a cursor.
---@param settings table cursor_keys
---@param walk table resource, digest
---@param text string
---@param now number epoch seconds
---@return table|nil keys as they were given to `make`
---@return lastpass.unified.Problem? problem
function M.read(settings, walk, text, now)
  local payload, key
  if #text <= M.LONGEST then
    payload, key = payload_of(settings, text)
  end
  if type(payload) ~= "table" or payload.v ~= 1 or type(payload.k) ~= "table" then
    return fail "Invalid cursor: it was not made by this server, or was changed on its way"
  elseif payload.e < now then
    return fail "Expired cursor: begin the list again"
  elseif payload.r ~= walk.resource or payload.q ~= walk.digest then
    return fail(
      "Cursor does not belong to this query: account, resource, filters and order must be those "
        .. "of the request it came from"
    )
  end
  local keys = {}
  for place, item in ipairs(payload.k) do
    if item:sub(1, 1) == CONCEALED then
      keys.concealed = digests.reveal(key, base64url.decode(item:sub(2)) or "")
    else
      keys[place] = item
    end
  end
  return keys
end

return M

--- Cursors: the position of a walk through a list, signed and of use for nothing else
-- (unified-directory §7). The position is the key of the last item of a page, so changes elsewhere in the
-- list neither repeat nor skip an item.
--
--     c1.<base64url of JSON>.<base64url of the first 16 bytes of HMAC-SHA256>
-- @module lastpass.unified.cursor
local base64url = require("lastpass.text.base64").url
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local order = require "lastpass.unified.order"
local problems = require "lastpass.unified.problems"

local M = {}

--- The longest cursor that is read; none that is made here is longer.
M.LONGEST = 512

local DAY = 24 * 60 * 60
local MAC_BYTES = 16
local CONCEALED = "*"

---@class lastpass.unified.Walk
---@field resource string
---@field digest string      of account, resource, filters and order
---@field count integer
---@field keys_at fun(position: integer): string[]  as `cursor.make` takes them
---@field is_after fun(position: integer, keys: string[]): boolean

--- When the cursors of this day expire: at least a day from now, and at the same time for all of a day, so
-- that a page is the same bytes all day long.
---@param now number epoch seconds
---@return integer
function M.expiry(now)
  return (math.floor(now / DAY) + 2) * DAY
end

--- Identifies a walk: 16 hexadecimal digits of account, resource, filters and order.
---@param parts string[]
---@return string
function M.digest(parts)
  return digest.hex(table.concat(parts, "\0"), 16)
end

local function mac_of(key, signed)
  return digest.hmac(key, signed):sub(1, MAC_BYTES)
end

--- Makes a cursor.
---@param settings table cursor_keys
---@param walk table resource, digest
---@param keys string[] of the last item; `concealed` is encrypted
---@param now number epoch seconds
---@return string
function M.make(settings, walk, keys, now)
  local key = settings.cursor_keys[1]
  local list = json.list {}
  for position, text in ipairs(keys) do
    list[position] = text
  end
  if keys.concealed then
    list[#list + 1] = CONCEALED .. base64url.encode(digest.conceal(key, keys.concealed))
  end
  local payload = json.encode {
    v = 1,
    r = walk.resource,
    q = walk.digest,
    k = list,
    e = M.expiry(now),
  }
  local signed = "c1." .. base64url.encode(payload)
  return signed .. "." .. base64url.encode(mac_of(key, signed))
end

local function find_signing_key(settings, signed, mac)
  local signing
  for _, key in ipairs(settings.cursor_keys) do
    if digest.same(mac_of(key, signed), mac) then
      signing = signing or key
    end
  end
  return signing
end

local function read_payload(settings, text)
  local signed, body, mac = text:match "^(c1%.([%w_-]+))%.([%w_-]+)$"
  mac = mac and base64url.decode(mac)
  local key = mac and find_signing_key(settings, signed, mac)
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
    payload, key = read_payload(settings, text)
  end
  if type(payload) ~= "table" or payload.v ~= 1 or type(payload.k) ~= "table" then
    return problems.fail(
      400,
      "Invalid cursor: it was not made by this server, or was changed on its way"
    )
  elseif payload.e < now then
    return problems.fail(400, "Expired cursor: begin the list again")
  elseif payload.r ~= walk.resource or payload.q ~= walk.digest then
    return problems.fail(
      400,
      "Cursor does not belong to this query: account, resource, filters and order must be those "
        .. "of the request it came from"
    )
  end
  local keys = {}
  for position, item in ipairs(payload.k) do
    if item:sub(1, 1) == CONCEALED then
      keys.concealed = digest.reveal(key, base64url.decode(item:sub(2)) or "")
    else
      keys[position] = item
    end
  end
  return keys
end

--- Finds the page that a request asks for: what comes after the item of its cursor.
---@param call table settings, output, now
---@param walk lastpass.unified.Walk
---@return integer|nil first position
---@return integer|lastpass.unified.Problem last position, first - 1 when nothing is left; or the problem
---@return string? next the next cursor, when something follows
function M.page(call, walk)
  local first = 1
  if call.output.cursor then
    local keys, problem = M.read(call.settings, walk, call.output.cursor, call.now)
    if not keys then
      return nil, problem
    end
    first = order.first(walk.count, function(position)
      return walk.is_after(position, keys)
    end)
  end
  local last = math.min(first + call.output.limit - 1, walk.count)
  local next_cursor
  if last < walk.count then
    next_cursor = M.make(call.settings, walk, walk.keys_at(last), call.now)
  end
  return first, last, next_cursor
end

return M

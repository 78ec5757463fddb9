--- Pages: the default paging over everything that a backend has, in one pass, and the cursors of RFC 9865
-- (scim §2.7).
-- @module lastpass.scim.server.pages
local base64url = require("lastpass.text.base64").url
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local messages = require "lastpass.scim.messages"
local values = require "lastpass.scim.values"

local M = {}

-- ---- order ----

-- The value that an order goes by: of several the primary one, else the first (scim §2.6).
local function sort_value(resource, path)
  local value = resource
  if path.urn then
    value = resource[path.urn]
  end
  value = type(value) == "table" and value[path.name] or nil
  if type(value) == "table" and #value > 0 then
    local chosen = value[1]
    for _, element in ipairs(value) do
      if type(element) == "table" and element.primary == true then
        chosen = element
        break
      end
    end
    value = chosen
  end
  if type(value) == "table" then
    value = value[path.sub or "value"]
  end
  if type(value) == "boolean" then
    return value and 1 or 0
  elseif type(value) == "table" or value == nil then
    return nil
  end
  return values.comparable(path.definition, value)
end

local ranks = { number = 1, string = 2 }

local function precedes(a, b)
  if a.key == nil or b.key == nil then
    if a.key == b.key then
      return a.position < b.position
    end
    return b.key == nil -- what has no value comes last
  elseif a.key == b.key then
    return a.position < b.position
  elseif type(a.key) ~= type(b.key) then
    return ranks[type(a.key)] < ranks[type(b.key)]
  end
  return a.key < b.key
end

-- What is sorted without a pause, and what table.sort does by itself.
local PIECE = 64

local function sort_pieces(list, pause)
  for first = 1, #list, PIECE do
    local piece = {}
    for position = first, math.min(first + PIECE - 1, #list) do
      piece[#piece + 1] = list[position]
    end
    table.sort(piece, precedes)
    for offset, item in ipairs(piece) do
      list[first + offset - 1] = item
    end
    pause()
  end
end

-- Merges two neighbours, each sorted, into one part of `into`.
local function merge(from, into, first, second, last, pause)
  local left, right = first, second
  for position = first, last do
    if right > last or left < second and precedes(from[left], from[right]) then
      into[position], left = from[left], left + 1
    else
      into[position], right = from[right], right + 1
    end
    if position % PIECE == 0 then
      pause()
    end
  end
end

-- A long list is not sorted in one piece: others run in between.
local function sort(list, pause)
  sort_pieces(list, pause)
  local from, into, width = list, {}, PIECE
  while width < #list do
    for first = 1, #list, 2 * width do
      local last = math.min(first + 2 * width - 1, #list)
      merge(from, into, first, math.min(first + width, last + 1), last, pause)
    end
    from, into, width = into, from, 2 * width
  end
  return from
end

local function no_pause() end

local function new_item(resource, position, path, descending)
  return {
    key = sort_value(resource, path),
    position = descending and -position or position,
    resource = resource,
  }
end

--- Sorts resources; those that are equal keep their order.
---@param resources table[]
---@param path table `urn` (of an extension), `name`, `sub`, `definition`
---@param descending boolean
---@return table[] sorted a new list
function M.sort(resources, path, descending)
  local list = {}
  for position, resource in ipairs(resources) do
    list[position] = new_item(resource, position, path, descending)
  end
  list = sort(list, no_pause)
  local sorted = {}
  for position, item in ipairs(list) do
    sorted[descending and #list + 1 - position or position] = item.resource
  end
  return sorted
end

-- ---- the default paging ----

--- Pages through whatever an iterator gives, in one pass. In an order those that are equal stay as they come.
---@param iterator fun(): table|nil, any resources, in an order that stays; nil ends. A second value is what the page gets
-- in place of the resource
---@param query table as backends get it
---@param pause? fun() called now and then while much is sorted
---@return table result `resources`, `total`, `next_cursor`, `previous_cursor`
function M.page(iterator, query, pause)
  local start = query.start
  if query.cursor then
    start = query.cursor == "" and 1 or tonumber(query.cursor)
  end
  local last = start + query.count - 1
  local total, resources, everything = 0, {}, query.sort_path and {}
  for resource, instead in iterator do
    if not query.test or query.test(resource) then
      total = total + 1
      local one = instead or resource
      if everything then
        everything[total] = new_item(resource, total, query.sort_path, query.descending)
        everything[total].resource = one
      elseif total >= start and total <= last then
        resources[#resources + 1] = one
      end
    end
  end
  if everything then
    everything = sort(everything, pause or no_pause)
    for position = start, math.min(last, total) do
      local place = query.descending and total + 1 - position or position
      resources[#resources + 1] = everything[place].resource
    end
  end
  local result = { resources = resources, total = total }
  if query.cursor then
    local following = start + #resources
    if #resources > 0 and following <= total then
      result.next_cursor = ("%d"):format(following)
    end
    if start > 1 then
      result.previous_cursor = ("%d"):format(math.max(1, start - query.count))
    end
  end
  return result
end

-- ---- cursors ----

local LONGEST_CURSOR = 2048
local MAC_BYTES = 16

local function mac_of(key, signed)
  return base64url.encode(digest.hmac(key, signed):sub(1, MAC_BYTES))
end

--- Makes what a client is given out of a backend's position: signed, bound to the query and its caller, and for
-- a while.
---@param position string the backend's
---@param binding string what else the page depends on
---@param key string
---@param expires integer epoch seconds
---@return string cursor of unreserved characters
function M.seal(position, binding, key, expires)
  local payload =
    json.encode({ p = position, e = expires, q = base64url.encode(digest.sha256(binding)) })
  local signed = base64url.encode(payload)
  return signed .. "." .. mac_of(key, signed)
end

--- Reads a cursor that a client sends.
---@return string|nil position
---@return string? message
---@return lastpass.Error? err
function M.open(cursor, binding, key, now)
  local signed, mac = cursor:match "^([%w_-]+)%.([%w_-]+)$"
  local payload = #cursor <= LONGEST_CURSOR
    and signed
    and digest.same(mac_of(key, signed), mac)
    and json.decode(base64url.decode(signed) or "")
  if type(payload) ~= "table" then
    return messages.fail(400, "invalidCursor", "the cursor was not made by this server")
  elseif payload.q ~= base64url.encode(digest.sha256(binding)) then
    return messages.fail(400, "invalidCursor", "the cursor belongs to another query")
  elseif payload.e < now then
    return messages.fail(400, "expiredCursor", "the cursor has expired: begin the list again")
  end
  return payload.p
end

return M

--- One reply of `reporting` as rows of the core (enterprise-api §4.11).
-- @module lastpass.export.page
local call = require "lastpass.enterprise.call"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local reply = require "lastpass.enterprise.reply"

local M = {}

local function fail(code, message)
  return errors.fail("protocol", code, "reporting: " .. message, { command = "reporting" })
end

--- Asks once.
---@param client lastpass.Client
---@param data table fields of reporting
---@return userdata|nil events newest first
---@return string? message
---@return lastpass.Error? err
function M.fetch(client, data)
  local request, page, message, err
  request, message, err = call.prepare(client, "reporting", data, 2)
  if not request then
    return nil, message, err
  end
  local sink = core.events()
  page, message, err =
    call.perform(client, request, reply.sink_reader(sink, "a list of events"), sink)
  if not page then
    return reply.explain_sink(sink, message, err)
  end
  return page
end

-- Whether the last `count` rows are the first ones of the page, in one second.
local function ends_as_it_begins(rows, page, count)
  local last = #rows
  for position = 1, count do
    if not rows:same(last - count + position, page, position) then
      return false
    end
  end
  return rows:at(last - count + 1, "civil") == rows:at(last, "civil")
end

-- So many rows at the head of `page` came at the end of `rows` already. `next` is a moment to the
-- microsecond and includes it: the one event of that moment comes again. When it is a whole second,
-- or the one event does not come, it may be all that was given of that second.
local function repeated_at_head(rows, page, cursor)
  local longest = math.min(#rows, #page)
  if longest == 0 then
    return 0
  elseif cursor:sub(-6) ~= "000000" and ends_as_it_begins(rows, page, 1) then
    return 1
  end
  local same_second = 1
  while
    same_second < longest and rows:at(#rows - same_second, "civil") == rows:at(#rows, "civil")
  do
    same_second = same_second + 1
  end
  for count = same_second, 1, -1 do
    if ends_as_it_begins(rows, page, count) then
      return count
    end
  end
  return 0
end

--- Asks until the server gives no continuation.
---@param client lastpass.Client
---@param data table fields of reporting; `next` is set
---@param first userdata the first page, which gets all further rows
---@return userdata|nil events newest first
---@return string? message
---@return lastpass.Error? err
function M.follow(client, data, first)
  local met, cursor = {}, first:next()
  while cursor do
    if met[cursor] then
      return fail("unexpected_shape", "the server gives the same continuation twice")
    end
    met[cursor], data.next = true, cursor
    local page, message, err = M.fetch(client, data)
    if not page then
      return nil, message, err
    end
    first:append(page, repeated_at_head(first, page, cursor))
    cursor = page:next()
    page:close()
  end
  return first
end

return M

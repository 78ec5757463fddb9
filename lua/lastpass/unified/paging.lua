--- One page of a list that is in order: from behind the cursor's item, with the next cursor when
-- something follows (unified-directory §7).
-- @module lastpass.unified.paging
local cursor = require "lastpass.unified.cursor"
local order = require "lastpass.unified.order"

local M = {}

---@class lastpass.unified.Walk
---@field resource string
---@field digest string      of account, resource, filters and order
---@field count integer
---@field keys_at fun(place: integer): string[]  as `cursor.make` takes them
---@field is_after fun(place: integer, keys: string[]): boolean

--- Finds a page.
---@param call table settings, output, now
---@param walk lastpass.unified.Walk
---@return integer|nil first place
---@return integer|lastpass.unified.Problem last place, first - 1 when nothing is left; or the problem
---@return string? next the next cursor
function M.find(call, walk)
  local first = 1
  if call.output.cursor then
    local keys, problem = cursor.read(call.settings, walk, call.output.cursor, call.now)
    if not keys then
      return nil, problem
    end
    first = order.first(walk.count, function(place)
      return walk.is_after(place, keys)
    end)
  end
  local last = math.min(first + call.output.limit - 1, walk.count)
  local next_cursor
  if last < walk.count then
    next_cursor = cursor.make(call.settings, walk, walk.keys_at(last), call.now)
  end
  return first, last, next_cursor
end

--- The walk over a list of items with ids, in the order of ids.
---@param call table
---@param resource string
---@param canonical string the filters
---@param list table[] items with `id`
---@return lastpass.unified.Walk
function M.by_id(call, resource, canonical, list)
  return {
    resource = resource,
    digest = cursor.digest { call.cid, resource, canonical, "id" },
    count = #list,
    keys_at = function(place)
      return { list[place].id }
    end,
    is_after = function(place, keys)
      return list[place].id > (keys[1] or "")
    end,
  }
end

return M

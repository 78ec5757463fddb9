--- The answer to a request for a list: the page that the walk stands at, rendered.
-- @module lastpass.unified.lists
local encode = require("lastpass.unified.encode").encode
local envelope = require "lastpass.unified.envelope"
local filters = require "lastpass.unified.filters"
local json = require "lastpass.json"
local paging = require "lastpass.unified.paging"
local query = require "lastpass.unified.query"

local M = {}

-- As LastPass would have written this page, as far as its rows are known.
local function raw(items, resource)
  local records = {}
  for place, item in ipairs(items) do
    records[place] = item.remote_data or item
  end
  return encode(resource.raw and resource.raw(items) or json.list(records))
end

--- Renders a page.
---@param call table
---@param resource table scalars, raw(items)
---@param walk lastpass.unified.Walk
---@param item_at fun(place: integer): table a table that nobody else has
---@return table|nil answer status, headers, body
---@return lastpass.unified.Problem? problem
function M.answer(call, resource, walk, item_at)
  local first, last, next_cursor = paging.find(call, walk)
  if not first then
    return nil, last
  end
  local items = {}
  for place = first, last do
    items[#items + 1] = item_at(place)
  end
  local output = call.output
  if output.format == "raw" then
    return {
      status = 200,
      headers = next_cursor and { ["x-next-cursor"] = next_cursor } or {},
      body = raw(items, resource),
    }
  end
  local partial = call.view and call.view.partial
  local body, problem = envelope.list(items, next_cursor, output, resource.scalars, partial)
  if not body then
    return nil, problem
  end
  return { status = 200, headers = {}, body = body, has_cursor = next_cursor ~= nil }
end

local function copy_of(item, with_record)
  local copy = {}
  for name, value in pairs(item) do
    copy[name] = value
  end
  if not with_record then
    copy.remote_data = nil
  end
  return copy
end

--- Only the order of ids is known for most lists.
---@param call table
---@return true|nil
---@return lastpass.unified.Problem? problem
function M.check_sort(call)
  local sort = call.output.sort
  if sort and sort ~= "id" then
    return query.bad("sort_by", "must be id here")
  end
  return true
end

--- A list that is at hand: filtered, and a page of it rendered.
---@param call table
---@param resource table name, filters, scalars
---@param list table[] items in the order of their ids
---@param make? fun(item: table): table  makes the item that is shown; default: it is shown as it is
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.of(call, resource, list, make)
  local wanted, problem = filters.read(call.query, resource.filters)
  if not wanted then
    return nil, problem
  end
  local ok
  ok, problem = M.check_sort(call)
  if not ok then
    return nil, problem
  end
  local matching = list
  if wanted.count > 0 then
    matching = {}
    for _, item in ipairs(list) do
      if wanted.test(item, call) then
        matching[#matching + 1] = item
      end
    end
  end
  local walk = paging.by_id(call, resource.name, wanted.canonical, matching)
  return M.answer(call, resource, walk, function(place)
    local item = matching[place]
    return copy_of(make and make(item) or item, call.output.with_record)
  end)
end

--- One item of such a list.
---@param call table
---@param item table|nil
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.single(call, item)
  if not item then
    return call:not_found()
  end
  local copy = copy_of(item, call.output.with_record)
  return { status = 200, headers = {}, body = envelope.single(copy, call.output) }
end

return M

--- The engine of the resources: routes a request to one, filters and orders its list, cuts the page
-- that is asked for, renders it.
-- @module lastpass.unified.lists
local cursor = require "lastpass.unified.cursor"
local filters = require "lastpass.unified.filters"
local json = require "lastpass.json"
local order = require "lastpass.unified.order"
local output = require "lastpass.unified.output"
local query = require "lastpass.unified.query"

--- What can be asked for: a table that the engine runs. `list` and `get` that are `true` are the engine's.
---@class lastpass.unified.Resource
---@field name string              in addresses
---@field what string              what one item is called in messages
---@field methods table            list, get, create, update, delete: true or fun(call): answer, problem
---@field custom? table<string, function> methods with names of their own, sent with POST
---@field members table<string, string> member -> kind, of `lists.members`
---@field keys? table<string, string> members that truto_key_by may name; default: the scalar ones
---@field filters table<string, lastpass.unified.Filter>
---@field entries? fun(call): table[]|nil, lastpass.unified.Problem? in the order of their ids
---@field find? fun(call): table|nil, lastpass.unified.Problem? default: the entry with the id
---@field object? fun(entry: table, call: table): table default: the entry as it is
---@field raw? fun(items: table[]): any a page as LastPass would have written it
---@field is_live? boolean         not of the directory that was read

local M = {}

--- The members of a resource's objects, by kind.
---@param kinds table<string, string> "scalar" (one value; truto_key_by may name it), "string", "array" or
-- "object" -> names, separated by spaces
---@return table<string, string> member -> kind
function M.members(kinds)
  local members = {}
  for kind, names in pairs(kinds) do
    for name in names:gmatch "%S+" do
      members[name] = kind
    end
  end
  return members
end

local function raw_body(items, resource)
  local records = {}
  for position, item in ipairs(items) do
    records[position] = item.remote_data or item
  end
  return output.encode(resource.raw and resource.raw(items) or json.list(records))
end

--- Renders a page.
---@param call lastpass.unified.Call
---@param resource lastpass.unified.Resource
---@param walk lastpass.unified.Walk
---@param item_at fun(position: integer): table a table that is used nowhere else
---@return table|nil answer status, headers, body
---@return lastpass.unified.Problem? problem
function M.answer(call, resource, walk, item_at)
  local first, last, next_cursor = cursor.page(call, walk)
  if not first then
    return nil, last
  end
  local items = {}
  for position = first, last do
    items[#items + 1] = item_at(position)
  end
  if call.output.format == "raw" then
    local headers = next_cursor and { ["x-next-cursor"] = next_cursor } or {}
    return { status = 200, headers = headers, body = raw_body(items, resource) }
  end
  local keys = resource.keys or resource.members
  local is_partial = call.view and call.view.partial
  local body, problem = output.list(items, next_cursor, call.output, keys, is_partial)
  if not body then
    return nil, problem
  end
  return { status = 200, headers = {}, body = body }
end

-- The object of an entry, to be changed at will: entries are cached.
local function object_of(resource, entry, call)
  local copy = {}
  for name, value in pairs(resource.object and resource.object(entry, call) or entry) do
    copy[name] = value
  end
  if not call.output.with_record then
    copy.remote_data = nil
  end
  return copy
end

--- Refuses every order but that of ids, the only one that most lists have.
---@param call lastpass.unified.Call
---@return true|nil
---@return lastpass.unified.Problem? problem
function M.check_sort(call)
  local sort = call.output.sort
  if sort and sort ~= "id" then
    return query.bad("sort_by", "must be id here")
  end
  return true
end

--- Answers with a page of a list in the order of ids.
---@param call lastpass.unified.Call
---@param resource lastpass.unified.Resource
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call, resource)
  local entries, problem = resource.entries(call)
  if not entries then
    return nil, problem
  end
  local filter
  filter, problem = filters.read(call.query, resource.filters)
  local ok = filter
  if filter then
    ok, problem = M.check_sort(call)
  end
  if not ok then
    return nil, problem
  end
  local matching = entries
  if filter.count > 0 then
    matching = {}
    for _, entry in ipairs(entries) do
      if filter.test(entry, call) then
        matching[#matching + 1] = entry
      end
    end
  end
  local walk = {
    resource = resource.name,
    digest = cursor.digest { call.cid, resource.name, filter.canonical, "id" },
    count = #matching,
    keys_at = function(position)
      return { matching[position].id }
    end,
    is_after = function(position, keys)
      return matching[position].id > (keys[1] or "")
    end,
  }
  return M.answer(call, resource, walk, function(position)
    return object_of(resource, matching[position], call)
  end)
end

local function find_by_id(call, resource)
  local entries, problem = resource.entries(call)
  if not entries then
    return nil, problem
  end
  local position = order.first(#entries, function(at)
    return entries[at].id >= call.id
  end)
  local entry = entries[position]
  return entry and entry.id == call.id and entry or nil
end

--- Answers with one item.
---@param call lastpass.unified.Call
---@param resource lastpass.unified.Resource
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.get(call, resource)
  local entry, problem
  if resource.find then
    entry, problem = resource.find(call)
  else
    entry, problem = find_by_id(call, resource)
  end
  if problem then
    return nil, problem
  elseif not entry then
    return call:not_found()
  end
  local body = output.single(object_of(resource, entry, call), call.output)
  return { status = 200, headers = {}, body = body }
end

return M

--- Lists, page by page, to their end or with an error (business §1.2). There is no total: the end is a page without a
-- token. Filters are sent with each token again.
-- @module lastpass.business.pages
local call = require "lastpass.business.call"
local json = require "lastpass.json"
local loop = require "lastpass.transport.scheduler"
local shape = require "lastpass.business.shape"

local MOST_PAGES = 100000
local MOST_EMPTY = 100 -- pages without a row, one after another

local M = {}

local function next_token(list, value)
  if value == nil or value == json.null or value == "" then
    return nil
  elseif type(value) ~= "string" then
    return call.fail_shape(list.client, list.request, "nextPageToken is not a string")
  elseif list.seen[value] then
    return call.fail_shape(
      list.client,
      list.request,
      "the server gives the same page again, so the list cannot be read to its end"
    )
  end
  list.seen[value] = true
  return value
end

local function take_items(list, items)
  for index, item in ipairs(items) do
    if type(item) ~= "table" then
      return call.fail_shape(list.client, list.request, ("item %d is not an object"):format(index))
    end
    local row = shape.read(item)
    -- a list that changes while it is read may give a row twice
    local key = row.id
    if not key or not list.ids[key] then
      list.out[#list.out + 1] = row
      if key then
        list.ids[key] = true
      end
    end
  end
  return true
end

-- The items of a page: null, or left out beside nothing else, when there are none (business §1.2).
local function items_of(body)
  if type(body) ~= "table" or json.is_list(body) or #body > 0 then
    return nil
  end
  local items = body.items
  if items == nil and (next(body) == nil or body.nextPageToken ~= nil) or items == json.null then
    return {}
  end
  return items
end

local function fetch(list)
  local operation = list.operation
  list.request = {
    command = operation.name,
    method = "GET",
    path = list.path,
    query = shape.query(operation.query, list.asked, {
      ["max-results"] = ("%d"):format(list.page_size),
      ["page-token"] = list.token,
    }),
  }
  local reply, message, err = call.perform(list.client, list.request)
  if not reply then
    return nil, message, err
  end
  local body = reply.body
  local items = items_of(body)
  if items == nil then
    return call.fail_shape(list.client, list.request, "expected a page: an object with items")
  elseif type(items) ~= "table" or next(items) ~= nil and #items == 0 then
    return call.fail_shape(list.client, list.request, "items is not a list")
  end
  local ok
  ok, message, err = take_items(list, items)
  if not ok then
    return nil, message, err
  end
  list.empty = #items == 0 and list.empty + 1 or 0
  list.pages = list.pages + 1
  list.token, message, err = next_token(list, body.nextPageToken)
  if err then
    return nil, message, err
  end
  list.ended = list.token == nil
  return true
end

-- Fills `out` with what comes next; false at the end.
local function fill(list)
  while #list.out == 0 do
    if list.ended then
      return false
    elseif list.pages >= MOST_PAGES or list.empty > MOST_EMPTY then
      return call.fail_shape(list.client, list.request, "the list has no end")
    end
    local ok, message, err = fetch(list)
    if not ok then
      return nil, message, err
    end
  end
  return true
end

--- An iterator over a list. A failure raises the error: what was given out before is right, but is not all.
---@param client lastpass.business.Client
---@param operation lastpass.business.Operation
---@param path string
---@param asked table
---@return fun(): table|nil
function M.each(client, operation, path, asked)
  local list = {
    client = client,
    operation = operation,
    path = path,
    asked = asked,
    page_size = math.min(client._options.page_size, operation.most),
    seen = {},
    ids = {},
    out = {},
    pages = 0,
    empty = 0,
  }
  local position = 0
  return function()
    position = position + 1
    if position > #list.out and not list.over then
      list.out, position = {}, 1
      local more, _, err = loop.call_without_yield(fill, list)
      if more == nil then
        error(err, 0)
      end
      list.over = not more
    end
    return list.out[position]
  end
end

return M

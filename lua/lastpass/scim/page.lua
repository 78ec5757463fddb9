--- One page of a list: how it is asked for, and what comes back (scim §2.7).
-- @module lastpass.scim.page
local call = require "lastpass.scim.call"
local core = require "lastpass.core"
local definitions = require "lastpass.scim.definitions"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local resource = require "lastpass.scim.resource"

local M = {}

local function integer(value)
  local number = tonumber(value)
  return number and number >= 0 and number == math.floor(number) and number or nil
end

-- What is asked for beside the page, as parameters of a query and as fields of a search.
local parameters = {
  { "filter", "filter" },
  { "attributes", "attributes", is_list = true },
  { "excluded", "excludedAttributes", is_list = true },
  { "sort_by", "sortBy" },
  { "sort_order", "sortOrder" },
}

local function query_of(list, page)
  local parts = {}
  local function add(name, value)
    parts[#parts + 1] = name .. "=" .. call.escape(tostring(value))
  end
  for _, parameter in ipairs(parameters) do
    local value = list.asked[parameter[1]]
    if value then
      add(parameter[2], parameter.is_list and table.concat(value, ",") or value)
    end
  end
  if page.cursor then
    add("cursor", page.cursor)
  else
    add("startIndex", ("%.0f"):format(page.start))
  end
  add("count", ("%.0f"):format(page.count))
  return table.concat(parts, "&")
end

local function search_of(list, page)
  local body = { schemas = json.list { definitions.URN.search }, count = page.count }
  body.startIndex, body.cursor = page.start, page.cursor
  for _, parameter in ipairs(parameters) do
    body[parameter[2]] = list.asked[parameter[1]]
  end
  return body
end

-- The names that are asked for, when each is an attribute by itself: a server may send all of a resource all the
-- same, and only these are made values of then.
local function picked_names(asked)
  local names = { "id" }
  for _, name in ipairs(asked.attributes) do
    if not name:find "^%a+$" then
      return nil
    end
    names[#names + 1] = resource.spelling(name)
  end
  return names
end

local function pick(text, names)
  local body, items, nested = core.pick(text, "Resources", names)
  if not body then
    return json.decode(text) -- no list, or no JSON
  end
  for index = 1, #(nested or {}), 2 do
    local item, name = nested[index], nested[index + 1]
    item[name] = json.decode(item[name])
  end
  body.Resources, body.is_picked = items, true
  return body
end

--- What reads the body of a page, where only some attributes are asked for.
---@param asked table of `lastpass.scim.pages`
---@return (fun(text: string): table|nil)|nil decode
function M.decoder(asked)
  local names = asked.attributes and picked_names(asked)
  return names and function(text)
    return pick(text, names)
  end
end

local function request_of(list, page)
  local endpoint = list.type.endpoint
  if list.asked.search then
    return {
      command = "search_" .. list.type.noun .. "s",
      method = "POST",
      path = endpoint .. "/.search",
      body = search_of(list, page),
      decode = list.decode,
      repeatable = true,
      reads = true,
    }
  end
  return {
    command = "list_" .. list.type.noun .. "s",
    method = "GET",
    path = endpoint,
    query = query_of(list, page),
    decode = list.decode,
  }
end

--- A failure of the list.
function M.fail(list, kind, code, message, hint)
  local command = "list_" .. list.type.noun .. "s"
  message = ("GET %s: %s"):format(list.type.endpoint, message)
  return errors.fail(kind, code, message, { command = command, hint = hint })
end

-- A server that does not know .search is asked by GET; the list is the same.
local function without_search(list, page, err)
  local unknown = err.status == 404 or err.status == 405 or err.status == 501
  if list.asked.search and unknown then
    list.asked.search = nil
    return call.perform(list.client, request_of(list, page))
  end
  return nil, err.message, err
end

--- Asks for one page.
---@param list table of `lastpass.scim.pages`: client, name, type, asked, decode
---@param page table start or cursor, and count
---@return table|nil page {resources, ids, total, next_cursor}; with rows in place of resources where `decode` gave such
---@return string? message
---@return lastpass.Error? err
function M.fetch(list, page)
  local reply, message, err = call.perform(list.client, request_of(list, page))
  if not reply then
    reply, message, err = without_search(list, page, err)
  end
  -- some answer 404 where nobody matches; one that is no SCIM Error is a wrong address (scim §3, Okta)
  if err and err.status == 404 and err.is_scim and list.asked.filter then
    return { resources = {}, ids = {}, total = 0 }
  elseif not reply then
    return nil, message, err
  end
  local body = reply.body or {}
  local found = body.Resources or body.resources
  local total, cursor = integer(body.totalResults), body.nextCursor
  cursor = type(cursor) == "string" and cursor ~= "" and cursor or nil
  if body.rows then
    return { rows = body.rows, ids = body.ids, total = total, next_cursor = cursor }
  elseif found == nil and total == nil or found ~= nil and type(found) ~= "table" then
    return M.fail(
      list,
      "protocol",
      "not_a_list",
      "the reply is not a list of resources",
      "check the url"
    )
  end
  local resources, ids = {}, {}
  for index, one in ipairs(found or {}) do
    local reason
    resources[index], reason = resource.read(list.name, one, body.is_picked == true)
    if not resources[index] then
      return M.fail(list, "protocol", "unexpected_shape", ("resource %d: %s"):format(index, reason))
    end
    ids[index] = resources[index].id
  end
  return { resources = resources, ids = ids, total = total, next_cursor = cursor }
end

return M

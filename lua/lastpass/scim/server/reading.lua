--- What reads: one resource, the lists of a type, searches, and the root over all types (scim §2.4 to §2.7).
-- @module lastpass.scim.server.reading
local URN = require("lastpass.scim.definitions").URN
local bodies = require "lastpass.scim.server.bodies"
local digest = require "lastpass.digest"
local filters = require "lastpass.scim.filter"
local json = require "lastpass.json"
local messages = require "lastpass.scim.messages"
local pages = require "lastpass.scim.server.pages"
local parameters = require "lastpass.scim.server.parameters"
local presentation = require "lastpass.scim.server.presentation"
local routes = require "lastpass.scim.server.routes"
local schema = require "lastpass.scim.schema"
local selections = require "lastpass.scim.server.selection"

local M = {}

local PAGE, LARGEST_PAGE = 100, 1000
local CURSOR_TIMEOUT = 3600

-- ---- from what is asked to a query ----

local process_key

local function cursor_key(pagination)
  if not pagination.cursor_key and not process_key then
    process_key = digest.random(32)
  end
  return pagination.cursor_key or process_key
end

-- What must stay the same from page to page (scim §2.7), with the lengths, so that no two queries are alike.
local function binding_of(call, type, asked)
  local parts = {
    call.request.principal or "",
    call.request.base,
    type.name,
    asked.filter or "",
    asked.sort_by or "",
    tostring(asked.descending),
  }
  for position, part in ipairs(parts) do
    parts[position] = #part .. ":" .. part
  end
  return table.concat(parts)
end

local function read_cursor(call, type, asked, query)
  local pagination = call.features.pagination or {}
  if not asked.cursor then
    return true
  elseif not pagination.cursor then
    return messages.fail(400, "invalidCursor", "this server has no cursors: use startIndex")
  elseif asked.cursor == "" then
    query.cursor = ""
    return true
  end
  local binding, key = binding_of(call, type, asked), cursor_key(pagination)
  local message, err
  query.cursor, message, err = pages.open(asked.cursor, binding, key, os.time())
  return query.cursor ~= nil, message, err
end

local function read_filter(call, type, asked, query)
  if not asked.filter then
    return true
  elseif not call.features.filter then
    return messages.fail(400, "invalidFilter", "this server has no filters")
  end
  local message, err
  query.filter, message, err = filters.parse(asked.filter, {
    lenient = call.features.lenient_filters,
  })
  if not query.filter then
    return nil, message, err
  end
  query.test, message, err = filters.compile(query.filter, type, {
    unknown = call.type and "refuse" or "absent", -- the root knows all names (scim §2.5)
  })
  if not query.test then
    return nil, message, err
  end
  query.equals = filters.equality(query.filter, type)
  return true
end

local function read_order(call, type, asked, query)
  query.descending = asked.descending
  local path = call.features.sort and asked.sort_by and schema.resolve(type, asked.sort_by)
  local is_readable = path and path.name and path.definition.returned ~= "never"
  if is_readable then
    query.sort_by = asked.sort_by
    query.sort_path = {
      urn = path.extension and path.urn,
      name = path.name,
      sub = path.sub,
      definition = path.definition,
    }
  end
  return true -- by what no schema knows, or nobody may see, every order is right
end

local function largest_page(features)
  local largest = (features.pagination or {}).max_page_size or LARGEST_PAGE
  return features.filter and math.min(largest, features.filter.max_results or largest) or largest
end

local function page_size(features, asked)
  local default = (features.pagination or {}).default_page_size or PAGE
  return math.min(asked.count or default, largest_page(features))
end

local function make_query(call, type, asked, selection)
  local query = {
    start = asked.start or 1,
    count = page_size(call.features, asked),
    wants = function(name)
      return selection:wants(name)
    end,
  }
  for _, read in ipairs { read_filter, read_order, read_cursor } do
    local ok, message, err = read(call, type, asked, query)
    if not ok then
      return nil, message, err
    end
  end
  if call.type and not (asked.attributes or asked.excluded) then
    query.whole = { base = call.request.base, etag = call.features.etag or false }
  end
  return query
end

-- The backend's answer to what is asked of one type.
local function ask(call, type, asked, selection)
  local query, message, err = make_query(call, type, asked, selection)
  if not query then
    return nil, message, err
  end
  local result
  result, message, err = call.backend:query(type, query)
  if not result then
    return nil, message or "the list cannot be read", err
  end
  return result, query
end

-- ---- answers ----

local function seal(call, asked, query, position)
  if not position or not query.cursor then
    return nil
  end
  local pagination = call.features.pagination
  local expires = os.time() + (pagination.cursor_timeout or CURSOR_TIMEOUT)
  local binding = binding_of(call, call.type, asked)
  return pages.seal(position, binding, cursor_key(pagination), expires)
end

local function answer_list(call, asked)
  local selection = selections.new(call.type, asked)
  local result, query, err = ask(call, call.type, asked, selection)
  if not result then
    return nil, query, err
  end
  local shown, backend = {}, call.backend
  for position, resource in ipairs(result.resources) do
    local one = type(resource) == "string" and resource
      or presentation.show(call, call.type, resource, selection)
    if backend.pause then
      one = type(one) == "string" and one or json.encode(one)
      backend:pause()
    end
    shown[position] = one
  end
  return messages.response(
    200,
    messages.list(shown, {
      total = result.total,
      start = not query.cursor and query.start or nil,
      next_cursor = seal(call, asked, query, result.next_cursor),
      previous_cursor = seal(call, asked, query, result.previous_cursor),
    })
  )
end

local function with(asked, start, count)
  local copy = {}
  for name, value in pairs(asked) do
    copy[name] = value
  end
  copy.start, copy.count = start, count
  return copy
end

-- All types, one after the other: what comes of a type depends on how many there were of those before.
local function collect_in_turn(call, asked, start, count)
  local found, total = {}, 0
  for _, type in ipairs(routes.types) do
    local selection = selections.new(type, asked)
    local rest = with(asked, math.max(1, start - total), count - #found)
    local result, message, err = ask(call, type, rest, selection)
    if not result then
      return nil, message, err
    end
    for _, resource in ipairs(result.resources) do
      found[#found + 1] = { resource = resource, type = type, selection = selection }
    end
    total = total + result.total
  end
  return found, total
end

-- In an order over all types: each gives all that could be on the page.
local function collect_sorted(call, asked, start, count)
  local last, total, path = start + count - 1, 0, nil
  if last > largest_page(call.features) then
    return messages.fail(400, "tooMany", "too many resources to sort: narrow them by a filter")
  end
  local resources, about = {}, {}
  for _, type in ipairs(routes.types) do
    local selection = selections.new(type, asked)
    local result, query, err = ask(call, type, with(asked, 1, last), selection)
    if not result then
      return nil, query, err
    end
    path = path or query.sort_path
    for _, resource in ipairs(result.resources) do
      resources[#resources + 1] = resource
      about[resource] = { resource = resource, type = type, selection = selection }
    end
    total = total + result.total
  end
  if path then
    resources = pages.sort(resources, path, asked.descending)
  end
  local found = {}
  for position = start, math.min(last, #resources) do
    found[#found + 1] = about[resources[position]]
  end
  return found, total
end

local function answer_root(call, asked)
  if asked.cursor then
    return messages.fail(400, "invalidCursor", "the root has no cursors: use startIndex")
  end
  local start, count = asked.start or 1, page_size(call.features, asked)
  local collect = call.features.sort and asked.sort_by and collect_sorted or collect_in_turn
  local found, total, err = collect(call, asked, start, count)
  if not found then
    return nil, total, err
  end
  local shown = {}
  for position, item in ipairs(found) do
    shown[position] = presentation.show(call, item.type, item.resource, item.selection)
  end
  return messages.response(200, messages.list(shown, { total = total, start = start }))
end

--- GET of a type's list, or of the root.
function M.list(call)
  return (call.type and answer_list or answer_root)(call, call.asked)
end

--- POST to .search.
function M.search(call)
  local body, message, err = bodies.read(call, URN.search)
  if not body then
    return nil, message, err
  end
  local asked
  asked, message, err = parameters.of_search(body)
  if not asked then
    return nil, message, err
  end
  return (call.type and answer_list or answer_root)(call, asked)
end

--- GET of one resource.
function M.get(call)
  local selection = selections.new(call.type, call.asked)
  local resource, message, err = call.backend:find(call.type, call.id, function(name)
    return selection:wants(name)
  end)
  if not resource then
    return nil, message, err
  end
  local seen = call.features.etag and call.request.headers["if-none-match"]
  local version = resource.meta and resource.meta.version
  if seen and version and presentation.matches(seen, version) then
    return messages.response(304, nil, { ETag = version })
  end
  return presentation.response(call, 200, call.type, resource, selection)
end

-- ---- what the server says of itself (scim §2.4) ----

--- GET /ServiceProviderConfig.
function M.service_provider_config(call)
  local document = schema.service_provider_config(call.features, call.request.base)
  return messages.response(200, document)
end

-- A list, or the one of it whose id is in the path; pages and orders say nothing here.
local function answer_documents(call, documents)
  if call.asked.filter then
    return messages.fail(403, nil, "there is no filter on what a server says of itself")
  elseif not call.id then
    return messages.response(200, messages.list(documents, { total = #documents, start = 1 }))
  end
  for _, document in ipairs(documents) do
    if document.id:lower() == call.id:lower() then
      return messages.response(200, document)
    end
  end
  return nil
end

--- GET /ResourceTypes, all or one.
function M.resource_types(call)
  return answer_documents(call, schema.resource_types(call.request.base))
end

--- GET /Schemas, all or one.
function M.schemas(call)
  return answer_documents(call, schema.schemas(call.request.base))
end

return M

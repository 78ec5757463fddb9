--- Bulk: many operations in one request, which may name resources that others of them make (scim §2.11).
--
-- An operation runs after those that make what it names. Where operations name each other in a circle, a resource
-- is made without what is not there yet, and that is added as soon as it is.
-- @module lastpass.scim.server.bulk
local URN = require("lastpass.scim.definitions").URN
local bodies = require "lastpass.scim.server.bodies"
local json = require "lastpass.json"
local messages = require "lastpass.scim.messages"
local routes = require "lastpass.scim.server.routes"

local M = {}

local REFERENCE = "^[Bb][Uu][Ll][Kk][Ii][Dd]:(.+)$"

-- ---- reading the operations ----

local has_data = { POST = true, PUT = true, PATCH = true, DELETE = false }

local function complaint_about(operation)
  if type(operation) ~= "table" or #operation > 0 then
    return "an operation must be an object"
  elseif type(operation.method) ~= "string" or has_data[operation.method:upper()] == nil then
    return "'method' must be POST, PUT, PATCH or DELETE"
  elseif type(operation.path) ~= "string" or not operation.path:find "^/" then
    return "'path' must begin with a slash, as /Users"
  elseif operation.bulkId ~= nil and type(operation.bulkId) ~= "string" then
    return "'bulkId' must be a string"
  elseif operation.version ~= nil and type(operation.version) ~= "string" then
    return "'version' must be a string"
  elseif operation.method:upper() == "POST" and (operation.bulkId or "") == "" then
    return "a POST needs a bulkId"
  elseif
    has_data[operation.method:upper()]
    and (type(operation.data) ~= "table" or json.is_list(operation.data))
  then
    return "'data' must be an object"
  end
  return nil
end

-- A null is as good as nothing.
local function without_nulls(operation)
  if type(operation) ~= "table" then
    return operation
  end
  local copy = {}
  for name, value in pairs(operation) do
    if value ~= json.null then
      copy[name] = value
    end
  end
  return copy
end

-- The operations, each with what is wrong with it.
local function read_operations(list)
  local operations, makers = {}, {}
  for position, given in ipairs(list) do
    local operation = without_nulls(given)
    local complaint = complaint_about(operation)
    local one = { given = operation, complaint = complaint }
    if not complaint then
      one.method, one.id = operation.method:upper(), operation.bulkId
      if one.method == "POST" and makers[one.id] then
        one.complaint = "the bulkId is used twice"
      elseif one.method == "POST" then
        makers[one.id] = one
      end
    elseif type(operation) == "table" then
      one.method = type(operation.method) == "string" and operation.method or nil
      one.id = type(operation.bulkId) == "string" and operation.bulkId or nil
    end
    operations[position] = one
  end
  return operations, makers
end

-- ---- references ----

local function visit_references(value, call)
  local kind = type(value)
  if kind == "string" then
    local name = value:match(REFERENCE)
    if name then
      call(name)
    end
  elseif kind == "table" then
    for _, item in pairs(value) do
      visit_references(item, call)
    end
  end
end

local function referred(operation)
  local names = {}
  local function note(name)
    names[#names + 1] = name
  end
  visit_references(operation.given.data, note)
  local in_path = operation.given.path:match "^/[^/]+/([^/]+)$"
  visit_references(in_path, note)
  return names
end

-- A copy with the ids in place of the references.
local function resolve(value, makers)
  if type(value) == "string" then
    local name = value:match(REFERENCE)
    return name and makers[name] and makers[name].made or value
  elseif type(value) ~= "table" then
    return value
  end
  local copy = json.is_list(value) and json.list() or {}
  for key, item in pairs(value) do
    copy[key] = resolve(item, makers)
  end
  return copy
end

local function names_any(value, names)
  local found = false
  visit_references(value, function(name)
    found = found or names[name]
  end)
  return found
end

-- Takes what names one of `names` out of a resource: whole attributes, of lists single elements. What is taken out
-- comes as operations of a PATCH that add it again.
local function take_out(data, names)
  local rest, additions = {}, {}
  for key, value in pairs(data) do
    if not names_any(value, names) then
      rest[key] = value
    elseif type(value) == "table" and #value > 0 then
      local staying, leaving = json.list(), json.list()
      for _, element in ipairs(value) do
        local list = names_any(element, names) and leaving or staying
        list[#list + 1] = element
      end
      rest[key] = staying
      additions[#additions + 1] = { op = "add", path = key, value = leaving }
    else
      additions[#additions + 1] = { op = "add", path = key, value = value }
    end
  end
  return rest, additions
end

-- ---- order ----

-- Depth first, without recursion: who makes something comes before who names it. What is met while it is still
-- open closes a circle, and is noted as late for whoever names it.
local function in_order(operations, makers)
  local order = {}
  for _, root in ipairs(operations) do
    local stack = { root }
    while #stack > 0 do
      local one = stack[#stack]
      if one.state == "done" or one.complaint then
        one.state = one.state or "done"
        if not one.ordered then
          one.ordered = true
          order[#order + 1] = one
        end
        stack[#stack] = nil
      else
        if not one.state then
          one.state, one.names, one.next, one.late = "open", referred(one), 1, {}
        end
        local name = one.names[one.next]
        local maker = name and makers[name]
        one.next = one.next + 1
        if not name then
          one.state = "done"
        elseif maker and maker.state == "open" then
          one.late[name] = true
        elseif maker and not maker.state then
          stack[#stack + 1] = maker
        end
      end
    end
  end
  return order
end

-- ---- running ----

local function fail(operation, response)
  operation.response = response
  return false
end

-- Whether everything that an operation names was made, but for what comes later.
local function is_ready(operation, makers)
  for _, name in ipairs(operation.names or {}) do
    local maker = makers[name]
    local detail
    if not maker then
      detail = ("nothing in this request has the bulkId '%s'"):format(name)
    elseif not maker.made and not operation.late[name] then
      detail = ("the operation with the bulkId '%s' failed"):format(name)
    elseif operation.late[name] and operation.method ~= "POST" and not maker.made then
      detail = ("the bulkId '%s' is not known yet"):format(name)
    end
    if detail then
      return fail(operation, messages.error_response(409, "invalidValue", detail))
    end
  end
  return true
end

-- Neither searches nor bulk requests are operations of one.
local function is_about_resources(operation)
  local route = routes.find(operation.method, operation.given.path)
  return not route or (route.type and not route.feature)
end

local function send(call, method, path, data, version)
  return call.server:handle_operation(call, {
    method = method,
    path = path,
    body = data,
    headers = { ["if-match"] = version },
    base = call.request.base,
    principal = call.request.principal,
  })
end

local function run(call, operation, makers)
  if not operation.complaint and not is_about_resources(operation) then
    operation.complaint = "'path' must be one of a resource, as /Users or /Groups/2"
  end
  if operation.complaint then
    return fail(operation, messages.error_response(400, "invalidSyntax", operation.complaint))
  elseif not is_ready(operation, makers) then
    return false
  end
  local data, additions = operation.given.data, {}
  if next(operation.late) then
    data, additions = take_out(data, operation.late)
  end
  local path = operation.given.path:gsub("[^/]+$", function(last)
    return resolve(last, makers)
  end)
  local response, info =
    send(call, operation.method, path, resolve(data, makers), operation.given.version)
  operation.response, operation.location = response, response.location
  if response.status >= 400 then
    return false
  end
  operation.made = operation.method == "POST" and info.id or nil
  operation.additions = additions
  operation.type = info.type
  return true
end

-- Adds what was taken out of resources in circles, once everything is there.
local function close_circles(call, operations, makers)
  for _, operation in ipairs(operations) do
    if operation.additions and operation.additions[1] then
      local body = { schemas = { URN.patch }, Operations = operation.additions }
      local path = operation.type.endpoint .. "/" .. operation.made
      local response = send(call, "PATCH", path, resolve(body, makers))
      if response.status >= 400 then
        operation.response = response
      else
        operation.response.headers.ETag = response.headers.ETag
      end
    end
  end
end

local function result_of(operation)
  local response = operation.response
  local result = {
    method = operation.method,
    bulkId = operation.id,
    version = response.headers.ETag,
    location = response.location,
    status = ("%d"):format(response.status), -- a string (scim §2.11)
  }
  if response.status >= 400 then
    result.response = json.decode(response.body)
  end
  return result
end

--- POST /Bulk.
function M.run(call)
  local limits = call.features.bulk
  if not limits then
    return messages.fail(501, nil, "this server has no bulk requests")
  end
  local body, message, err = bodies.read(call, URN.bulk_request)
  if not body then
    return nil, message, err
  end
  local list, stop = body.Operations or body.operations, body.failOnErrors
  if type(list) ~= "table" or (#list == 0 and not json.is_list(list)) then
    return messages.fail(400, "invalidSyntax", "'Operations' must be a list")
  elseif #list > limits.max_operations then
    local detail = ("more than %d operations"):format(limits.max_operations)
    return messages.fail(413, "tooMany", detail)
  elseif stop == json.null then
    stop = nil
  elseif stop ~= nil and (type(stop) ~= "number" or stop < 1 or stop ~= math.floor(stop)) then
    return messages.fail(400, "invalidValue", "'failOnErrors' must be a whole number from 1 on")
  end
  local operations, makers = read_operations(list)
  local failed = 0
  for _, operation in ipairs(in_order(operations, makers)) do
    if stop and failed >= stop then
      break
    elseif not run(call, operation, makers) then
      failed = failed + 1
    end
  end
  close_circles(call, operations, makers)
  local results = json.list()
  for _, operation in ipairs(operations) do
    results[#results + 1] = operation.response and result_of(operation)
  end
  return messages.response(200, { schemas = { URN.bulk_response }, Operations = results })
end

return M

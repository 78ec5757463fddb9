--- Many changes in one call: by /Bulk where the server offers it, else as single requests with the same result. An
-- operation may name what another one creates, as "bulkId:x", wherever an id may stand (scim §2.11).
-- @module lastpass.scim.bulk
local call = require "lastpass.scim.call"
local definitions = require "lastpass.scim.definitions"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local patch = require "lastpass.scim.patch"
local resource = require "lastpass.scim.resource"
local signature = require "lastpass.signature"
local single = require "lastpass.scim.bulk_single"

local M = {}

---@class lastpass.scim.BulkOperation
---@field method "POST"|"PUT"|"PATCH"|"DELETE"
---@field type "User"|"Group"
---@field id? string          of what is changed; "bulkId:x" for what another operation creates
---@field resource? table     of POST and PUT
---@field operations? table[] of PATCH: {op, path, value}
---@field bulk_id? string     by which others name what a POST creates; default its index
---@field version? string

---@class lastpass.scim.BulkResult
---@field method string
---@field bulk_id string
---@field ok boolean
---@field status? integer     nil for what was not tried
---@field id? string
---@field version? string
---@field err? lastpass.Error

local needs = { POST = "resource", PUT = "resource", PATCH = "operations" }

local function check_operation(index, one, level)
  local function complain(message, ...)
    errors.raise(level + 2, "scim:bulk: operation %d " .. message, index, ...)
  end
  if type(one) ~= "table" then
    complain "must be a table"
  elseif one.method ~= "DELETE" and not needs[one.method] then
    complain("must have the method POST, PUT, PATCH or DELETE")
  end
  resource.type(("scim:bulk: operation %d"):format(index), one.type, level + 1)
  local needed = needs[one.method]
  if needed and type(one[needed]) ~= "table" then
    complain("needs '%s'", needed)
  elseif one.method ~= "POST" and (type(one.id) ~= "string" or one.id == "") then
    complain "needs the 'id' of what it changes"
  end
end

-- The ids that an operation hopes others to find: of itself, and anywhere in its data.
local function references(value, found)
  if type(value) == "string" then
    found[#found + 1] = value:match "^bulkId:(.+)$"
  elseif type(value) == "table" then
    for _, item in pairs(value) do
      references(item, found)
    end
  end
  return found
end

local function prepare(operations, level)
  local entries, creates = {}, {}
  for index, one in ipairs(operations) do
    check_operation(index, one, level + 1)
    local entry = {
      index = index,
      method = one.method,
      type = one.type,
      id = one.id,
      version = one.version,
      bulk_id = one.bulk_id or ("b%d"):format(index),
      resource = one.resource,
      operations = one.operations,
      needs = references({ one.id or "", one.resource or {}, one.operations or {} }, {}),
    }
    if creates[entry.bulk_id] then
      errors.raise(level + 1, "scim:bulk: operation %d has the bulk_id of another", index)
    end
    creates[entry.bulk_id] = entry
    entries[index] = entry
  end
  for _, entry in ipairs(entries) do
    for _, name in ipairs(entry.needs) do
      if not creates[name] or creates[name].method ~= "POST" then
        local form = "scim:bulk: operation %d names 'bulkId:%s', and no POST has that bulk_id"
        errors.raise(level + 1, form, entry.index, name)
      end
    end
  end
  return entries
end

local function data_of(entry)
  if entry.method == "PATCH" then
    return patch.body(entry.operations)
  elseif entry.method == "DELETE" then
    return nil
  end
  return resource.write(entry.type, entry.resource, entry.method == "PUT" and entry.id or nil)
end

local function wire_operation(client, entry)
  local path = resource.types[entry.type].endpoint
  if entry.id then -- a reference stands as it is; an id is escaped as in any path
    path = path .. "/" .. (entry.id:find "^bulkId:" and entry.id or call.escape(entry.id))
  end
  return {
    method = entry.method,
    path = path,
    bulkId = entry.bulk_id,
    version = client._options.dialect.if_match and entry.version or nil,
    data = data_of(entry),
  }
end

local function result_of(client, entry, said)
  local status = tonumber(type(said.status) == "table" and said.status.code or said.status)
  local result = { method = entry.method, bulk_id = entry.bulk_id, status = status }
  local location = type(said.location) == "string" and said.location or ""
  result.id = entry.id and not entry.id:find "^bulkId:" and entry.id or location:match "([^/]+)$"
  result.version = type(said.version) == "string" and said.version or nil
  result.ok = status ~= nil and status >= 200 and status < 300
  if not result.ok then
    local noun = resource.types[entry.type].noun
    local request =
      { command = "bulk_" .. noun, method = entry.method, path = "/Bulk", writes = true }
    local body = type(said.response) == "table" and json.encode(said.response) or ""
    local _, _, err =
      call.fail_status(client, request, { status = status or 500, headers = {}, body = body })
    result.err = err
  end
  return result
end

-- Answers name their operation by its bulkId; those that leave it out come in order.
local function assign(client, entries, answers, results)
  local by_id = {}
  for _, entry in ipairs(entries) do
    by_id[entry.bulk_id] = entry
  end
  local position = 1
  for _, said in ipairs(answers) do
    local entry = type(said) == "table" and by_id[said.bulkId]
    while not entry and type(said) == "table" and entries[position] do
      local candidate = entries[position]
      position = position + 1
      entry = not results[candidate.index] and candidate.method == said.method and candidate or nil
    end
    if entry and not results[entry.index] then
      results[entry.index] = result_of(client, entry, said)
    end
  end
end

local function not_offered(err)
  local status = err.status
  return status == 404 or status == 405 or status == 413 or status == 501
end

-- What the server can take in one request: all of it, or nil.
local function body_of(client, entries, limits, fail_on_errors)
  if #entries > limits.max_operations then
    return nil
  end
  local list = json.list {}
  for index, entry in ipairs(entries) do
    list[index] = wire_operation(client, entry)
  end
  local body = {
    schemas = json.list { definitions.URN.bulk_request },
    Operations = list,
    failOnErrors = fail_on_errors,
  }
  return #json.encode(body) <= limits.max_payload and body or nil
end

-- Parts that fit, as long as no one names what a later part creates; nil when they cannot be made.
local function portions(client, entries, limits, options)
  local body = body_of(client, entries, limits, options.fail_on_errors)
  if body then
    return { { entries = entries, body = body } }
  elseif #entries < 2 or options.fail_on_errors then
    return nil
  end
  for _, entry in ipairs(entries) do
    if #entry.needs > 0 then
      return nil
    end
  end
  local middle, list = math.floor(#entries / 2), {}
  for part = 1, 2 do
    local half = {}
    for index = part == 1 and 1 or middle + 1, part == 1 and middle or #entries do
      half[#half + 1] = entries[index]
    end
    local made = portions(client, half, limits, options)
    if not made then
      return nil
    end
    for _, one in ipairs(made) do
      list[#list + 1] = one
    end
  end
  return list
end

-- nil and no message: another way has to be taken.
local function send_bulk(client, entries, options)
  local features, message, err
  if client._options.dialect.bulk then
    features, message, err = client:discover()
  end
  if err then
    return nil, message, err
  end
  local list = features and features.bulk and portions(client, entries, features.bulk, options)
  if not list then
    return nil
  end
  local results = {}
  for number, portion in ipairs(list) do
    local reply
    reply, message, err = call.perform(client, {
      command = "bulk",
      method = "POST",
      path = "/Bulk",
      body = portion.body,
    })
    if not reply and number == 1 and not_offered(err) then
      return nil
    elseif not reply then
      err.done = results
      return nil, message, err
    end
    local body = reply.body or {}
    assign(client, portion.entries, body.Operations or body.operations or {}, results)
  end
  for index, entry in ipairs(entries) do
    results[index] = results[index]
      or { method = entry.method, bulk_id = entry.bulk_id, id = entry.id, ok = false }
  end
  return results
end

--- Carries out many changes. Each is whole or not at all; all of them together are not.
---@param client lastpass.scim.Client
---@param operations lastpass.scim.BulkOperation[]
---@param options? table fail_on_errors: after how many failures the rest is left
---@return lastpass.scim.BulkResult[]|nil results one for each operation, in their order
---@return string? message
---@return lastpass.Error? err when nothing can be said of single operations; `done`: results of earlier parts
function M.bulk(client, operations, options)
  options = errors.check_options("scim:bulk", options, {
    fail_on_errors = function(value)
      return type(value) == "number" and value >= 1 and value % 1 == 0, "an integer from 1 on"
    end,
  })
  local entries = prepare(operations, 2)
  if #entries == 0 then
    return {}
  end
  local results, message, err = send_bulk(client, entries, options)
  if results or err then
    return results, message, err
  end
  return single.run(client, entries, options)
end

signature.declare("scim:", M, { bulk = "operations: table, options?: table" })

return M

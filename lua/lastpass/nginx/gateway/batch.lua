--- Several requests in one: `POST /batch-request` (unified-directory §1.10). Each passes tokens, scopes, rates, guards
-- and audit as if it had come alone; lists are read to their end.
-- @module lastpass.nginx.gateway.batch
local errors = require "lastpass.error"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local texts = require "lastpass.unified.texts"
local unified_call = require "lastpass.unified.call"

local M = {}

--- The most requests in a batch, and the most bytes that it answers with.
M.MAX_REQUESTS = 25
M.MAX_BYTES = 8 * 1024 * 1024

local PAGE = "500" -- items of a list that are asked for at once

local http_methods = {
  list = { "GET", false },
  get = { "GET", true },
  create = { "POST", false },
  update = { "PATCH", true },
  delete = { "DELETE", true },
}

local known = {
  resource = "string",
  method = "string",
  id = { "string", "number" },
  query = "table",
  body = "table",
  name = "string",
  depends_on = { "string", "table" },
}

local function bad(text, ...)
  return problems.fail(400, text:format(...))
end

local function has_type(value, expected)
  if type(expected) == "string" then
    return type(value) == expected
  end
  return type(value) == expected[1] or type(value) == expected[2]
end

-- Reads one entry; `null` counts as not given.
local function read_entry(given, position)
  local where = ("resources[%d]"):format(position - 1)
  if type(given) ~= "table" then
    return bad("%s must be an object", where)
  end
  local entry = { where = where }
  for name, value in pairs(given) do
    if not known[name] then
      local hint = errors.did_you_mean(tostring(name), errors.names_of(known))
      return bad("%s: '%s' is not known here%s", where, texts.clean(name), hint)
    elseif value ~= json.null then
      if not has_type(value, known[name]) then
        return bad("%s: '%s' has a wrong type", where, name)
      end
      entry[name] = value
    end
  end
  if not entry.resource or not entry.method then
    return bad("%s: '%s' is missing", where, entry.resource and "method" or "resource")
  end
  entry.key = entry.name or entry.resource
  entry.depends_on = type(entry.depends_on) == "string" and { entry.depends_on }
    or entry.depends_on
    or {}
  return entry
end

local function read_entries(given)
  if type(given) ~= "table" or #given == 0 then
    return bad "resources must be a list of at least one request"
  elseif #given > M.MAX_REQUESTS then
    return bad("resources has %d requests; %d are allowed", #given, M.MAX_REQUESTS)
  end
  local list, keys = {}, {}
  for position, one in ipairs(given) do
    local entry, problem = read_entry(one, position)
    if not entry then
      return nil, problem
    elseif keys[entry.key] then
      return bad("%s: '%s' appears twice; give each a name", entry.where, texts.clean(entry.key))
    end
    -- an entry can only depend on earlier ones, so there are no cycles
    for _, name in ipairs(entry.depends_on) do
      if not keys[name] then
        local text = "%s: depends_on names '%s', which is not before it"
        return bad(text, entry.where, texts.clean(tostring(name)))
      end
    end
    keys[entry.key], list[position] = true, entry
  end
  return list
end

local known_of_batches = { integrated_account_id = true, resources = true }

--- Reads the body of a batch.
---@param request lastpass.unified.Request
---@return table|nil batch account, entries
---@return lastpass.unified.Problem? problem
function M.read(request)
  local body, problem = unified_call.read_object(request)
  if not body then
    return nil, problem
  end
  for name, value in pairs(body) do
    local is_empty = value == json.null or type(value) == "table" and next(value) == nil
    if not known_of_batches[name] and not (name == "args" and is_empty) then
      return bad("'%s' is not known here", texts.clean(tostring(name)))
    end
  end
  local account = body.integrated_account_id
  if account ~= nil and account ~= json.null and type(account) ~= "string" then
    return bad "integrated_account_id must be a string"
  end
  local entries
  entries, problem = read_entries(body.resources)
  if not entries then
    return nil, problem
  end
  return { account = account ~= json.null and account or nil, entries = entries }
end

local function put_pairs(list, name, value)
  if type(value) ~= "table" then
    list[#list + 1] = { name, tostring(value) }
    return
  end
  if #value > 0 then
    for _, item in ipairs(value) do
      put_pairs(list, name .. "[]", item)
    end
    return
  end
  for key, item in pairs(value) do
    put_pairs(list, ("%s[%s]"):format(name, tostring(key)), item)
  end
end

local refused_parameters =
  { truto_key_by = true, truto_response_format = true, next_cursor = true, prev_cursor = true }

local function query_of(batch, entry)
  local list = {}
  for name, value in pairs(entry.query or {}) do
    if refused_parameters[name] then
      return bad("%s: query: '%s' is not for batches", entry.where, name)
    elseif value ~= json.null then
      put_pairs(list, tostring(name), value)
    end
  end
  if batch.account then
    list[#list + 1] = { "integrated_account_id", batch.account }
  end
  return list
end

-- The address of an entry: "user-directory/users", or the name of a command.
local function address_of(entry, prefix)
  local resource = entry.resource
  if not resource:find "^[%w_-]+/?[%w_-]*$" then
    return bad("%s: resource must be such as user-directory/users", entry.where)
  end
  local base = resource:find("/", 1, true) and "/unified/" or "/proxy/"
  local http_method, path = http_methods[entry.method], prefix .. base .. resource
  if not http_method then
    if not entry.method:find "^[%w_-]+$" then
      return bad("%s: there is no method '%s'", entry.where, texts.clean(entry.method))
    end
    return "POST", path .. "/" .. entry.method
  elseif not http_method[2] then
    return http_method[1], path
  elseif entry.id == nil then
    return bad("%s: 'id' is missing", entry.where)
  end
  local id = type(entry.id) == "number" and ("%.0f"):format(entry.id) or entry.id
  return http_method[1], path .. "/" .. id
end

local function request_of(outer, batch, entry, prefix)
  local query, problem = query_of(batch, entry)
  if not query then
    return nil, problem
  end
  local method, path = address_of(entry, prefix)
  if not method then
    return nil, path
  end
  return {
    method = method,
    path = path,
    query = query,
    headers = { ["content-type"] = "application/json" },
    body = method ~= "GET" and (entry.body and json.encode(entry.body) or "") or nil,
    id = outer.id,
    remote_address = outer.remote_address,
    now = outer.now,
  }
end

-- The items of a page as they were written, and the next cursor. No string of JSON has a bare quotation mark, and
-- after the items no member name is repeated.
local function page_of(body)
  local items, tail = body:match '^{"result":%[(.*)%],("next_cursor":.*)$'
  return items, tail and tail:match '^"next_cursor":"([^"]*)"'
end

local function read_list(request, send, bytes_left)
  local parts, bytes = {}, 0
  request.query[#request.query + 1] = { "limit", PAGE }
  local base = #request.query
  repeat
    local response = send(request)
    if response.status ~= 200 then
      return nil, response.body
    end
    local items, cursor = page_of(response.body)
    if items ~= "" then
      parts[#parts + 1] = items
    end
    bytes = bytes + #(items or "")
    if bytes > bytes_left then
      local _, problem =
        problems.fail(413, "the answer would be too long: ask for pages of the list")
      return nil, problems.response(problem, request).body
    end
    request.query[base + 1] = cursor and { "next_cursor", cursor } or nil
  until not cursor
  return table.concat(parts, ",")
end

local function has_limit(request)
  for _, pair in ipairs(request.query) do
    if pair[1] == "limit" then
      return true
    end
  end
  return false
end

-- The answer of one entry as elements of a list, or the problem as JSON.
local function execute(outer, batch, entry, prefix, send, bytes_left)
  local request, problem = request_of(outer, batch, entry, prefix)
  if not request then
    return nil, problems.response(problem, outer).body
  elseif entry.method == "list" and not has_limit(request) then
    return read_list(request, send, bytes_left)
  end
  local response = send(request)
  if response.status >= 400 then
    return nil, response.body
  end
  return entry.method == "list" and page_of(response.body) or response.body
end

local function not_tried(entry, failed, outer)
  local text = "%s was not tried: '%s' failed"
  local _, problem = problems.fail(424, text:format(texts.clean(entry.key), texts.clean(failed)))
  return problems.response(problem, outer).body
end

local function member(key, list)
  return ("%s:[%s]"):format(json.encode(texts.clean(key)), list)
end

--- Executes a batch, in its order.
---@param outer lastpass.unified.Request
---@param batch table of `read`
---@param prefix string what precedes addresses
---@param send fun(request: lastpass.unified.Request): lastpass.unified.Response
---@return lastpass.unified.Response
function M.respond(outer, batch, prefix, send)
  local results, failures, failed, bytes_left = {}, {}, {}, M.MAX_BYTES
  for _, entry in ipairs(batch.entries) do
    local failed_dependency
    for _, name in ipairs(entry.depends_on) do
      failed_dependency = failed_dependency or failed[name] and name
    end
    local items, problem
    if failed_dependency then
      problem = not_tried(entry, failed_dependency, outer)
    else
      items, problem = execute(outer, batch, entry, prefix, send, bytes_left)
    end
    if items then
      bytes_left = bytes_left - #items
      results[#results + 1] = member(entry.key, items)
    else
      failed[entry.key] = true
      failures[#failures + 1] = member(entry.key, (problem:gsub("%s+$", "")))
    end
  end
  local body = '{"result":{%s},"errors":{%s}}'
  return {
    status = 200,
    headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" },
    body = body:format(table.concat(results, ","), table.concat(failures, ",")),
  }
end

return M

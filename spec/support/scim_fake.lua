--- A SCIM server as a transport: what a client sends is answered at once, from tables, with what a spec makes it
-- say instead. It knows little, so that the client is tried with little.
local json = require "lastpass.json"
local lastpass = require "lastpass"

local M = {}

local TOKEN = "scim-t0ken-of-the-specs-4711"

local function unescape(text)
  return (
    text:gsub("%%(%x%x)", function(digits)
      return string.char(tonumber(digits, 16))
    end)
  )
end

local function answer(status, body, headers)
  return {
    status = status,
    headers = headers or {},
    body = type(body) == "string" and body or body and json.encode(body) or "",
  }
end

local function refusal(status, scim_type, detail)
  return answer(status, {
    schemas = { "urn:ietf:params:scim:api:messages:2.0:Error" },
    status = tostring(status),
    scimType = scim_type,
    detail = detail,
  })
end
M.answer, M.refusal = answer, refusal

local function parameters_of(query)
  local parameters = {}
  for name, value in (query or ""):gmatch "([^&=]+)=([^&]*)" do
    parameters[name] = unescape(value)
  end
  return parameters
end

local function matches(one, filter)
  local attribute, value = filter:match '^(%w+) eq (".*")$'
  value = value and json.decode(value)
  if type(value) ~= "string" then
    return false
  end
  local is = one[attribute]
  if attribute == "externalId" then
    return is == value
  end
  return type(is) == "string" and is:lower() == value:lower()
end

local function list(self, kind, parameters)
  local found = {}
  if parameters.filter and not parameters.filter:find '^%w+ eq ".*"$' then
    return refusal(400, "invalidFilter")
  end
  for _, one in ipairs(self[kind]) do
    if not parameters.filter or matches(one, parameters.filter) then
      found[#found + 1] = one
    end
  end
  local start = math.max(1, tonumber(parameters.startIndex) or 1)
  local count = math.min(tonumber(parameters.count) or 100, self.max_page)
  local page = json.list {}
  for index = start, math.min(start + count - 1, #found) do
    page[#page + 1] = found[index]
  end
  return answer(200, {
    schemas = { "urn:ietf:params:scim:api:messages:2.0:ListResponse" },
    totalResults = #found,
    startIndex = start,
    itemsPerPage = #page,
    Resources = page,
  })
end

local function position_of(self, kind, id)
  for position, one in ipairs(self[kind]) do
    if one.id == id then
      return position
    end
  end
  return nil
end

local function set(one, path, value)
  local urn, rest = path:match "^(urn:.+):([^:]+)$"
  if urn then
    one[urn] = one[urn] or {}
    one[urn][rest] = value
    return
  end
  local name, sub = path:match "^(%w+)%.?(%w*)$"
  if sub ~= "" then
    one[name] = one[name] or {}
    one[name][sub] = value
  else
    one[name] = value
  end
end

local function patch(one, operation)
  local id = operation.path:match '^members%[value eq "(.-)"%]$'
  if id then
    for position, member in ipairs(one.members or {}) do
      if member.value == id then
        table.remove(one.members, position)
        break
      end
    end
  elseif operation.path == "members" and operation.op == "add" then
    one.members = one.members or {}
    for _, member in ipairs(operation.value) do
      table.insert(one.members, member)
    end
  else
    if operation.op == "remove" then
      operation.value = nil
    end
    set(one, operation.path, operation.value)
  end
end

local name_of = { Users = "userName", Groups = "displayName" }

local function serve(self, request, path, parameters)
  local kind, id = path:match "^/(%w+)/?(.*)$"
  id = unescape(id or "")
  local body = request.body and json.decode(request.body)
  if not self[kind] then
    return refusal(404)
  elseif id == "" and request.method == "GET" then
    return list(self, kind, parameters)
  elseif id == "" and request.method == "POST" then
    for _, one in ipairs(self[kind]) do
      if one[name_of[kind]]:lower() == body[name_of[kind]]:lower() then
        return refusal(409, "uniqueness")
      end
    end
    self.last_id = self.last_id + 1
    body.id = tostring(self.last_id)
    table.insert(self[kind], body)
    return answer(201, body)
  end
  local position = position_of(self, kind, id)
  local one = self[kind][position]
  if not one then
    return refusal(404)
  elseif request.method == "DELETE" then
    table.remove(self[kind], position)
    return answer(204)
  elseif request.method == "PUT" then
    body.id = one.id
    self[kind][position] = body
    return answer(200, body)
  elseif request.method == "PATCH" then
    for _, operation in ipairs(body.Operations) do
      if not operation.path or operation.path:find "^%a+%[type" then
        return refusal(400, "invalidPath")
      end
      patch(one, operation)
    end
    return self.patch_body == false and answer(204) or answer(200, one)
  end
  return answer(200, one)
end

local methods = {}

--- What a transport does. `on_request(request, path)` may give another answer, or nil, message, err.
function methods:send(request)
  local path, query = request.url:match "^https?://[^/]+/scimapi/1([^?]*)%??(.*)$"
  local parameters = parameters_of(query)
  table.insert(self.requests, {
    method = request.method,
    path = path,
    query = parameters,
    headers = request.headers,
    body = request.body and json.decode(request.body),
    request = request,
  })
  if self.on_request then
    local instead, message, err = self.on_request(self.requests[#self.requests], #self.requests)
    if instead == "after" then -- carried out, and the answer is lost
      serve(self, request, path, parameters)
    end
    if instead == "after" or instead == "before" then
      local sent = { sent = true }
      return require("lastpass.error").fail("transport", "connection_lost", "lost", sent)
    elseif instead then
      return instead
    elseif err then
      return nil, message, err
    end
  end
  return serve(self, request, path, parameters)
end

--- The methods and paths that were asked for, as one text.
function methods:log()
  local lines = {}
  for index, one in ipairs(self.requests) do
    lines[index] = one.method .. " " .. one.path
  end
  return table.concat(lines, "\n")
end

--- A server with users u1@x.example … and no group.
function M.new(count, options)
  local self = setmetatable(
    { Users = {}, Groups = {}, requests = {}, max_page = 1000 },
    { __index = methods }
  )
  for index = 1, count or 0 do
    self.Users[index] = {
      id = tostring(index),
      userName = ("u%d@x.example"):format(index),
      active = true,
    }
  end
  self.last_id = 1000
  for name, value in pairs(options or {}) do
    self[name] = value
  end
  return self
end

--- A client of it.
function M.client(server, options)
  local merged = {
    url = "http://127.0.0.1:1/scimapi/1",
    token = lastpass.secret.value(TOKEN),
    transport = server,
    limiter = { acquire = function() end, back_off = function() end },
  }
  for name, value in pairs(options or {}) do
    merged[name] = value
  end
  return lastpass.scim.new(merged)
end

M.TOKEN = TOKEN

return M

--- A backend of lastpass.scim.server in memory, with everything that SCIM has; requests to a server over it.
local json = require "lastpass.json"
local messages = require "lastpass.scim.messages"
local patches = require "lastpass.scim.patch"
local schema = require "lastpass.scim.schema"
local server = require "lastpass.scim.server"

local M = {}

local Backend = {}
Backend.__index = Backend

local function stamp(self, resource, type)
  self.clock = self.clock + 1
  local meta = {}
  for name, value in pairs(resource.meta or {}) do
    meta[name] = value
  end
  meta.resourceType = type.name
  meta.created = meta.created or self:time()
  meta.lastModified = self:time()
  meta.version = ('W/"%d"'):format(self.clock)
  resource.meta, resource.schemas = meta, schema.schemas_of(type, resource)
  return resource
end

function Backend:time()
  return os.date("!%Y-%m-%dT%H:%M:%SZ", 1796000000 + self.clock)
end

function Backend:features()
  return self.offered
end

function Backend:find(type, id, wants)
  self.finds = self.finds + 1
  self.wanted = wants
  return self.stores[type.name][id]
end

function Backend:query(type, query)
  self.last_query = query
  local order, position = self.orders[type.name], 0
  return server.page(function()
    repeat
      position = position + 1
    until order[position] == nil or self.stores[type.name][order[position]]
    return self.stores[type.name][order[position]]
  end, query)
end

-- Who else has the unique name of a resource.
function Backend:clash(type, resource)
  local name = type.name == "User" and "userName" or "displayName"
  for id, other in pairs(self.stores[type.name]) do
    if id ~= resource.id and other[name]:lower() == resource[name]:lower() then
      return messages.fail(409, "uniqueness", ("the %s is taken"):format(name))
    end
  end
  return nil
end

function Backend:check(type, resource)
  local _, message, err = self:clash(type, resource)
  if message then
    return nil, message, err
  end
  for _, member in ipairs(resource.members or {}) do
    if not (self.stores.User[member.value] or self.stores.Group[member.value]) then
      return messages.fail(400, "invalidValue", "no member has that id")
    end
  end
  return true
end

function Backend:create(type, resource)
  local ok, message, err = self:check(type, resource)
  if not ok then
    return nil, message, err
  end
  if type.name == "User" and resource.active == nil then
    resource.active = true
  end
  self.last_id = self.last_id + 1
  resource.id = tostring(self.last_id)
  self.stores[type.name][resource.id] = stamp(self, resource, type)
  table.insert(self.orders[type.name], resource.id)
  return resource
end

function Backend:store(type, before, after)
  local ok, message, err = self:check(type, after)
  if not ok then
    return nil, message, err
  end
  self.stores[type.name][before.id] = stamp(self, after, type)
  return after
end

function Backend:replace(type, id, resource, given)
  local before = self.stores[type.name][id]
  if not before then
    return nil
  end
  local ok, message, err = given.check(before.meta.version)
  if not ok then
    return nil, message, err
  end
  local after
  after, message, err = server.replacement(type, before, resource)
  if not after then
    return nil, message, err
  end
  return self:store(type, before, after)
end

function Backend:patch(type, id, operations, given)
  local before = self.stores[type.name][id]
  if not before then
    return nil
  end
  local ok, message, err = given.check(before.meta.version)
  if not ok then
    return nil, message, err
  end
  local after, changed
  after, changed, err = patches.apply(before, operations, type)
  if not after then
    return nil, changed, err
  elseif changed then
    after, message, err = self:store(type, before, after)
    if not after then
      return nil, message, err
    end
  end
  return type.name == "User" and after or true
end

function Backend:remove(type, id, given)
  local before = self.stores[type.name][id]
  if not before then
    return nil
  end
  local ok, message, err = given.check(before.meta.version)
  if not ok then
    return nil, message, err
  end
  self.stores[type.name][id] = nil
  return true
end

M.FEATURES = {
  patch = true,
  bulk = { max_operations = 100, max_payload = 65536 },
  filter = { max_results = 200 },
  sort = true,
  etag = true,
  search = true,
  discovery = true,
  pagination = {
    cursor = true,
    max_page_size = 50,
    default_page_size = 10,
    cursor_key = "a key of cursors",
    cursor_timeout = 60,
  },
  max_body = 16384,
  max_operations = 20,
}

--- Makes a backend.
---@param features? table in place of those above; false: without it
function M.backend(features)
  local offered = {}
  for name, value in pairs(M.FEATURES) do
    offered[name] = value
  end
  for name, value in pairs(features or {}) do
    offered[name] = value or nil
  end
  return setmetatable({
    offered = offered,
    stores = { User = {}, Group = {} },
    orders = { User = {}, Group = {} },
    last_id = 0,
    clock = 0,
    finds = 0,
  }, Backend)
end

local Site = {}
Site.__index = Site

M.BASE = "https://door.example/scim/acme"

--- A server over a backend, with requests in short.
---@param features? table
---@param backend? table
function M.site(features, backend)
  backend = backend or M.backend(features)
  return setmetatable({ backend = backend, server = server.new(backend) }, Site)
end

--- Sends a request. `target`: path and query; `body`: text, or what is encoded.
---@return table response with `json`, the decoded body
---@return table info
function Site:send(method, target, body, headers)
  local path, query = target:match "^([^?]*)%??(.*)$"
  local all = { ["content-type"] = body and "application/scim+json" or nil }
  for name, value in pairs(headers or {}) do
    all[name] = value or nil
  end
  local response, info = self.server:handle {
    method = method,
    path = path,
    query = query ~= "" and query or nil,
    headers = all,
    body = type(body) == "table" and json.encode(body) or body or "",
    base = M.BASE,
    principal = self.principal,
  }
  response.json = response.body ~= "" and json.decode(response.body) or nil
  return response, info
end

--- A user's body.
function M.user(name, more)
  local body = { schemas = { schema.URN.user }, userName = name }
  for key, value in pairs(more or {}) do
    body[key] = value
  end
  return body
end

--- A group's body.
function M.group(name, members)
  local list
  for at, id in ipairs(members or {}) do
    list = list or {}
    list[at] = { value = id }
  end
  return { schemas = { schema.URN.group }, displayName = name, members = list }
end

--- The body of a PATCH.
function M.patch(...)
  return { schemas = { schema.URN.patch }, Operations = { ... } }
end

return M

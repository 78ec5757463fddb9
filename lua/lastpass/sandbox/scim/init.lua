--- SCIM 2.0 over the same company as its Enterprise API: /scimapi/<cid>/… and, for the first company, /scim/v2/…
-- What is not known of LastPass's own endpoint is a setting of the company (see sandbox/scim/assumptions.lua).
-- @module lastpass.sandbox.scim
local arithmetic = require "lastpass.sandbox.seed.arithmetic"
local digest = require "lastpass.digest"
local group_writes = require "lastpass.sandbox.scim.group_writes"
local groups = require "lastpass.sandbox.scim.groups"
local indexes = require "lastpass.sandbox.scim.index"
local messages = require "lastpass.scim.messages"
local scim_server = require "lastpass.scim.server"
local texts = require "lastpass.sandbox.scim.texts"
local user_writes = require "lastpass.sandbox.scim.user_writes"
local users = require "lastpass.sandbox.scim.users"

local M = {}

-- ---- what the server is given ----

local Backend = {}
Backend.__index = Backend

local reading = { User = users, Group = groups }
local writing = { User = user_writes, Group = group_writes }

local MOST_OPERATIONS, MOST_BYTES, MOST_RESULTS = 1000, 4 * 1024 * 1024, 1000

--- What is offered, by the company's settings.
function Backend:features()
  local settings = self.company.settings
  local is_rfc = self.state.is_rfc()
  return {
    patch = true,
    filter = { max_results = MOST_RESULTS },
    pagination = {
      cursor = is_rfc,
      default_page_size = 100,
      max_page_size = MOST_RESULTS,
    },
    sort = is_rfc,
    etag = is_rfc,
    search = is_rfc,
    bulk = is_rfc and { max_operations = MOST_OPERATIONS, max_payload = MOST_BYTES } or nil,
    discovery = true,
    minimal = settings.scim_minimal and not is_rfc,
    max_body = MOST_BYTES,
    max_operations = MOST_OPERATIONS,
  }
end

-- With scim_minimal there is one kind of filter: eq on what identity providers look somebody up by.
local minimal_filters = { userName = true, externalId = true, displayName = true }

local function refuse_filter(self, query)
  local node = query.filter
  local is_minimal = self.company.settings.scim_minimal and not self.state.is_rfc()
  if
    not is_minimal
    or not node
    or (node.op == "eq" and minimal_filters[query.equals.attribute])
  then
    return true
  end
  return messages.fail(400, "invalidFilter", "only eq on userName, externalId or displayName")
end

--- One user or group.
function Backend:find(type, id, wants)
  local company = self.company
  if type.name == "User" then
    local person = users.person(company, id)
    return person and users.resource(company, person, wants)
  end
  local group = groups.group(company, id)
  return group and groups.resource(company, group, wants)
end

--- A page of users or groups.
function Backend:query(type, query)
  local ok, message, err = refuse_filter(self, query)
  if not ok then
    return nil, message, err
  end
  return reading[type.name].query(self.company, self.state, query)
end

for _, name in ipairs { "create", "replace", "patch", "remove" } do
  Backend[name] = function(self, type, ...)
    return writing[type.name][name](self.company, self.state, ...)
  end
end

-- ---- a company's state ----

-- A token that depends on the company and on how often it was changed: 40 hexadecimal digits.
local function make_token(company, number)
  local random = arithmetic.random(company.cid % 1000003 * 1013 + company.options.seed + number * 7)
  local parts = {}
  for at = 1, 10 do
    parts[at] = ("%04x"):format(random(65536))
  end
  return table.concat(parts)
end

local function make_state(company)
  local state = {
    texts = texts.new(company),
    external = { User = indexes.new(), Group = indexes.new() },
    tokens = 0,
    is_rfc = function()
      return company.settings.scim_mode == "rfc"
    end,
  }
  function state.keeps_all()
    return state.is_rfc() or company.settings.scim_attributes == "all"
  end
  state.token_hash = digest.sha256(company.options.scim_token or make_token(company, 0))
  state.backend = setmetatable({ company = company, state = state }, Backend)
  state.server = scim_server.new(state.backend)
  return state
end

local function state_of(company)
  company.surfaces.scim = company.surfaces.scim or make_state(company)
  return company.surfaces.scim
end

--- Gives a company another token; the old one stops working at once (scim §1.2).
---@param company table
---@param token? string default one that the sandbox makes
---@return string token
function M.change_token(company, token)
  local state = state_of(company)
  state.tokens = state.tokens + 1
  token = token or make_token(company, state.tokens)
  state.token_hash = digest.sha256(token)
  company:audit("token_changed", "", "127.0.0.1")
  return token
end

--- What SCIM has of a person, for the control API.
---@param person lastpass.sandbox.Person
function M.describe(person)
  return {
    id = ("%d"):format(person.id),
    linked = person.scim ~= nil and person.scim.linked == true,
    external_id = person.scim and person.scim.external_id,
  }
end

-- ---- requests ----

-- Discovery needs no token: servers differ, and clients send it anyway (scim §2.4).
local open_to_all = { service_provider_config = true, resource_types = true, schemas = true }

local function is_authorized(state, headers)
  local token = (headers.authorization or ""):match "^[Bb][Ee][Aa][Rr][Ee][Rr] +(%S+) *$"
  return token ~= nil and digest.same(digest.sha256(token), state.token_hash)
end

local function run(server, company, request, base, path, query, action)
  local state = company and state_of(company)
  local is_open = open_to_all[action] and company and state.is_rfc()
  if not company or not is_open and not is_authorized(state, request.headers) then
    return messages.error_response(401, nil, "the token is missing or is not valid")
  end
  state.peer = request.peer
  local response, info = state.server:handle {
    method = request.method,
    path = path,
    query = query,
    headers = request.headers,
    body = request.body,
    base = server:origin(request) .. base,
    principal = digest.to_hex(state.token_hash),
  }
  if info.failure then
    io.stderr:write("lastpass sandbox: ", info.failure, "\n")
  end
  return response
end

local function answer(server, request, company, cid, base, path, query)
  local action = scim_server.action(request.method, path)
  local headers = {}
  return server:answer(request, {
    headers = headers,
    cid = cid,
    company = company,
    command = "scim:" .. action,
    rows = request.method == "GET" and 0 or 1,
    run = function()
      local response = run(server, company, request, base, path, query, action)
      for name, value in pairs(response.headers) do
        headers[name] = value
      end
      return {
        status = response.status,
        body = response.body,
        class = response.scim_type or ("%d"):format(response.status),
      }
    end,
  })
end

-- What some guides print as the address (scim §1.1): the first company's.
local ALIAS = "/scim/v2"

-- Path and query with their escapes: "3%2F4" is one segment, and a parameter may be given twice.
local function read_target(request)
  local path, query = request.target:match "^([^?]*)%??(.*)$"
  return path, query ~= "" and query or nil
end

local function too_large()
  return messages.error_response(413, "tooMany", "the body is larger than this server takes")
end

--- Adds the routes to a server.
---@param server table of lastpass.sandbox.server
function M.register(server)
  server:route("/[Ss][Cc][Ii][Mm][Aa][Pp][Ii]/.*", function(_, request)
    local whole, query = read_target(request)
    local base, digits, path = whole:match "^(/[^/]+/(%d+))(.*)$"
    local cid = digits and #digits < 16 and tonumber(digits) or nil
    local company = cid and server:company(cid)
    return answer(server, request, company, cid, base or "", path or "/", query)
  end, too_large)
  local function answer_alias(_, request)
    local whole, query = read_target(request)
    local company = whole:sub(1, #ALIAS) == ALIAS and server.first or nil
    local path = whole:sub(#ALIAS + 1)
    return answer(server, request, company, company and company.cid, ALIAS, path, query)
  end
  server:route(ALIAS, answer_alias, too_large)
  server:route(ALIAS .. "/.*", answer_alias, too_large)
end

return M

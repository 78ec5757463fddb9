--- A client of LastPass's REST API, `business/v1`: people with their account status, admin levels, managed companies and
-- what is billed for them. Groups, folders and events are the Enterprise API's alone (business §3).
-- @module lastpass.business
local call = require "lastpass.business.call"
local client_options = require "lastpass.business.options"
local errors = require "lastpass.error"
local job = require "lastpass.business.job"
local json = require "lastpass.json"
local limiter = require "lastpass.limiter"
local operations = require "lastpass.business.operations"
local pages = require "lastpass.business.pages"
local shape = require "lastpass.business.shape"
local signature = require "lastpass.signature"
local transport = require "lastpass.transport"

---@class lastpass.business.Client
local methods = {}
local client_mt = { __name = "lastpass.business.Client", __index = methods }

local M = { methods = methods }

function client_mt.__tostring(client)
  return ("lastpass.business.Client (%s)"):format(client._options.url)
end

--- Makes a client. Nothing is sent.
---@param options table key, and others: `lastpass.business.options`, docs/rest.md
---@param level? integer whose line is blamed for mistakes; default the caller
---@return lastpass.business.Client client wrong options raise
---@usage
-- local rest = lastpass.business.new{ key = lastpass.secret.file "~/.config/lastpass/rest.key" }
-- for person in rest:users{ account_status = "staged" } do print(person.email) end
function M.new(options, level)
  local complete = client_options.complete(options, (level or 1) + 1)
  local headers = {
    Accept = "application/json, application/problem+json",
    ["User-Agent"] = "lastpass-lua/" .. require "lastpass.version",
  }
  local with_body = { ["Content-Type"] = "application/json" }
  for name, value in pairs(headers) do
    with_body[name] = value
  end
  return setmetatable({
    _options = complete,
    _transport = transport.open(complete.transport, {
      ca_file = complete.ca_file,
      proxy = complete.proxy,
      connect_timeout = complete.connect_timeout,
      verify = complete.verify,
    }),
    _limiter = complete.limiter or limiter.of(complete.url),
    _headers = headers,
    _headers_with_body = with_body,
  }, client_mt)
end

--- An option the client was made with, or its default.
---@param name string see `lastpass.business.options`; an unknown name raises
---@return any value nil for an option without a default that was not given
function methods:option(name)
  client_options.check_name("business:option", name, 2)
  return self._options[name]
end

--- The same client with other options: the key, the connection and the limiter are shared.
---@param options table of `lastpass.business.new`, without key, url and transport
---@return lastpass.business.Client
function methods:with(options)
  local given = {}
  for name, value in pairs(self._options) do
    given[name] = value
  end
  for name, value in pairs(options) do
    if name == "key" or name == "url" or name == "transport" then
      errors.raise(2, "business:with: '%s' is that of the client; make another one", name)
    end
    given[name] = value
  end
  local other = {}
  for name, value in pairs(self) do
    other[name] = value
  end
  other._options = client_options.complete(given, 2)
  return setmetatable(other, client_mt)
end

--- A string without the key: what came from elsewhere may repeat it.
---@param text string
---@return string
function methods:redact(text)
  return self._options.key:redact(text)
end

--- A job that was begun before, by this process or another: its `id`, `url` and `command` were kept.
---@param known table
---@return lastpass.business.Job
function methods:job(known)
  known = errors.check_options("business:job", known, {
    id = "string",
    url = "string",
    command = "string",
  })
  if not known.id or not known.url then
    errors.raise(2, "business:job: needs an id and a url")
  end
  return job.new(self, { id = known.id, url = known.url, command = known.command or "job" })
end

-- ------------------------------------------------------------------ what the table of operations says

local function read_object(client, request, reply)
  if type(reply.body) ~= "table" or #reply.body > 0 then
    return call.fail_shape(client, request, "the reply is not an object")
  end
  return shape.read(reply.body)
end

local function read_list(client, request, reply)
  local list = reply.body
  if type(list) ~= "table" or next(list) ~= nil and #list == 0 then
    return call.fail_shape(client, request, "the reply is not a list")
  end
  return shape.read(json.list(list))
end

-- What a reply of each kind is given as.
local readers = {
  one = read_object,
  write = read_object,
  array = read_list,
  done = function()
    return true
  end,
  job = function(client, request, reply)
    return job.of_reply(client, request, reply.body)
  end,
}

-- The path with its parameters, which are ids.
local function path_of(operation, given, where)
  local index = 0
  return (
    operation.path:gsub("{([^}]+)}", function(name)
      index = index + 1
      local ok, expected = operations.id(given[index])
      if not ok then
        errors.raise(4, "%s: argument %d, %s, must be %s", where, index, name, expected)
      end
      return shape.digits(given[index])
    end)
  )
end

local function kinds_of(rows)
  local kinds = {}
  for name, row in pairs(rows or {}) do
    kinds[name] = row[1]
  end
  return kinds
end

local function check_required(operation, options, where)
  for _, name in ipairs(operation.required or {}) do
    if options[name] == nil then
      errors.raise(4, "%s: needs the option '%s'", where, name)
    end
  end
end

local function perform(client, operation, request)
  local reply, message, err = call.perform(client, request)
  if not reply then
    return nil, message, err
  end
  return readers[operation.kind](client, request, reply)
end

-- The method of an operation: its path's ids, then a table of options when it has any.
local function method_of(operation)
  local rows = operation.query or operation.body
  local kinds = kinds_of(rows)
  local where = "business:" .. operation.name
  local parameters = select(2, operation.path:gsub("{", ""))
  local names = {}
  for name in operation.path:gmatch "{([^}]+)}" do
    names[#names + 1] = name:gsub("%-", "_") .. ": string|number"
  end
  if rows and (operation.kind ~= "list" or next(rows)) then
    names[#names + 1] = operation.required and "options: table" or "options?: table"
  end
  local function method(client, ...)
    local given = { ... }
    local options = errors.check_options(where, given[parameters + 1], kinds, 2)
    check_required(operation, options, where)
    local path = path_of(operation, given, where)
    if operation.kind == "list" then
      return pages.each(client, operation, path, options)
    end
    return perform(client, operation, {
      command = operation.name,
      method = operation.method,
      path = path,
      query = operation.query and shape.query(operation.query, options),
      text = operation.body and shape.body(operation.body, options),
      uncertain_hint = operation.kind == "job" and job.HINT
        or "read what is there before sending it again",
    })
  end
  return signature.check(where, table.concat(names, ", "), method)
end

for _, operation in ipairs(operations.list) do
  methods[operation.name] = method_of(operation)
end

-- ------------------------------------------------------------------ what no page documents

--- Sends any request: what is named by the vendor but documented nowhere. Nothing is guessed of its reply, and a write
-- is sent once.
---@param method string "GET", "POST", "PUT", "PATCH", "DELETE"
---@param path string from /v1 on, encoded
---@param options? table query: name to text; body: a table
---@return table|nil reply {status, body}: names as on the wire, integers of more than 15 digits as strings
---@return string? message
---@return lastpass.Error? err
function methods:request(method, path, options)
  options = errors.check_options("business:request", options, { query = "table", body = "table" })
  if not errors.set_of({ "GET", "POST", "PUT", "PATCH", "DELETE" })[method] then
    errors.raise(2, "business:request: there is no method '%s'", method)
  elseif not path:find "^/v%d+/[%w%-._~%%/]*$" or path:find("/..", 1, true) then
    errors.raise(2, "business:request: the path must be as /v1/users, without a query")
  elseif method == "GET" and options.body then
    errors.raise(2, "business:request: a GET has no body")
  end
  local reply, message, err = call.perform(self, {
    command = "request",
    method = method,
    path = path,
    query = options.query and shape.query({}, {}, options.query),
    text = options.body and json.encode(options.body),
    uncertain_hint = "read what is there before sending it again",
  })
  if not reply then
    return nil, message, err
  end
  return { status = reply.status, body = reply.body }
end

signature.declare("business:", methods, {
  option = "name: string",
  with = "options: table",
  redact = "text: string",
  job = "known: table",
  request = "method: string, path: string, options?: table",
})

return signature.declare("lastpass.business.", M, { new = "options: table, level?: integer" })

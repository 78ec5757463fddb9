--- A client of a SCIM 2.0 server: users and groups as plain tables, over LastPass's interface (which documents
-- little: scim §1.5) or any other server.
-- @module lastpass.scim
local call = require "lastpass.scim.call"
local errors = require "lastpass.error"
local limiter = require "lastpass.limiter"
local client_options = require "lastpass.scim.options"
local pages = require "lastpass.scim.pages"
local resource = require "lastpass.scim.resource"
local signature = require "lastpass.signature"
local transport = require "lastpass.transport"

---@class lastpass.scim.Client
local methods = {}
local client_mt = { __name = "lastpass.scim.Client", __index = methods }

local M = { methods = methods }

--- Methods that packages of higher layers add: name to the module that has a function of that name. The module
-- `lastpass` fills it.
---@type table<string, string>
M.extensions = {}

-- Methods of this package that are loaded on first use.
local parts = {
  ["lastpass.scim.update"] = "replace patch set_active delete",
  ["lastpass.scim.link"] = "create find link",
  ["lastpass.scim.members"] = "add_members remove_members",
  ["lastpass.scim.discovery"] = "discover",
  ["lastpass.scim.bulk"] = "bulk",
}
local part_of = {}
for module, names in pairs(parts) do
  for name in names:gmatch "%S+" do
    part_of[name] = module
  end
end

setmetatable(methods, {
  __index = function(_, name)
    local module = part_of[name] or M.extensions[name]
    if not module then
      return nil
    end
    local method = require(module)[name]
    methods[name] = method
    return method
  end,
})

function client_mt.__tostring(client)
  return ("lastpass.scim.Client (%s)"):format(client._options.url)
end

--- Makes a client. Nothing is sent.
---@param options table url or cid, token, and others: `lastpass.scim.options`, docs/scim.md
---@param level? integer whose line is blamed for mistakes; default the caller
---@return lastpass.scim.Client client wrong options raise
---@usage
-- local scim = lastpass.scim.new{ cid = 8771312, token = lastpass.secret.file "~/.config/lastpass/scim.token" }
function M.new(options, level)
  local complete = client_options.complete(options, (level or 1) + 1)
  local headers = {
    Accept = call.MEDIA_TYPE .. ", application/json",
    ["User-Agent"] = "lastpass-lua/" .. require "lastpass.version",
  }
  local with_body = { ["Content-Type"] = call.MEDIA_TYPE }
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
    _busy = {}, -- groups whose members are being changed
  }, client_mt)
end

--- An option the client was made with, or its default.
---@param name string see `lastpass.scim.options`; an unknown name raises
---@return any value nil for an option without a default that was not given
function methods:option(name)
  client_options.check_name("scim:option", name, 2)
  return self._options[name]
end

--- The client's clock: the option `now`, else the computer's.
---@return number seconds UTC, since 1970
function methods:now()
  return (self._options.now or require("lastpass.time").now)()
end

--- A string without the token: what came from elsewhere may repeat it.
---@param text string
---@return string
function methods:redact(text)
  return self._options.token:redact(text)
end

--- What carries the client's requests.
---@return table transport with `send`
function methods:transport()
  return self._transport
end

-- What says whom the client speaks to, and how it connects, is the client's and its transport's.
local changeable = errors.set_of {
  "timeout",
  "retries",
  "repeat_writes",
  "rate",
  "max_bytes",
  "page_size",
  "in_flight",
  "members_per_request",
  "protect",
  "now",
  "on_request",
  "on_wait",
  "on_retry",
  "on_reply",
}

--- The same client with other options; limiter and connections are shared.
---@param options table as for `lastpass.scim.new`, but server, token and dialect stay
---@return lastpass.scim.Client
function methods:with(options)
  local merged = {}
  for name, value in pairs(self._options) do
    merged[name] = value
  end
  merged.cid = nil -- the url says it
  for name, value in pairs(options) do
    client_options.check_name("scim:with", name, 2)
    if not changeable[name] then
      errors.raise(2, "scim:with: '%s' needs another client: use lastpass.scim.new", name)
    end
    merged[name] = value
  end
  local copy = {}
  for name, value in pairs(self) do
    copy[name] = value
  end
  copy._options = client_options.complete(merged, 2)
  return setmetatable(copy, client_mt)
end

-- A list of names of attributes, or nil.
local function check_names(where, option, list)
  for _, name in ipairs(list or {}) do
    if type(name) ~= "string" or not name:find "^[%w$:._-]+$" then
      errors.raise(3, "%s: '%s' must be a list of names of attributes", where, option)
    end
  end
  return list and list[1] and list or nil
end

local function selection(given)
  local parameters = {}
  for option, parameter in pairs { attributes = "attributes", excluded = "excludedAttributes" } do
    if given[option] and given[option][1] then
      parameters[#parameters + 1] = parameter
        .. "="
        .. call.escape(table.concat(given[option], ","))
    end
  end
  table.sort(parameters)
  return parameters[1] and table.concat(parameters, "&") or nil
end

--- One user or group by its id.
---@param type "User"|"Group"
---@param id string
---@param options? table attributes, excluded (lists of names), version: of what is known; when the resource still
-- has it, `true` comes and no resource
---@return table|true|nil resource
---@return string? message
---@return lastpass.Error? err code "not_found"
function methods:get(type, id, options)
  local kind = resource.type("scim:get", type, 2)
  resource.check_id("scim:get", id, 2)
  options = errors.check_options("scim:get", options, {
    attributes = "table",
    excluded = "table",
    version = "string",
  })
  check_names("scim:get", "attributes", options.attributes)
  check_names("scim:get", "excluded", options.excluded)
  local request = {
    command = "get_" .. kind.noun,
    method = "GET",
    path = call.path(kind, id),
    query = selection(options),
    version = options.version,
  }
  local reply, message, err = call.perform(self, request)
  if not reply then
    return nil, message, err
  elseif reply.status == 304 then
    return true
  end
  local found, reason = nil, "it is empty"
  if reply.body then
    found, reason = resource.read(type, reply.body)
  end
  if not found then
    message = ("GET %s: the reply is no %s: %s"):format(request.path, kind.noun, reason)
    return errors.fail("protocol", "unexpected_shape", message, { command = request.command })
  end
  return found
end

-- A filter may be a string, or what `lastpass.scim.filter` builds safely of values from outside.
local function filter_text(given)
  if type(given) == "table" then
    return require("lastpass.scim.filter").print(given)
  end
  return given
end

local list_options = {
  filter = { "string", "table" },
  attributes = "table",
  excluded = "table",
  sort_by = "string",
  descending = "boolean",
  page_size = "number",
}

local function asked_of(where, options)
  options = errors.check_options(where, options, list_options, 3)
  return {
    filter = filter_text(options.filter),
    attributes = check_names(where, "attributes", options.attributes),
    excluded = check_names(where, "excluded", options.excluded),
    sort_by = options.sort_by,
    sort_order = options.descending and "descending" or nil,
    page_size = options.page_size,
  }
end

--- Everybody, or those whom a filter lets through, page by page. The list is complete or raises the error: it is
-- counted against the server's total, and read again when it changes meanwhile.
---@param type "User"|"Group"
---@param options? table filter (a string, or a node of `lastpass.scim.filter`), attributes, excluded (lists of
-- names), sort_by, descending, page_size
---@return fun(): table|nil iterator
function methods:list(type, options)
  resource.type("scim:list", type, 2)
  return pages.each(self, type, asked_of("scim:list", options))
end

--- The same by POST, where the filter stands in no address and so in no log of a proxy; a server without .search
-- is asked by GET.
---@param type "User"|"Group"
---@param options? table as of `list`
---@return fun(): table|nil iterator
function methods:search(type, options)
  resource.type("scim:search", type, 2)
  local asked = asked_of("scim:search", options)
  asked.search = true
  return pages.each(self, type, asked)
end

--- Can identity providers work with this server? The opening requests of Entra ID and Okta, and what the RFC says.
---@param client lastpass.scim.Client
---@param options? table write (true: with a test user and a test group, which are removed again), domain (of the test
-- users' addresses), on_row (called with each row as it comes)
---@return lastpass.scim.DoctorRow[] rows {check, provider, state, sent, came, expected, problem}; `rows.first`: the
-- first deviation, if there is one
function M.doctor(client, options)
  return require("lastpass.scim.doctor").run(client, options)
end

signature.declare("lastpass.scim.", M, {
  new = "options: table, level?: integer",
  doctor = "client: table, options?: table",
})

signature.declare("scim:", methods, {
  option = "name: string",
  now = "",
  redact = "text: string",
  transport = "",
  with = "options: table",
  get = "type: string, id: string, options?: table",
  list = "type: string, options?: table",
  search = "type: string, options?: table",
})

return M

--- The client of the LastPass Enterprise API (provisioning and reporting).
-- @module lastpass.enterprise
local call = require "lastpass.enterprise.call"
local core = require "lastpass.core"
local directory = require "lastpass.enterprise.directory"
local email_room = require "lastpass.email"
local errors = require "lastpass.error"
local limiter = require "lastpass.enterprise.limiter"
local options_room = require "lastpass.enterprise.options"
local pages = require "lastpass.enterprise.pages"
local signature = require "lastpass.signature"
local transport = require "lastpass.transport"
local user_object = require "lastpass.enterprise.user"

---@class lastpass.Client
local methods = {}
local client_mt = { __name = "lastpass.Client", __index = methods }

local M = { methods = methods }

--- Methods that rooms on higher floors add: name to the module that has a function of that name.
-- The door (`lastpass`) fills it; this room does not know them.
---@type table<string, string>
M.extensions = {}

setmetatable(methods, {
  __index = function(_, name)
    local room = M.extensions[name]
    if not room then
      return nil
    end
    local method = require(room)[name]
    methods[name] = method
    return method
  end,
})

function client_mt.__tostring(client)
  return ("lastpass.Client (%s at %s)"):format(tostring(client._options.cid), client._options.url)
end

--- Makes a client. Nothing is sent.
---@param options table see `lastpass.enterprise.options`
---@param level? integer whose line is blamed for mistakes; default the caller
---@return lastpass.Client
function M.new(options, level)
  local complete = options_room.complete(options, (level or 1) + 1)
  return setmetatable({
    _options = complete,
    _transport = transport.open(complete.transport, {
      ca_file = complete.ca_file,
      proxy = complete.proxy,
      connect_timeout = complete.connect_timeout,
      verify = complete.verify,
      http_version = complete.http_version,
    }),
    _limiter = complete.limiter or limiter.of(complete.url, complete.cid),
    _headers = {
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json",
      ["User-Agent"] = "lastpass-lua/" .. require "lastpass.version",
    },
  }, client_mt)
end

--- Sends any command by its name: the way for what no method covers.
---@param command string one of the 17 commands, or a local alias
---@param data any as the command wants it; wrong data raise
---@return any|nil value the decoded reply; `value.warnings` when the server remarked something
---@return string? message
---@return lastpass.Error? err
function methods:call(command, data)
  return call.call(self, command, data, 2)
end

for _, command in ipairs(core.commands) do
  local name = command.name
  -- what the data must be is said by the core, with the place in them
  methods[name] = signature.check("client:" .. name, "data?: any", function(self, data)
    return call.call(self, name, data, 2)
  end)
end

for alias, name in pairs(call.aliases) do
  methods[alias] = methods[name]
end

-- The zone of the account's times; read on first use.
function methods:_zone()
  if not self._zone_object then
    local zone, message = require("lastpass.time").zone(self._options.timezone)
    if not zone then
      error(message, 0)
    end
    self._zone_object = zone
  end
  return self._zone_object
end

--- Reads the whole directory, all pages, and proves that none was lost.
---@param filter? table disabled, admin (booleans), username; or, alone, `as_of` (a time): the directory
-- as it was kept then; or, alone, `named` (addresses): these people and, if one of them is an admin, all
-- admins, with a request for each instead of the whole directory
---@return lastpass.Snapshot|lastpass.directory.Record|nil
---@return string? message
---@return lastpass.Error? err
function methods:snapshot(filter)
  filter = errors.check_options("client:snapshot", filter, {
    disabled = "boolean",
    admin = "boolean",
    username = "string",
    as_of = { "string", "number" },
    named = "table",
  })
  for _, name in ipairs { "as_of", "named" } do
    if filter[name] and next(filter, next(filter)) then
      errors.raise(2, "client:snapshot: '%s' stands alone", name)
    end
  end
  if filter.as_of then
    return self:kept_snapshot(filter.as_of)
  elseif filter.named then
    local few, total, failure = pages.named(self, filter.named)
    if not few then
      return nil, total, failure
    end
    return directory.new(self, few, total)
  end
  local rows, message, err = pages.read(self, filter)
  if not rows then
    return nil, message, err
  end
  return directory.new(self, rows)
end

-- An iterator cannot return its failure where a `for` would see it, so it raises the error.
local function need(value, _, err)
  if value == nil then
    error(err, 0)
  end
  return value
end

local stream_options = { stream = "boolean" }
for name, expected in pairs(directory.filter_options) do
  stream_options[name] = expected
end

-- What the server can filter by itself.
local function wire_filter(filter)
  local disabled = filter.disabled
  if disabled == nil and filter.status == "disabled" then
    disabled = true
  end
  return { disabled = disabled, admin = filter.admin }
end

--- Everybody, or those whom the filter lets through; invited people at the end.
-- The directory is read first, in pages, and is complete; with `stream` it comes in one reply and
-- users are given out while it arrives, in bounded memory.
-- A failure raises the error (its text is the message, its fields are those of any error).
---@param filter? table status ("active", "disabled", "invited"), admin, disabled (booleans), stream
---@return fun(): lastpass.User|nil iterator
function methods:users(filter)
  filter = errors.check_options("client:users", filter, stream_options)
  if filter.stream then
    if filter.status then
      errors.raise(2, "client:users: 'stream' and 'status' do not go together")
    end
  end
  -- transports of nginx give replies as a whole: there everybody is read first
  if filter.stream and self._transport.start then
    return require("lastpass.enterprise.stream").users(self, wire_filter(filter))
  end
  local snapshot = need(self:snapshot(wire_filter(filter)))
  return snapshot:users { status = filter.status, admin = filter.admin, disabled = filter.disabled }
end

--- One user.
---@param email string
---@return lastpass.User|nil
---@return string? message
---@return lastpass.Error? err code "no_such_user" when there is none
function methods:user(email)
  if email == "" then
    errors.raise(2, "client:user: needs an e-mail address")
  end
  local rows, message, err = pages.fetch(self, { username = email })
  if not rows then
    return nil, message, err
  end
  local user = directory.new(self, rows:seal()):user(email)
  if not user then
    email = email_room.trim(email)
    return errors.fail("refused", "no_such_user", ("there is no user %s"):format(email), {
      command = "getuserdata",
    })
  end
  return user
end

--- A group by its name. Nothing is sent before it is used.
---@param name string
---@return lastpass.Group
function methods:group(name)
  if name == "" then
    errors.raise(2, "client:group: needs the name of a group")
  end
  return require("lastpass.enterprise.group").new(self, name)
end

--- All groups, by name. A failure raises the error.
---@return fun(): lastpass.Group|nil iterator
function methods:groups()
  return need(self:snapshot()):groups()
end

local function each(list)
  local position = 0
  return function()
    position = position + 1
    return list[position]
  end
end

--- Shared folders and who may use them, by name. A failure raises the error.
---@param options? table detailed: also the sites each user sees
---@return fun(): lastpass.Folder|nil iterator
function methods:folders(options)
  options = errors.check_options("client:folders", options, { detailed = "boolean" })
  return each(need(require("lastpass.enterprise.folders").read(self, options)))
end

--- Audit events, oldest first. A failure raises the error.
---@param options? table from (default "-24h"), to, user, search, admin; times as epoch seconds,
-- "2026-03-01 10:00" in the account's zone, "-24h", "yesterday"
---@return fun(): lastpass.Event|nil iterator
function methods:events(options)
  local events = require "lastpass.enterprise.events"
  options = errors.check_options("client:events", options, events.options)
  return each(need(events.read(self, options)))
end

--- Users whose master password has expired. A failure raises the error.
---@return fun(): lastpass.ExpiredPassword|nil iterator
function methods:expired_passwords()
  return each(need(require("lastpass.enterprise.expired").read(self)))
end

signature.declare("client:", methods, {
  call = "command: string, data?: any",
  snapshot = "filter?: table",
  users = "filter?: table",
  user = "email: string",
  group = "name: string",
  groups = "",
  folders = "options?: table",
  events = "options?: table",
  expired_passwords = "",
})

M.user_methods = user_object.methods

return M

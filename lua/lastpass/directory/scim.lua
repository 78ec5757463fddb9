--- What a SCIM server says of its company, as the same users, groups and snapshots as over the Enterprise API; their
-- methods act over SCIM, and what it cannot do is refused with the code "not_over_scim".
-- SCIM knows no invitations, admins, multifactor or log-ins (scim §1.6): a user is "active" or "disabled", and what it
-- does not say is nil or false. `user.attributes` has the SCIM `id` and `externalId`.
-- @module lastpass.directory.scim
local carriers = require "lastpass.directory.carrier"
local changes = require "lastpass.directory.changes"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local loop = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"
local snapshots = require "lastpass.directory.snapshot"

local M = {}

local ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
local PIECE = 1000 -- users that are written at once

-- ---- the client of the users' objects ----

-- They speak to a client in commands of the Enterprise API; each is the changes that it asks for, and those go by the
-- carrier.
local adapter = {}
local adapter_mt = { __name = "lastpass.directory.ScimAdapter" }
local adapters = setmetatable({}, { __mode = "k" }) -- by client

local function adapter_of(client)
  local known = adapters[client]
  if not known then
    known = setmetatable({ _client = client, _carrier = carriers.of_scim(client) }, adapter_mt)
    adapters[client] = known
  end
  return known
end

local function send_command(self, command, data)
  local reply = {}
  for _, change in ipairs(changes.of_command(command, data)) do
    local kind = changes.step_kind(change.kind)
    if not kind then
      return errors.fail("refused", "not_over_scim", command .. ": SCIM has no such operation", {
        command = command,
        hint = "send it over the Enterprise API",
      })
    end
    local message, err
    reply, message, err = self._carrier:send(kind, change.subject, change.after)
    if not reply then
      return nil, message, err
    end
  end
  return { status = "OK", id = reply.id }
end

function adapter_mt.__index(_, name)
  local command = core.commands[name]
  if adapter[name] or not command or not command.writes then
    return adapter[name]
  end
  return function(self, data)
    return send_command(self, name, data)
  end
end

function adapter:option(name)
  return self._client:option(name)
end

-- SCIM's times are instants.
function adapter.zone()
  return (require("lastpass.time").zone "UTC")
end

function adapter:user(address)
  return M.user(self._client, address)
end

function adapter:snapshot(filter)
  return M.snapshot(self._client, filter)
end

-- What `group:add` and `group:remove` call: a row for each membership.
function adapter:change_groups(list)
  local result = require("lastpass.enterprise.batch").new_result()
  for row, item in ipairs(list) do
    local after = { join = item.add, leave = item.del }
    local entry = { row = row, item = item }
    result.requests = result.requests + 1
    local reply, message, err
    if not result.stopped then
      reply, message, err = self._carrier:send("groups", item.username, after)
    else
      message, err = result.stopped.message, result.stopped
    end
    local outcome = reply and "done" or err.kind == "refused" and "refused"
    if not outcome then
      outcome = not result.stopped and err.uncertain and "uncertain" or "not_tried"
      result.stopped = err
    end
    entry.reason, entry.code = message, err and err.code
    table.insert(result[outcome], entry)
  end
  if result.stopped and #result.done + #result.uncertain == 0 then
    return nil, result.stopped.message, result.stopped
  end
  result.ok = #result.refused + #result.uncertain + #result.not_tried == 0
  return result
end

-- ---- rows of the core ----

local function full_name(user)
  local name = type(user.name) == "table" and user.name or {}
  if name.formatted or user.displayName then
    return name.formatted or user.displayName
  end
  local both = ("%s %s"):format(name.givenName or "", name.familyName or "")
  return both:match "^%s*(.*%S)"
end

-- "2019-02-17T17:23:45.678Z" as the core takes it; with another zone it is left out.
local function created_of(user)
  local text = type(user.meta) == "table" and user.meta.created
  if type(text) ~= "string" then
    return nil
  end
  local day, time = text:match "^(%d%d%d%d%-%d%d%-%d%d)T(%d%d:%d%d:%d%d)[%d.]*Z$"
  return day and day .. " " .. time
end

local function attributes_of(user)
  local attributes = { id = user.id, externalId = user.externalId, title = user.title }
  for name, value in pairs(type(user[ENTERPRISE]) == "table" and user[ENTERPRISE] or {}) do
    attributes[name] = value
  end
  return attributes
end

local function entry_of(user, groups)
  return json.encode {
    username = user.userName,
    fullname = full_name(user),
    disabled = user.active == false,
    created = created_of(user),
    groups = json.list(groups or {}),
    attribs = attributes_of(user),
  }
end

-- LastPass's ids are small numbers; others' are opaque, and such users are numbered.
local function numbers_of(users)
  local seen = {}
  for _, user in ipairs(users) do
    local id = user.id
    if not id:find "^[1-9]%d*$" or #id > 15 or seen[id] then
      return function(index)
        return ("%d"):format(index)
      end
    end
    seen[id] = true
  end
  return function(index)
    return users[index].id
  end
end

-- The names of the groups of each user, by id: what the users say, and what the groups say.
local function memberships(users, groups)
  local names, of_user, named = {}, {}, {}
  local function put(id, name)
    local list = of_user[id] or {}
    of_user[id] = list
    if not list[name] then
      list[name], list[#list + 1] = true, name
    end
  end
  for _, group in ipairs(groups) do
    names[group.id] = group.displayName
    named[group.displayName] = true
    for _, member in ipairs(group.members or {}) do
      put(member.value, group.displayName)
    end
  end
  for _, user in ipairs(users) do
    for _, group in ipairs(user.groups or {}) do
      local name = names[group.value] or group.display
      if type(name) == "string" then
        put(user.id, name)
        named[name] = nil
      end
    end
  end
  for _, list in pairs(of_user) do
    for _, name in ipairs(list) do
      named[name], list[name] = nil, nil
    end
  end
  return of_user, named -- what is left has no member
end

local function fail_rows(message, code)
  return errors.fail("protocol", code, "the users of the server cannot be read: " .. message)
end

local function rows_of(users, groups)
  local of_user, empty = memberships(users, groups)
  local number, rows, parts = numbers_of(users), core.snapshot(), { '{"Users":{' }
  for index, user in ipairs(users) do
    if type(user.userName) ~= "string" or user.userName == "" then
      return fail_rows(("the user %s has no userName"):format(user.id), "unexpected_shape")
    end
    parts[#parts + 1] = ('%s"%s":%s'):format(
      index > 1 and "," or "",
      number(index),
      entry_of(user, of_user[user.id])
    )
    if #parts >= PIECE then
      rows:feed(table.concat(parts))
      parts = {}
    end
  end
  local none = {}
  for name in pairs(empty) do
    none[name] = json.list {}
  end
  parts[#parts + 1] = '},"Groups":' .. json.encode(none) .. "}"
  rows:feed(table.concat(parts))
  local ok, message, code = rows:finish()
  if not ok then
    return fail_rows(message, code)
  end
  return rows:seal()
end

-- ---- what is read ----

-- A list, or a failure: iterators raise.
local function read_all(client, type_name, options)
  local list = {}
  local ok, err = loop.protected_call(function()
    for one in client:list(type_name, options) do
      list[#list + 1] = one
    end
  end)
  if ok then
    return list
  elseif type(err) ~= "table" then
    error(err, 0)
  end
  return nil, err.message, err
end

-- Whether the server shows `groups` at its users, by client; nil where no group with a member was seen yet.
local shows = setmetatable({}, { __mode = "k" })

local function find_out(client, groups)
  for _, group in ipairs(groups) do
    local member = (group.members or {})[1]
    local user = member and client:get("User", member.value)
    if user then
      shows[client] = (user.groups or {})[1] ~= nil
      return
    end
  end
end

-- Groups with their members, where the users do not say whose members they are.
local function groups_for(client, users)
  local says_so = false
  for _, user in ipairs(users) do
    says_so = says_so or (user.groups or {})[1] ~= nil
  end
  shows[client] = shows[client] or says_so or nil
  if shows[client] then
    return {}
  end
  local groups, message, err = read_all(client, "Group")
  if groups and shows[client] == nil then
    find_out(client, groups)
  end
  return groups, message, err
end

local function read_named(client, addresses)
  local users = {}
  for _, address in ipairs(addresses) do
    local user, message, err = client:find("User", "userName", address)
    if user then
      users[#users + 1] = user
    elseif err.code ~= "not_found" then
      return nil, message, err
    end
  end
  return users
end

local function keep_disabled(users, disabled)
  local list = {}
  for _, user in ipairs(users) do
    if (user.active == false) == disabled then
      list[#list + 1] = user
    end
  end
  return list
end

--- Reads the directory: all users, all groups and their members.
---@param client lastpass.scim.Client
---@param filter? table disabled (boolean); or, alone, `named` (addresses): these people and no groups but theirs
---@return lastpass.Snapshot|nil
---@return string? message
---@return lastpass.Error? err
function M.snapshot(client, filter)
  filter = errors.check_options("scim:snapshot", filter, { disabled = "boolean", named = "table" })
  if filter.named and filter.disabled ~= nil then
    errors.raise(2, "scim:snapshot: 'named' stands alone")
  end
  local users, groups, rows, message, err
  if filter.named then
    users, message, err = read_named(client, filter.named)
    groups, message, err = users and groups_for(client, users), message, err
  else
    users, message, err = read_all(client, "User")
    if users then -- groups that nobody is in are named by the groups alone
      groups, message, err = read_all(client, "Group")
    end
  end
  if groups and filter.disabled ~= nil then
    users = keep_disabled(users, filter.disabled)
  end
  if groups then
    rows, message, err = rows_of(users, groups)
  end
  if not rows then
    return nil, message, err
  end
  return snapshots.new(adapter_of(client), rows)
end

local function need(value, _, err)
  if value == nil then
    error(err, 0)
  end
  return value
end

--- Everybody, or those whom the filter lets through. A failure raises the error.
---@param client lastpass.scim.Client
---@param filter? table status ("active", "disabled"), disabled (boolean)
---@return fun(): lastpass.User|nil iterator
function M.users(client, filter)
  filter = errors.check_options("scim:users", filter, snapshots.filter_options)
  return need(M.snapshot(client)):users(filter)
end

--- One user.
---@param client lastpass.scim.Client
---@param email string
---@return lastpass.User|nil
---@return string? message
---@return lastpass.Error? err code "no_such_user" when there is none
function M.user(client, email)
  if email == "" then
    errors.raise(2, "scim:user: needs an e-mail address")
  end
  email = require("lastpass.email").trim(email)
  local found, groups, rows, message, err
  found, message, err = client:find("User", "userName", email)
  if not found and err.code == "not_found" then
    return errors.fail("refused", "no_such_user", ("there is no user %s"):format(email), {
      command = err.command,
    })
  end
  if found then
    groups, message, err = groups_for(client, { found })
  end
  if groups then
    rows, message, err = rows_of({ found }, groups)
  end
  if not rows then
    return nil, message, err
  end
  return snapshots.new(adapter_of(client), rows):user_at(1)
end

--- A group by its name. Nothing is sent before it is used.
---@param client lastpass.scim.Client
---@param name string
---@return lastpass.Group
function M.group(client, name)
  if name == "" then
    errors.raise(2, "scim:group: needs the name of a group")
  end
  return require("lastpass.directory.group").new(adapter_of(client), name)
end

--- All groups, by name. A failure raises the error.
---@param client lastpass.scim.Client
---@return fun(): lastpass.Group|nil iterator
function M.groups(client)
  return need(M.snapshot(client)):groups()
end

signature.declare("scim:", M, {
  snapshot = "filter?: table",
  users = "filter?: table",
  user = "email: string",
  group = "name: string",
  groups = "",
})

return M

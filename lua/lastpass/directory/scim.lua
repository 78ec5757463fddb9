--- What a SCIM server says of its company, as the same users, groups and snapshots as over the Enterprise API; their
-- methods act over SCIM, and what it cannot do is refused with the code "not_over_scim".
-- SCIM knows no invitations, admins, multifactor or log-ins (scim §1.6): a user is "active" or "disabled", and what it
-- does not say is nil or false. `user.attributes` has the SCIM `id` and `externalId`.
-- @module lastpass.directory.scim
local carriers = require "lastpass.directory.carrier"
local changes = require "lastpass.directory.changes"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local pages = require "lastpass.scim.pages"
local scim_rows = require "lastpass.directory.scim_rows"
local signature = require "lastpass.signature"
local snapshots = require "lastpass.directory.snapshot"

local M = {}

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

--- An option of the SCIM client.
function adapter:option(name)
  return self._client:option(name)
end

--- The zone of times: SCIM's are instants.
function adapter.zone()
  return (require("lastpass.time").zone "UTC")
end

--- One user, as of `client:user`.
function adapter:user(address)
  return M.user(self._client, address)
end

--- The directory, as of `client:snapshot`.
function adapter:snapshot(filter)
  return M.snapshot(self._client, filter)
end

--- What `group:add` and `group:remove` call: a row for each membership.
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

-- ---- what is read ----

local function read_groups(client)
  return pages.collect(function()
    return client:list "Group"
  end)
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
  local groups, message, err = read_groups(client)
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

local function rows_of(users, groups)
  local rows, message, err = scim_rows.new(groups)
  if not rows then
    return nil, message, err
  end
  local ok
  ok, message, err = rows:add(users)
  if not ok then
    return nil, message, err
  end
  return rows:finish()
end

-- The places of a page that are left out where only those who are disabled, or only the others, are wanted.
local function skip_others(page, disabled)
  local skipped, field = page.skipped or {}, core.user_fields.disabled
  for index in ipairs(page.ids) do
    local active
    if page.rows then
      active = not core.user_value(page.rows, index, field)
    else
      active = page.resources[index].active
    end
    skipped[index] = skipped[index] or active == disabled or nil
  end
  return skipped
end

local function add_page(rows, page)
  if page.rows then
    rows:add_rows(page.rows, page.skipped)
    return
  end
  local users = {}
  for index, user in ipairs(page.resources) do
    users[#users + 1] = not (page.skipped and page.skipped[index]) and user or nil
  end
  local _, _, err = rows:add(users)
  if err then
    error(err, 0)
  end
end

-- Everybody, or those who are disabled or are not; groups that nobody is in are named by the groups alone.
local function read_directory(client, disabled)
  local groups, message, err = read_groups(client)
  local rows
  if groups then
    rows, message, err = scim_rows.new(groups)
  end
  if not rows then
    return nil, message, err
  end
  local function decode(text)
    return rows:decode(text)
  end
  return pages.returned(function()
    for page in pages.each_page(client, "User", decode) do
      if disabled ~= nil then
        page.skipped = skip_others(page, disabled)
      end
      add_page(rows, page)
    end
    return rows:finish()
  end)
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
  local rows, message, err
  if filter.named then
    local users, groups
    users, message, err = read_named(client, filter.named)
    if users then
      groups, message, err = groups_for(client, users)
    end
    if groups then
      rows, message, err = rows_of(users, groups)
    end
  else
    rows, message, err = read_directory(client, filter.disabled)
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

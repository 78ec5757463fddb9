--- What a client says of its company: people, groups, shared folders and events as objects. The methods
-- of `lastpass.Client` that need more than one call of the wire or give more than its reply.
-- @module lastpass.directory.client
local errors = require "lastpass.error"
local pages = require "lastpass.enterprise.pages"
local signature = require "lastpass.signature"
local snapshots = require "lastpass.directory.snapshot"

local M = {}

--- Reads the whole directory, all pages, and proves that none was lost.
---@param filter? table disabled, admin (booleans), username; or, alone, `as_of` (a time): the directory
-- as it was stored then; or, alone, `named` (addresses): these people and, if one of them is an admin, all
-- admins, with a request for each instead of the whole directory
---@return lastpass.Snapshot|lastpass.directory.Record|nil
---@return string? message
---@return lastpass.Error? err
function M.snapshot(client, filter)
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
    return client:kept_snapshot(filter.as_of)
  elseif filter.named then
    local few, total, failure = require("lastpass.directory.named").read(client, filter.named)
    if not few then
      return nil, total, failure
    end
    return snapshots.new(client, few, total)
  end
  local rows, message, err = pages.read(client, filter)
  if not rows then
    return nil, message, err
  end
  return snapshots.new(client, rows)
end

-- An iterator cannot return its failure where a `for` would see it, so it raises the error.
local function need(value, _, err)
  if value == nil then
    error(err, 0)
  end
  return value
end

local stream_options = { stream = "boolean" }
for name, expected in pairs(snapshots.filter_options) do
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
function M.users(client, filter)
  filter = errors.check_options("client:users", filter, stream_options)
  if filter.stream then
    if filter.status then
      errors.raise(2, "client:users: 'stream' and 'status' do not go together")
    end
  end
  -- transports of nginx give replies as a whole: there everybody is read first
  if filter.stream and client:transport().start then
    return require("lastpass.directory.stream").users(client, wire_filter(filter))
  end
  local snapshot = need(client:snapshot(wire_filter(filter)))
  return snapshot:users { status = filter.status, admin = filter.admin, disabled = filter.disabled }
end

--- One user.
---@param email string
---@return lastpass.User|nil
---@return string? message
---@return lastpass.Error? err code "no_such_user" when there is none
function M.user(client, email)
  if email == "" then
    errors.raise(2, "client:user: needs an e-mail address")
  end
  local rows, message, err = pages.fetch(client, { username = email })
  if not rows then
    return nil, message, err
  end
  local user = snapshots.new(client, rows:seal()):user(email)
  if not user then
    email = require("lastpass.email").trim(email)
    return errors.fail("refused", "no_such_user", ("there is no user %s"):format(email), {
      command = "getuserdata",
    })
  end
  return user
end

--- A group by its name. Nothing is sent before it is used.
---@param name string
---@return lastpass.Group
function M.group(client, name)
  if name == "" then
    errors.raise(2, "client:group: needs the name of a group")
  end
  return require("lastpass.directory.group").new(client, name)
end

--- All groups, by name. A failure raises the error.
---@return fun(): lastpass.Group|nil iterator
function M.groups(client)
  return need(client:snapshot()):groups()
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
function M.folders(client, options)
  options = errors.check_options("client:folders", options, { detailed = "boolean" })
  return each(need(require("lastpass.directory.folders").read(client, options)))
end

--- Audit events, oldest first. A failure raises the error.
---@param options? table from (default "-24h"), to, user, search, admin; times as epoch seconds,
-- "2026-03-01 10:00" in the account's zone, "-24h", "yesterday"
---@return fun(): lastpass.Event|nil iterator
function M.events(client, options)
  local events = require "lastpass.directory.events"
  options = errors.check_options("client:events", options, events.options)
  return each(need(events.read(client, options)))
end

--- Users whose master password has expired. A failure raises the error.
---@return fun(): lastpass.ExpiredPassword|nil iterator
function M.expired_passwords(client)
  return each(need(require("lastpass.directory.expired_passwords").read(client)))
end

signature.declare("client:", M, {
  snapshot = "filter?: table",
  users = "filter?: table",
  user = "email: string",
  group = "name: string",
  groups = "",
  folders = "options?: table",
  events = "options?: table",
  expired_passwords = "",
})

return M

--- Leaving: an identity provider is disconnected, and each object that it has linked is kept, unlinked or disabled. Nothing
-- of that happens by itself: a plan disables, and closing comes after it.
-- @module lastpass.inbound.disconnect
local connections = require "lastpass.inbound.connection"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local held = require "lastpass.inbound.held"
local signature = require "lastpass.signature"

local M = {}

-- Objects of one query, and of one batch.
local PAGE = 500

-- keep: the journal keeps the id, for a provider that comes back; unlink: the journal forgets it; disable: the account is
-- disabled by a plan, and the journal keeps the id
local choices = { keep = true, unlink = true, disable = true }

-- ---- what is linked ----

--- What a connection has linked, by kind and name.
---@param journal lastpass.store.Journal
---@param connection lastpass.inbound.Connection or its row in the journal
---@return lastpass.store.ScimObject[]|nil
---@return string? message
---@return lastpass.Error? err
function M.objects(journal, connection)
  local list, after = {}, nil
  repeat
    local page, message, err = journal:scim_objects {
      connection = connections.store_name(connection),
      live = true,
      after = after,
      limit = PAGE,
    }
    if not page then
      return nil, message, err
    end
    for _, object in ipairs(page) do
      list[#list + 1] = object
      after = object.id
    end
  until #page < PAGE
  table.sort(list, function(a, b)
    return a.type .. a.name < b.type .. b.name
  end)
  return list
end

-- ---- what becomes of it ----

-- Exceptions by what they name: an id, an address or the name of a group.
local function read_exceptions(exceptions)
  local by_name = {}
  for name, choice in pairs(exceptions) do
    if type(name) ~= "string" or not choices[choice] then
      local text =
        'disconnect.decide: exceptions must be { [name] = "keep", "unlink" or "disable" }'
      errors.raise(3, "%s", text)
    end
    by_name[email.fold(name)] = { name = name, choice = choice }
  end
  return by_name
end

local function choice_of(object, by_name, choice)
  for _, name in ipairs { object.id, object.account, object.name } do
    local exception = by_name[email.fold(name)]
    if exception then
      exception.is_used = true
      choice = exception.choice
    end
  end
  return choice
end

--- Decides object by object. LastPass has no command that disables a group: it is kept.
---@param objects lastpass.store.ScimObject[] of `objects`
---@param choice "keep"|"unlink"|"disable" of all that no exception names
---@param exceptions? table<string, string> by id, address or name of a group
---@return {keep: table[], unlink: table[], disable: table[]}|nil decided lists of objects
---@return string? message
---@return lastpass.Error? err code "not_linked" when an exception names nothing that is linked
function M.decide(objects, choice, exceptions)
  if not choices[choice] then
    errors.raise(2, 'disconnect.decide: "keep", "unlink" or "disable", not %s', tostring(choice))
  end
  local by_name = read_exceptions(exceptions or {})
  local decided = { keep = {}, unlink = {}, disable = {} }
  for _, object in ipairs(objects) do
    local chosen = choice_of(object, by_name, choice)
    if chosen == "disable" and not (object.type == "User" and object.state == "active") then
      chosen = "keep"
    end
    table.insert(decided[chosen], object)
  end
  for _, exception in pairs(by_name) do
    if not exception.is_used then
      local message = ("the connection has linked no '%s'"):format(exception.name)
      return errors.fail("argument", "not_linked", message)
    end
  end
  return decided
end

--- What a plan is to disable.
---@param decided table of `decide`
---@return {disable: string[]} actions for `client:plan`
function M.actions(decided)
  local addresses = {}
  for index, object in ipairs(decided.disable) do
    addresses[index] = object.account
  end
  return { disable = addresses }
end

-- ---- closing ----

local REASON = "the connection was disconnected"

-- What still waits is not done any more; what was sent is left to a worker, which finds out what became of it.
local function end_jobs(journal, name)
  local list, message, err = journal:jobs {
    connection = name,
    kinds = { held.HELD, held.DELETE, held.RENAME },
    states = { "held", "ready" },
    limit = 1e6,
  }
  if not list then
    return nil, message, err
  end
  local ended = 0
  for _, job in ipairs(list) do
    local result = { state = "superseded", reason = REASON }
    ended = ended + (journal:end_job(job.id, nil, result) and 1 or 0)
  end
  return ended
end

local function revoke_tokens(journal, name)
  local list, message, err = journal:scim_tokens(name)
  if not list then
    return nil, message, err
  end
  local revoked = 0
  for _, token in ipairs(list) do
    if not token.revoked then
      local ok
      ok, message, err = journal:revoke_scim_token(token.id)
      if ok == nil then
        return nil, message, err
      end
      revoked = revoked + 1
    end
  end
  return revoked
end

local function forget(journal, name, objects)
  for first = 1, #objects, PAGE do
    local calls = {}
    for index = first, math.min(first + PAGE - 1, #objects) do
      calls[#calls + 1] = { method = "forget_scim_object", name, objects[index].id }
    end
    local results, message, err = journal:batch(calls)
    if not results then
      return nil, message, err
    end
    for _, result in ipairs(results) do
      if result[1] == nil then
        return nil, result[2], result[3]
      end
    end
  end
  return true
end

--- Closes a connection: its tokens open nothing any more, what waits is not done, and what is to be unlinked is forgotten.
-- Disabled is nobody by this: apply the plan of `actions` before.
---@param journal lastpass.store.Journal
---@param connection lastpass.store.ScimConnection as the journal has it
---@param decided table of `decide`
---@return {revoked: integer, ended: integer}|nil closed tokens, and jobs that waited
---@return string? message
---@return lastpass.Error? err
function M.close(journal, connection, decided)
  local name = connections.store_name(connection)
  local revoked, message, err = revoke_tokens(journal, connection.name)
  local ok = revoked
  if revoked then
    ok, message, err = journal:save_scim_connection {
      name = connection.name,
      tenant = connection.tenant,
      provider = connection.provider,
      mode = connection.mode,
      settings = connection.settings,
      state = "closed",
    }
  end
  local ended
  if ok then
    ended, message, err = end_jobs(journal, name)
  end
  if ended then
    ok, message, err = forget(journal, name, decided.unlink)
  end
  if not ended or not ok then
    return nil, message, err
  end
  return { revoked = revoked, ended = ended }
end

return signature.declare("inbound.disconnect.", M, {
  objects = "journal: table, connection: table",
  decide = "objects: table, choice: string, exceptions?: table",
  actions = "decided: table",
  close = "journal: table, connection: table, decided: table",
})

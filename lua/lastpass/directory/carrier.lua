--- What carries a change of `lastpass.directory.changes` to LastPass, and reads the user back: the Enterprise API,
-- SCIM as far as it goes, or the REST API for what it alone does. Who plans or guards changes need not know which it is.
-- @module lastpass.directory.carrier
local changes = require "lastpass.directory.changes"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

---@class lastpass.directory.Carrier
---@field name "enterprise"|"scim"|"rest"
local enterprise = {}
local scim = {}
local rest = {}

local enterprise_mt = { __name = "lastpass.directory.Carrier", __index = enterprise }
local scim_mt = { __name = "lastpass.directory.Carrier", __index = scim }
local rest_mt = { __name = "lastpass.directory.Carrier", __index = rest }

local M = {}

enterprise.name, scim.name, rest.name = "enterprise", "scim", "rest"

local function check_kind(kind)
  local change = changes.by_name[kind]
  if not change then
    local nearest = errors.did_you_mean(kind, errors.names_of(changes.by_name))
    errors.raise(3, "carrier: there is no change '%s'%s", tostring(kind), nearest)
  end
  return change
end

-- ---- the Enterprise API ----

--- Whether a change can be sent this way.
---@param kind string name of a `lastpass.directory.changes` row
---@param after? table what it sets
---@return boolean
---@return string? why not
function enterprise.carries(_, kind, after) -- luacheck: no unused args
  local change = check_kind(kind)
  if change.rest then
    return false, change.scim
  end
  return true
end

--- Sends one change.
---@param kind string
---@param subject string address
---@param after? table what it sets
---@param private? table what it sets beside that and is written down nowhere
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function enterprise:send(kind, subject, after, private)
  local change = check_kind(kind)
  if change.rest then
    return errors.fail("refused", "not_over_enterprise", ("%s: %s"):format(kind, change.scim))
  end
  local row = changes.row(kind, subject, after or {}, private)
  local data = changes.takes_list(change) and { row } or row
  return self._client[change.command](self._client, data)
end

--- Reads the user back.
---@param address string
---@return lastpass.User|nil
---@return string? message
---@return lastpass.Error? err code "no_such_user" when there is none
function enterprise:user(address)
  return self._client:user(address)
end

-- ---- SCIM ----

-- What stands in a change beside what SCIM carries of it; nil when there is nothing.
local function surplus(change, after)
  local carried = errors.set_of(change.scim)
  for _, name in ipairs(errors.names_of(after or {})) do
    if not carried[name] then
      return name
    end
  end
  return nil
end

local function why_not(change, after, private)
  if type(change.scim) == "string" then
    return change.scim
  end
  local field = surplus(change, after) or surplus(change, private)
  return field
    and ("the Enterprise API sets '%s' by %s; SCIM does not"):format(field, change.command)
end

--- Whether a change can be sent this way: its fields decide as well, such as a name for Duo.
---@param kind string name of a `lastpass.directory.changes` row
---@param after? table what it sets
---@return boolean
---@return string? why not, and which command of the Enterprise API does it
function scim.carries(_, kind, after)
  local reason = why_not(check_kind(kind), after)
  if reason then
    return false, reason
  end
  return true
end

-- A full name in the parts that servers store. LastPass has the full name alone; whoever puts it together of the
-- parts gets the same one.
local function name_of(fullname)
  local given, family = fullname:match "^(.*%S)%s+(%S+)$"
  return { formatted = fullname, givenName = given, familyName = family or fullname }
end

local function name_operations(fullname)
  local operations = { { op = "replace", path = "displayName", value = fullname } }
  local name = name_of(fullname)
  for _, part in ipairs { "formatted", "givenName", "familyName" } do
    local path = "name." .. part
    operations[#operations + 1] = name[part] and { op = "replace", path = path, value = name[part] }
      or { op = "remove", path = path }
  end
  return operations
end

-- What cannot come back is done to whom the server names now, and to nobody whom it named before.
local function id_of(self, address, is_fresh)
  local known = not is_fresh and self._ids[email.fold(address)]
  if known then
    return known
  end
  local found, message, err = self._client:find("User", "userName", address)
  if found then
    return found.id
  elseif err.code == "not_found" then
    return errors.fail("refused", "no_such_user", ("there is no user %s"):format(address), {
      command = err.command,
    })
  end
  return nil, message, err
end

-- The id of a group by its name. Over the Enterprise API a group comes into being by being named.
local function group_id(self, name, makes)
  if self._groups[name] then
    return self._groups[name]
  end
  local found, message, err
  if makes then
    found, message, err = self._client:link({ displayName = name }, { type = "Group" })
  else
    found, message, err = self._client:find("Group", "displayName", name)
  end
  if found then
    self._groups[name] = found.id
    return found.id
  elseif err.code == "not_found" then
    return false
  end
  return nil, message, err
end

local function change_members(self, method, name, id)
  local group, message, err = group_id(self, name, method == "add_members")
  if not group then
    return group == false or nil, message, err -- nobody is in a group that does not exist
  end
  local done
  done, message, err = self._client[method](self._client, group, { id })
  if not done and err.code == "not_found" and self._groups[name] then
    self._groups[name] = nil -- deleted since, and perhaps made anew
    group, message, err = group_id(self, name, method == "add_members")
    if group then
      return self._client[method](self._client, group, { id })
    elseif group == false then
      return true
    end
  end
  return done, message, err
end

local function change_groups(self, id, joins, leaves)
  for _, list in ipairs { { "add_members", joins }, { "remove_members", leaves } } do
    for _, name in ipairs(list[2] or {}) do
      local done, message, err = change_members(self, list[1], name, id)
      if not done then
        return nil, message, err
      end
    end
  end
  return { id = id }
end

local function send_create(self, address, after)
  local user = { userName = address, active = true }
  user.emails = { { value = address, type = "work", primary = true } }
  if after.fullname then
    user.displayName, user.name = after.fullname, name_of(after.fullname)
  end
  local made, message, err = self._client:create("User", user)
  if not made then
    return nil, message, err
  end
  local done
  done, message, err = change_groups(self, made.id, after.groups)
  if not done then -- the user exists by now
    err.uncertain = true
    return nil, message, err
  end
  return done
end

local function set_active(value)
  return function(self, address)
    local id, message, err = id_of(self, address)
    local done = id
    if id then
      local named = { named = { "userName", address } }
      done, message, err = self._client:set_active(id, value, named)
    end
    if not done then
      return nil, message, err
    end
    return { id = id }
  end
end

local function send_name(self, address, after)
  local id, message, err = id_of(self, address)
  local done = id
  if id then
    local operations = name_operations(after.fullname)
    local named = { named = { "userName", address } }
    done, message, err = self._client:patch("User", id, operations, named)
  end
  if not done then
    return nil, message, err
  end
  return { id = id }
end

local function send_groups(self, address, after)
  local id, message, err = id_of(self, address)
  if not id then
    return nil, message, err
  end
  return change_groups(self, id, after.join, after.leave)
end

local function send_delete(self, address)
  local id, message, err = id_of(self, address, true)
  local done = id
  if id then
    done, message, err = self._client:delete("User", id)
  end
  if not done then
    return nil, message, err
  end
  return { id = id }
end

local senders = {
  create = send_create,
  name = send_name,
  groups = send_groups,
  delete = send_delete,
  disable = set_active(false),
  enable = set_active(true),
}

--- Sends one change.
---@param kind string
---@param subject string address
---@param after? table what it sets
---@param private? table what it sets beside that and is written down nowhere
---@return table|nil reply with the SCIM `id`
---@return string? message
---@return lastpass.Error? err code "not_over_scim" for what SCIM does not carry; nothing was sent then
function scim:send(kind, subject, after, private)
  local reason = why_not(check_kind(kind), after, private)
  if reason then
    return errors.fail("refused", "not_over_scim", ("%s: %s"):format(kind, reason), {
      hint = "send it over the Enterprise API",
    })
  end
  return senders[kind](self, subject, after or {})
end

--- Reads the user back.
---@param address string
---@return lastpass.User|nil
---@return string? message
---@return lastpass.Error? err code "no_such_user" when there is none
function scim:user(address)
  return self._client:user(address)
end

-- ---- the REST API ----

--- Whether a change can be sent this way.
---@param kind string name of a `lastpass.directory.changes` row
---@param after? table what it sets
---@return boolean
---@return string? why not
function rest.carries(_, kind, after) -- luacheck: no unused args
  local change = check_kind(kind)
  if change.rest then
    return true
  end
  return false, ("the Enterprise API does it by %s"):format(change.command)
end

local rest_senders = {
  stage = function(self, address, after)
    return self._client:create_user { email = address, name = after.fullname, action = "stage" }
  end,
  admin_level = function(self, address, after)
    local account = self._accounts and self._accounts:of(address)
    if not account or account.is_duplicate then
      local text = account and "the REST API has %s twice, by case"
        or "the REST API does not know %s"
      return errors.fail("refused", "no_such_user", text:format(address))
    end
    local given, message, err =
      self._client:add_user_to_admin_level(after.level_id, { user_id = account.id })
    if given and given.admin_level_id ~= nil and given.admin_level_id ~= after.level_id then
      return errors.fail("protocol", "unexpected_shape", "the reply names another admin level", {
        uncertain = true,
        command = "add_user_to_admin_level",
      })
    end
    return given, message, err
  end,
}

--- Sends one change.
---@param kind string
---@param subject string address
---@param after? table what it sets
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err code "not_over_rest" for what it does not carry; nothing was sent then
function rest:send(kind, subject, after)
  local is_carried, why = self:carries(kind)
  if not is_carried then
    return errors.fail("refused", "not_over_rest", ("%s: %s"):format(kind, why))
  end
  return rest_senders[kind](self, subject, after or {})
end

local signatures = {
  carries = "kind: string, after?: table",
  send = "kind: string, subject: string, after?: table, private?: table",
  user = "address: string",
}
signature.declare("carrier:", enterprise, signatures)
signature.declare("carrier:", scim, signatures)
signature.declare("carrier:", rest, {
  carries = signatures.carries,
  send = "kind: string, subject: string, after?: table",
})

--- Changes over the Enterprise API.
---@param client lastpass.Client
---@return lastpass.directory.Carrier
function M.of_enterprise(client)
  return setmetatable({ _client = client }, enterprise_mt)
end

--- Changes over SCIM: what it does not carry is refused with the code "not_over_scim".
---@param client lastpass.scim.Client
---@param ids? table<string, string> ids of users that were read a short time ago, by the key of the address; default:
-- each is looked up
---@return lastpass.directory.Carrier
function M.of_scim(client, ids)
  return setmetatable({ _client = client, _groups = {}, _ids = ids or {} }, scim_mt)
end

--- Changes that the REST API alone does.
---@param client lastpass.business.Client
---@param accounts? lastpass.directory.Accounts who has which id there; without it nobody gets an admin level
---@return lastpass.directory.Carrier
function M.of_rest(client, accounts)
  return setmetatable({ _client = client, _accounts = accounts }, rest_mt)
end

signature.declare("directory.carrier.", M, {
  of_rest = "client: table, accounts?: table",
  of_enterprise = "client: table",
  of_scim = "client: table, ids?: table",
})

return M

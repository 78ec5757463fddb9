--- From what is asked of a user to changes of the table that plans have (`lastpass.directory.changes`), and to what the
-- journal has of the user before and after them.
-- @module lastpass.inbound.user_changes
local changes_table = require "lastpass.directory.changes"
local email = require "lastpass.email"
local members = require "lastpass.inbound.members"
local objects = require "lastpass.inbound.objects"
local resources = require "lastpass.inbound.resources"
local state = require "lastpass.plan.state"
local values = require "lastpass.scim.values"

local M = {}

--- What a request asks of a user.
---@class lastpass.inbound.Asked
---@field active? boolean      nil: nothing is said of it
---@field fullname? string
---@field address? string      another one than the user has
---@field name? string         userName as it was sent
---@field external_id? string
---@field attributes? table    what is stored beside LastPass
---@field touched table<string, boolean> sides of the user that it says something of

--- An address that LastPass can have.
function M.check_address(name)
  local address, reason = email.check(type(name) == "string" and name or "")
  if address then
    return email.composed(address)
  end
  local message = ("userName must be an e-mail address: %s"):format(tostring(reason))
  return resources.refuse(400, "invalidValue", "bad_address", message)
end

local function add_access(list, entry, asked)
  local status, subject = entry.state.status, entry.address
  if asked.active == true and status == "disabled" then
    list[#list + 1] = { kind = "enable", subject = subject }
  elseif asked.active == false and status == "active" then
    list[#list + 1] = { kind = "disable", subject = subject }
  elseif asked.active == false and status == "invited" then
    -- an invitation cannot be disabled: it is withdrawn, and sent again should the person come back
    list[#list + 1] = { kind = "uninvite", subject = subject }
  end
end

local function add_creation(endpoint, view, list, entry, asked)
  if entry.state.status ~= "pending" or asked.active ~= true then
    return true
  end
  local groups, message, err = members.pending_groups(endpoint, view, entry)
  if not groups then
    return nil, message, err
  end
  local after = { fullname = asked.fullname or entry.state.fullname, groups = groups }
  list[#list + 1] = { kind = "create", subject = entry.object.name, after = after, is_new = true }
  return true
end

local function add_name(list, entry, asked)
  local status = entry.state.status
  local is_other = asked.fullname ~= nil and asked.fullname ~= entry.state.fullname
  -- LastPass has no name of somebody who has not accepted the invitation
  local is_account = status == "active" or status == "disabled" or entry.user and entry.user.id
  if is_other and is_account then
    local after = { fullname = asked.fullname }
    list[#list + 1] = { kind = "name", subject = entry.address, after = after }
  end
end

local function add_rename(list, entry, asked)
  if asked.address and entry.state.status ~= "pending" then
    local after = { email = asked.address }
    list[#list + 1] = { kind = "rename", subject = entry.address, after = after }
  end
end

--- The changes that lead to what is asked for, in the order in which plans make them.
function M.list(endpoint, view, entry, asked)
  local list = {}
  local ok, message, err = add_creation(endpoint, view, list, entry, asked)
  if not ok then
    return nil, message, err
  end
  add_access(list, entry, asked)
  add_name(list, entry, asked)
  add_rename(list, entry, asked)
  for _, change in ipairs(list) do
    change.user = entry.user
  end
  table.sort(list, function(a, b)
    return changes_table.by_name[a.kind].phase < changes_table.by_name[b.kind].phase
  end)
  return list
end

--- A userName of another account; nil where it is still the same one.
function M.asked_address(endpoint, view, entry, name)
  local object = entry.object
  local key = type(name) == "string" and email.fold(name)
  if name == nil or key == object.alias or key == object.account and not object.alias then
    return true
  end
  local address, message, err = M.check_address(name)
  if not address then
    return nil, message, err
  elseif object.alias then
    message = "the address is being changed already, which ends with the user's next log-in"
    return resources.refuse(400, "mutability", "rename_pending", message)
  end
  local other
  other, message, err = objects.by_name(endpoint, view, "User", address)
  if other == nil then
    return nil, message, err
  elseif other then
    return resources.refuse(409, "uniqueness", "uniqueness", "another user has this userName")
  end
  return address
end

-- ---- what is written down ----

--- How the user ought to be when all changes are made.
function M.expected_state(entry, changes)
  local expected = entry.state
  for _, change in ipairs(changes) do
    expected = state.after(expected, change)
  end
  return expected
end

--- The object as it is once the changes are made.
function M.object_after(entry, asked, changes)
  local object, expected = objects.copy(entry.object), M.expected_state(entry, changes)
  object.attributes = asked.attributes or object.attributes
  object.external_id = asked.external_id
  object.name = asked.name or object.name
  if expected.status == "absent" or expected.status == "pending" then
    object.state = "pending"
    local active = asked.active
    if active == nil then
      active = object.shown and object.shown.active
    end
    object.shown = { active = active ~= false, fullname = asked.fullname or entry.state.fullname }
    object.account = asked.address and email.fold(asked.address) or object.account
    return object
  end
  object.state = "active"
  object.alias = asked.address and email.fold(asked.address) or object.alias
  if #changes > 0 then
    object.shown = { status = expected.status, fullname = expected.fullname }
  end
  return object
end

--- Whether two versions of an object say something else.
---@param before lastpass.store.ScimObject
---@param after lastpass.store.ScimObject
---@return boolean
function M.differs(before, after)
  for _, name in ipairs { "account", "alias", "name", "external_id", "state" } do
    if before[name] ~= after[name] then
      return true
    end
  end
  return not values.identical(before.attributes, after.attributes)
    or not values.identical(before.shown, after.shown)
end

--- What is written before LastPass is asked: nothing of a user who exists; somebody who is about to be created is pending,
-- and can be found.
function M.object_before(entry, object, asked, changes)
  if entry.state.status ~= "pending" or #changes == 0 then
    return entry.object, entry.is_known
  end
  local pending = objects.copy(object)
  pending.state, pending.alias = "pending", nil
  pending.shown = { active = asked.active ~= false, fullname = asked.fullname }
  return pending, false
end

return M

--- Writing users over SCIM: what is stored of a resource, linking, and what the Enterprise API is told of it
-- (scim §1.3, §1.4).
-- @module lastpass.sandbox.scim.user_writes
local email = require "lastpass.email"
local errors = require "lastpass.error"
local messages = require "lastpass.scim.messages"
local patches = require "lastpass.scim.patch"
local people = require "lastpass.sandbox.company.people"
local replacement = require "lastpass.scim.server.replacement"
local schema = require "lastpass.sandbox.schema"
local schemas = require "lastpass.scim.schema"
local users = require "lastpass.sandbox.scim.users"
local values = require "lastpass.scim.values"

local M = {}

local TYPE = schemas.types.User

-- ---- storing ----

local function full_name(resource)
  local name = resource.name or {}
  local both = name.givenName and name.familyName and name.givenName .. " " .. name.familyName
  return name.formatted or both or name.givenName or name.familyName or resource.displayName or ""
end

-- The full name after a change: parts that changed win over what was formatted before.
local function name_after(before, after)
  local old, new = before.name or {}, after.name
  if new and old.formatted == new.formatted then
    local changed = old.givenName ~= new.givenName or old.familyName ~= new.familyName
    if changed and (new.givenName or new.familyName) then
      return full_name { name = { givenName = new.givenName, familyName = new.familyName } }
    end
  end
  return full_name(after)
end

local function parts_of(name)
  local parts = {}
  for part, value in pairs(name or {}) do
    parts[part] = part ~= "formatted" and value or nil
  end
  return parts
end

-- What is in fields of its own, or the server's; the rest is kept as it was written, where all is.
local named = errors.set_of {
  "id",
  "meta",
  "schemas",
  "groups",
  "password",
  "userName",
  "name",
  "displayName",
  "active",
  "externalId",
}

local function others_of(resource)
  local others = {}
  for name, value in pairs(resource) do
    others[name] = not named[name] and value or nil
  end
  return others
end

-- A resource without what is not stored.
local function reduce(state, before, after)
  if state.keeps_all() then
    after.schemas = before.schemas
    return after
  end
  local reduced = {}
  for name, value in pairs(before) do
    reduced[name] = value
  end
  for _, name in ipairs { "userName", "name", "displayName", "active", "externalId" } do
    reduced[name] = after[name]
  end
  return reduced
end

local function check_address(company, state, name, person)
  if not state.is_rfc() and not schema.is_mail(name) then
    return messages.fail(400, "invalidValue", "userName must be an e-mail address")
  elseif email.fold(name) ~= values.fold(name) then
    return messages.fail(400, "invalidValue", "userName begins or ends with white space")
  elseif #name > 254 then
    return messages.fail(400, "invalidValue", "userName is too long")
  end
  local other = person and company:person(name)
  if other and other.id ~= person.id then
    return messages.fail(409, "uniqueness", "another user has that userName")
  end
  return true
end

-- Gives a person another address, if it is another one and may be given.
local function rename(company, state, person, name)
  if email.fold(name) == email.fold(person.fields.username) then
    return true
  end
  local policy = state.is_rfc() and "allow" or company.settings.scim_rename
  if policy == "mutability" then
    return messages.fail(400, "mutability", "userName cannot be changed")
  elseif policy == "ignore" then
    return true
  end
  local ok, message, err = check_address(company, state, name, person)
  if ok then
    company:rename(person, name)
  end
  return ok, message, err
end

-- Puts into a person what a resource says.
local function put(company, state, person, before, after)
  local fields, old = person.fields, person.scim or {}
  local fullname = name_after(before, after)
  person.scim = {
    linked = old.linked,
    modified = company.clock:seconds(),
    external_id = after.externalId,
    display = after.displayName ~= fullname and after.displayName or nil,
    parts = parts_of(after.name),
    fullname = fullname,
    others = state.keeps_all() and others_of(after) or nil,
  }
  state.external.User:move(person.id, old.external_id, after.externalId)
  fields.fullname = fullname
  local disabled = after.active == false
  if fields.disabled ~= disabled then
    fields.disabled = disabled
    company:audit(disabled and "deactivated" or "reactivated", fields.username, state.peer)
  end
  company:save(person)
end

-- The same for a change of somebody known; nothing is stored when nothing changes.
local function change(company, state, person, before, after)
  if after.active == nil then
    after.active = before.active -- taking the value away lets nobody in
  end
  after = reduce(state, before, after)
  if values.identical(before, after) then
    return users.resource(company, person)
  end
  local ok, message, err = rename(company, state, person, after.userName)
  if not ok then
    return nil, message, err
  end
  put(company, state, person, before, after)
  return users.resource(company, person)
end

-- ---- writing ----

local function greet(company, state, mail)
  company:count_mail(mail, "invitation")
  company:audit("provisioned", mail, state.peer)
  company:audit("invited", mail, state.peer)
end

-- The existing account gets what differs (scim §1.4).
local function link(company, state, person, resource)
  local before = users.resource(company, person)
  local after = {}
  for name, value in pairs(before) do
    after[name] = value
  end
  for name, value in pairs(resource) do
    after[name] = value
  end
  after.userName = before.userName
  put(company, state, person, before, reduce(state, before, after))
  person.scim.linked = true
  return users.resource(company, person)
end

local function has_seat(company, known)
  local limit = company.settings.licences
  return limit == 0 or known ~= nil or company:seats() < limit
end

--- POST.
function M.create(company, state, resource)
  local mail = resource.userName
  local ok, message, err = check_address(company, state, mail)
  if not ok then
    return nil, message, err
  end
  local known = company:person(mail)
  if known and not known.invited then
    local status = company.settings.scim_link
    local is_linked = known.scim and known.scim.linked
    if state.is_rfc() or is_linked or status == 409 then
      return messages.fail(409, "uniqueness", "a user has that userName")
    end
    local linked = link(company, state, known, resource)
    greet(company, state, known.fields.username)
    return linked, status
  elseif not has_seat(company, known) then
    return messages.fail(403, nil, "Not enough licenses.")
  elseif known then
    company:remove(known) -- the invitation ends in an account
  end
  local person = company:add(people.new_fields(mail, company:account_time()))
  person.scim = { linked = true }
  put(company, state, person, {}, resource)
  greet(company, state, mail)
  return users.resource(company, person)
end

-- Somebody known, in the version that is asked for.
local function take(company, id, given)
  local person = users.person(company, id)
  if not person then
    return nil
  end
  local before = users.resource(company, person)
  local ok, message, err = given.check(before.meta.version)
  if not ok then
    return nil, message, err
  end
  return person, before
end

--- PUT.
function M.replace(company, state, id, resource, given)
  local person, before, err = take(company, id, given)
  if not person then
    return nil, before, err
  end
  local after, message
  after, message, err = replacement.merge(TYPE, before, resource)
  if not after then
    return nil, message, err
  end
  return change(company, state, person, before, after)
end

--- PATCH.
function M.patch(company, state, id, operations, given)
  local person, before, err = take(company, id, given)
  if not person then
    return nil, before, err
  end
  local after, message
  after, message, err = patches.apply(before, operations, TYPE)
  if not after then
    return nil, message, err
  end
  return change(company, state, person, before, after)
end

--- DELETE.
function M.remove(company, state, id, given)
  local person, before, err = take(company, id, given)
  if not person then
    return nil, before, err
  elseif company.settings.scim_delete == "disable" and not state.is_rfc() then
    before.active = false -- and nothing else changes
    put(company, state, person, before, before)
    return true
  end
  company:remove(person)
  company:audit("account_deleted", person.fields.username, state.peer)
  company:audit("deprovisioned", person.fields.username, state.peer)
  return true
end

return M

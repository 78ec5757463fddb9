--- Users over SCIM: the same people as over the Enterprise API, with what SCIM alone knows of them beside
-- (scim §1.3, §1.4).
-- @module lastpass.sandbox.scim.users
local email = require "lastpass.email"
local errors = require "lastpass.error"
local messages = require "lastpass.scim.messages"
local patches = require "lastpass.scim.patch"
local people = require "lastpass.sandbox.company.people"
local replacement = require "lastpass.scim.server.replacement"
local schema = require "lastpass.sandbox.schema"
local schemas = require "lastpass.scim.schema"
local server = require "lastpass.scim.server"
local time = require "lastpass.time"

local M = {}

local TYPE = schemas.types.User

-- ---- what a person is over SCIM ----

-- A full name in two parts: those that SCIM wrote, while they still say the same.
local function name_of(fullname, scim)
  local name = { formatted = fullname ~= "" and fullname or nil }
  if scim and scim.parts and scim.fullname == fullname then
    for part, value in pairs(scim.parts) do
      name[part] = value
    end
  elseif fullname ~= "" then
    name.givenName, name.familyName = fullname:match "^(.-)%s+(%S+)$"
    name.givenName = name.givenName or fullname
  end
  return next(name) and name or nil
end

local function groups_of(company, names)
  local list
  for _, name in ipairs(names) do
    local group = company.group_by_name[name]
    if group then
      list = list or {}
      list[#list + 1] = { value = ("%d"):format(group.id), display = name, type = "direct" }
    end
  end
  return list
end

-- "2024-02-03 10:20:30" of the account -> "2024-02-03T15:20:30Z"
local function moment(company, text)
  local utc = type(text) == "string" and time.parse(text, company.zone)
  return utc and time.iso(utc) or nil
end

local function meta_of(company, created, person)
  local scim = person and person.scim
  local first = moment(company, created)
  return {
    resourceType = "User",
    created = first,
    lastModified = scim and scim.modified and time.iso(scim.modified) or first,
    version = ('W/"%d"'):format(person and person.revision or 0),
  }
end

-- Somebody whom nobody changed, without making all that getuserdata shows.
local function untouched(company, index, wants)
  local seeded = company.seeded
  local fullname, mail = seeded:fullname(index), seeded:mail(index)
  local names = {}
  if wants "groups" then
    for _, number in ipairs { seeded:groups(index) } do
      names[#names + 1] = seeded.group_names[number]
    end
  end
  local created = wants "meta" and ("%s %s"):format(seeded:joined(index))
  return {
    id = ("%d"):format(seeded:id(index)),
    userName = mail,
    name = wants "name" and name_of(fullname) or nil,
    displayName = fullname,
    active = not seeded:flags(index),
    emails = { { value = mail, type = "work", primary = true } },
    groups = groups_of(company, names),
    meta = meta_of(company, created),
  }
end

local function everything()
  return true
end

--- The resource of a person.
---@param person lastpass.sandbox.Person
---@param wants? fun(name: string): boolean
function M.resource(company, person, wants)
  wants = wants or everything
  local fields, scim = person.fields, person.scim or {}
  local resource = {}
  for name, value in pairs(scim.others or {}) do
    resource[name] = value
  end
  resource.id = ("%d"):format(person.id)
  resource.externalId = scim.external_id
  resource.userName = fields.username
  resource.name = name_of(fields.fullname, scim)
  resource.displayName = scim.display or fields.fullname ~= "" and fields.fullname or nil
  resource.active = not fields.disabled
  resource.emails = scim.others and scim.others.emails
    or not scim.others and { { value = fields.username, type = "work", primary = true } }
    or nil
  resource.groups = wants "groups" and groups_of(company, fields.groups or {}) or nil
  resource.meta = wants "meta" and meta_of(company, fields.created, person) or nil
  return resource
end

-- ---- finding ----

--- A user by the id of SCIM.
function M.person(company, id)
  return id:find "^[1-9]%d*$" and #id < 16 and company:user_of_id(tonumber(id)) or nil
end

-- The people of an index, when a filter asks for what has one.
local function by_index(company, state, equals)
  local attribute, value = equals.attribute, equals.value
  if type(value) ~= "string" then
    return nil
  elseif attribute == "id" then
    return { M.person(company, value) }
  elseif attribute == "userName" then
    return { company:user(value) }
  elseif attribute == "externalId" then
    return state.external.User:each(value, function(id)
      return company:user_of_id(id)
    end)
  end
  return nil
end

local function iterate(list)
  local position = 0
  return function()
    position = position + 1
    return list[position]
  end
end

-- Everybody, a block at a time.
local function each(company, wants)
  local position, block = 0, {}
  return function()
    local at = position % 500
    if at == 0 then
      block = {}
      company:walk(nil, position, 500, function(index, person)
        block[#block + 1] = { index, person }
      end)
    end
    position = position + 1
    local found = block[at + 1]
    return found
      and (found[2] and M.resource(company, found[2], wants) or untouched(company, found[1], wants))
  end
end

local function page(company, state, query)
  local list, about = {}, query.whole
  company:walk(nil, query.start - 1, query.count, function(index, person)
    list[#list + 1] = person and M.resource(company, person, query.wants)
      or about and state.texts:user(index, about)
      or untouched(company, index, query.wants)
  end)
  return { resources = list, total = company:count() }
end

--- A page of users.
---@param query lastpass.scim.Query
function M.query(company, state, query)
  local found = query.equals and by_index(company, state, query.equals)
  if found then
    for position, person in ipairs(found) do
      found[position] = M.resource(company, person)
    end
    return server.page(iterate(found), query)
  elseif query.filter or query.sort_path or query.cursor then
    return server.page(each(company, everything), query)
  end
  return page(company, state, query)
end

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
  after = reduce(state, before, after)
  if replacement.same(before, after) then
    return M.resource(company, person)
  end
  local ok, message, err = rename(company, state, person, after.userName)
  if not ok then
    return nil, message, err
  end
  put(company, state, person, before, after)
  return M.resource(company, person)
end

-- ---- writing ----

local function greet(company, state, mail)
  company:count_mail(mail, "invitation")
  company:audit("provisioned", mail, state.peer)
  company:audit("invited", mail, state.peer)
end

-- The existing account gets what differs (scim §1.4).
local function link(company, state, person, resource)
  local before = M.resource(company, person)
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
  return M.resource(company, person)
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
  return M.resource(company, person)
end

-- Somebody known, in the version that is asked for.
local function take(company, id, given)
  local person = M.person(company, id)
  if not person then
    return nil
  end
  local before = M.resource(company, person)
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
    before.active = true
    local after = { active = false }
    for name, value in pairs(before) do
      after[name] = after[name] == nil and value or after[name]
    end
    put(company, state, person, before, after)
    return true
  end
  company:remove(person)
  company:audit("account_deleted", person.fields.username, state.peer)
  company:audit("deprovisioned", person.fields.username, state.peer)
  return true
end

return M

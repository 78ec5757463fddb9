--- Users over SCIM: the same people as over the Enterprise API, with what SCIM alone knows of them beside
-- (scim §1.3, §1.4).
-- @module lastpass.sandbox.scim.users
local company_groups = require "lastpass.sandbox.company.groups"
local server = require "lastpass.scim.server"
local time = require "lastpass.time"

local M = {}

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
  local names = wants "groups" and company_groups.names_of_seed(company, index) or {}
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

return M

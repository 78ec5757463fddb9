--- Users and groups as SCIM resources: what is shown of an entry, and what of a resource that was sent is stored beside
-- LastPass, which keeps an address, one name and groups.
-- @module lastpass.inbound.resources
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local members = require "lastpass.inbound.members"
local time = require "lastpass.time"
local values = require "lastpass.scim.values"

local M = {}

-- What is LastPass's own, the server's, or must not be kept; everything else is stored as it was sent.
local not_stored = {
  id = true,
  meta = true,
  schemas = true,
  userName = true,
  externalId = true,
  active = true,
  groups = true,
  password = true, -- SCIM sets no master password (scim §1.4)
  members = true,
}

-- What is made up where the client has not sent it.
local made_up = { "displayName", "name", "emails" }

-- Bytes of what is stored of one resource.
local MOST_STORED = 64 * 1024

local function is_blank(text)
  return type(text) ~= "string" or not text:find "%S"
end

local function joined(name)
  local parts = {}
  for _, part in ipairs { "givenName", "familyName" } do
    if not is_blank(name[part]) then
      parts[#parts + 1] = name[part]
    end
  end
  return parts[1] and table.concat(parts, " ") or nil
end

local function first_of(...)
  for index = 1, select("#", ...) do
    local text = (select(index, ...))
    if not is_blank(text) then
      return text
    end
  end
  return nil
end

--- LastPass's one name of a resource.
---@param resource table
---@return string|nil
function M.fullname(resource)
  local name = type(resource.name) == "table" and resource.name or {}
  return first_of(resource.displayName, name.formatted, joined(name))
end

--- The name that a change asks for: of the attributes that were changed the one that LastPass's name comes from. Parts of
-- a name count only where no whole name was ever sent.
---@param before table as it was shown
---@param after table as it is asked for
---@param stored table attributes as the client sent them
---@return string|nil fullname nil: nothing is said of it
function M.asked_fullname(before, after, stored)
  local old, new = before.name or {}, after.name or {}
  if not is_blank(after.displayName) and after.displayName ~= before.displayName then
    return after.displayName
  elseif stored.displayName ~= nil then
    return nil
  elseif not is_blank(new.formatted) and new.formatted ~= old.formatted then
    return new.formatted
  end
  return joined(new) ~= joined(old) and joined(new) or nil
end

-- ---- what is shown ----

local function add_names(resource, fullname)
  local name = type(resource.name) == "table" and resource.name or nil
  if is_blank(fullname) then
    return
  elseif M.fullname(resource) ~= fullname then -- changed by others since
    resource.displayName = fullname
    resource.name = { formatted = fullname }
    return
  end
  resource.displayName = resource.displayName or fullname
  local copy = {}
  for key, value in pairs(name or {}) do
    copy[key] = value
  end
  copy.formatted = copy.formatted or fullname
  resource.name = copy
end

local function iso(at)
  return at and time.iso(at) or nil
end

-- The version says nothing of who is in which group: nobody reads that to change a user, and of groups the journal counts
-- the changes.
local function complete(entry, resource, created, is_plain)
  local object = entry.object
  resource.id, resource.externalId = object.id, object.external_id
  if is_plain then
    return resource
  end
  local text = json.encode(resource)
  if object.type == "Group" then
    text = ("%s %d"):format(text, object.version or 0)
  end
  resource.meta = {
    created = iso(created or object.created),
    lastModified = iso(object.changed or created),
    version = ('W/"%s"'):format(digest.hex(text, 16)),
  }
  return resource
end

--- Whether somebody can log in, or will be able to.
---@param entry lastpass.inbound.Entry
---@return boolean
function M.is_active(entry)
  local object = entry.object
  if entry.state.status == "pending" then
    return not object.shown or object.shown.active ~= false
  end
  return entry.state.status ~= "disabled"
end

local function user_resource(endpoint, view, entry, wants, more)
  local object, resource = entry.object, {}
  for name, value in pairs(object.attributes) do
    resource[name] = value
  end
  resource.userName = object.name
  if object.account ~= email.fold(object.name) and not object.alias then
    resource.userName = entry.address
  end
  resource.active = M.is_active(entry)
  add_names(resource, entry.state.fullname)
  resource.emails = resource.emails
    or json.list { { value = resource.userName, type = "work", primary = true } }
  complete(entry, resource, entry.user and entry.user.created, more.is_plain)
  if not wants or wants "groups" then
    local groups, message, err = members.groups_of(endpoint, view, entry, more.prepared)
    if not groups then
      return nil, message, err
    end
    resource.groups = #groups > 0 and groups or nil
  end
  return resource
end

local function group_resource(endpoint, view, entry, wants, more)
  local resource = {}
  for name, value in pairs(entry.object.attributes) do
    resource[name] = value
  end
  resource.displayName = entry.object.name
  complete(entry, resource, nil, more.is_plain)
  if not wants or wants "members" then
    local list, message, err = members.of_group(endpoint, view, entry)
    if not list then
      return nil, message, err
    end
    resource.members = #list > 0 and list or nil
  end
  return resource
end

--- The resource of an entry.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry
---@param wants? fun(name: string): boolean whether an attribute will be shown; default all
---@param more? table is_plain (without `meta`, for a search), prepared (of `members.prepare`)
---@return table|nil
---@return string? message
---@return lastpass.Error? err
function M.show(endpoint, view, entry, wants, more)
  if entry.object.type == "User" then
    return user_resource(endpoint, view, entry, wants, more or {})
  end
  return group_resource(endpoint, view, entry, wants, more or {})
end

-- Neither is needed to change anything else, and both may be long.
local function without_memberships(name)
  return name ~= "groups" and name ~= "members"
end

--- A user or group as a request finds it that is to change it.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry
---@param given? table of the backend: what the request asks about the version
---@return table|nil found {view, entry, before}: the resource without memberships
---@return string? message
---@return lastpass.Error? err
function M.open(endpoint, view, entry, given)
  local before, message, err = M.show(endpoint, view, entry, without_memberships)
  local ok = before
  if before and given and given.check then
    ok, message, err = given.check(before.meta.version)
  end
  if not ok then
    return nil, message, err
  end
  return { view = view, entry = entry, before = before }
end

--- A failure that is the request's.
---@param status integer
---@param scim_type string
---@param code string
---@param message string
---@return nil
---@return string message
---@return lastpass.Error err
function M.refuse(status, scim_type, code, message)
  local kind = status == 409 and "conflict" or "argument"
  return errors.fail(kind, code, message, { status = status, scim_type = scim_type })
end

-- ---- what is stored ----

-- A database takes no text with a NUL, nor a long one into an index; LastPass would cut a name there.
local LONGEST = { externalId = 1024, displayName = 1024, userName = 1024 }

local function check_text(name, value)
  if type(value) ~= "string" then
    return true
  elseif #value > LONGEST[name] then
    local message = ("%s is longer than %d bytes"):format(name, LONGEST[name])
    return M.refuse(400, "invalidValue", "too_long", message)
  elseif value:find "%z" then
    return M.refuse(400, "invalidValue", "bad_text", ("%s holds a NUL"):format(name))
  end
  return true
end

local function check_texts(resource)
  for _, name in ipairs { "externalId", "displayName", "userName" } do
    local ok, message, err = check_text(name, resource[name])
    if not ok then
      return nil, message, err
    end
  end
  if (M.fullname(resource) or ""):find "%z" then
    return M.refuse(400, "invalidValue", "bad_text", "the name holds a NUL")
  end
  return true
end

--- The client's own id of a resource; an empty one is none.
---@param resource table
---@return string|nil
function M.external_id(resource)
  return resource.externalId ~= "" and resource.externalId or nil
end

--- What is stored of a resource.
---@param after table as it is asked for
---@param before? table as it was shown: what was made up then was not sent
---@param stored? table what is stored so far
---@return table|nil attributes
---@return string? message
---@return lastpass.Error? err
function M.stored(after, before, stored)
  local ok, message, err = check_texts(after)
  if not ok then
    return nil, message, err
  end
  local attributes = {}
  for name, value in pairs(after) do
    if not not_stored[name] then
      attributes[name] = value
    end
  end
  for _, name in ipairs(before and made_up or {}) do
    if stored[name] == nil and values.identical(attributes[name], before[name]) then
      attributes[name] = nil
    end
  end
  if #json.encode(attributes) > MOST_STORED then
    message = ("more than %d bytes of attributes"):format(MOST_STORED)
    return errors.fail("argument", "too_large", message, { status = 400, scim_type = "tooMany" })
  end
  return attributes
end

return M

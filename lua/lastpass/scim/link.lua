--- Who is who on the server: finding by name, creating without making anybody twice, and linking to accounts that
-- exist (scim §1.4, §4.6).
-- @module lastpass.scim.link
local attempts = require "lastpass.transport.attempts"
local call = require "lastpass.scim.call"
local errors = require "lastpass.error"
local filter = require "lastpass.scim.filter"
local limiter = require "lastpass.limiter"
local pages = require "lastpass.scim.pages"
local resource = require "lastpass.scim.resource"
local signature = require "lastpass.signature"

local M = {}

-- Behind these answers the server may still be working: they are another's, who gave up waiting for it.
local gateway_gave_up = { [502] = true, [504] = true }

local function not_found(kind, attribute)
  return errors.fail(
    "refused",
    "not_found",
    ("GET %s: no %s has that %s"):format(kind.endpoint, kind.noun, attribute),
    { command = "list_" .. kind.noun .. "s" }
  )
end

-- All whom the server's answer names and who really have that value: a server may pass over a filter, or a part of
-- one (scim §4.11). The members of a group are not asked for: there may be many.
local function matches_of(client, name, attribute, value)
  local list, message, err = pages.all(client, name, {
    filter = filter.print(filter.eq(attribute, value)),
    excluded = name == "Group" and { "members" } or nil,
    is_lookup = true,
  })
  if not list then
    return nil, message, err
  end
  local matches, names = {}, resource.types[name].names
  -- what is an attribute of a part, or not shown, is for the server alone to compare; a name has to be seen
  local may_be_hidden = attribute ~= names[1] and attribute ~= names[2]
  for _, one in ipairs(list) do
    local is = one[attribute]
    if is == nil and may_be_hidden or is ~= nil and resource.same(attribute, is, value) then
      matches[#matches + 1] = one
    end
  end
  return matches
end

local function is_exact(attribute)
  return attribute == "externalId" or attribute == "id"
end

--- The one user or group of that name.
---@param client lastpass.scim.Client
---@param type "User"|"Group"
---@param attribute string "userName", "externalId", "displayName", or another that the server can filter by
---@param value string|number|boolean
---@return table|nil resource a group without its members
---@return string? message
---@return lastpass.Error? err code "not_found" when there is none, "ambiguous" when there are several
function M.find(client, type, attribute, value)
  local kind = resource.type("scim:find", type, 2)
  if not attribute:find "^[%w$:._-]+$" then
    errors.raise(2, "scim:find: '%s' is no name of an attribute", attribute)
  end
  local matches, message, err = matches_of(client, type, attribute, value)
  -- some compare userName to the letter, although their schema says otherwise (scim §4.12)
  local lower = not is_exact(attribute) and tostring(value):lower()
  if matches and #matches == 0 and lower and lower ~= value then
    matches, message, err = matches_of(client, type, attribute, lower)
  end
  if not matches then
    return nil, message, err
  elseif #matches == 0 then
    return not_found(kind, attribute)
  elseif #matches > 1 then
    return errors.fail(
      "conflict",
      "ambiguous",
      ("GET %s: %d %ss have that %s"):format(kind.endpoint, #matches, kind.noun, attribute),
      { command = "list_" .. kind.noun .. "s", hint = "name one by its id" }
    )
  end
  return matches[1]
end

-- By its own name, then by the client's. nil alone: there is none.
local function look_up(client, name, given)
  for _, attribute in ipairs(resource.types[name].names) do
    local value = given[attribute]
    if value ~= nil then
      local found, message, err = M.find(client, name, attribute, value)
      if found or err.code ~= "not_found" then
        return found, message, err
      end
    end
  end
  return nil
end

-- A server that says there is one, and does not find it by its filter: all are looked through.
local function look_through(client, name, given)
  local asked = { excluded = name == "Group" and { "members" } or nil }
  local list, message, err = pages.all(client, name, asked)
  for _, one in ipairs(list or {}) do
    for _, attribute in ipairs(resource.types[name].names) do
      if given[attribute] ~= nil and resource.same(attribute, one[attribute], given[attribute]) then
        return one
      end
    end
  end
  return nil, message, err
end

local function check_named(where, name, given, level)
  local attribute = resource.types[name].names[1]
  local value = given[attribute]
  if type(value) ~= "string" or value == "" then
    errors.raise(level + 1, "%s: a %s needs '%s'", where, name, attribute)
  end
end

-- By its own name alone: an externalId may be somebody else's as well.
local function find_created(client, name, given)
  local attribute = resource.types[name].names[1]
  return M.find(client, name, attribute, given[attribute])
end

-- An answer without the resource does not say its id; one with somebody else's would lead to changes of theirs.
local function take_created(client, name, given, reply)
  local kind = resource.types[name]
  local attribute = kind.names[1]
  local made = reply.body and resource.read(name, reply.body)
  if not made then
    local found, message, err = find_created(client, name, given)
    if not found then
      err.uncertain = true -- the server said that it made one
    end
    return found, message, err
  elseif
    made[attribute] ~= nil and not resource.same(attribute, made[attribute], given[attribute])
  then
    local message = ("POST %s: the answer is another %s"):format(kind.endpoint, kind.noun)
    return errors.fail("protocol", "unexpected_shape", message, {
      command = "create_" .. kind.noun,
      uncertain = true,
    })
  end
  return made
end

-- After an answer that was lost or asks to wait. A found resource is the one that was asked for; `repeats` says
-- whether it may be asked for again.
local function after_failure(client, name, given, err)
  local is_over = err.status ~= nil and not gateway_gave_up[err.status]
  local found, message, reason = find_created(client, name, given)
  if found then
    return found
  elseif reason.code == "not_found" then
    reason = nil
  else -- whether it was made cannot be found out now
    err.hint = "looking it up failed as well: " .. message
  end
  err.uncertain = not is_over or nil
  return nil, is_over and not reason
end

local function create(client, name, given)
  local kind, attempt = resource.types[name], 0
  local request = {
    command = "create_" .. kind.noun,
    method = "POST",
    path = kind.endpoint,
    body = resource.write(name, given),
    once = true,
  }
  while true do
    attempt = attempt + 1
    local reply, message, err = call.perform(client, request)
    if reply then
      return take_created(client, name, given, reply)
    end
    local options = client._options
    local is_last = attempt > options.retries or options.repeat_writes == false
    if
      not limiter.is_passing(err) and not err.uncertain or is_last and attempts.is_untouched(err)
    then
      return nil, message, err
    end
    attempts.wait(options, request.command, attempt, err)
    if not attempts.is_untouched(err) or err.status then
      local found, may_repeat = after_failure(client, name, given, err)
      if found then
        return found
      elseif is_last or not may_repeat then
        return nil, message, err
      end
    end
  end
end

--- Creates a user or a group. An answer that is lost is not followed by a second POST: the resource is looked up,
-- and found it is returned; where it is not, the failure is `uncertain`. LastPass mails an activation code to
-- every user who is created, and links an address that the company knows (scim §1.4).
---@param client lastpass.scim.Client
---@param type "User"|"Group"
---@param resource_given table userName, name, emails, active …; displayName of a group
---@return table|nil resource with its id
---@return string? message
---@return lastpass.Error? err code "uniqueness" when there is one already: see `link`
function M.create(client, type, resource_given)
  resource.type("scim:create", type, 2)
  check_named("scim:create", type, resource_given, 2)
  return create(client, type, resource_given)
end

-- Whether what is wanted is so: every part of it, and lists as a whole.
local function holds(current, wanted)
  if type(wanted) ~= "table" or type(current) ~= "table" then
    return current == wanted
  elseif #wanted ~= #current then
    return false
  end
  for key, value in pairs(wanted) do
    if not holds(current[key], value) then
      return false
    end
  end
  return true
end

local untouched =
  { id = true, schemas = true, meta = true, groups = true, members = true, password = true }

-- One operation for each attribute, with its path (scim §3, interop draft).
local function differences(name, current, wanted)
  local operations = {}
  local function compare(path, is, ought)
    if not holds(is, ought) then
      operations[#operations + 1] = { op = "replace", path = path, value = ought }
    end
  end
  local keys = errors.names_of(wanted)
  for _, key in ipairs(keys) do
    local value, is = wanted[key], current[key]
    if key:find "^urn:" or key == "name" then
      local separator = key == "name" and "." or ":"
      for _, part in ipairs(errors.names_of(value)) do
        compare(key .. separator .. part, type(is) == "table" and is[part] or nil, value[part])
      end
    elseif not untouched[key] then
      local same_name = key == resource.types[name].names[1] and resource.same(key, is, value)
      if not same_name then
        compare(key, is, value)
      end
    end
  end
  return operations
end

local function adopt(client, name, found, wanted)
  local operations = differences(name, found, wanted)
  if #operations == 0 then
    return found, "unchanged"
  end
  local version = resource.version(found)
  local updated, message, err = client:patch(name, found.id, operations, { version = version })
  if updated == true then
    updated, message, err = client:get(name, found.id)
  end
  if not updated then
    return nil, message, err
  end
  local attribute = resource.types[name].names[1]
  if not resource.same(attribute, updated[attribute], wanted[attribute]) then
    return errors.fail(
      "refused",
      "rename_ignored",
      ("PATCH %s/%s: the server took another %s and kept the old one"):format(
        resource.types[name].endpoint,
        found.id,
        attribute
      ),
      {
        command = "patch_" .. resource.types[name].noun,
        hint = "LastPass changes no userName by SCIM",
      }
    )
  end
  return updated, "adopted"
end

--- Makes sure that there is such a user (or group): an existing one is found by its names and what differs is
-- changed, else one is created. A server that answers 409 has one; it is looked up and adopted.
---@param client lastpass.scim.Client
---@param resource_given table what it ought to be; what it does not name stays as it is
---@param options? table type ("User", "Group"; default "User")
---@return table|nil resource with its id
---@return string how "created", "adopted" or "unchanged"; or the message
---@return lastpass.Error? err
function M.link(client, resource_given, options)
  options = errors.check_options("scim:link", options, { type = "string" })
  local name = options.type or "User"
  resource.type("scim:link", name, 2)
  check_named("scim:link", name, resource_given, 2)
  local found, message, err = look_up(client, name, resource_given)
  if not found and not err then
    found, message, err = create(client, name, resource_given)
    if found then
      return found, "created"
    elseif err.code ~= "uniqueness" then
      return nil, message, err
    end
    local refusal = err
    found, message, err = look_up(client, name, resource_given)
    if not found and not err then
      found, message, err = look_through(client, name, resource_given)
    end
    if not found and not err then
      return nil, refusal.message, refusal
    end
  end
  if not found then
    return nil, message, err
  end
  return adopt(client, name, found, resource_given)
end

signature.declare("scim:", M, {
  find = "type: string, attribute: string, value: string|number|boolean",
  create = "type: string, resource: table",
  link = "resource: table, options?: table",
})

return M

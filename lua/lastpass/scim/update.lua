--- Changes of users and groups that the server knows by an id.
-- @module lastpass.scim.update
local call = require "lastpass.scim.call"
local errors = require "lastpass.error"
local patch = require "lastpass.scim.patch"
local resource = require "lastpass.scim.resource"
local schema = require "lastpass.scim.schema"
local signature = require "lastpass.signature"

local M = {}

-- A known version is sent along, so that a change of somebody else's in between is noticed.
local function version_for(client, given)
  return client._options.dialect.if_match and given or nil
end

-- A version guards one state: of a repeated request one cannot tell whether it was the first that changed it.
local function put(client, kind, id, body, version)
  return call.perform(client, {
    command = "replace_" .. kind.noun,
    method = "PUT",
    path = call.path(kind, id),
    body = body,
    version = version_for(client, version),
  })
end

-- 404 on a change: the account was deleted and made anew, and has another id (scim §1.4).
local function id_by_name(client, name, named)
  local attribute = resource.types[name].names[1]
  if not named[attribute] then
    return nil
  end
  local found = client:find(name, attribute, named[attribute])
  return found and found.id
end

--- Replaces a user or group by a whole one. `active` always goes along: a user without it in `resource` keeps what
-- the server has (scim §2.8). When the id is gone (404), the resource is looked up by its name; with `recreate` it
-- is made anew when there is none.
---@param type "User"|"Group"
---@param id string
---@param resource_given table
---@param options? table version, recreate (boolean)
---@return table|nil resource as the server has it now, perhaps with another id
---@return string? message
---@return lastpass.Error? err code "version_conflict" when it was changed meanwhile
function M.replace(client, type, id, resource_given, options)
  local kind = resource.type("scim:replace", type, 2)
  resource.check_id("scim:replace", id, 2)
  options =
    errors.check_options("scim:replace", options, { version = "string", recreate = "boolean" })
  local body = resource.write(type, resource_given, id)
  if type == "User" and body.active == nil then
    local current, message, err = client:get(type, id)
    if current then
      body.active = current.active ~= false
    elseif err.code ~= "not_found" then
      return nil, message, err
    end
  end
  local reply, message, err = put(client, kind, id, body, options.version)
  if not reply and err.code == "not_found" then
    local other = id_by_name(client, type, resource_given)
    if other and other ~= id then
      body.id = other
      reply, message, err = put(client, kind, other, body)
    elseif not other and options.recreate then
      return client:create(type, resource_given)
    end
  end
  if not reply then
    return nil, message, err
  end
  local replaced = reply.body and resource.read(type, reply.body)
  if replaced then
    return replaced
  end
  return client:get(type, body.id)
end

-- A server without PATCH is told by what the whole resource becomes.
local function replace_patched(client, type, id, operations)
  local current, message, err = client:get(type, id)
  if not current then
    return nil, message, err
  end
  local parsed, changed
  parsed, message, err = patch.parse(patch.body(operations), schema.types[type])
  if parsed then
    changed, message, err = patch.apply(current, parsed, schema.types[type])
  end
  if not changed then
    return nil, message, err
  end
  return client:replace(type, id, changed, { version = resource.version(current) })
end

--- Changes attributes: a path in every operation, and values, so that it can be sent twice.
---@param type "User"|"Group"
---@param id string
---@param operations table[] {op = "add"|"replace"|"remove", path, value}
---@param options? table version; `named`: {attribute, value} by which the resource is looked up when its id is gone
---@return table|true|nil resource as it is now; true when the server does not show it
---@return string? message
---@return lastpass.Error? err
function M.patch(client, type, id, operations, options)
  local kind = resource.type("scim:patch", type, 2)
  resource.check_id("scim:patch", id, 2)
  options = errors.check_options("scim:patch", options, { version = "string", named = "table" })
  if not operations[1] then
    errors.raise(2, "scim:patch: needs at least one operation")
  end
  if not client._options.dialect.patch and type == "User" then
    return replace_patched(client, type, id, operations)
  end
  local request = {
    command = "patch_" .. kind.noun,
    method = "PATCH",
    path = call.path(kind, id),
    body = patch.body(operations),
    version = version_for(client, options.version),
  }
  local reply, message, err = call.perform(client, request)
  if not reply and err.code == "not_found" and options.named then
    local found = client:find(type, options.named[1], options.named[2])
    if found and found.id ~= id then
      request.path, request.version = call.path(kind, found.id), nil
      reply, message, err = call.perform(client, request)
    end
  elseif not reply and err.code == "not_supported" and type == "User" then
    return replace_patched(client, type, id, operations)
  end
  if not reply then
    return nil, message, err
  end
  return reply.body and resource.read(type, reply.body) or true
end

--- Disables a user's account (false), or lets them log in again (true). An answer that shows the other state is a
-- failure: the server said yes and did nothing.
---@param id string
---@param active boolean
---@param options? table as of `patch`
---@return table|true|nil resource
---@return string? message
---@return lastpass.Error? err code "without_effect"
function M.set_active(client, id, active, options)
  local operations = { { op = "replace", path = "active", value = active } }
  local user, message, err = client:patch("User", id, operations, options)
  if user and user ~= true and user.active == not active then
    return errors.fail(
      "protocol",
      "without_effect",
      ("PATCH %s: the server took active = %s, and the user is as before"):format(
        call.path(resource.types.User, id),
        tostring(active)
      ),
      { command = "patch_user", hint = "does it take `active` by another shape of PATCH?" }
    )
  end
  return user, message, err
end

--- Deletes a user or a group, for good. One that is gone after a repetition was deleted by the first attempt.
---@param type "User"|"Group"
---@param id string
---@param options? table version
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "not_found"
function M.delete(client, type, id, options)
  local kind = resource.type("scim:delete", type, 2)
  resource.check_id("scim:delete", id, 2)
  options = errors.check_options("scim:delete", options, { version = "string" })
  local reply, message, err = call.perform(client, {
    command = "delete_" .. kind.noun,
    method = "DELETE",
    path = call.path(kind, id),
    version = version_for(client, options.version),
  })
  if not reply then
    return nil, message, err
  end
  return true
end

signature.declare("scim:", M, {
  replace = "type: string, id: string, resource: table, options?: table",
  patch = "type: string, id: string, operations: table, options?: table",
  set_active = "id: string, active: boolean, options?: table",
  delete = "type: string, id: string, options?: table",
})

return M

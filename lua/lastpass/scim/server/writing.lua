--- What writes: POST, PUT, PATCH and DELETE of one resource (scim §2.4, §2.8, §2.9).
-- @module lastpass.scim.server.writing
local URN = require("lastpass.scim.definitions").URN
local bodies = require "lastpass.scim.server.bodies"
local messages = require "lastpass.scim.messages"
local patches = require "lastpass.scim.patch"
local presentation = require "lastpass.scim.server.presentation"
local schema = require "lastpass.scim.schema"
local selections = require "lastpass.scim.server.selection"

local M = {}

local MAX_OPERATIONS = 1000

-- What a backend is given beside the change.
local function given_of(call, selection)
  local header = call.features.etag and call.request.headers["if-match"] or nil
  return {
    if_match = header,
    wants = function(name)
      return selection:wants(name)
    end,
    check = function(version)
      if header and not presentation.matches(header, version) then
        return messages.fail(412, nil, "the resource has changed since that version")
      end
      return true
    end,
  }
end

-- A resource out of the body: complete, in canonical spelling, without what is the server's alone.
local function read_resource(call)
  local body, message, err = bodies.read(call, call.type.urn)
  if not body then
    return nil, message, err
  end
  local resource
  resource, message, err = schema.normalize(call.type, body, { input = true, lenient = true })
  if not resource then
    return nil, message, err
  end
  resource.schemas = nil
  return resource
end

--- POST: creates.
function M.create(call)
  local resource, message, err = read_resource(call)
  if not resource then
    return nil, message, err
  end
  local selection = selections.new(call.type, call.asked, resource)
  local made, status, failure = call.backend:create(call.type, resource, given_of(call, selection))
  if not made then
    return nil, status or "the resource was not created", failure
  end
  call.id = made.id
  return presentation.response(call, status or 201, call.type, made, selection)
end

--- PUT: replaces.
function M.replace(call)
  local resource, message, err = read_resource(call)
  if not resource then
    return nil, message, err
  end
  local selection = selections.new(call.type, call.asked, resource)
  local replaced
  replaced, message, err =
    call.backend:replace(call.type, call.id, resource, given_of(call, selection))
  if not replaced then
    return nil, message, err
  end
  return presentation.response(call, 200, call.type, replaced, selection)
end

-- Names that a PATCH has written, for what is only returned then.
local function written_by(operations)
  local written = {}
  for _, operation in ipairs(operations) do
    local path = operation.path
    if type(path) == "table" and path.name then
      written[path.name] = true
    end
  end
  return written
end

--- PATCH: changes.
function M.patch(call)
  if not call.features.patch then
    return messages.fail(501, nil, "this server has no PATCH: use PUT")
  end
  local body, message, err = bodies.read(call, URN.patch)
  if not body then
    return nil, message, err
  end
  local operations
  operations, message, err = patches.parse(body, call.type, {
    strict = call.features.strict_patch,
    lenient = true,
    lenient_filters = call.features.lenient_filters,
    max_operations = call.features.max_operations or MAX_OPERATIONS,
  })
  if not operations then
    return nil, message, err
  end
  local selection = selections.new(call.type, call.asked, written_by(operations))
  local given = given_of(call, selection)
  local changed
  changed, message, err = call.backend:patch(call.type, call.id, operations, given)
  if changed == true and call.asked.attributes then
    -- Whoever names attributes must be shown them (scim §2.4).
    changed, message, err = call.backend:find(call.type, call.id, given.wants)
  end
  if not changed then
    return nil, message, err
  elseif changed == true then
    return messages.response(204)
  end
  return presentation.response(call, 200, call.type, changed, selection)
end

--- DELETE: removes.
function M.remove(call)
  local selection = selections.new(call.type, call.asked)
  local ok, message, err = call.backend:remove(call.type, call.id, given_of(call, selection))
  if not ok then
    return nil, message, err
  end
  return messages.response(204)
end

return M

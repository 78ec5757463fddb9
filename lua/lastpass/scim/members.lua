--- Members of a group, by addition and removal: in bounded portions, without reading the list of members, and one
-- change of a group at a time (scim §4.8, §4.10).
-- @module lastpass.scim.members
local call = require "lastpass.scim.call"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local loop = require "lastpass.transport.scheduler"
local patch = require "lastpass.scim.patch"
local resource = require "lastpass.scim.resource"
local signature = require "lastpass.signature"

local M = {}

local LOOK_AGAIN = 0.005 -- seconds until a group is asked for that another task is changing

local function distinct(where, ids)
  local list, seen = {}, {}
  for index = 1, #ids do
    local id = ids[index]
    if type(id) ~= "string" or id == "" then
      errors.raise(3, "scim:%s: number %d is no id of a user", where, index)
    end
    if not seen[id] then
      seen[id] = true
      list[#list + 1] = id
    end
  end
  return list
end

local shapes = {
  add = function(ids)
    local members = json.list {}
    for index, id in ipairs(ids) do
      members[index] = { value = id }
    end
    return { { op = "add", path = "members", value = members } }
  end,
  -- by a filter in the path: read literally, `remove` with a value empties the group (scim §3, §4.1)
  remove = function(ids)
    local operations = {}
    for index, id in ipairs(ids) do
      operations[index] = { op = "remove", path = ("members[value eq %s]"):format(json.encode(id)) }
    end
    return operations
  end,
}

local function send(client, id, op, ids)
  return call.perform(client, {
    command = "patch_group",
    method = "PATCH",
    path = call.path(resource.types.Group, id),
    body = patch.body(shapes[op](ids)),
  })
end

local function is_too_many(err)
  return err.status == 413 or err.scim_type == "tooMany"
end

-- A portion that is too large for the server is halved, and so are those that follow.
local function send_all(client, id, op, ids)
  local size, first = client._options.members_per_request, 1
  while first <= #ids do
    local portion = {}
    for index = first, math.min(first + size - 1, #ids) do
      portion[#portion + 1] = ids[index]
    end
    local reply, message, err = send(client, id, op, portion)
    if reply then
      first = first + #portion
    elseif is_too_many(err) and #portion > 1 then
      size = math.ceil(#portion / 2)
    else
      err.done = first - 1
      return nil, message, err
    end
  end
  return true
end

-- Two changes of a group at once could cost one of them its effect on a server that reads and writes the whole.
local function change(client, where, id, op, ids)
  resource.check_id("scim:" .. where, id, 3)
  ids = distinct(where, ids)
  local busy = client._busy
  while busy[id] do
    loop.sleep(LOOK_AGAIN)
  end
  busy[id] = true
  local ok, done, message, err = loop.protected_call(send_all, client, id, op, ids)
  busy[id] = nil
  if not ok then
    error(done, 0)
  end
  return done, message, err
end

--- Adds users to a group; who is in it already stays.
---@param client lastpass.scim.Client
---@param id string of the group
---@param ids string[] of users
---@return true|nil
---@return string? message
---@return lastpass.Error? err `done`: how many of the ids went well before
function M.add_members(client, id, ids)
  return change(client, "add_members", id, "add", ids)
end

--- Takes users out of a group; who is not in it is no failure.
---@param client lastpass.scim.Client
---@param id string of the group
---@param ids string[] of users
---@return true|nil
---@return string? message
---@return lastpass.Error? err `done`: how many of the ids went well before
function M.remove_members(client, id, ids)
  return change(client, "remove_members", id, "remove", ids)
end

signature.declare("scim:", M, {
  add_members = "id: string, ids: table",
  remove_members = "id: string, ids: table",
})

return M

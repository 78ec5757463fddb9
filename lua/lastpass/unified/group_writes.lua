--- Puts somebody into a group and takes them out (unified-directory §6).
-- @module lastpass.unified.group_writes
local body_room = require "lastpass.unified.user_body"
local carry = require "lastpass.unified.carry"
local encode = require("lastpass.unified.encode").encode
local found = require "lastpass.unified.found"
local groups = require "lastpass.unified.groups"
local users = require "lastpass.unified.users"

local M = {}

local function read(call)
  local body, problem = call:body()
  if not body then
    return nil, problem
  end
  for name in pairs(body) do
    if name ~= "group_id" and name ~= "user_id" then
      return body_room.refuse(name, "is not known")
    end
  end
  local name = body_room.group_name(body.group_id)
  if not name or name == "" or type(body.user_id) ~= "string" then
    return body_room.refuse(name and "user_id" or "group_id", "is required, as a text")
  end
  return { group = name, user = body.user_id }
end

-- Who is in the group by now: the directory as it was read, and this change.
local function members_after(call, name, address, joins)
  local members = {}
  local group = call.view.snapshot:group(name)
  for _, member in ipairs(group and group._members or {}) do
    members[#members + 1] = not found.same(member, address) and member or nil
  end
  if joins then
    members[#members + 1] = address
  end
  return members
end

local function change(call, joins)
  local asked, problem = read(call)
  if not asked then
    return nil, problem
  end
  local view
  view, problem = call:directory()
  if not view then
    return nil, problem
  elseif not joins and not view.snapshot:group(asked.group) then
    return call:not_found()
  end
  call.what = "user"
  local user, id = users.find(call, asked.user)
  if not user then
    return nil, id
  end
  local name, ok = asked.group, true
  if user:is_in(name) ~= joins then
    local after = { join = joins and { name } or {}, leave = joins and {} or { name } }
    local wish = { kind = "groups", subject = user.email, user = user, after = after }
    ok, problem = carry.out(call, { wish })
  end
  if not ok then
    return nil, problem
  end
  local object = groups.object(name, members_after(call, name, user.email, joins), call.cid)
  if not call.output.with_record then
    object.remote_data = nil
  end
  return { status = 200, headers = {}, body = ('{"result":%s}'):format(encode(object)) }
end

--- Puts somebody into a group.
M["add-user"] = function(call)
  return change(call, true)
end

--- Takes somebody out of a group.
M["remove-user"] = function(call)
  return change(call, false)
end

return M

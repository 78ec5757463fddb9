--- Creates, changes and takes away users (unified-directory §6).
-- @module lastpass.unified.user_writes
local body_room = require "lastpass.unified.user_body"
local carry = require "lastpass.unified.carry"
local found = require "lastpass.unified.found"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local users = require "lastpass.unified.users"
local wishes_room = require "lastpass.unified.user_wishes"

local M = {}

-- What was written is read again: the reply of a write says next to nothing.
local function show_again(call, address, status, groups)
  local user, problem = found.look(call, address)
  if problem then
    return nil, problem
  elseif not user then
    local objects = require "lastpass.directory.user"
    user = objects.of_invitation(call.tenant:client(), address, groups)
  end
  return users.show(call, user, found.id(call, user), status)
end

local function new_user(body)
  local ok, problem = body_room.check(body)
  local wish = { kind = "create" }
  if ok then
    wish.subject, problem = body_room.address(body)
    if not wish.subject and not problem then
      return body_room.refuse("emails", "is required")
    end
  end
  if not problem then
    wish.after, problem = body_room.extras(body)
  end
  if not problem then
    wish.after.fullname, problem = body_room.name(body)
  end
  if not problem then
    wish.after.groups, problem = body_room.groups(body)
  end
  if not problem then
    wish.after.password, problem = body_room.password(body)
  end
  if problem then
    return nil, problem
  end
  local status = body.status
  if not body_room.is_empty(status) and status ~= "invited" and status ~= "active" then
    return body_room.refuse("status", "of a new user is invited")
  elseif body.is_2fa_enabled == true then
    return body_room.refuse("is_2fa_enabled", "cannot be set: users enrol themselves")
  end
  return wish
end

--- Creates and invites somebody.
---@param call lastpass.unified.Call
---@return table|nil answer 201 with the user
---@return lastpass.unified.Problem? problem
function M.create(call)
  local body, problem = call:body()
  if not body then
    return nil, problem
  end
  local wish
  wish, problem = new_user(body)
  if not wish then
    return nil, problem
  end
  local known
  known, problem = found.look(call, wish.subject)
  if problem then
    return nil, problem
  elseif known and call.output.remote.upsert ~= "true" then
    local text = "there is a user with this address; remote_query[upsert]=true changes them"
    return problems.fail(409, text, { details = { id = found.id(call, known) } })
  end
  wish.user, wish.is_new = known, not known
  local ok
  ok, problem = carry.out(call, { wish }, { wish.after.password })
  if not ok then
    return nil, problem
  end
  return show_again(call, wish.subject, 201, wish.after.groups)
end

-- Whom an id means, as they are now.
local function current(call)
  local user, id = users.find(call, call.id)
  if not user then
    return nil, id
  end
  local now, problem = found.look(call, user.email)
  if problem then
    return nil, problem
  elseif not now then
    call.tenant:refresh()
    return call:not_found()
  end
  -- somebody else may have got the address since the directory was read
  local its_id = found.id(call, now)
  if its_id ~= id and not id:find "^inv_" and not call.id:find("@", 1, true) then
    call.tenant:refresh()
    return call:not_found()
  end
  return now, its_id
end

--- Changes somebody.
---@param call lastpass.unified.Call
---@return table|nil answer 200 with the user
---@return lastpass.unified.Problem? problem
function M.update(call)
  local body, problem = call:body()
  if not body then
    return nil, problem
  end
  local user, id = current(call)
  if not user then
    return nil, id
  end
  local wishes
  wishes, problem = wishes_room.of(call, body, user, id)
  if not wishes then
    return nil, problem
  end
  local ok
  ok, problem = carry.out(call, wishes)
  if not ok then
    return nil, problem
  end
  local answer
  answer, problem = show_again(call, user.email, 200, user.groups)
  if not answer then
    return nil, problem
  end
  local last = wishes[#wishes]
  if last and last.kind == "rename" then
    answer.headers["x-pending"] = "emails" -- done when they log in with the old address
  end
  return answer
end

local by_action = { [0] = "deactivate", "remove", "delete", "uninvite" }

local NO_ACTION = "remote_query[deleteaction] is required: 0 deactivates, 1 removes from the "
  .. "company, 2 destroys the account, 3 withdraws an invitation"

local function is_confirmed(call, user)
  local given = call.output.remote.confirm
  return type(given) == "string" and found.same(given, user.email)
end

local function action_of(call, user)
  local given = call.output.remote.deleteaction
  if given == nil then
    if not rawget(user, "_snapshot") then
      return "uninvite"
    end
    given = call.settings.delete_action
  end
  local number = tonumber(given)
  if not number or not by_action[number] then
    return problems.fail(400, NO_ACTION, {
      insight = {
        missing_required_query_parameters = {
          description = NO_ACTION,
          value = json.list { "remote_query[deleteaction]" },
        },
      },
    })
  elseif number == 2 and not is_confirmed(call, user) then
    local text = "destroying an account needs remote_query[confirm] with the user's address"
    return problems.fail(400, text)
  end
  return by_action[number]
end

--- Takes somebody away, in the way that the request names.
---@param call lastpass.unified.Call
---@return table|nil answer 200 with the id
---@return lastpass.unified.Problem? problem
function M.delete(call)
  local user, id = current(call)
  if not user then
    return nil, id
  end
  local kind, problem = action_of(call, user)
  if not kind then
    return nil, problem
  end
  local ok
  ok, problem = carry.out(call, { { kind = kind, subject = user.email, user = user } })
  if not ok then
    return nil, problem
  end
  return { status = 200, headers = {}, body = json.encode { id = id } }
end

return M

--- What a request to change somebody comes down to: wishes, in the order in which they are carried out
-- (unified-directory §6).
-- @module lastpass.unified.user_wishes
local body_room = require "lastpass.unified.user_body"
local found = require "lastpass.unified.found"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local user_object = require "lastpass.unified.user_object"

local M = {}

-- The memberships that are missing and those that are too many.
local function difference(wanted, present)
  local join, leave, is_wanted, is_present = {}, {}, {}, {}
  for _, name in ipairs(present) do
    is_present[name] = true
  end
  for _, name in ipairs(wanted) do
    is_wanted[name] = true
    join[#join + 1] = not is_present[name] and name or nil
  end
  for _, name in ipairs(present) do
    leave[#leave + 1] = not is_wanted[name] and name or nil
  end
  return join, leave
end

local function wish_of_name(body, user)
  local name, problem = body_room.name(body, user.fullname)
  if problem then
    return nil, problem
  elseif name then
    return { kind = "name", after = { fullname = name } }
  end
end

local function wish_of_groups(body, user)
  local wanted, problem = body_room.groups(body)
  if not wanted then
    return nil, problem
  end
  local join, leave = difference(wanted, user.groups)
  if #join + #leave > 0 then
    return { kind = "groups", after = { join = join, leave = leave } }
  end
end

local function wish_of_mfa(body, user, call)
  local wanted = body.is_2fa_enabled
  local present = rawget(user, "_snapshot") ~= nil and user.mfa ~= nil
  if wanted == nil or wanted == json.null or wanted == present then
    return nil
  elseif wanted ~= false then
    return body_room.refuse("is_2fa_enabled", "cannot be set: users enrol themselves")
  elseif call.output.remote.confirm ~= "disablemultifactor" then
    return problems.fail(
      400,
      "switching multifactor off needs remote_query[confirm]=disablemultifactor"
    )
  end
  return { kind = "disable_mfa" }
end

local function wish_of_status(body, user, call)
  local wanted, present = body.status, user_object.status(user, call.settings)
  if wanted == nil or wanted == json.null or wanted == present then
    return nil
  elseif wanted == "active" and user.status == "disabled" then
    return { kind = "enable" }
  elseif wanted == "inactive" and user.status == "active" then
    return { kind = "disable" }
  end
  return body_room.refuse("status", ("cannot become this: the user is %s"):format(present))
end

local function wish_of_address(body, user)
  local address, problem = body_room.address(body)
  if not address or found.same(address, user.email) then
    return nil, problem
  end
  return { kind = "rename", after = { email = address } }
end

-- The change of address is last: it ends only when the user logs in with the old one.
local parts = { wish_of_name, wish_of_groups, wish_of_mfa, wish_of_status, wish_of_address }

--- The wishes of a body; what is so already is none.
---@param call lastpass.unified.Call
---@param body table
---@param user lastpass.User as read just now
---@param id string
---@return lastpass.unified.Wish[]|nil
---@return lastpass.unified.Problem? problem
function M.of(call, body, user, id)
  local current =
    user_object.of(user, id, { cid = call.cid, settings = call.settings, with_record = false })
  local ok, problem = body_room.check(body, current)
  if not ok then
    return nil, problem
  elseif not body_room.is_empty(body.password) then
    return body_room.refuse("password", "cannot be set: a reset is up to the user")
  end
  local wishes, is_there = {}, {}
  for _, part in ipairs(parts) do
    local wish
    wish, problem = part(body, user, call)
    if problem then
      return nil, problem
    elseif wish then
      wish.subject, wish.user = user.email, user
      wishes[#wishes + 1], is_there[wish.kind] = wish, true
    end
  end
  if is_there.disable and is_there.rename then
    return body_room.refuse("emails", "cannot change here: the change ends with a log-in")
  end
  return wishes
end

return M

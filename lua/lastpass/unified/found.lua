--- Users that were read one by one, as writes need them: as they are now, not as they were.
-- @module lastpass.unified.found
local core = require "lastpass.core"
local email = require "lastpass.email"
local ids = require "lastpass.unified.ids"
local problems = require "lastpass.unified.problems"

local M = {}

--- The id of a user object.
---@param call table cid
---@param user lastpass.User
---@return string
function M.id(call, user)
  local rows = rawget(user, "_snapshot")
  if rows then
    return core.user_id(rows, user._row)
  end
  return ids.invited(call.cid, user.email)
end

--- Reads somebody now.
---@param call table tenant
---@param address string
---@return lastpass.User|nil user nil without a problem: there is nobody
---@return lastpass.unified.Problem? problem
function M.look(call, address)
  local user, message, err = call.tenant:client():user(address)
  if user or err.code == "no_such_user" then
    return user
  end
  return problems.of(message, err)
end

--- Whether two addresses are one.
---@param a string
---@param b string
---@return boolean
function M.same(a, b)
  return email.fold(a) == email.fold(b)
end

return M

--- Creates, changes and deletes users (unified-directory §6).
-- @module lastpass.unified.user_writes
local bodies = require "lastpass.unified.user_body"
local change_table = require "lastpass.directory.changes"
local errors = require "lastpass.error"
local fold = require("lastpass.email").fold
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local user_object = require "lastpass.unified.user_object"
local users = require "lastpass.unified.users"

local M = {}

-- The reply of a write says next to nothing, so what was written is read again.
local function show_again(call, address, status, groups)
  local user, problem = users.read(call, address)
  if problem then
    return nil, problem
  elseif not user then
    local objects = require "lastpass.directory.user"
    user = objects.of_invitation(call.tenant:client(), address, groups)
  end
  return users.show(call, user, ids.user(user, call.cid), status)
end

local new_user_fields = {
  { "fullname", bodies.name },
  { "groups", bodies.groups },
  { "password", bodies.password },
}

local function read_new_user(body)
  local ok, problem = bodies.check(body)
  local change = { kind = "create" }
  if ok then
    change.subject, problem = bodies.address(body)
    if not change.subject and not problem then
      return bodies.refuse("emails", "is required")
    end
  end
  if not problem then
    change.after, problem = bodies.extras(body)
  end
  for _, field in ipairs(new_user_fields) do
    if not problem then
      change.after[field[1]], problem = field[2](body)
    end
  end
  if problem then
    return nil, problem
  end
  local status = body.status
  if not bodies.is_empty(status) and status ~= "invited" and status ~= "active" then
    return bodies.refuse("status", "of a new user is invited")
  elseif body.is_2fa_enabled == true then
    return bodies.refuse("is_2fa_enabled", "cannot be set: users enrol themselves")
  end
  return change
end

--- Creates and invites a user.
---@param call lastpass.unified.Call
---@return table|nil answer 201 with the user
---@return lastpass.unified.Problem? problem
function M.create(call)
  local body, problem = call:body()
  local change
  if body then
    change, problem = read_new_user(body)
  end
  if not change then
    return nil, problem
  end
  call.hidden = { change.after.password }
  local existing
  existing, problem = users.read(call, change.subject)
  if problem then
    return nil, problem
  elseif existing and call.output.remote.upsert ~= "true" then
    local text = "there is a user with this address; remote_query[upsert]=true changes them"
    return problems.fail(409, text, { details = { id = ids.user(existing, call.cid) } })
  end
  change.user, change.is_new = existing, not existing
  local ok
  ok, problem = call:apply { change }
  if not ok then
    return nil, problem
  end
  return show_again(call, change.subject, 201, change.after.groups)
end

-- The user of an id, as they are now.
local function read_current(call)
  local user, id = users.find(call, call.id)
  if not user then
    return nil, id
  end
  local now, problem = users.read(call, user.email)
  if problem then
    return nil, problem
  end
  -- another account may have got the address since the directory was read
  local its_id = now and ids.user(now, call.cid)
  local is_by_number = not id:find "^inv_" and not call.id:find("@", 1, true)
  if not now or its_id ~= id and is_by_number then
    call.tenant:refresh()
    return call:not_found()
  end
  return now, its_id
end

-- The memberships that are missing and those that are too many.
local function difference(desired, present)
  local join, leave = {}, {}
  local is_desired, is_present = errors.set_of(desired), errors.set_of(present)
  for _, name in ipairs(desired) do
    join[#join + 1] = not is_present[name] and name or nil
  end
  for _, name in ipairs(present) do
    leave[#leave + 1] = not is_desired[name] and name or nil
  end
  return join, leave
end

local function change_of_name(body, user)
  local name, problem = bodies.name(body, user.fullname)
  return name and { kind = "name", after = { fullname = name } }, problem
end

local function change_of_groups(body, user)
  local desired, problem = bodies.groups(body)
  if not desired then
    return nil, problem
  end
  local join, leave = difference(desired, user.groups)
  if #join + #leave > 0 then
    return { kind = "groups", after = { join = join, leave = leave } }
  end
end

local function change_of_mfa(body, user, call)
  local desired = body.is_2fa_enabled
  local present = user_object.has_mfa(user) or false
  if desired == nil or desired == json.null or desired == present then
    return nil
  elseif desired ~= false then
    return bodies.refuse("is_2fa_enabled", "cannot be set: users enrol themselves")
  elseif call.output.remote.confirm ~= "disablemultifactor" then
    local text = "switching multifactor off needs remote_query[confirm]=disablemultifactor"
    return problems.fail(400, text)
  end
  return { kind = "disable_mfa" }
end

local function change_of_status(body, user, call)
  local desired, present = body.status, user_object.status(user, call.settings)
  if desired == nil or desired == json.null or desired == present then
    return nil
  elseif desired == "active" and user.status == "disabled" then
    return { kind = "enable" }
  elseif desired == "inactive" and user.status == "active" then
    return { kind = "disable" }
  end
  return bodies.refuse("status", ("cannot become this: the user is %s"):format(present))
end

local function change_of_address(body, user)
  local address, problem = bodies.address(body)
  if not address or fold(address) == fold(user.email) then
    return nil, problem
  end
  return { kind = "rename", after = { email = address } }
end

-- The change of address is last: it ends only when the user logs in with the old one.
local readers = {
  change_of_name,
  change_of_groups,
  change_of_mfa,
  change_of_status,
  change_of_address,
}

-- The changes that a body asks for, in the order in which they are applied.
local function read_changes(call, body, user, id)
  local current = user_object.of(user, id, { cid = call.cid, settings = call.settings })
  local ok, problem = bodies.check(body, current)
  if not ok then
    return nil, problem
  elseif not bodies.is_empty(body.password) then
    return bodies.refuse("password", "cannot be set: users reset it themselves")
  end
  local changes, has = {}, {}
  for _, read in ipairs(readers) do
    local change
    change, problem = read(body, user, call)
    if problem then
      return nil, problem
    elseif change then
      change.subject, change.user = user.email, user
      changes[#changes + 1], has[change.kind] = change, true
    end
  end
  if has.disable and has.rename then
    return bodies.refuse("emails", "cannot change here: the change ends with a log-in")
  end
  return changes
end

--- Changes a user.
---@param call lastpass.unified.Call
---@return table|nil answer 200 with the user
---@return lastpass.unified.Problem? problem
function M.update(call)
  local body, problem = call:body()
  if not body then
    return nil, problem
  end
  local user, id = read_current(call)
  if not user then
    return nil, id
  end
  local changes, ok, answer
  changes, problem = read_changes(call, body, user, id)
  if changes then
    ok, problem = call:apply(changes)
  end
  if ok then
    answer, problem = show_again(call, user.email, 200, user.groups)
  end
  if not answer then
    return nil, problem
  end
  local last = changes[#changes]
  if last and last.kind == "rename" then
    answer.headers["x-pending"] = "emails" -- done when they log in with the old address
  end
  return answer
end

local NO_ACTION = "remote_query[deleteaction] is required: 0 deactivates, 1 removes from the "
  .. "company, 2 destroys the account, 3 withdraws an invitation"

local function is_confirmed(call, user)
  local given = call.output.remote.confirm
  return type(given) == "string" and fold(given) == fold(user.email)
end

local function read_action(call, user)
  local given = call.output.remote.deleteaction
  if given == nil then
    if not user_object.has_account(user) then
      return "uninvite"
    end
    given = call.settings.delete_action
  end
  local number = tonumber(given)
  if not number or not change_table.deletions[number] then
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
  return change_table.deletions[number]
end

--- Deletes a user, in the way that the request names.
---@param call lastpass.unified.Call
---@return table|nil answer 200 with the id
---@return lastpass.unified.Problem? problem
function M.delete(call)
  local user, id = read_current(call)
  if not user then
    return nil, id
  end
  local kind, problem = read_action(call, user)
  local ok
  if kind then
    ok, problem = call:apply { { kind = kind, subject = user.email, user = user } }
  end
  if not ok then
    return nil, problem
  end
  return { status = 200, headers = {}, body = json.encode { id = id } }
end

return M

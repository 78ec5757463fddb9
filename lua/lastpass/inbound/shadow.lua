--- Shadow mode: a push was answered as if done and written nowhere but in the journal. Here it becomes a plan, with the
-- guards of plans, that `client:apply` executes.
-- @module lastpass.inbound.shadow
local accounts = require "lastpass.inbound.accounts"
local errors = require "lastpass.error"
local objects = require "lastpass.inbound.objects"
local plans = require "lastpass.plan"
local playbooks = require "lastpass.plan.playbook"
local signature = require "lastpass.signature"
local state = require "lastpass.plan.state"

local M = {}

local PAGE = 500

-- Everything that the journal has of a kind, page by page.
local function load_objects(endpoint)
  local list, after = {}, nil
  repeat
    local page, message, err = endpoint:call_journal("scim_objects", {
      connection = endpoint.store_name,
      after = after,
      limit = PAGE,
    })
    if not page then
      return nil, message, err
    end
    for _, object in ipairs(page) do
      list[#list + 1] = object
    end
    after = page[PAGE] and page[PAGE].id
  until not after
  return list
end

-- ---- users ----

local function add(actions, kind, item)
  actions[kind] = actions[kind] or {}
  table.insert(actions[kind], item)
end

local function take_access(actions, user)
  if user and user.status == "active" then
    add(actions, "disable", user.email)
  elseif user and user.status == "invited" then
    add(actions, "uninvite", user.email)
  end
end

local function add_user(actions, created, object, user)
  local shown = object.shown or {}
  if object.state ~= "active" then
    take_access(actions, user)
  elseif not user and shown.status then
    created[object.id] = { username = object.name, fullname = shown.fullname, groups = {} }
    add(actions, "create", created[object.id])
  elseif user and shown.status then
    if shown.status == "disabled" then
      take_access(actions, user)
    elseif user.status == "disabled" then
      add(actions, "enable", user.email)
    end
    if shown.fullname and shown.fullname ~= user.fullname and user.status ~= "invited" then
      add(actions, "update", { username = user.email, fullname = shown.fullname })
    end
  end
  if user and object.state == "active" and object.alias then
    add(actions, "rename", { oldemail = user.email, newemail = object.name })
  end
end

-- ---- memberships ----

local function add_membership(rows, order, user, group, present)
  local row = rows[user.email]
  if not row then
    row = { username = user.email, add = {}, del = {} }
    rows[user.email], order[#order + 1] = row, row
  end
  table.insert(present and row.add or row.del, group)
end

local function address_of(endpoint, view, known, id)
  local object = known[id]
  return object and object.account or accounts.computed_name(endpoint, view, "User", id)
end

local function add_memberships(endpoint, view, actions, created, known)
  local written, message, err =
    endpoint:call_journal("scim_members", { connection = endpoint.store_name })
  if not written then
    return nil, message, err
  end
  local rows, order = {}, {}
  for _, one in ipairs(written) do
    local group = known[one.group] and known[one.group].account
      or accounts.computed_name(endpoint, view, "Group", one.group)
    local address = address_of(endpoint, view, known, one.user)
    local user = address and view.snapshot:user(address)
    if group and user and user:is_in(group) ~= one.present then
      add_membership(rows, order, user, group, one.present)
    elseif group and created[one.user] and one.present then
      table.insert(created[one.user].groups, group)
    end
  end
  for _, row in ipairs(order) do
    row.add, row.del = row.add[1] and row.add or nil, row.del[1] and row.del or nil
    add(actions, "groups", row)
  end
  return true
end

-- ---- the plan ----

--- What was asked for and is not so: as actions of `client:plan`.
---@param endpoint lastpass.inbound.Endpoint in shadow mode
---@return table<string, table[]>|nil actions
---@return string? message
---@return lastpass.Error? err
function M.actions(endpoint)
  local view, message, err = objects.view(endpoint)
  local list
  if view then
    list, message, err = load_objects(endpoint)
  end
  if not list then
    return nil, message, err
  end
  local actions, created, known = {}, {}, {}
  local latest = {}
  for _, object in ipairs(list) do
    known[object.id] = object
    local other = latest[object.account]
    if object.type == "User" and (not other or other.generation < object.generation) then
      latest[object.account] = object
    end
  end
  for _, object in ipairs(list) do
    if object.type == "User" then
      if latest[object.account] == object then -- an earlier one was deleted
        add_user(actions, created, object, view.snapshot:user(object.account))
      end
    end
  end
  local ok
  ok, message, err = add_memberships(endpoint, view, actions, created, known)
  if not ok then
    return nil, message, err
  end
  for _, row in pairs(created) do
    row.groups = row.groups[1] and state.list(row.groups) or nil
  end
  return actions
end

local known_options = { limit = "table", expires_in = plans.check_expiry }

--- The plan of everything that was answered as if done.
---@param endpoint lastpass.inbound.Endpoint in shadow mode
---@param options? table limit (beside the connection's), expires_in
---@return lastpass.Plan|nil plan for `client:apply`
---@return string? message
---@return lastpass.Error? err
function M.plan(endpoint, options)
  options = errors.check_options("inbound.shadow_plan", options, known_options)
  if not endpoint.is_shadow then
    local message = "the connection is not in shadow mode: there is nothing to plan"
    return errors.fail("argument", "not_shadow", message)
  end
  local actions, message, err = M.actions(endpoint)
  if not actions then
    return nil, message, err
  end
  local client, connection = endpoint.client, endpoint.connection
  local declared
  declared, message, err = playbooks.run(actions, { zone = client:zone(), now = client:now() })
  if not declared then
    return nil, message, err
  end
  for _, address in ipairs(connection.protect) do
    declared:protect(address, "is protected by the connection " .. connection.name)
  end
  local limit = {}
  for _, given in ipairs { connection.limits, options.limit or {} } do
    for name, value in pairs(given) do
      limit[name] = value
    end
  end
  return plans.of_declared(client, declared, { limit = limit, expires_in = options.expires_in })
end

return signature.declare("inbound.shadow.", M, {
  actions = "endpoint: table",
  plan = "endpoint: table, options?: table",
})

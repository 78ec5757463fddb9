--- From changes of a group's members by ids to changes of users' groups. An id that nobody has refuses all of them.
-- @module lastpass.inbound.membership
local errors = require "lastpass.error"
local json = require "lastpass.json"
local members = require "lastpass.inbound.members"
local parallel = require "lastpass.parallel"
local sending = require "lastpass.inbound.sending"

local M = {}

local READS_AT_ONCE = 8

--- The ids of a list of members.
---@param list table[] {value}
---@return string[]
function M.ids(list)
  local ids = {}
  for index, member in ipairs(list) do
    ids[index] = member.value
  end
  return ids
end

-- ---- which ids come and go ----

local function current_ids(endpoint, view, entry)
  local list, message, err = members.list(endpoint, view, entry)
  if not list then
    return nil, message, err
  end
  local ids = {}
  for index, item in ipairs(list) do
    ids[index] = item.id
  end
  return ids
end

-- By id whether it is to be a member at last; what is said later counts.
local function desired(endpoint, view, entry, changes)
  local present, order = {}, {}
  local function set(id, value)
    if present[id] == nil then
      order[#order + 1] = id
    end
    present[id] = value
  end
  for _, change in ipairs(changes) do
    if change.op == "replace" or change.op == "clear" then
      local current, message, err = current_ids(endpoint, view, entry)
      if not current then
        return nil, message, err
      end
      for _, id in ipairs(current) do
        set(id, false)
      end
      for _, id in ipairs(order) do
        present[id] = false
      end
    end
    for _, id in ipairs(change.ids or {}) do
      set(id, change.op ~= "remove")
    end
  end
  return present, order
end

-- ---- who they are ----

local function unknown(id)
  local message = ("there is no user with the id '%s'"):format(id)
  return errors.fail("argument", "unknown_member", message, {
    status = 400,
    scim_type = "invalidValue",
  })
end

local function find_all(endpoint, view, present, order)
  local entries, message, err = members.users_by_id(endpoint, view, order)
  if not entries then
    return nil, message, err
  end
  for _, id in ipairs(order) do
    if not entries[id] or entries[id].gone and present[id] then
      return unknown(id)
    end
  end
  return entries
end

-- ---- who is in it already ----

local function is_member(entry, group)
  return entry.user ~= nil and entry.user ~= false and entry.user:is_in(group)
end

-- A directory that was read a while ago is not believed where it says that there is nothing to do.
local function verify(endpoint, entries, doubtful, group)
  if #doubtful == 0 or endpoint.is_shadow then
    return true
  end
  local message, err
  parallel(READS_AT_ONCE, function(spawn)
    for _, id in ipairs(doubtful) do
      spawn(function()
        local entry = entries[id]
        local user, why, failure = sending.read(endpoint, entry.address)
        if user == nil then
          message, err = why, failure
          return
        end
        entry.user = user or nil
        entry.is_in = is_member(entry, group)
      end)
    end
  end)
  if err then
    return nil, message, err
  end
  return true
end

local function written_lately(endpoint, entry)
  local list, message, err = endpoint:call_journal("scim_members", {
    connection = endpoint.store_name,
    group = entry.object.id,
  })
  if not list then
    return nil, message, err
  end
  local present = {}
  for _, one in ipairs(list) do
    present[one.user] = one.present
  end
  return present
end

-- What there is to do according to what is known here.
local function sort_out(endpoint, entries, present, order, group, lately)
  local doubtful = {}
  for _, id in ipairs(order) do
    local entry = entries[id]
    entry.is_in = is_member(entry, group)
    if endpoint.is_shadow and lately[id] ~= nil then
      entry.is_in = lately[id]
    end
    if
      entry.is_in == present[id] and entry.user or lately[id] ~= nil and lately[id] ~= entry.is_in
    then
      doubtful[#doubtful + 1] = id
    end
  end
  return doubtful
end

-- Who was just created is not in the directory that was read last.
local function user_of(entry)
  if entry.user then
    return entry.user
  end
  local known = entry.state or {}
  return {
    email = entry.address,
    status = known.status or "invited",
    fullname = known.fullname,
    groups = json.list {},
    admin = false,
  }
end

local function change_of(entry, group, group_id, present)
  local name = json.list { group }
  return {
    kind = "groups",
    subject = entry.address,
    after = { join = present and name or json.list {}, leave = present and json.list {} or name },
    user = user_of(entry),
    member = { group = group_id, user = entry.object.id, present = present },
  }
end

-- Somebody who is not in LastPass yet joins when the account is made.
local function is_pending(entry)
  return entry.state ~= nil and entry.state.status == "pending"
end

--- Finds out what changes of members there are to make.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry of the group
---@param changes {op: string, ids: string[]|nil}[] of `patch.split_members`
---@return {changes: table[], pending: table[], gains: boolean}|nil found changes of users, and memberships that are only
-- written down; gains: somebody joins
---@return string? message
---@return lastpass.Error? err 400 invalidValue where an id is nobody's: then there is nothing to make
function M.resolve(endpoint, view, entry, changes)
  if #changes == 0 then
    return { changes = {}, pending = {}, gains = false }
  end
  local present, order, err = desired(endpoint, view, entry, changes)
  if not present then
    return nil, order, err
  end
  local entries, message
  entries, message, err = find_all(endpoint, view, present, order)
  local lately
  if entries then
    lately, message, err = written_lately(endpoint, entry)
  end
  if not lately then
    return nil, message, err
  end
  local group = entry.object.account
  local doubtful = sort_out(endpoint, entries, present, order, group, lately)
  local ok
  ok, message, err = verify(endpoint, entries, doubtful, group)
  if not ok then
    return nil, message, err
  end
  local found = { changes = {}, pending = {}, gains = false }
  for _, id in ipairs(order) do
    local one = entries[id]
    local change = change_of(one, group, entry.object.id, present[id])
    if is_pending(one) and not endpoint.is_shadow then
      found.pending[#found.pending + 1] = change.member
    elseif one.is_in ~= present[id] then
      found.changes[#found.changes + 1] = change
      found.gains = found.gains or present[id]
    end
  end
  return found
end

return M

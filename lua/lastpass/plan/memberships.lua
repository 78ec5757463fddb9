--- Memberships over SCIM: the changes of many people's groups as few requests for each group, and what became of them
-- for each person (scim §4.1, §4.10).
-- @module lastpass.plan.memberships
local email = require "lastpass.email"
local parallel = require "lastpass.parallel"
local waiting = require "lastpass.transport.scheduler"

local M = {}

---@class lastpass.plan.MembershipEntry
---@field step lastpass.plan.Step
---@field id string      of the user
---@field after table    join or groups, and leave
---@field done string[]  "in Finance", "out of Sales"
---@field refused table[] {reason, code}
---@field open integer   how many changes have no outcome
---@field uncertain? lastpass.Error

--- What a failure says of the change that it is about.
---@param err lastpass.Error
---@return "refused"|"uncertain"|"not_tried"
function M.state_of(err)
  if err.uncertain then
    return "uncertain"
  elseif err.kind == "refused" or err.kind == "conflict" or err.code == "without_effect" then
    return "refused"
  end
  return "not_tried"
end

--- The id of a user by the address.
---@param context table client
---@param address string
---@return string|nil
---@return string? message
---@return lastpass.Error? err code "no_such_user"
function M.user_id(context, address)
  local known = context.work.scim_ids and context.work.scim_ids[email.fold(address)]
  if known then
    return known
  end
  local user, message, err = context.client:find("User", "userName", address)
  if user then
    return user.id
  elseif err.code == "not_found" then
    err.code, message = "no_such_user", ("there is no user %s"):format(address)
  end
  return nil, message, err
end

-- The id of a group, which comes into being by being joined, as over the Enterprise API; false: there is none.
local function group_id(context, name, makes)
  local known = context.work.scim_groups
  if not known[name] then
    local group, message, err
    if makes then
      group, message, err = context.client:link({ displayName = name }, { type = "Group" })
    else
      group, message, err = context.client:find("Group", "displayName", name)
    end
    if not group and err.code == "not_found" and not makes then
      return false
    elseif not group then
      return nil, message, err
    end
    known[name] = group.id
  end
  return known[name]
end

local words = { add_members = "in %s", remove_members = "out of %s" }

local function note_done(change, first, last)
  for index = first, last do
    for _, entry in ipairs(change.entries_of[change.ids[index]]) do
      entry.done[#entry.done + 1] = words[change.method]:format(change.name)
      entry.open = entry.open - 1
    end
  end
end

local function note_failure(context, change, first, last, message, err)
  local state = M.state_of(err)
  if state ~= "refused" then
    context.stopped = context.stopped or err
  end
  for index = first, last do
    for _, entry in ipairs(change.entries_of[change.ids[index]]) do
      if state == "refused" then
        local reason = ("%s: %s"):format(change.name, message)
        entry.refused[#entry.refused + 1] = { reason = reason, code = err.code }
        entry.open = entry.open - 1
      elseif state == "uncertain" then
        entry.uncertain = err
      end
    end
  end
end

local send

-- Who it is that the server minds: each half by itself, until it is one.
local function halve(context, change, first, last)
  local middle = math.floor((first + last) / 2)
  send(context, change, first, middle)
  send(context, change, middle + 1, last)
end

-- Members `first` to `last` of a change.
function send(context, change, first, last)
  if context.stopped or first > last then
    return
  end
  local ids = {}
  for index = first, last do
    ids[#ids + 1] = change.ids[index]
  end
  local client = context.client
  local ok, message, err = client[change.method](client, change.group, ids)
  if ok then
    return note_done(change, first, last)
  end
  local done = err.done or 0
  note_done(change, first, first + done - 1)
  first = first + done
  local is_gone = err.code == "not_found" and not change.looked_up_again
  if is_gone then -- the group was deleted, and perhaps made anew
    change.looked_up_again = true
    context.work.scim_groups[change.name] = nil
    local group
    group, message, err = group_id(context, change.name, change.method == "add_members")
    if group and group ~= change.group then
      change.group = group
      return send(context, change, first, last)
    elseif group == false then
      return note_done(change, first, last) -- nobody is in a group that does not exist
    elseif group then
      return halve(context, change, first, last)
    end
  end
  if M.state_of(err) == "refused" and first < last then
    return halve(context, change, first, last)
  end
  note_failure(context, change, first, last, message, err)
end

local function apply_change(context, change)
  if context.stopped or #change.ids == 0 then
    return
  end
  local group, message, err = group_id(context, change.name, change.method == "add_members")
  if group then
    change.group = group
    send(context, change, 1, #change.ids)
  elseif group == false then
    note_done(change, 1, #change.ids)
  else
    note_failure(context, change, 1, #change.ids, message, err)
  end
end

local function add_entry(groups, order, method, name, entry)
  local key = method .. " " .. name
  local change = groups[key]
  if not change then
    change = { method = method, name = name, ids = {}, entries_of = {} }
    groups[key], order[#order + 1] = change, change
  end
  local list = change.entries_of[entry.id]
  if not list then
    list = {}
    change.entries_of[entry.id], change.ids[#change.ids + 1] = list, entry.id
  end
  list[#list + 1] = entry
  entry.open = entry.open + 1
end

-- The changes by group and direction: groups may be changed at once, one group may not.
local function by_group(entries)
  local groups, order = {}, {}
  for _, entry in ipairs(entries) do
    entry.done, entry.refused, entry.open = {}, {}, 0
    for _, name in ipairs(entry.after.join or entry.after.groups or {}) do
      add_entry(groups, order, "add_members", name, entry)
    end
    for _, name in ipairs(entry.after.leave or {}) do
      add_entry(groups, order, "remove_members", name, entry)
    end
  end
  local by_name, queues = {}, {}
  for _, change in ipairs(order) do
    if not by_name[change.name] then
      by_name[change.name] = {}
      queues[#queues + 1] = by_name[change.name]
    end
    table.insert(by_name[change.name], change)
  end
  return queues
end

--- Makes the changes of many people.
---@param context table client, work; gets `stopped`
---@param entries lastpass.plan.MembershipEntry[] step, id, after
function M.apply(context, entries)
  local number = waiting.can_wait_in_pcall() and context.work.options.in_flight or 1
  local function apply_queue(queue)
    for _, change in ipairs(queue) do
      apply_change(context, change)
    end
  end
  parallel(number, function(spawn)
    for _, queue in ipairs(by_group(entries)) do
      if number == 1 then
        apply_queue(queue)
      else
        spawn(apply_queue, queue)
      end
    end
  end)
end

local function with_part(reason, done)
  if #done == 0 then
    return reason
  end
  return ("%s (done in part: %s)"):format(reason, table.concat(done, ", "))
end

--- What became of a step.
---@param context table
---@param entry lastpass.plan.MembershipEntry that was applied
---@return table result {step, state, reason, code}
function M.result(context, entry)
  local step, done = entry.step, entry.done
  local is_new = step.kind == "create"
  if is_new then
    table.insert(done, 1, "was created")
  end
  local result = { step = step }
  if entry.uncertain then
    result.state, result.reason = "uncertain", entry.uncertain.message
    result.code = entry.uncertain.code
  elseif entry.open > 0 then
    result.state, result.reason = "not_tried", with_part(context.stopped.message, done)
    result.code = is_new and "created" or #done > 0 and "done_in_part" or context.stopped.code
  elseif #entry.refused > 0 then
    local reasons = {}
    for index, one in ipairs(entry.refused) do
      reasons[index] = one.reason
    end
    result.state, result.reason = "refused", with_part(table.concat(reasons, "; "), done)
    result.code = #done > 0 and "done_in_part" or entry.refused[1].code
  else
    result.state = "done"
  end
  return result
end

return M

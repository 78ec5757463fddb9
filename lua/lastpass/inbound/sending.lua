--- Sends changes through a carrier and reads back what became of them. Nothing is sent that could still be under way after
-- the lease of its claim.
-- @module lastpass.inbound.sending
local batches = require "lastpass.plan.batches"
local changes_table = require "lastpass.directory.changes"
local parallel = require "lastpass.parallel"
local state = require "lastpass.plan.state"

local M = {}

-- Users that are read back at once.
local READS_AT_ONCE = 8

-- Seconds before the second, third … and every later read.
local PAUSES = { 0.2, 0.5, 1, 2, 4 }

-- ---- sending ----

local function outcome(change, result, reason, code, err)
  return { change = change, state = result, reason = reason, code = code, err = err }
end

-- A list of one row: what the server says of it is said of that row.
local function outcome_of_failure(change, message, err)
  if err.uncertain then
    return outcome(change, "uncertain", message, "lost", err)
  elseif err.kind == "partial" and not err.rows then
    return outcome(change, "uncertain", message, "unclear_remark", err)
  elseif err.kind == "refused" or err.kind == "partial" or err.kind == "argument" then
    return outcome(change, "refused", message, err.code, err)
  end
  return outcome(change, "not_tried", message, err.code, err)
end

-- Whether a change can be put into a request at all. Nothing is sent.
local function complaint_about(endpoint, change)
  if endpoint.carrier.name ~= "enterprise" then
    return nil
  end
  local kind = changes_table.by_name[change.kind]
  local row = changes_table.row(change.kind, change.subject, change.after or {})
  local data = changes_table.takes_list(kind) and { row } or row
  local body, message = endpoint.client:request_body(kind.command, data)
  if not body then
    return message
  end
  body:close()
  return nil
end

-- What raises in a call is not caught: it is as if the process had ended there, and is found out from the journal.
local function send_one(endpoint, change)
  local complaint = complaint_about(endpoint, change)
  if complaint then
    return outcome(change, "refused", complaint, "bad_value")
  end
  local reply, message, err = endpoint.carrier:send(change.kind, change.subject, change.after, nil)
  if reply then
    return outcome(change, "done")
  end
  return outcome_of_failure(change, message, err)
end

-- One call for many users, where the command takes a list.
local function send_list(endpoint, list)
  local positions, results = {}, {}
  for index, change in ipairs(list) do
    positions[change] = index
  end
  local sent, err = batches.send(endpoint.client, list)
  for _, entry in ipairs(sent) do
    local result = entry.state == "unchanged" and "done" or entry.state
    local code = result == "uncertain" and "lost" or entry.code
    results[positions[entry.step]] = outcome(entry.step, result, entry.reason, code, err)
  end
  return results
end

local function is_one_list(endpoint, list)
  if #list < 2 or endpoint.carrier.name ~= "enterprise" then
    return false
  end
  for _, change in ipairs(list) do
    if change.kind ~= list[1].kind then
      return false
    end
  end
  return changes_table.by_name[list[1].kind].method ~= nil
    and changes_table.takes_list(changes_table.by_name[list[1].kind])
end

local function give_up(list, first, results)
  for index = first, #list do
    local reason = "not sent: too little time was left of the lease"
    results[index] = outcome(list[index], "not_tried", reason, "lease_over")
  end
  return results
end

--- Sends changes, one after the other; after one that did not go through no later one is sent.
---@param endpoint lastpass.inbound.Endpoint
---@param list table[] changes {kind, subject, after}
---@param ends number moment of `endpoint.clock` at which the lease ends
---@return table[] results {change, state, reason, code, err} in the same order
function M.send(endpoint, list, ends)
  local results = {}
  if endpoint.clock() + endpoint.call_timeout > ends then
    return give_up(list, 1, results)
  elseif is_one_list(endpoint, list) then
    return send_list(endpoint, list)
  end
  for index, change in ipairs(list) do
    if endpoint.clock() + endpoint.call_timeout > ends then
      return give_up(list, index, results)
    end
    results[index] = send_one(endpoint, change)
    if results[index].state ~= "done" then
      for rest = index + 1, #list do
        results[rest] = outcome(list[rest], "not_tried", "an earlier change did not go through")
      end
      return results
    end
  end
  return results
end

-- ---- reading back ----

--- Reads a user as LastPass has them now.
---@param endpoint lastpass.inbound.Endpoint
---@param address string
---@return lastpass.User|false|nil user false: there is none
---@return string? message
---@return lastpass.Error? err
function M.read(endpoint, address)
  local user, message, err = endpoint.carrier:user(address)
  if user then
    return user
  elseif err and err.code == "no_such_user" then
    return false
  end
  return nil, message, err
end

--- What of a change a user does not show.
---@param change table
---@param user lastpass.User|false
---@return string[] missing empty when it shows all that it can
function M.missing(change, user)
  local now = state.of(user or nil)
  if changes_table.is_traceless(change) then
    return {}
  elseif change.kind == "groups" and now.status == "invited" then
    return {} -- which groups somebody invited will be in is not shown (enterprise-api §4.8)
  end
  return state.missing(now, change)
end

local function read_one(endpoint, subject, list, shown)
  local user, message, err = M.read(endpoint, subject)
  for _, result in ipairs(list) do
    if user == nil then
      result.missing, result.read_error = { message }, err
    else
      local missing = M.missing(result.change, user)
      result.missing, result.read_error, result.user = missing, nil, user
      shown[result] = #missing == 0 or nil
    end
  end
end

-- What is to be read: by address the results that are not seen yet. Of somebody who is taken out nothing else shows.
local function unseen(results, shown)
  local by_subject, order = {}, {}
  for _, result in ipairs(results) do
    if result.state == "done" and not shown[result] then
      local subject = result.change.subject
      if not by_subject[subject] then
        by_subject[subject], order[#order + 1] = {}, subject
      end
      table.insert(by_subject[subject], result)
    end
  end
  for _, subject in ipairs(order) do
    local list = by_subject[subject]
    local last = list[#list]
    if changes_table.by_name[last.change.kind].status == "absent" then
      for index = 1, #list - 1 do
        shown[list[index]] = true
      end
      by_subject[subject] = { last }
    end
  end
  return by_subject, order
end

local function read_all(endpoint, results, shown)
  local by_subject, order = unseen(results, shown)
  if #order == 1 then
    read_one(endpoint, order[1], by_subject[order[1]], shown)
  elseif #order > 1 then
    parallel(READS_AT_ONCE, function(spawn)
      for _, subject in ipairs(order) do
        spawn(read_one, endpoint, subject, by_subject[subject], shown)
      end
    end)
  end
  return next((select(2, unseen(results, shown)))) == nil
end

--- Reads until everything that was done shows, or the time is over; what does not show then is not confirmed.
---@param endpoint lastpass.inbound.Endpoint
---@param results table[] of `send`; get `missing`, `user`
---@param ends number moment of `endpoint.clock`
function M.read_back(endpoint, results, ends)
  local shown, reads = {}, 0
  while not read_all(endpoint, results, shown) do
    reads = reads + 1
    local pause = PAUSES[reads] or PAUSES[#PAUSES]
    if endpoint.clock() + pause > ends then
      break
    end
    endpoint.sleep(pause)
  end
  for _, result in ipairs(results) do
    if result.state == "done" and not shown[result] then
      result.state, result.code = "not_confirmed", "not_shown"
      result.reason = table.concat(result.missing or {}, "; ")
    elseif result.state == "done" then
      result.confirmed = true
    end
  end
end

return M

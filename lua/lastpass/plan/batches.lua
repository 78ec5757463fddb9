--- Steps as calls of the Enterprise API: in lists where a command takes one, and what became of each row.
-- @module lastpass.plan.batches
local batch = require "lastpass.enterprise.batch"
local changes = require "lastpass.directory.changes"
local errors = require "lastpass.error"

local M = {}

local function row_of(step, private)
  return changes.row(step.kind, step.subject, step.after, private and private[step.subject])
end

--- Cuts steps of one phase into batches, each of one kind: lists for commands that take one, else
-- single steps, so that as little as can be is in doubt after a crash.
---@param steps lastpass.plan.Step[]
---@param chunk integer rows of a list
---@return lastpass.plan.Step[][]
function M.cut(steps, chunk)
  local list, open = {}, {}
  for _, step in ipairs(steps) do
    local kind = changes.by_name[step.kind]
    local part = open[kind.name]
    if not part or not changes.takes_list(kind) or #part >= chunk then
      part = {}
      open[kind.name] = part
      list[#list + 1] = part
    end
    part[#part + 1] = step
  end
  return list
end

local function check_step(client, step)
  local kind = changes.by_name[step.kind]
  local ok, row = pcall(row_of, step)
  if not ok then
    return nil, "it does not say what it changes"
  end
  local data = changes.takes_list(kind) and { row } or row
  local body, message = client:request_body(kind.command, data)
  if body then
    body:close()
  end
  return body ~= nil, message
end

--- Whether each step can be put into a request at all. Nothing is sent.
---@param client lastpass.Client
---@param steps lastpass.plan.Step[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "bad_step"
function M.check(client, steps)
  for _, step in ipairs(steps) do
    local ok, message = true, nil
    if not changes.by_name[step.kind].rest then
      ok, message = check_step(client, step)
    end
    if not ok then
      local text = "step %d of the plan cannot be applied: %s"
      return errors.fail("conflict", "bad_step", text:format(step.number, message), {
        hint = "make the plan again",
      })
    end
  end
  return true
end

local function same_for_all(steps, state, reason, code)
  local results = {}
  for index, step in ipairs(steps) do
    results[index] = { step = step, state = state, reason = reason, code = code }
  end
  return results
end

local function send_list(client, kind, steps, private)
  local list = {}
  for index, step in ipairs(steps) do
    list[index] = row_of(step, private)
  end
  -- update_users takes no chunk: each of its rows is a call of its own
  local options = changes.takes_list(kind) and { chunk = #steps } or nil
  local name = "client:" .. kind.method
  local result, message, err = batch.run(client, name, kind.command, list, options, 2)
  if not result then
    return same_for_all(steps, "not_tried", message, err.code), err, 1
  end
  local results = {}
  for _, state in ipairs { "done", "unchanged", "refused", "uncertain", "not_tried" } do
    for _, entry in ipairs(result[state]) do
      results[#results + 1] = {
        step = steps[entry.row],
        state = state,
        reason = entry.reason,
        code = entry.code,
      }
    end
  end
  return results, result.stopped, result.requests
end

local function send_one(client, kind, step)
  local reply, message, err = client[kind.command](client, row_of(step))
  if reply then
    if kind.traceless then
      local reason = "the server said so; the directory does not show it"
      return same_for_all({ step }, "done", reason, "traceless"), nil, 1
    end
    return same_for_all({ step }, "done"), nil, 1
  elseif err.kind == "refused" then
    return same_for_all({ step }, "refused", message, err.code), nil, 1
  elseif err.kind == "partial" then
    -- an answer that neither says yes nor no
    return same_for_all({ step }, "uncertain", message, "unclear_remark"), nil, 1
  end
  local state = err.uncertain and "uncertain" or "not_tried"
  return same_for_all({ step }, state, message, err.code), err, 1
end

-- A run that is resumed by another process does not have what was given beside the plan.
local function split_private(steps, private)
  local ready, results = {}, {}
  for _, step in ipairs(steps) do
    local needs = type(step.after) == "table" and step.after.private
    if needs and not (private and private[step.subject]) then
      results[#results + 1] = {
        step = step,
        state = "refused",
        reason = ("its %s stands in no journal: ask for it again"):format(
          table.concat(needs, " and its ")
        ),
        code = "not_kept",
      }
    else
      ready[#ready + 1] = step
    end
  end
  return ready, results
end

--- Sends a batch.
---@param client lastpass.Client
---@param steps lastpass.plan.Step[] of one kind, as `cut` gives them
---@param private? table<string, table> by address: fields of a row that stand in no plan
---@return table[] results {step, state, reason, code}; each step once
---@return lastpass.Error|nil err what broke the call off
---@return integer requests
function M.send(client, steps, private)
  local kind = changes.by_name[steps[1].kind]
  if kind.method then
    local ready, results = split_private(steps, private)
    if #ready == 0 then
      return results, nil, 0
    end
    local sent, err, requests = send_list(client, kind, ready, private)
    for _, entry in ipairs(sent) do
      results[#results + 1] = entry
    end
    return results, err, requests
  end
  return send_one(client, kind, steps[1])
end

return M

--- Steps as calls: which go together, what is sent, and what the answer says of each step.
-- @module lastpass.plan.batches
local wire = require "lastpass.enterprise.batch"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local kinds = require "lastpass.plan.kinds"

local M = {}

local commands = {
  add_users = "batchadd",
  enable_users = "enableuser",
  disable_users = "disableuser",
  change_groups = "batchchangegrp",
  update_users = "updateuser",
}

-- An empty list is left out: what the server makes of one is not documented.
local function filled(list)
  return list and #list > 0 and list or nil
end

local rows = {
  create = function(step, private)
    local after = step.after
    return {
      username = step.subject,
      fullname = after.fullname,
      groups = filled(after.groups),
      duousername = after.duousername,
      securidusername = after.securidusername,
      password = private.password,
      password_reset_required = after.password_reset_required,
      attribs = private.attribs or after.attribs,
    }
  end,
  enable = function(step)
    return step.subject
  end,
  disable = function(step)
    return step.subject
  end,
  name = function(step)
    local after = step.after
    return {
      username = step.subject,
      fullname = after.fullname,
      duousername = after.duousername,
      securidusername = after.securidusername,
    }
  end,
  groups = function(step)
    return {
      username = step.subject,
      add = filled(step.after.join),
      del = filled(step.after.leave),
    }
  end,
  rename = function(step)
    return { oldemail = step.subject, newemail = step.after.email }
  end,
}

-- What a step sends, for its command alone or as a row of a list. What has no place in a plan comes from
-- whoever asked for it.
local function row_of(step, private)
  if rows[step.kind] then
    return rows[step.kind](step, private and private[step.subject] or {})
  end
  return { username = step.subject, deleteaction = kinds.by_name[step.kind].action }
end

local function is_list(kind)
  local command = commands[kind.method]
  return command ~= nil and core.commands[command].data ~= "object"
end

--- Cuts steps of one phase into batches, each of one kind: lists for commands that take one, else
-- single steps, so that as little as can be is in doubt after a crash.
---@param steps lastpass.plan.Step[]
---@param chunk integer rows of a list
---@return lastpass.plan.Step[][]
function M.cut(steps, chunk)
  local list, open = {}, {}
  for _, step in ipairs(steps) do
    local kind = kinds.by_name[step.kind]
    local batch = open[kind.name]
    if not batch or not is_list(kind) or #batch >= chunk then
      batch = {}
      open[kind.name] = batch
      list[#list + 1] = batch
    end
    batch[#batch + 1] = step
  end
  return list
end

local function command_of(kind)
  return kind.command or commands[kind.method]
end

--- Whether each step can be put into a request at all. Nothing is sent.
---@param client lastpass.Client
---@param steps lastpass.plan.Step[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "bad_step"
function M.check(client, steps)
  for _, step in ipairs(steps) do
    local kind = kinds.by_name[step.kind]
    local ok, row = pcall(row_of, step)
    local data = ok and (is_list(kind) and { row } or row)
    local body, message
    if ok then
      body, message = client:request_body(command_of(kind), data)
    end
    if not body then
      return errors.fail(
        "conflict",
        "bad_step",
        ("step %d of the plan cannot be carried out: %s"):format(
          step.number,
          message or "it does not say what it changes"
        ),
        { hint = "make the plan again" }
      )
    end
    body:close()
  end
  return true
end

local function same_for_all(steps, state, reason, code)
  local results = {}
  for place, step in ipairs(steps) do
    results[place] = { step = step, state = state, reason = reason, code = code }
  end
  return results
end

local function send_list(client, kind, steps, private)
  local list = {}
  for place, step in ipairs(steps) do
    list[place] = row_of(step, private)
  end
  -- update_users takes no chunk: each of its rows is a call of its own
  local options = is_list(kind) and { chunk = #steps } or nil
  local name, command = "client:" .. kind.method, commands[kind.method]
  local result, message, err = wire.run(client, name, command, list, options, 2)
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

-- A run that goes on in another process does not have what was given beside the plan.
local function split_private(steps, private)
  local ready, results = {}, {}
  for _, step in ipairs(steps) do
    local needs = type(step.after) == "table" and step.after.private
    if needs and not (private and private[step.subject]) then
      results[#results + 1] = {
        step = step,
        state = "refused",
        reason = ("its %s is kept in no journal: ask for it again"):format(
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

--- Carries a batch out.
---@param client lastpass.Client
---@param steps lastpass.plan.Step[] of one kind, as `cut` gives them
---@param private? table<string, table> by address: fields of a row that stand in no plan
---@return table[] results {step, state, reason, code}; each step once
---@return lastpass.Error|nil err what broke the call off
---@return integer requests
function M.send(client, steps, private)
  local kind = kinds.by_name[steps[1].kind]
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

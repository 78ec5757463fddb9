--- What is asked for directly, user by user: the verbs of the program and the client's functions over lists. It becomes
-- a plan of actions, goes through the guards, and is applied with a journal like any other plan; each row gets its
-- outcome.
-- @module lastpass.plan.direct
local actions = require "lastpass.plan.actions"
local batch = require "lastpass.enterprise.batch"
local changes = require "lastpass.directory.changes"
local document = require "lastpass.plan.document"
local email = require "lastpass.email"
local plans = require "lastpass.plan"
local preconditions = require "lastpass.plan.preconditions"

local M = {}

---@class lastpass.plan.DirectOptions: lastpass.plan.ApplyOptions
---@field limit? table the guards' limits for this call: { disable = 40 }, { per_day = { disable = 80 } }

---@class lastpass.plan.Asked
---@field plan lastpass.Plan
---@field rows table[] in the order of the list: row, item, state, reason, code; `state` is nil for what
-- the plan would do
---@field new_groups string[] groups that do not exist yet and would be made

-- The client's functions over lists -> their changes.
local change_of = {}
for _, change in ipairs(changes.list) do
  change_of[change.method or ""] = change
end

local REPEATED = "the same address as row %d"

-- Several changes of one user's groups are no mistake.
local function read_rows(kind, list, lines, origins)
  local rows, good, first = {}, {}, {}
  for index, item in ipairs(list) do
    local action, code, reason = actions.new(kind, item)
    local row = { row = index, item = item }
    rows[index] = row
    local key = action and email.fold(action.subject)
    if not action then
      row.state, row.code, row.reason = "refused", code, reason
    elseif kind ~= "groups" and first[key] then
      row.state, row.code, row.reason =
        "refused", "repeated", REPEATED:format(lines and lines[first[key]] or first[key])
    else
      first[key] = first[key] or index
      action.origin = origins and origins[index]
      row.action, good[#good + 1] = action, action
    end
  end
  return rows, good
end

local function shares(list, other)
  for _, name in ipairs(list or {}) do
    for _, one in ipairs(other or {}) do
      if one == name then
        return true
      end
    end
  end
  return false
end

-- The parts of people's changes of groups that guards have held.
local function held_groups(plan)
  local parts = {}
  for _, part in ipairs(plan.body.held) do
    if part.kind == "groups" then
      parts[part.subject] = parts[part.subject] or {}
      table.insert(parts[part.subject], part)
    end
  end
  return parts
end

-- The part of an action's step that a guard has held, if it has.
local function held_part(parts, action)
  local step = action.step
  if step.held then
    return step
  end
  for _, part in ipairs(step.kind == "groups" and parts[step.subject] or {}) do
    local joins = shares(part.after.join, action.after.join)
    if joins or shares(part.after.leave, action.after.leave) then
      return part
    end
  end
  return nil
end

-- A guard names a playbook's word; here it is an option of the function.
local function in_terms_of_the_call(why)
  return (why:gsub("limit ({ [%w_]+ = %d+ })", "{ limit = %1 } as an option of the call"))
end

local function classify_rows(plan, rows)
  local parts = held_groups(plan)
  for _, row in ipairs(rows) do
    local action = row.action
    if action and action.state then
      row.state, row.code, row.reason = action.state, action.code, action.reason
    elseif action then
      local held = held_part(parts, action)
      if held then
        row.state, row.code, row.reason = "refused", held.code, in_terms_of_the_call(held.held)
      end
    end
  end
end

--- Makes the plan of one kind of action for a list.
---@param client lastpass.Client
---@param kind string a name of `lastpass.plan.actions`
---@param list table[]|string[] rows or addresses; what is wrong with one refuses this one
---@param options? table limit, via; of a file: lines and origins ("leavers.csv:17") by row; by_function: by one
-- of the client's functions over lists
---@return lastpass.plan.Asked|nil
---@return string? message
---@return lastpass.Error? err
function M.prepare(client, kind, list, options)
  options = options or {}
  local rows, good = read_rows(kind, list, options.lines, options.origins)
  local declared = actions.declare(good)
  declared.by_function = options.by_function
  local plan, message, err =
    plans.of_declared(client, declared, { limit = options.limit, via = options.via })
  if not plan then
    return nil, message, err
  end
  classify_rows(plan, rows)
  return { plan = plan, rows = rows, new_groups = plan.new_groups }
end

--- What the guards say of the whole, in terms of the call.
---@param asked lastpass.plan.Asked
---@return nil|true true when they let it through
---@return string? message
---@return lastpass.Error? err kind "guard", code "refused_by_guards"
function M.refusal(asked)
  local refusals = asked.plan.body.refusals
  if #refusals == 0 then
    return true
  end
  return preconditions.refused_by_guards(refusals, "")
end

--- Applies it; each row gets its state.
---@param client lastpass.Client
---@param asked lastpass.plan.Asked of `prepare`
---@param options? lastpass.plan.ApplyOptions
---@return lastpass.Run|nil run nil alone when there was nothing to do
---@return string? message when nothing was written
---@return lastpass.Error? err
function M.apply(client, asked, options)
  local ok, message, err = M.refusal(asked)
  if not ok then
    return nil, message, err
  elseif asked.plan:is_empty() then
    return nil
  end
  local given = {}
  for name, value in pairs(options or {}) do
    given[name] = name ~= "limit" and value or nil -- which the plan went by
  end
  local final = document.final_count(asked.plan.body)
  given.confirm_final = final > 0 and final or nil
  local run
  run, message, err = client:apply(asked.plan, given)
  if not run then
    if err.kind == "guard" and err.hint then
      err.hint = actions.advice(err.hint)
    end
    return nil, message, err
  end
  local outcomes = {}
  for step in run:steps() do
    outcomes[step.number] = step
  end
  for _, row in ipairs(asked.rows) do
    if not row.state then
      local outcome = outcomes[row.action.step.number]
      row.state, row.code, row.reason = outcome.state, outcome.code, outcome.reason
    end
  end
  return run
end

-- Which list of a result a state of a run is in: what had changed meanwhile was not done, and what cannot be read
-- back stays uncertain.
local lists = { stale = "refused", unknown = "uncertain" }

--- The rows as a result.
---@param asked lastpass.plan.Asked
---@param run lastpass.Run|nil
---@return lastpass.BatchResult
function M.result(asked, run)
  local result = batch.new_result()
  for _, row in ipairs(asked.rows) do
    local name = lists[row.state] or row.state
    result[name] = result[name] or {}
    table.insert(result[name], {
      row = row.row,
      item = row.item,
      reason = row.reason,
      code = row.code,
    })
  end
  result.ok = #result.done + #result.unchanged == #asked.rows
  if run then
    result.run, result.requests, result.stopped = run.id, run.requests, run.stopped
  end
  return result
end

--- One of the client's functions over lists.
---@param client lastpass.Client
---@param name string "add_users"
---@param list table[]|string[]
---@param options? lastpass.plan.DirectOptions
---@return lastpass.BatchResult|nil
---@return string? message when nothing could be tried
---@return lastpass.Error? err
function M.run(client, name, list, options)
  local where, change = "client:" .. name, change_of[name]
  local kind = change.name == "name" and "update" or change.name
  batch.check(client, where, change.command, list, 3)
  preconditions.options(where, client, options, 3, { limit = "table" })
  options = options or {}
  local asked, message, err = M.prepare(client, kind, list, {
    limit = options.limit,
    via = options.via,
    by_function = true,
  })
  if not asked then
    return nil, message, err
  end
  local run
  run, message, err = M.apply(client, asked, options)
  if message then
    return nil, message, err
  end
  local result = M.result(asked, run)
  local stopped = result.stopped
  if stopped and #result.done + #result.unchanged + #result.uncertain == 0 then
    stopped.run = run.id
    return nil, stopped.message, stopped
  end
  return result
end

return M

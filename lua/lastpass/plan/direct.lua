--- What is asked for directly, person by person: the verbs of the program and the client's functions over
-- lists. It becomes a plan of actions, goes through the guards, and is carried out with a journal like any
-- other plan; the outcome is true to the row.
-- @module lastpass.plan.direct
local apply_options = require "lastpass.plan.apply_options"
local batch = require "lastpass.enterprise.batch"
local errors = require "lastpass.error"
local key_of = require("lastpass.email").fold
local kinds = require "lastpass.plan.kinds"
local plans = require "lastpass.plan"
local requested = require "lastpass.plan.requested"

local M = {}

---@class lastpass.plan.DirectOptions: lastpass.plan.ApplyOptions
---@field limit? table the guards' limits for this call: { disable = 40 }, { per_day = { disable = 80 } }

---@class lastpass.plan.Asked
---@field plan lastpass.Plan
---@field rows table[] in the order of the list: row, item, state, reason, code; `state` is nil for what
-- the plan would do
---@field new_groups string[] groups that are not there yet and would be made

-- The client's functions over lists: the action, and the command whose rows they take.
local functions = {
  add_users = { "create", "batchadd" },
  update_users = { "update", "updateuser" },
  change_groups = { "groups", "batchchangegrp" },
  disable_users = { "disable", "disableuser" },
  enable_users = { "enable", "enableuser" },
}

local REPEATED = "the same address as row %d"

-- Several changes of one user's groups are no mistake.
local function read_rows(kind, list, lines, origins)
  local rows, actions, first = {}, {}, {}
  for place, item in ipairs(list) do
    local action, code, reason = requested.action(kind, item)
    local row = { row = place, item = item }
    rows[place] = row
    local key = action and key_of(action.subject)
    if not action then
      row.state, row.code, row.reason = "refused", code, reason
    elseif kind ~= "groups" and first[key] then
      row.state, row.code, row.reason =
        "refused", "repeated", REPEATED:format(lines and lines[first[key]] or first[key])
    else
      first[key] = first[key] or place
      action.origin = origins and origins[place]
      row.action, actions[#actions + 1] = action, action
    end
  end
  return rows, actions
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
local function in_words_of_the_call(why)
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
        row.state, row.code, row.reason = "refused", held.code, in_words_of_the_call(held.held)
      end
    end
  end
end

--- Makes the plan of one kind of action for a list.
---@param client lastpass.Client
---@param kind string a name of `lastpass.plan.requested`
---@param list table[]|string[] rows or addresses; what is wrong with one refuses this one
---@param options? table limit; of a file: lines and origins ("leavers.csv:17") by row; by_function: by one
-- of the client's functions over lists
---@return lastpass.plan.Asked|nil
---@return string? message
---@return lastpass.Error? err
function M.prepare(client, kind, list, options)
  options = options or {}
  local rows, actions = read_rows(kind, list, options.lines, options.origins)
  local declared = requested.declare(actions)
  declared.by_function = options.by_function
  local plan, message, err = plans.of_declared(client, declared, { limit = options.limit })
  if not plan then
    return nil, message, err
  end
  classify_rows(plan, rows)
  return { plan = plan, rows = rows, new_groups = plan.new_groups }
end

--- What the guards say of the whole, in the words of who asked directly.
---@param asked lastpass.plan.Asked
---@return nil|true true when they let it through
---@return string? message
---@return lastpass.Error? err kind "guard", code "refused_by_guards"
function M.refusal(asked)
  local messages, ways = {}, {}
  for place, refusal in ipairs(asked.plan.body.refusals) do
    messages[place], ways[place] = refusal.message, refusal.allow
  end
  if #messages == 0 then
    return true
  end
  return errors.fail("guard", "refused_by_guards", table.concat(messages, "; "), {
    hint = "to allow it: " .. table.concat(ways, "; "),
  })
end

local function count_final(plan)
  local count = 0
  for _, step in ipairs(plan.body.steps) do
    count = count + (kinds.by_name[step.kind].reversal == "final" and 1 or 0)
  end
  return count
end

--- Carries it out; each row gets its state.
---@param client lastpass.Client
---@param asked lastpass.plan.Asked of `prepare`
---@param options? lastpass.plan.ApplyOptions
---@return lastpass.Run|nil run nil alone when there was nothing to carry out
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
    given[name] = value
  end
  local final = count_final(asked.plan)
  given.confirm_final = final > 0 and final or nil
  local run
  run, message, err = client:apply(asked.plan, given)
  if not run then
    if err.kind == "guard" and err.hint then
      err.hint = requested.advice(err.hint)
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

-- Where a state of a run stands in a result: what had changed meanwhile was not done, and what nobody
-- can look up stays uncertain.
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

local function split_options(where, client, options)
  apply_options.complete(where, client, options, 4, { limit = "table" })
  local rest = options
  if type(options) == "table" then
    rest = {}
    for name, value in pairs(options) do
      rest[name] = value
    end
    rest.limit = nil
  end
  return rest and options.limit, rest
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
  local where, kind, command = "client:" .. name, functions[name][1], functions[name][2]
  batch.check(client, where, command, list, 3)
  local limit, rest = split_options(where, client, options)
  local asked, message, err = M.prepare(client, kind, list, { limit = limit, by_function = true })
  if not asked then
    return nil, message, err
  end
  local run
  run, message, err = M.apply(client, asked, rest)
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

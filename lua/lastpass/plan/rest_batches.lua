--- What a plan needs of the REST API: what it says of people, joined with the directory, and the steps that it alone carries,
-- a request for each.
-- @module lastpass.plan.rest_batches
local accounts = require "lastpass.directory.accounts"
local carriers = require "lastpass.directory.carrier"
local changes = require "lastpass.directory.changes"
local state = require "lastpass.plan.state"

local M = {}

-- Actions that cannot be planned without it; of "invite" the directory does not show who is staged.
local asks_rest = { invite = true, stage = true, admin_level = true }

--- What a plan has to know of the REST API.
---@param declared lastpass.plan.Declared
---@return table|nil needs {levels = true}; nil when it needs nothing
function M.needs(declared)
  local needs = declared.rest
  for _, action in ipairs(declared.actions) do
    if asks_rest[action.kind] then
      needs = needs or {}
      needs.levels = needs.levels or action.kind == "admin_level" or nil
    end
  end
  return needs
end

--- Reads what the REST API says of the people, and joins a snapshot with it.
---@param client lastpass.Client
---@param snapshot lastpass.Snapshot
---@param needs table levels: also who has which admin level
---@param named? string[] addresses: these alone
---@return table|nil rest {url, levels = whether the server says who has which level}, for the plan's body
---@return string? message
---@return lastpass.Error? err
function M.join(client, snapshot, needs, named)
  local read, message, err = accounts.read(client, { levels = needs.levels, emails = named })
  if not read then
    return nil, message, err
  end
  state.join(snapshot, read)
  return {
    url = assert(client:rest()):option "url",
    levels = needs.levels and read.level_gap == nil or nil,
    asks_levels = needs.levels,
  }
end

--- Joins a snapshot for a plan that was made before.
---@param client lastpass.Client
---@param snapshot lastpass.Snapshot
---@param body table of the plan
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.join_again(client, snapshot, body)
  if not body.rest then
    return true
  end
  local needs = { levels = body.rest.asks_levels }
  local joined, message, err = M.join(client, snapshot, needs, body.named)
  if not joined then
    return nil, message, err
  end
  return true
end

--- Whether a plan has a step that the REST API alone carries.
---@param body table of the plan
---@return boolean
function M.has_steps(body)
  for _, step in ipairs(body.steps) do
    if changes.by_name[step.kind].rest then
      return true
    end
  end
  return false
end

local SAID = "the server said so; who has which admin level is shown by no list"

--- Sends a step.
---@param client lastpass.business.Client
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[] one
---@return table[] results {step, state, reason, code}
---@return lastpass.Error|nil err what broke it off
---@return integer requests
function M.send(client, work, steps)
  local step = steps[1]
  local carrier = carriers.of_rest(client, work.snapshot and state.accounts(work.snapshot))
  local reply, message, err = carrier:send(step.kind, step.subject, step.after)
  local result = { step = step, state = "done" }
  if reply then
    if changes.is_traceless(step) then
      result.reason, result.code = SAID, "traceless"
    end
    return { result }, nil, 1
  end
  result.reason, result.code = message, err.code
  if err.uncertain then
    result.state = "uncertain"
  elseif err.kind == "refused" or err.kind == "conflict" then
    result.state, err = "refused", nil
  else
    result.state = "not_tried"
  end
  return { result }, err, 1
end

return M

--- Who was asked to approve a plan, and what they said.
-- @module lastpass.store.approvals
local errors = require "lastpass.error"
local time = require "lastpass.time"
local values = require "lastpass.store.values"

--- One question to an admin.
---@class lastpass.store.Approval
---@field id integer
---@field tenant string
---@field plan string        SHA-256 of the plan
---@field run? integer       the run that began, or went on, with it; none when it was refused
---@field approver string    who was asked
---@field operator string    who was about to apply the plan
---@field outcome string     "approved", "denied", … as of `lastpass.mfa.outcomes`
---@field reason string      why the plan needed it
---@field answer? string     what the server, or the failure, said
---@field log_id? string     the server's number of the request
---@field asked_at integer   epoch seconds
---@field answered_at integer

---@class lastpass.store.Journal
local M = {}

local COLUMNS = "{id}, tenant, plan, {run}, approver, operator, outcome, reason, answer, log_id, "
  .. "{asked_at}, {answered_at}"

local known = {
  tenant = { "string", "number" },
  plan = "string",
  run = "number",
  approver = "string",
  operator = "string",
  outcome = "string",
  reason = "string",
  answer = "string",
  log_id = "string",
  asked_at = "number",
}

local function insert(database, row)
  return database:first(
    "INSERT INTO lastpass_approvals (tenant, plan, run, approver, operator, outcome, reason, "
      .. "answer, log_id, asked_at, answered_at) "
      .. "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {id}",
    row.tenant,
    row.plan,
    row.run,
    row.approver,
    row.operator,
    row.outcome,
    row.reason,
    row.answer,
    row.log_id,
    row.asked_at,
    time.now()
  ).id
end

--- Notes what an admin said of a plan.
---@param approval table as `lastpass.store.Approval`, without id and answered_at
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err
function M:note_approval(approval)
  local where = "journal:note_approval"
  local given = errors.check_options(where, approval, known)
  local row = {
    tenant = values.tenant(where, given.tenant),
    run = values.optional_whole(where, "run", given.run),
    asked_at = values.whole(where, "asked_at", given.asked_at),
    answer = given.answer and values.repair(given.answer),
    log_id = given.log_id and values.repair(given.log_id),
  }
  for _, name in ipairs { "plan", "approver", "operator", "outcome", "reason" } do
    row[name] = values.name(where, name, given[name])
  end
  return self._database:transaction(insert, row)
end

--- Inside the transaction that begins a run: the approval is this run's from now on, and no other's.
---@param database table
---@param id integer
---@param run integer
---@param plan string SHA-256
local function use(database, id, run, plan)
  local row = database:first(
    "UPDATE lastpass_approvals SET run = ? WHERE id = ? AND run IS NULL AND plan = ? "
      .. "AND outcome = 'approved' RETURNING {id}",
    run,
    id,
    plan
  )
  if row then
    return true
  end
  return errors.fail("guard", "not_approved", "the approval was used before", {
    hint = "apply the plan again; the admin is asked again",
  })
end

local function select_of_run(database, run)
  return database:query(
    "SELECT " .. COLUMNS .. " FROM lastpass_approvals WHERE run = ? ORDER BY id",
    run
  )
end

--- Who has approved a run, the first first.
---@param run integer
---@return lastpass.store.Approval[]|nil
---@return string? message
---@return lastpass.Error? err
function M:approvals(run)
  return self._database:read(select_of_run, values.whole("journal:approvals", "run", run))
end

return { methods = M, use = use }

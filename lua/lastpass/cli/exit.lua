--- The codes with which the program ends. A cron job or a pipeline decides by them, so they never
-- change their meaning.
-- @module lastpass.cli.exit
local M = {}

--- Every code: name, number, meaning. Help, man page and docs/cli.md are made from it.
M.list = {
  { "done", 0, "done; what was asked for is so" },
  { "failed", 1, "LastPass refused, or something unexpected happened" },
  { "changes", 2, "there are changes to make (only with --detailed-exitcode)" },
  {
    "partial",
    3,
    "done in part: rows not used, held back, refused or not confirmed; they are listed",
  },
  { "guard", 4, "refused by a guard, or not confirmed; nothing was written" },
  { "stale", 5, "the plan is stale: expired, applied before, or overtaken by changes" },
  { "incomplete", 6, "a source was not read to its end, so nothing is concluded from it" },
  { "findings", 7, "there are findings: drift, a check that failed, evidence that was changed" },
  { "usage", 64, "the command line, a playbook or the configuration is wrong" },
  { "unreachable", 69, "LastPass, a source, or where events go, cannot be reached" },
  { "throttled", 75, "LastPass asked to slow down; try again later" },
  { "auth", 77, "LastPass does not accept account number and hash, or another server its secret" },
  { "interrupted", 130, "interrupted; what was under way is saved" },
}

--- Which code counts when several do; for help, man page and docs/cli.md.
M.precedence = [[
Where several apply to a plan, the first of 6, 4, 3 and 2 counts: a source that broke off, a guard,
rows not used or held back, changes to make. A run that was stopped ends with the code of what
stopped it; else 3 counts before 0.]]

for _, entry in ipairs(M.list) do
  M[entry[1]] = entry[2]
end

local by_kind = {
  argument = M.usage,
  auth = M.auth,
  refused = M.failed,
  partial = M.partial,
  transport = M.unreachable,
  throttled = M.throttled,
  protocol = M.failed,
  guard = M.guard,
  conflict = M.guard,
  cancelled = M.interrupted,
}

-- Where the kind of a failure does not say enough.
local by_code = {
  plan_expired = M.stale,
  plan_changed = M.stale,
  plan_version = M.stale,
  applied_before = M.stale,
  incomplete_source = M.incomplete,
  source_incomplete = M.incomplete,
  cut_short = M.failed,
  no_such_user = M.failed,
  no_such_group = M.failed,
  no_such_run = M.failed,
  no_such_connection = M.failed,
  no_such_token = M.failed,
  no_such_job = M.failed,
  no_snapshot = M.failed,
  no_plan_applied = M.failed,
  other_company = M.usage,
  no_terminal = M.guard,
  no_such_cursor = M.failed,
  cursor_moved = M.failed,
  file_in_use = M.failed,
  disk_full = M.failed,
  store_full = M.failed,
  bad_decisions = M.incomplete,
  evidence_changed = M.findings,
}

--- The code for a failure.
---@param err lastpass.Error|nil
---@return integer
function M.of_error(err)
  if type(err) ~= "table" then
    return M.failed
  end
  return by_code[err.code] or by_kind[err.kind] or M.failed
end

--- The code for a plan that was made; see `precedence`.
---@param plan lastpass.Plan
---@param detailed boolean|nil whether changes have a code of their own
---@return integer
function M.of_plan(plan, detailed)
  for _, source in ipairs(plan.body.sources) do
    if source.complete == false then
      return M.incomplete
    end
  end
  if #plan.body.refusals > 0 then
    return M.guard
  elseif #plan.body.problems + #plan.body.held > 0 then
    return M.partial
  end
  return detailed and not plan:is_empty() and M.changes or M.done
end

--- The code for a run; see `precedence`.
---@param run lastpass.Run
---@return integer
function M.of_run(run)
  if run.ok then
    return run.unused + run.counts.held > 0 and M.partial or M.done
  elseif run.stopped and run.stopped.code ~= "too_many_failures" then
    return M.of_error(run.stopped)
  end
  local counts = run.counts
  local others = counts.refused
    + counts.not_confirmed
    + counts.uncertain
    + counts.unknown
    + counts.not_tried
  if counts.stale > 0 and counts.done == 0 and others == 0 then
    return M.stale
  end
  return run.state == "finished" and counts.stale + others == 0 and M.done or M.partial
end

local function all_are_protected(rows)
  for _, row in ipairs(rows) do
    if row.code ~= "protected" then
      return false
    end
  end
  return #rows > 0
end

--- The code for a list of rows that were written, or would be.
---@param result lastpass.BatchResult
---@return integer
function M.of_batch(result)
  if result.ok then
    return M.done
  elseif
    #result.done + #result.unchanged + #result.uncertain + #(result.not_confirmed or {}) > 0
  then
    return M.partial
  elseif result.stopped then
    return M.of_error(result.stopped)
  elseif all_are_protected(result.refused) then
    return M.guard
  end
  return #result.refused > 0 and M.failed or M.partial
end

return M

--- A job of a run over companies and the journal: what its work is given, and what is recorded of what came of it.
-- @module lastpass.tenants.job_result
local errors = require "lastpass.error"
local processes = require "lastpass.store.processes"

local M = {}

local PART = 256 * 1024 -- bytes of one row of the database
local MOST = 64 * 1024 * 1024 -- bytes of one company's result

--- How this process is called as a worker.
---@return string
function M.worker_name()
  local who = processes.identity()
  return ("%s:%d"):format(who.host, who.pid or 0)
end

--- The settings of a job: those of its run, and what is this company's alone.
---@param run lastpass.store.TenantRun
---@param job lastpass.store.TenantJob
---@return table
function M.settings(run, job)
  local settings = {}
  for _, part in ipairs { run.settings, job.payload or {} } do
    for name, value in pairs(part) do
      settings[name] = value
    end
  end
  return settings
end

-- What passes, and is no fault of the company: the job is tried again after so many seconds.
local again = {
  locked = 2,
  unfinished_run = 2,
  lock_lost = 1,
  job_lost = 1,
  store_lost = 1,
  store_unreachable = 1,
  store_busy = 1,
}

--- The result of a company that gave nothing.
---@param entry table of the worker
---@param message string|nil
---@param err lastpass.Error|nil
---@return table result
function M.of_failure(entry, message, err)
  local code = err and err.code or "failed"
  local delay = again[code]
  if err and err.kind == "cancelled" and entry.is_cancelled then
    return { state = "ready", code = code, reason = "ended in the middle", delay = 0 }
  elseif delay then
    return { state = "ready", code = code, reason = message, delay = delay }
  end
  return { state = "failed", code = code, reason = message or "it gave nothing" }
end

--- The result of one that raised.
---@param entry table
---@param raised any
---@return table result
function M.of_raised(entry, raised)
  if type(raised) == "table" and raised.kind then
    return M.of_failure(entry, raised.message, raised)
  end
  local text = tostring(raised):gsub("^[^:]*:%d+: ", "")
  return M.of_failure(entry, text)
end

local function parts_of(outcome)
  local parts, buffer, size, total = {}, {}, 0, 0
  for lines in outcome:lines() do
    buffer[#buffer + 1], size = lines, size + #lines
    if size >= PART then
      total = total + size
      parts[#parts + 1], buffer, size = table.concat(buffer), {}, 0
    end
    if total > MOST then
      return nil
    end
  end
  parts[#parts + 1] = size > 0 and table.concat(buffer) or nil
  return parts
end

--- The result of a company that gave something.
---@param entry table
---@param outcome lastpass.tenants.Outcome
---@return table result
function M.of_outcome(entry, outcome)
  local summary = outcome.summary or {}
  if summary.state == "failed" and again[summary.code] then
    return M.of_failure(entry, summary.message, { kind = "conflict", code = summary.code })
  end
  local parts = parts_of(outcome)
  if not parts then
    local _, message, err = errors.fail(
      "refused",
      "result_too_large",
      "its result has more than 64 MiB; export it into a file instead"
    )
    return M.of_failure(entry, message, err)
  end
  local is_failed = entry.kind.is_failure and entry.kind.is_failure(outcome)
  return {
    state = is_failed and "failed" or "done",
    code = is_failed and (summary.code or summary.state) or nil,
    reason = is_failed and (summary.message or summary.state) or nil,
    outcome = outcome:head(),
    parts = parts,
    rows = outcome.count or nil,
  }
end

return M

--- Waves of runs over companies: the next one begins when all companies of one have ended, unless more have failed than the
-- budget allows. Nobody leads: whoever records the last outcome of a wave begins the next one in the same transaction.
-- @module lastpass.store.tenant_waves
local errors = require "lastpass.error"
local json = require "lastpass.json"
local tenant_runs = require "lastpass.store.tenant_runs"
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local methods = {}

local M = { methods = methods }

local OPEN = "SELECT {id} FROM lastpass_jobs WHERE served IS NOT NULL AND run = ? "
  .. "AND state IN ('ready', 'running') LIMIT 1"
local NEXT_WAVE = "SELECT {MIN(wave) AS wave} FROM lastpass_jobs WHERE served IS NOT NULL "
  .. "AND run = ? AND state = 'held'"
local BEGIN_WAVE = "UPDATE lastpass_jobs SET state = 'ready', not_before = @now "
  .. "WHERE served IS NOT NULL AND run = ? AND state = 'held' AND wave <= ?"
local HOLD = "UPDATE lastpass_jobs SET state = 'held' WHERE served IS NOT NULL AND run = ? "
  .. "AND state = 'ready'"
local FAILED = "SELECT {COUNT(*) AS jobs} FROM lastpass_jobs WHERE served IS NOT NULL AND run = ? "
  .. "AND state = 'failed'"
local BEGUN = "SELECT {COUNT(*) AS jobs} FROM lastpass_jobs WHERE served IS NOT NULL AND run = ? "
  .. "AND wave <= ?"
local STOP = "UPDATE lastpass_tenant_runs SET state = 'stopped', code = ?, why = ?, changed = @now "
  .. "WHERE id = ?"

--- Inside a transaction: a run, whose row others have to wait for now.
---@param database table
---@param id integer
---@return table|nil run
function M.lock(database, id)
  return database:first(
    "SELECT {id}, state, {wave}, {companies}, budget, {forgiven} FROM lastpass_tenant_runs "
      .. "WHERE id = ? @locked",
    id
  )
end

local function stop(database, id, code, why)
  database:query(HOLD, id)
  database:query(STOP, code, why, id)
end

-- What is wrong with the number of failures, or nil. A percentage is of the companies of the waves so far: the first wave
-- is there to be stopped after.
local function over_budget(database, run)
  if not run.budget then
    return nil
  end
  local budget = json.decode(run.budget)
  local failed = database:first(FAILED, run.id).jobs - run.forgiven
  local begun = database:first(BEGUN, run.id, run.wave).jobs
  local allowed = math.min(
    budget.count or math.huge,
    budget.percent and math.floor(begun * budget.percent / 100 + 1e-9) or math.huge
  )
  if failed <= allowed then
    return nil
  end
  return ("%d of the first %d companies failed, and %d may"):format(failed, begun, allowed)
end

--- Inside a transaction that has the run's row locked, so that of two last outcomes the second one sees the first: begins
-- the next wave, ends the run, or stops it.
---@param database table
---@param run table of `lock`
function M.advance(database, run)
  if run.state ~= "running" then
    return
  end
  local why = over_budget(database, run)
  if why then
    return stop(database, run.id, "over_budget", why)
  elseif database:first(OPEN, run.id) then
    return
  end
  local wave = database:first(NEXT_WAVE, run.id).wave
  if wave then
    database:query(BEGIN_WAVE, run.id, wave)
    local sql = "UPDATE lastpass_tenant_runs SET wave = ?, changed = @now WHERE id = ?"
    database:query(sql, wave, run.id)
  else
    local sql = "UPDATE lastpass_tenant_runs SET state = 'finished', changed = @now, ended = @now "
      .. "WHERE id = ?"
    database:query(sql, run.id)
  end
end

-- ---- stopping and resuming ----

local function stop_run(database, self, id, why)
  local run = M.lock(database, id)
  if not run then
    return tenant_runs.no_such_run(self, id)
  elseif run.state == "finished" then
    local text = ("run %d over companies has finished"):format(id)
    return errors.fail("conflict", "run_finished", text)
  elseif run.state == "running" then
    stop(database, id, "stopped", why)
  end
  return true
end

--- Stops a run over companies: no job of it is begun any more, and workers end what is under way.
---@param id integer
---@param why? string
---@return true|nil
---@return string? message
---@return lastpass.Error? err codes "no_such_run", "run_finished"
function methods:stop_tenant_run(id, why)
  local where = "journal:stop_tenant_run"
  return self._database:transaction(
    stop_run,
    self,
    values.whole(where, "run", id),
    values.optional_text(where, "why", why)
  )
end

local RETRY = "UPDATE lastpass_jobs SET state = 'held', ended = NULL, code = NULL, reason = NULL "
  .. "WHERE served IS NOT NULL AND run = ? AND state = 'failed'"
local RESUME = "UPDATE lastpass_tenant_runs SET state = 'running', code = NULL, why = NULL, "
  .. "forgiven = ?, changed = @now, ended = NULL WHERE id = ?"

local function resume_run(database, self, id, retries)
  local run = M.lock(database, id)
  if not run then
    return tenant_runs.no_such_run(self, id)
  end
  if retries then
    database:query(RETRY, id)
  end
  local is_left = database:first(NEXT_WAVE, id).wave or database:first(OPEN, id)
  if not is_left then
    local text = ("run %d over companies has finished; there is nothing to resume"):format(id)
    return errors.fail("conflict", "run_finished", text)
  end
  run.state, run.forgiven = "running", database:first(FAILED, id).jobs
  database:query(RESUME, run.forgiven, id)
  database:query(BEGIN_WAVE, id, run.wave)
  M.advance(database, run)
  return true
end

--- Lets a run over companies continue: what was stopped, the next wave, and with `retries` the companies that failed. What
-- failed so far does not count for the budget any more.
---@param id integer
---@param options? table retries (boolean)
---@return true|nil
---@return string? message
---@return lastpass.Error? err codes "no_such_run", "run_finished"
function methods:resume_tenant_run(id, options)
  local where = "journal:resume_tenant_run"
  options = errors.check_options(where, options, { retries = "boolean" })
  return self._database:transaction(
    resume_run,
    self,
    values.whole(where, "run", id),
    options.retries
  )
end

-- ---- removing ----

local function remove(database, self, id)
  local run = database:first("SELECT state FROM lastpass_tenant_runs WHERE id = ? @locked", id)
  if not run then
    return tenant_runs.no_such_run(self, id)
  elseif run.state == "running" then
    return errors.fail("conflict", "run_open", ("run %d over companies is under way"):format(id), {
      hint = ("lastpass tenants stop %d"):format(id),
    })
  end
  local of_run = "(SELECT id FROM lastpass_jobs WHERE served IS NOT NULL AND run = ?)"
  local busy = database:first(
    "SELECT {COUNT(*) AS jobs} FROM lastpass_jobs WHERE served IS NOT NULL AND run = ? "
      .. "AND state = 'running' AND lease_until >= @now",
    id
  )
  if busy.jobs > 0 then
    return errors.fail("conflict", "run_open", ("workers are ending run %d"):format(id), {
      hint = "try again in a minute",
    })
  end
  database:query("DELETE FROM lastpass_tenant_results WHERE job IN " .. of_run, id)
  database:query("DELETE FROM lastpass_jobs WHERE served IS NOT NULL AND run = ?", id)
  database:query("DELETE FROM lastpass_tenant_runs WHERE id = ?", id)
  return true
end

--- Removes a run over companies that is not under way, its jobs and results.
---@param id integer
---@return true|nil
---@return string? message
---@return lastpass.Error? err codes "no_such_run", "run_open"
function methods:remove_tenant_run(id)
  local where = "journal:remove_tenant_run"
  return self._database:transaction(remove, self, values.whole(where, "run", id))
end

local function select_old(database, age)
  return database:query(
    "SELECT {id} FROM lastpass_tenant_runs WHERE state = 'finished' AND ended < @now - ?",
    age
  )
end

--- Removes finished runs that ended so long ago.
---@param age integer seconds
---@return integer|nil count
---@return string? message
---@return lastpass.Error? err
function methods:prune_tenant_runs(age)
  local where = "journal:prune_tenant_runs"
  local old, message, err = self._database:read(select_old, values.whole(where, "age", age))
  if not old then
    return nil, message, err
  end
  for _, run in ipairs(old) do
    local ok
    ok, message, err = self:remove_tenant_run(run.id)
    if not ok and err.code ~= "no_such_run" then
      return nil, message, err
    end
  end
  return #old
end

return M

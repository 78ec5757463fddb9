--- Runs: one plan applied, or undone.
-- @module lastpass.store.runs
local approvals = require "lastpass.store.approvals"
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local locks = require "lastpass.store.lock"
local time = require "lastpass.time"
local values = require "lastpass.store.values"

--- One run.
---@class lastpass.store.Run
---@field id integer
---@field tenant string
---@field plan string          SHA-256 of the plan
---@field kind "apply"|"undo"|"direct"|"scim" of a plan; that takes a run back; of actions that were asked for; what
-- identity providers changed within a day
---@field of_run? integer      with "undo": the run that is taken back
---@field state "running"|"finished"|"stopped"|"abandoned"
---@field total integer        how many steps the plan has
---@field started integer      epoch seconds
---@field finished? integer    epoch seconds
---@field owner table          host, user, pid, started: the process that began it
---@field summary? table       as given to `end_run`
---@field document? string     the plan file's bytes; not in lists

---@class lastpass.store.Journal
local M = {}

local COLUMNS =
  "{id}, tenant, plan, kind, {of_run}, state, {total}, {started}, {finished}, owner, summary"

local kinds = { apply = true, undo = true, direct = true }
local ends = { finished = true, stopped = true, abandoned = true }
local states = { running = true, finished = true, stopped = true, abandoned = true }

local function no_such_run(self, id)
  local message = ("journal %s: there is no run %d"):format(self._database.label, id)
  return errors.fail("argument", "no_such_run", message, { hint = "journal:runs{} lists them" })
end

local function decoded(self, row, column)
  if row[column] == nil then
    return true
  end
  local value, message = json.decode(row[column])
  if message then
    return failures.damaged(
      self._database.label,
      ("run %d: %s: %s"):format(row.id, column, message)
    )
  end
  row[column] = value
  return true
end

local function complete(self, row)
  for _, column in ipairs { "owner", "summary" } do
    local ok, message, err = decoded(self, row, column)
    if not ok then
      return nil, message, err
    end
  end
  if row.document then
    row.document = values.unpack(row.document)
    if not row.document then
      return failures.damaged(
        self._database.label,
        ("the plan of run %d cannot be unpacked"):format(row.id)
      )
    end
  end
  return row
end

local known_run = {
  tenant = { "string", "number" },
  plan = "string",
  kind = "string",
  document = "string",
  of_run = "number",
  total = "number",
  approval = "number",
}

local function insert(database, self, run)
  local id = database:first(
    "INSERT INTO lastpass_runs "
      .. "(tenant, plan, kind, of_run, state, total, started, owner, document) "
      .. "VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?) RETURNING {id}",
    run.tenant,
    run.plan,
    run.kind,
    run.of_run,
    run.total,
    time.now(),
    run.owner,
    run.document
  ).id
  local ok, message, err = locks.renew_within(database, self, run.tenant, id)
  if ok and run.approval then
    ok, message, err = approvals.use(database, run.approval, id, run.plan)
  end
  if not ok then
    return nil, message, err
  end
  return id
end

--- Begins a run. When this journal has the company's lock, the lock names the run from now on.
---@param run table tenant, plan (SHA-256), kind "apply", "undo" or "direct", document (the plan file's bytes),
-- of_run (with "undo"), total (number of steps), approval (number of the one that it has)
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err
function M:begin_run(run)
  local where = "journal:begin_run"
  run = errors.check_options(where, run, known_run)
  local who = locks.identity()
  return self._database:transaction(insert, self, {
    tenant = values.tenant(where, run.tenant),
    plan = values.name(where, "plan", run.plan),
    kind = values.word(where, "kind", run.kind, kinds),
    of_run = values.optional_whole(where, "of_run", run.of_run),
    total = values.whole(where, "total", run.total),
    approval = values.optional_whole(where, "approval", run.approval),
    owner = json.encode { host = who.host, user = who.user, pid = who.pid, started = who.started },
    document = values.pack(run.document or ""),
  })
end

local function select_run(database, self, id)
  local row =
    database:first("SELECT " .. COLUMNS .. ", document FROM lastpass_runs WHERE id = ?", id)
  if not row then
    return no_such_run(self, id)
  end
  return complete(self, row)
end

--- One run, with its document.
---@param id integer
---@return lastpass.store.Run|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function M:run(id)
  return self._database:read(select_run, self, values.whole("journal:run", "run", id))
end

local function select_runs(database, self, tenant, state, limit)
  local conditions, bound = {}, {}
  if tenant then
    conditions[#conditions + 1], bound[#bound + 1] = "tenant = ?", tenant
  end
  if state then
    conditions[#conditions + 1], bound[#bound + 1] = "state = ?", state
  end
  local where = #conditions > 0 and " WHERE " .. table.concat(conditions, " AND ") or ""
  bound[#bound + 1] = limit
  local sql = "SELECT " .. COLUMNS .. " FROM lastpass_runs" .. where .. " ORDER BY id DESC LIMIT ?"
  local rows = database:run(sql, bound)
  for _, row in ipairs(rows) do
    local ok, message, err = complete(self, row)
    if not ok then
      return nil, message, err
    end
  end
  return rows
end

--- Lists runs, the newest first, without their documents.
---@param options? table tenant (default all), state, limit (default 20)
---@return lastpass.store.Run[]|nil
---@return string? message
---@return lastpass.Error? err
function M:runs(options)
  local where = "journal:runs"
  options = errors.check_options(where, options, {
    tenant = { "string", "number" },
    state = "string",
    limit = "number",
  })
  return self._database:read(
    select_runs,
    self,
    options.tenant and values.tenant(where, options.tenant),
    options.state and values.word(where, "state", options.state, states),
    values.whole(where, "limit", options.limit or 20)
  )
end

local function finish(database, self, id, state, summary)
  local row = database:first(
    "UPDATE lastpass_runs SET state = ?, summary = ?, finished = ? WHERE id = ? RETURNING {id}",
    state,
    summary,
    time.now(),
    id
  )
  if not row then
    return no_such_run(self, id)
  end
  return true
end

--- Ends a run. A stopped one continues with the next `intend`.
---@param id integer
---@param state "finished"|"stopped"|"abandoned"
---@param summary? table what is to be remembered of it
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function M:end_run(id, state, summary)
  local where = "journal:end_run"
  summary = values.optional_table(where, "summary", summary)
  return self._database:transaction(
    finish,
    self,
    values.whole(where, "run", id),
    values.word(where, "state", state, ends),
    summary and json.encode(summary)
  )
end

local function select_last(database, self, tenant)
  local row = database:first(
    "SELECT "
      .. COLUMNS
      .. ", document FROM lastpass_runs WHERE tenant = ? AND state = 'finished' "
      .. "AND kind IN ('apply', 'undo') ORDER BY id DESC LIMIT 1",
    tenant
  )
  return row and complete(self, row)
end

--- The newest run that came to its end, an undo as well: what it wanted is what should be. What was
-- asked directly of a few people says nothing of the whole, and does not count.
---@param tenant string|integer
---@return lastpass.store.Run|nil run nil when there is none
---@return string? message
---@return lastpass.Error? err
function M:last_applied(tenant)
  return self._database:read(select_last, self, values.tenant("journal:last_applied", tenant))
end

return M

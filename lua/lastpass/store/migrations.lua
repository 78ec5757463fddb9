--- The tables, and how each version of them became the next. A step once released never changes;
-- a new one is added at the end.
--
-- Nothing secret may reach these tables, and nothing here would hide it. The package relies on what
-- it is given: before- and after-images have names, groups and states of accounts; documents are plan
-- files; reasons are what LastPass answered to a row. Secrets are userdata, which neither a statement
-- nor `json.encode` takes.
-- @module lastpass.store.migrations
local errors = require "lastpass.error"
local time = require "lastpass.time"

local M = {}

-- Of this program, so that no other one waits for it: "last" as a number.
local ADVISORY_LOCK = 1818325876

M.steps = {
  {
    [[CREATE TABLE lastpass_locks (
      tenant TEXT NOT NULL PRIMARY KEY,
      token TEXT NOT NULL,
      run BIGINT,
      owner TEXT NOT NULL,
      since BIGINT NOT NULL,
      heartbeat BIGINT NOT NULL)]],
    [[CREATE TABLE lastpass_runs (
      id @identity,
      tenant TEXT NOT NULL,
      plan TEXT NOT NULL,
      kind TEXT NOT NULL,
      of_run BIGINT,
      state TEXT NOT NULL,
      total BIGINT NOT NULL,
      started BIGINT NOT NULL,
      finished BIGINT,
      owner TEXT NOT NULL,
      summary TEXT,
      document TEXT NOT NULL)]],
    "CREATE INDEX lastpass_runs_by_tenant ON lastpass_runs (tenant, id)",
    [[CREATE TABLE lastpass_steps (
      run BIGINT NOT NULL,
      number BIGINT NOT NULL,
      kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      state TEXT NOT NULL,
      reason TEXT,
      code TEXT,
      before_image TEXT,
      after_image TEXT,
      attempt BIGINT NOT NULL,
      intended_at BIGINT,
      settled_at BIGINT,
      touched_at BIGINT NOT NULL,
      PRIMARY KEY (run, number))]],
    -- for the guards' window: whatever its age, the journal answers at once
    "CREATE INDEX lastpass_steps_by_time ON lastpass_steps (kind, touched_at)",
    [[CREATE TABLE lastpass_sources (
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      row_count BIGINT NOT NULL,
      sha256 TEXT,
      read_at BIGINT NOT NULL,
      details TEXT,
      PRIMARY KEY (tenant, name))]],
    [[CREATE TABLE lastpass_snapshots (
      id @identity,
      tenant TEXT NOT NULL,
      read_at BIGINT NOT NULL,
      last_seen BIGINT NOT NULL,
      users BIGINT NOT NULL,
      sha256 TEXT NOT NULL,
      content TEXT NOT NULL)]],
    "CREATE INDEX lastpass_snapshots_by_time ON lastpass_snapshots (tenant, read_at)",
  },
  {
    [[CREATE TABLE lastpass_cursors (
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      position BIGINT NOT NULL,
      seen TEXT NOT NULL,
      state TEXT NOT NULL,
      version BIGINT NOT NULL,
      saved_at BIGINT NOT NULL,
      PRIMARY KEY (tenant, name))]],
  },
  {
    -- until when the server may still execute the call of the last intent; NULL in older journals
    "ALTER TABLE lastpass_steps ADD COLUMN doubt_until BIGINT",
    -- how often the answer was lost and the directory showed that nothing had been done
    "ALTER TABLE lastpass_steps ADD COLUMN lost BIGINT",
    -- when the directory was read back and showed what the step says
    "ALTER TABLE lastpass_steps ADD COLUMN confirmed_at BIGINT",
  },
  {
    -- What identity providers push: who they are, how they prove it, what they sent.
    [[CREATE TABLE lastpass_scim_connections (
      name TEXT NOT NULL PRIMARY KEY,
      tenant TEXT NOT NULL,
      provider TEXT NOT NULL,
      mode TEXT NOT NULL,
      state TEXT NOT NULL,
      settings TEXT NOT NULL,
      created BIGINT NOT NULL,
      changed BIGINT NOT NULL)]],
    [[CREATE TABLE lastpass_scim_tokens (
      id @identity,
      connection TEXT NOT NULL,
      hash TEXT NOT NULL,
      label TEXT NOT NULL,
      created BIGINT NOT NULL,
      expires BIGINT,
      last_used BIGINT,
      revoked BIGINT)]],
    "CREATE UNIQUE INDEX lastpass_scim_tokens_by_hash ON lastpass_scim_tokens (hash)",
    [[CREATE TABLE lastpass_scim_requests (
      id @identity,
      at BIGINT NOT NULL,
      connection TEXT NOT NULL,
      token TEXT,
      action TEXT NOT NULL,
      target TEXT,
      status BIGINT NOT NULL,
      scim_type TEXT,
      run BIGINT,
      step BIGINT,
      job BIGINT,
      milliseconds BIGINT NOT NULL)]],
    "CREATE INDEX lastpass_scim_requests_by_time ON lastpass_scim_requests (connection, at)",
    -- What an identity provider knows by an id of its own: accounts and groups that it has touched.
    [[CREATE TABLE lastpass_scim_objects (
      connection TEXT NOT NULL,
      id TEXT NOT NULL,
      tenant TEXT NOT NULL,
      type TEXT NOT NULL,
      account TEXT NOT NULL,
      alias TEXT,
      name TEXT NOT NULL,
      external_id TEXT,
      state TEXT NOT NULL,
      attributes TEXT NOT NULL,
      shown TEXT,
      generation BIGINT NOT NULL,
      version BIGINT NOT NULL,
      created BIGINT NOT NULL,
      changed BIGINT NOT NULL,
      written_at BIGINT,
      deleted_at BIGINT,
      PRIMARY KEY (connection, id))]],
    -- of one account only one object lives
    "CREATE UNIQUE INDEX lastpass_scim_objects_by_account ON lastpass_scim_objects "
      .. "(connection, type, account) WHERE state <> 'tombstone'",
    "CREATE INDEX lastpass_scim_objects_by_alias ON lastpass_scim_objects "
      .. "(connection, alias) WHERE alias IS NOT NULL",
    "CREATE INDEX lastpass_scim_objects_by_external_id ON lastpass_scim_objects "
      .. "(connection, type, external_id)",
    "CREATE INDEX lastpass_scim_objects_by_state "
      .. "ON lastpass_scim_objects (connection, type, state)",
    -- Memberships that were written through the endpoint, for as long as a cached directory may not show them.
    [[CREATE TABLE lastpass_scim_members (
      connection TEXT NOT NULL,
      team TEXT NOT NULL,
      person TEXT NOT NULL,
      present BIGINT NOT NULL,
      written_at BIGINT NOT NULL,
      PRIMARY KEY (connection, team, person)) @churned]],
    -- Who is at work on which user or group, so that no two calls about one of them are in doubt at once.
    [[CREATE TABLE lastpass_scim_claims (
      tenant TEXT NOT NULL,
      subject TEXT NOT NULL,
      token TEXT NOT NULL,
      lease_until BIGINT NOT NULL,
      PRIMARY KEY (tenant, subject)) @churned]],
    -- What was changed within a month, by limit and quarter of an hour; the slots -1, -7 and -30 have what others did
    -- within so many days.
    [[CREATE TABLE lastpass_scim_amounts (
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      slot BIGINT NOT NULL,
      amount BIGINT NOT NULL,
      PRIMARY KEY (tenant, name, slot)) @churned]],
    -- Work that is left for later, for one company or one of many.
    [[CREATE TABLE lastpass_jobs (
      id @identity,
      run BIGINT,
      step BIGINT,
      tenant TEXT NOT NULL,
      connection TEXT,
      kind TEXT NOT NULL,
      subject TEXT,
      object TEXT,
      fingerprint TEXT,
      wave BIGINT NOT NULL,
      state TEXT NOT NULL,
      not_before BIGINT NOT NULL,
      attempt BIGINT NOT NULL,
      token TEXT,
      lease_until BIGINT,
      worker TEXT,
      created BIGINT NOT NULL,
      started BIGINT,
      ended BIGINT,
      outcome TEXT,
      code TEXT,
      reason TEXT,
      row_count BIGINT,
      missing BIGINT,
      decided_at BIGINT,
      decided_by TEXT,
      decision TEXT,
      payload TEXT) @churned]],
    "CREATE INDEX lastpass_jobs_due ON lastpass_jobs (not_before, id) "
      .. "WHERE state IN ('ready', 'running')",
    "CREATE UNIQUE INDEX lastpass_jobs_open ON lastpass_jobs (tenant, fingerprint) "
      .. "WHERE ended IS NULL AND fingerprint IS NOT NULL",
    "CREATE INDEX lastpass_jobs_by_object "
      .. "ON lastpass_jobs (connection, object) WHERE ended IS NULL",
  },
  {
    -- What is true for a while, on all machines: requests under way, assertions that were used, counters of codes.
    [[CREATE TABLE lastpass_state (
      name TEXT NOT NULL PRIMARY KEY,
      value TEXT,
      number BIGINT,
      ends BIGINT NOT NULL) @churned]],
    "CREATE INDEX lastpass_state_by_end ON lastpass_state (ends)",
  },
  {
    -- Sessions of web applications that have ended before their time: by logout, or at the identity provider.
    [[CREATE TABLE lastpass_session_ends (
      name TEXT NOT NULL PRIMARY KEY,
      ended_at BIGINT NOT NULL,
      noted_at BIGINT NOT NULL,
      ends BIGINT NOT NULL) @churned]],
    "CREATE INDEX lastpass_session_ends_by_time ON lastpass_session_ends (noted_at)",
    "CREATE INDEX lastpass_session_ends_by_end ON lastpass_session_ends (ends)",
  },
  {
    -- Whom a plan was shown to before it was applied, and what they said: refusals as well. `run` is the one that began,
    -- or went on, with the approval.
    [[CREATE TABLE lastpass_approvals (
      id @identity,
      tenant TEXT NOT NULL,
      plan TEXT NOT NULL,
      run BIGINT,
      approver TEXT NOT NULL,
      operator TEXT NOT NULL,
      outcome TEXT NOT NULL,
      reason TEXT NOT NULL,
      answer TEXT,
      log_id TEXT,
      asked_at BIGINT NOT NULL,
      answered_at BIGINT NOT NULL)]],
    "CREATE INDEX lastpass_approvals_by_run ON lastpass_approvals (run)",
  },
  {
    -- Second factors of people, sealed by whoever keeps them here.
    [[CREATE TABLE lastpass_factors (
      person TEXT NOT NULL,
      id TEXT NOT NULL,
      kind TEXT NOT NULL,
      sealed TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      PRIMARY KEY (person, id))]],
  },
  {
    -- Runs over many companies. What is done for each company is a job that has `served`: when its company was last worked
    -- for, as of when the job was added or another one of the company began.
    [[CREATE TABLE lastpass_tenant_runs (
      id @identity,
      kind TEXT NOT NULL,
      settings TEXT NOT NULL,
      expression TEXT,
      companies BIGINT NOT NULL,
      missing TEXT,
      wave BIGINT NOT NULL,
      waves BIGINT NOT NULL,
      budget TEXT,
      forgiven BIGINT NOT NULL,
      state TEXT NOT NULL,
      code TEXT,
      why TEXT,
      created_by TEXT NOT NULL,
      plan TEXT,
      document TEXT,
      created BIGINT NOT NULL,
      changed BIGINT NOT NULL,
      ended BIGINT) @churned]],
    [[CREATE TABLE lastpass_tenants (
      tenant TEXT NOT NULL PRIMARY KEY,
      served BIGINT,
      milliseconds BIGINT,
      last_good BIGINT,
      failures BIGINT NOT NULL,
      code TEXT,
      message TEXT) @churned]],
    [[CREATE TABLE lastpass_tenant_results (
      job BIGINT NOT NULL,
      part BIGINT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (job, part))]],
    "ALTER TABLE lastpass_jobs ADD COLUMN served BIGINT",
    "DROP INDEX lastpass_jobs_due",
    "CREATE INDEX lastpass_jobs_due ON lastpass_jobs (not_before, id) "
      .. "WHERE state IN ('ready', 'running') AND served IS NULL",
    "CREATE INDEX lastpass_jobs_waiting ON lastpass_jobs (wave, served, id) "
      .. "WHERE state IN ('ready', 'running') AND served IS NOT NULL",
    "CREATE INDEX lastpass_jobs_of_company ON lastpass_jobs (tenant) "
      .. "WHERE state IN ('ready', 'running') AND served IS NOT NULL",
    "CREATE INDEX lastpass_jobs_open_of_run ON lastpass_jobs (run, wave) "
      .. "WHERE state IN ('ready', 'running') AND served IS NOT NULL",
    "CREATE INDEX lastpass_jobs_of_run ON lastpass_jobs (run, wave, id) WHERE served IS NOT NULL",
    -- of one company only one job is worked at
    "CREATE UNIQUE INDEX lastpass_jobs_at_work ON lastpass_jobs (tenant) "
      .. "WHERE state = 'running' AND served IS NOT NULL",
  },
  {
    -- how fast each company may be asked; times in microseconds
    [[CREATE TABLE lastpass_rates (
      tenant TEXT NOT NULL PRIMARY KEY,
      next_free BIGINT NOT NULL,
      blocked BIGINT NOT NULL,
      base BIGINT,
      lowered BIGINT NOT NULL,
      step BIGINT NOT NULL) @churned]],
  },
  {
    -- A plan over companies is applied by one run, whoever begins it at once. Of those that were, the newest one continues.
    "UPDATE lastpass_tenant_runs SET plan = NULL WHERE kind = 'apply' AND id < "
      .. "(SELECT MAX(r.id) FROM lastpass_tenant_runs r WHERE r.kind = 'apply' "
      .. "AND r.plan = lastpass_tenant_runs.plan)",
    "CREATE UNIQUE INDEX lastpass_tenant_runs_of_plan ON lastpass_tenant_runs (plan) "
      .. "WHERE kind = 'apply'",
  },
}

local function version_of(database)
  if not database:first "@has_schema" then
    return 0
  end
  return database:first("SELECT {MAX(version) AS version} FROM lastpass_schema").version or 0
end

local function check(database, version)
  if version <= #M.steps then
    return version
  end
  local text = "journal %s: a newer lastpass wrote it (tables of version %d, this one knows %d)"
  local message = text:format(database.label, version, #M.steps)
  return errors.fail(
    "argument",
    "store_newer",
    message,
    { hint = "update lastpass on this machine" }
  )
end

local function apply(database)
  if database:is_shared() then
    -- Two first openings at once: the second one waits, and finds the work done.
    database:query(
      ("SELECT CAST(pg_advisory_xact_lock(%d) AS TEXT) AS locked"):format(ADVISORY_LOCK)
    )
  end
  local version, message, err = check(database, version_of(database))
  if not version then
    return nil, message, err
  elseif not database:first "@has_schema" then
    database:query "CREATE TABLE lastpass_schema (version BIGINT PRIMARY KEY, applied_at BIGINT)"
  end
  for number = version + 1, #M.steps do
    for _, statement in ipairs(M.steps[number]) do
      database:query(statement)
    end
    database:query("INSERT INTO lastpass_schema VALUES (?, ?)", number, time.now())
  end
  return true
end

--- Brings the tables to the newest version; one transaction, nothing when they are.
---@param database table of `store.database`
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "store_newer" and those of `store.failures`
function M.run(database)
  local version, message, err = database:read(version_of)
  if version then
    version, message, err = check(database, version)
  end
  if not version then
    return nil, message, err
  elseif version == #M.steps then
    return true
  end
  return database:transaction(apply)
end

return M

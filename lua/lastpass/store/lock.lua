--- One runner a company: a row that survives crashes and names its owner.
-- @module lastpass.store.lock
local errors = require "lastpass.error"
local json = require "lastpass.json"
local leases = require "lastpass.store.lease"
local processes = require "lastpass.store.processes"
local time = require "lastpass.time"
local values = require "lastpass.store.values"

local M = {}

M.identity = processes.identity

-- ---- locks ----

--- Who has a lock.
---@class lastpass.store.Owner
---@field host string
---@field user? string
---@field pid? integer
---@field started? integer    when that process began, epoch seconds
---@field run? integer        what it is applying
---@field since integer       when it took the lock
---@field heartbeat integer   its last sign of life

---@class lastpass.store.Lock
---@field tenant string
---@field lease? integer seconds for which it lasts without a sign of life, whether its process lives or not
---@field taken_over? lastpass.store.Owner who had it and is gone
local lock = {}
local lock_mt = { __index = lock, __name = "lastpass.lock" }

function lock_mt.__tostring(self)
  return ("lastpass.lock (%s)"):format(self.tenant)
end

local count = 0
-- As long as it lives, no other Lua state of this process has something at its address.
local this_state = {}

-- Unlike any other lock's, of this process or another one.
local function new_token(identity)
  count = count + 1
  return table.concat({
    identity.host,
    identity.boot,
    identity.space,
    ("%.0f"):format(identity.pid or 0),
    ("%.0f"):format(time.now()),
    ("%.0f"):format(count),
    tostring(this_state):match "%w+$",
  }, "/")
end

local function describe(row)
  local ok, owner = pcall(json.decode, row.owner)
  owner = ok and type(owner) == "table" and owner or { host = "unknown host" }
  owner.run, owner.since, owner.heartbeat = row.run, row.since, row.heartbeat
  return owner
end

-- Without what only `process` understands.
local function shown(owner)
  return {
    host = owner.host,
    user = owner.user,
    pid = owner.pid,
    started = owner.started,
    run = owner.run,
    since = owner.since,
    heartbeat = owner.heartbeat,
  }
end

local function refuse(journal, tenant, owner, liveness)
  local lease = owner.lease
  local who = ("%s on %s"):format(owner.shared or owner.user or "somebody", owner.host)
  local details = { owner.pid and ("process %d"):format(owner.pid) or nil }
  details[#details + 1] = owner.run and ("run %d"):format(owner.run) or nil
  details[#details + 1] = "since " .. time.iso(owner.since)
  local hint
  if liveness == "alive" and not lease then
    hint = ("wait until it is done; should it hang: kill %d"):format(owner.pid)
  else
    hint = ("wait until it is done; it counts as dead %d s after its last sign of life, %s"):format(
      lease or journal._lock_timeout,
      time.iso(owner.heartbeat)
    )
  end
  local message = ("%s is being worked on by %s (%s)"):format(
    tenant,
    who,
    table.concat(details, ", ")
  )
  return errors.fail("conflict", "locked", message, {
    owner = shown(owner),
    hint = hint,
    tenant = tenant,
  })
end

-- In a transaction. What was examined is what is replaced: PostgreSQL reserves the row for us from
-- @locked on, SQLite the whole file.
local function take(database, journal, tenant, run, owner, token)
  local inserted = database:first(
    "INSERT INTO lastpass_locks (tenant, token, run, owner, since, heartbeat) "
      .. "VALUES (?, ?, ?, ?, @now, @now) ON CONFLICT (tenant) DO NOTHING RETURNING token",
    tenant,
    token,
    run,
    owner
  )
  if inserted then
    return true
  end
  local row = database:first(
    "SELECT token, {run}, owner, {since}, {heartbeat}, {@now AS clock} FROM lastpass_locks "
      .. "WHERE tenant = ? @locked",
    tenant
  )
  if not row then -- released between the two
    return take(database, journal, tenant, run, owner, token)
  end
  local previous = describe(row)
  local liveness = processes.liveness(previous)
  -- Both times are the database's, so machines whose clocks differ agree.
  local silent = row.clock - row.heartbeat > (previous.lease or journal._lock_timeout)
  -- whose lock is a lease proves it before each request, so that a process that stands still need not be asked
  local is_held = not silent or liveness == "alive" and not previous.lease
  if is_held and liveness ~= "gone" then
    return refuse(journal, tenant, previous, liveness)
  end
  database:query(
    "UPDATE lastpass_locks SET token = ?, run = ?, owner = ?, since = @now, heartbeat = @now "
      .. "WHERE tenant = ? AND token = ?",
    token,
    run,
    owner,
    tenant,
    row.token
  )
  return true, shown(previous)
end

--- Takes a company's lock, or names who has it. Taken over without a question when the owner ran on
-- this machine and its process is gone; from another machine when it has been silent for
-- `lock_timeout`. With a lease it is taken over when it has been silent for that long, wherever its owner is.
---@param journal lastpass.store.Journal
---@param tenant string|integer
---@param options? table run: number of the run it is for; lease: seconds
---@return lastpass.store.Lock|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "locked", with owner
function M.take(journal, tenant, options)
  tenant = values.tenant("journal:lock", tenant)
  options = errors.check_options("journal:lock", options, { run = "number", lease = "number" })
  local run = values.optional_whole("journal:lock", "run", options.run)
  local identity = processes.identity()
  identity.lease = options.lease
  local token = new_token(identity)
  local begun = leases.moment()
  local ok, taken_over, err =
    journal._database:transaction(take, journal, tenant, run, json.encode(identity), token)
  if not ok then
    return nil, taken_over, err
  end
  local self = setmetatable({
    tenant = tenant,
    run = run,
    lease = options.lease,
    taken_over = taken_over,
    _journal = journal,
    _token = token,
    _proved = begun,
  }, lock_mt)
  journal._locks[tenant] = self
  return self
end

-- In a transaction: a sign of life, and the proof that the lock is still ours.
local function touch(database, self, run)
  local begun = leases.moment()
  local row = database:first(
    "UPDATE lastpass_locks SET heartbeat = @now, run = COALESCE(?, run) "
      .. "WHERE tenant = ? AND token = ? RETURNING token",
    run,
    self.tenant,
    self._token
  )
  if row then
    self._proved = begun
    return true
  end
  local successor = database:first(
    "SELECT {run}, owner, {since}, {heartbeat} FROM lastpass_locks WHERE tenant = ?",
    self.tenant
  )
  local owner = successor and shown(describe(successor))
  local message = ("%s: the lock was lost%s"):format(
    self.tenant,
    owner
        and (" to %s on %s, process %s"):format(
          owner.user or "somebody",
          owner.host,
          tostring(owner.pid)
        )
      or ""
  )
  return errors.fail("conflict", "lock_lost", message, {
    owner = owner,
    tenant = self.tenant,
    hint = "end this run; it was silent for longer than 'lock_timeout', and another one continues",
  })
end

--- Inside another transaction: as `lock:renew`, when this journal has the company's lock.
---@param database table
---@param journal lastpass.store.Journal
---@param tenant string
---@param run? integer what it is for from now on
function M.renew_within(database, journal, tenant, run)
  local lock_of_tenant = journal._locks[tenant]
  if not lock_of_tenant then
    return true
  end
  lock_of_tenant.run = run or lock_of_tenant.run
  return touch(database, lock_of_tenant, run)
end

--- A sign of life. `journal:intend` gives one too.
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "lock_lost", with owner
function lock:renew()
  return self._journal._database:transaction(touch, self)
end

--- Right before a request that writes: proves that the lock is this journal's, and will be as long as the call may take. A
-- lease with less time left is renewed first; without a lease nobody takes the lock from a process that lives.
---@param seconds number time limit of the call
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "lock_lost": nothing may be sent
function lock:secure(seconds)
  local is_held = self._journal._locks[self.tenant] == self
  if is_held and self.lease and leases.left(self.lease, self._proved) < seconds then
    local ok, message, err = self:renew()
    if not ok then
      return nil, message, err
    end
  end
  if is_held and (not self.lease or leases.left(self.lease, self._proved) >= seconds) then
    return true
  end
  local what = is_held and "its lease of %g s is shorter than a call of %g s"
    or "this process does not have it any more"
  return errors.fail(
    "conflict",
    "lock_lost",
    ("%s: the lock was lost: "):format(self.tenant) .. what:format(self.lease or 0, seconds),
    { tenant = self.tenant }
  )
end

-- ---- shared by the processes of an endpoint ----

--- The token of locks that all processes of the SCIM endpoint share; plans are kept out by it, and keep it out.
M.SHARED = "scim"

--- Who the endpoint is, as owner of a lock or of a run. Files are read for it: only where it is written.
---@param lease integer seconds
---@return table owner
function M.shared_owner(lease)
  local who = processes.identity()
  return { host = who.host, user = who.user, shared = "the SCIM endpoint", lease = lease }
end

--- Inside a transaction: proves that the company is the endpoint's, or takes it. There is no process to ask whether it
-- lives: it ends by itself, `lease` seconds after the last write.
---@param database table
---@param journal lastpass.store.Journal
---@param tenant string
---@param lease integer seconds
---@return table|nil state {run, clock, is_new}
---@return string? message
---@return lastpass.Error? err kind "conflict", code "locked", with owner
function M.share(database, journal, tenant, lease)
  local row = database:first(
    "UPDATE lastpass_locks SET heartbeat = @now WHERE tenant = ? AND token = ? "
      .. "AND heartbeat >= @now - ? RETURNING {run}, {@now AS clock}",
    tenant,
    M.SHARED,
    lease
  )
  if row then
    return { run = row.run, clock = row.clock }
  end
  local owner = json.encode(M.shared_owner(lease))
  local ok, message, err = take(database, journal, tenant, nil, owner, M.SHARED)
  if not ok then
    return nil, message, err
  end
  row = database:first "SELECT {@now AS clock}"
  return { clock = row.clock, is_new = true }
end

--- Inside a transaction: the shared lock names another run.
---@param database table
---@param tenant string
---@param run integer
function M.name_run(database, tenant, run)
  database:query(
    "UPDATE lastpass_locks SET run = ? WHERE tenant = ? AND token = ?",
    run,
    tenant,
    M.SHARED
  )
end

local function remove(database, self)
  database:query(
    "DELETE FROM lastpass_locks WHERE tenant = ? AND token = ?",
    self.tenant,
    self._token
  )
  return true
end

--- Renews the locks of a journal that are leases, when a third of their time is over: for whoever has long work between
-- requests. One that was lost is found so by `lock:secure`.
---@param journal lastpass.store.Journal
---@return true|nil
---@return string? message
---@return lastpass.Error? err those of failures
function M.renew_all(journal)
  for _, one in pairs(journal._locks) do
    if one.lease and leases.left(one.lease, one._proved) < one.lease * 2 / 3 then
      local ok, message, err = one:renew()
      if not ok and err.code ~= "lock_lost" then
        return nil, message, err
      end
    end
  end
  return true
end

--- Gives the lock back. One that was lost stays with who has it.
function lock:release()
  if self._journal._locks[self.tenant] == self then
    self._journal._locks[self.tenant] = nil
  end
  return self._journal._database:transaction(remove, self)
end

return M

--- One runner a company: a row that survives crashes and names its owner.
-- @module lastpass.store.lock
local errors = require "lastpass.error"
local json = require "lastpass.json"
local time = require "lastpass.time"
local values = require "lastpass.store.values"

local M = {}

-- ---- processes ----

-- USER_HZ: what the kernel shows to programs is in hundredths, whatever it counts in itself.
local TICKS_PER_SECOND = 100

local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return ""
  end
  local text = file:read "*a" or ""
  file:close()
  return text
end

local function line_of(path)
  return read(path):match "^%s*([^\n]*)"
end

-- State and start (ticks since the machine's) of a process.
local function stat(process)
  -- The program's name, in parentheses, may be anything.
  local state, rest = read("/proc/" .. process .. "/stat"):match "^.*%) (%a) (.*)$"
  if not state then
    return nil
  end
  local start
  local position = 3
  for field in rest:gmatch "%S+" do
    position = position + 1
    if position == 22 then
      start = tonumber(field)
      break
    end
  end
  return state, start
end

local function user_name()
  local number = read("/proc/self/status"):match "\nUid:%s+(%d+)"
  if not number then
    return os.getenv "USER"
  end
  return ("\n" .. read "/etc/passwd"):match("\n([^:\n]+):[^:\n]*:" .. number .. ":")
    or "user " .. number
end

local function started_at(ticks)
  local boot = tonumber(read("/proc/stat"):match "btime (%d+)")
  return boot and ticks and math.floor(boot + ticks / TICKS_PER_SECOND) or nil
end

--- This process, as another one may find it again.
---@return table identity host, user; pid, started (epoch seconds) and ticks where there is /proc;
-- machine, boot and space tell machines, their boots and containers of one name apart
function M.identity()
  local process = read("/proc/self/stat"):match "^(%d+)"
  local _, ticks = nil, nil
  if process then
    _, ticks = stat "self"
  end
  local _, first_ticks = stat "1"
  local host = line_of "/proc/sys/kernel/hostname"
  return {
    host = host ~= "" and host or os.getenv "HOSTNAME" or "unknown host",
    user = user_name(),
    pid = tonumber(process),
    ticks = ticks,
    started = started_at(ticks),
    machine = line_of "/etc/machine-id",
    boot = line_of "/proc/sys/kernel/random/boot_id",
    -- Process numbers are a container's own. When its first process began is as good as its name.
    space = first_ticks and ("%.0f"):format(first_ticks) or "",
  }
end

--- What became of a process that described itself by `identity`.
---@return "alive"|"gone"|"unknown" liveness "gone" only when that is certain
function M.liveness(owner)
  local here = M.identity()
  if not owner.pid or not here.pid or owner.host ~= here.host or owner.machine ~= here.machine then
    return "unknown"
  elseif owner.boot ~= here.boot then
    -- Without a machine's number it may be another machine with the same name.
    return here.machine ~= "" and "gone" or "unknown"
  elseif owner.space ~= here.space then
    return "unknown"
  end
  local state, ticks = stat(("%d"):format(owner.pid))
  if not state then
    -- Where /proc hides other users' processes (hidepid) it hides the first one too.
    return (here.space ~= "" or owner.user == here.user) and "gone" or "unknown"
  elseif state == "Z" or state == "X" or ticks ~= owner.ticks then
    return "gone" -- dead, only not fetched by its parent; or another one with its number
  end
  return "alive"
end

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
  local who = ("%s on %s"):format(owner.shared or owner.user or "somebody", owner.host)
  local details = { owner.pid and ("process %d"):format(owner.pid) or nil }
  details[#details + 1] = owner.run and ("run %d"):format(owner.run) or nil
  details[#details + 1] = "since " .. time.iso(owner.since)
  local hint
  if liveness == "alive" then
    hint = ("wait until it is done; should it hang: kill %d"):format(owner.pid)
  else
    hint = ("wait until it is done; it counts as dead %d s after its last sign of life, %s"):format(
      owner.lease or journal._lock_timeout,
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
  local liveness = M.liveness(previous)
  -- Both times are the database's, so machines whose clocks differ agree.
  local silent = row.clock - row.heartbeat > (previous.lease or journal._lock_timeout)
  if liveness == "alive" or liveness == "unknown" and not silent then
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
-- `lock_timeout`.
---@param journal lastpass.store.Journal
---@param tenant string|integer
---@param options? table run: number of the run it is for
---@return lastpass.store.Lock|nil
---@return string? message
---@return lastpass.Error? err kind "conflict", code "locked", with owner
function M.take(journal, tenant, options)
  tenant = values.tenant("journal:lock", tenant)
  options = errors.check_options("journal:lock", options, { run = "number" })
  local run = values.optional_whole("journal:lock", "run", options.run)
  local identity = M.identity()
  local token = new_token(identity)
  local ok, taken_over, err =
    journal._database:transaction(take, journal, tenant, run, json.encode(identity), token)
  if not ok then
    return nil, taken_over, err
  end
  local self = setmetatable({
    tenant = tenant,
    run = run,
    taken_over = taken_over,
    _journal = journal,
    _token = token,
  }, lock_mt)
  journal._locks[tenant] = self
  return self
end

-- In a transaction: a sign of life, and the proof that the lock is still ours.
local function touch(database, self, run)
  local row = database:first(
    "UPDATE lastpass_locks SET heartbeat = @now, run = COALESCE(?, run) "
      .. "WHERE tenant = ? AND token = ? RETURNING token",
    run,
    self.tenant,
    self._token
  )
  if row then
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

-- ---- shared by the processes of an endpoint ----

--- The token of locks that all processes of the SCIM endpoint share; plans are kept out by it, and keep it out.
M.SHARED = "scim"

--- Who the endpoint is, as owner of a lock or of a run. Files are read for it: only where it is written.
---@param lease integer seconds
---@return table owner
function M.shared_owner(lease)
  local who = M.identity()
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

--- Gives the lock back. One that was lost stays with who has it.
function lock:release()
  if self._journal._locks[self.tenant] == self then
    self._journal._locks[self.tenant] = nil
  end
  return self._journal._database:transaction(remove, self)
end

return M

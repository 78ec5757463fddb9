--- Why sessions end with the account. The list of revocations is fed by the journal (steps of plans, of single changes, of
-- the SCIM endpoint; logouts on other machines), by LastPass's events, and by what this nginx itself does. A session that
-- has ended stays ended, whoever is let in again: only what began afterwards counts.
-- @module lastpass.nginx.guard.feed
local changes = require "lastpass.directory.changes"
local email = require "lastpass.email"
local event_reader = require "lastpass.directory.events"
local journals = require "lastpass.nginx.scim.journal"
local leases = require "lastpass.nginx.lease"
local metrics = require "lastpass.nginx.metrics"
local revocations = require "lastpass.nginx.guard.revoked"
local state = require "lastpass.state"

---@class lastpass.nginx.guard.Feed
local methods = {}
local feed_mt = { __name = "lastpass.nginx.guard.Feed", __index = methods }

local M = {}

local JOURNAL, EVENTS = "journal", "events"
-- What is read again each time: rows of a transaction that was committed late.
local OVERLAP = 60
local COMPLAIN_EVERY = 10 -- of one worker about one thing
local WORKERS_DIFFER = 2 -- seconds between the clocks of workers: each reads it when it is not busy
local CLOCKS_DIFFER = 2 -- seconds from which another machine's clock counts as another one: the journal has whole ones
local EVENTS_OVERLAP = 900 -- LastPass lists events late

-- Kinds of steps after which nobody may be signed in.
local kinds = {}
for _, change in ipairs(changes.list) do
  if change.status == "disabled" or change.status == "absent" then
    kinds[#kinds + 1] = change.name
  end
end

-- Actions of the audit log that say the same.
local ends_access = {
  user_disabled = true,
  user_disabling = true,
  user_deleted = true,
  user_removed = true,
  user_deprovisioned = true,
}

local ONCE_EACH = "lastpass %s: %s: state is 'dict': what counts once does so on each machine, and "
  .. "machines can share this journal; with state = 'journal' it is once on all of them"

-- Machines that have the same keys open each other's cookies; what was used on one is not known on another.
local function note_state(guard, settings, label)
  if settings.state == "dict" and label and label:find "^%a[%w+.-]*://" then
    ngx.log(ngx.NOTICE, ONCE_EACH:format(guard, settings.name))
  end
end

--- Makes the feed of a guard.
---@param guard "saml"|"mfa" which one, for metrics and the log
---@param settings table name, tenant (a `lastpass.nginx.Tenant`, or nil), journal, journal_every, events_every, lifetime,
-- stale_after, thread_pool, state ("dict" or "journal")
---@param revoked lastpass.nginx.guard.Revoked
---@return lastpass.nginx.guard.Feed
function M.new(guard, settings, revoked)
  local tenant = settings.tenant
  local self = setmetatable({
    _guard = guard,
    _settings = settings,
    _revoked = revoked,
    _tenant = tenant,
    _label = settings.journal or tenant and tenant.journal,
    _lifetime = math.ceil(settings.lifetime) + 60,
    _complained = {},
  }, feed_mt)
  note_state(guard, settings, self._label)
  if tenant then
    tenant:on_removed(function(address)
      self:removed(address, revoked:clock(ngx.now()))
    end)
  end
  return self
end

-- One for all feeds of a worker: semaphores are of one worker.
local of_labels = {}

local function journal_of(self)
  local journal = of_labels[self._label]
  if not journal then
    journal = journals.new(self._label, self._settings.thread_pool)
    of_labels[self._label] = journal
  end
  return journal
end

-- Until when a feed was read; nil when it must be read as at the first time: it never was, or it was when the clock was
-- ahead of what it is now, and nothing can be said of the time between.
local function fed_at(self, what, now)
  local at = self._revoked:fed_at(what)
  return at and at <= now + WORKERS_DIFFER and at or nil
end

local function complain(self, what, message)
  local metric = ("lastpass_%s_feed_failures_total"):format(self._guard)
  metrics.count(metric, { guard = self._settings.name, feed = what })
  if self._complained[what] and ngx.now() - self._complained[what] < COMPLAIN_EVERY then
    return
  end
  self._complained[what] = ngx.now()
  ngx.log(ngx.ERR, "lastpass ", self._guard, ": ", self._settings.name, ": ", what, ": ", message)
end

--- What gives the journal, in a worker; nil when there is none.
---@return (fun(): lastpass.store.Journal)|nil
function methods:journal()
  return self._label and function()
    return journal_of(self)
  end or nil
end

--- What gives the state of the guard, by its setting `state`: made in the worker, for a journal is reached through what only
-- workers have.
---@param dict table of `ngx.shared`, for "dict"
---@return fun(): lastpass.state.State
function methods:state(dict)
  local made
  return function()
    if not made then
      local is_shared = self._settings.state == "journal"
      made = is_shared and state.database(journal_of(self)) or state.dict(dict)
    end
    return made
  end
end

--- Logs and counts a failure, not too often.
---@param what string
---@param message string
function methods:complain(what, message)
  complain(self, what, message)
end

--- Ends all sessions of an account.
---@param address string
---@param at number epoch seconds
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:removed(address, at)
  local ok, message, err = self._revoked:add(revocations.account_key(address), at, ngx.now())
  if not ok then
    complain(self, "account", message)
  end
  return ok, message, err
end

--- Ends sessions, here and on all machines that have the journal: there first, so that a failure leaves nothing half done.
---@param keys string[]
---@param now number
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:revoke(keys, now)
  if self._label then
    local at = math.ceil(self._revoked:clock(now) * 1000)
    local ok, message, err = journal_of(self):add_session_ends(keys, at, self._lifetime)
    if not ok then
      return nil, message, err
    end
  end
  for _, key in ipairs(keys) do
    local ok, message, err = self._revoked:add(key, self._revoked:clock(now), now)
    if not ok then
      return nil, message, err
    end
  end
  return true
end

--- Whether accounts end sessions at all: then it must be known whose each session is.
---@return boolean
function methods:has_accounts()
  return self._label ~= nil or self._tenant ~= nil
end

-- ---- the journal ----

-- Sessions and their ends are compared by one clock, the journal's. It was read a moment ago: what is wrong with it makes a
-- session look older than it is, never younger.
local function compare_clocks(self, clock)
  ngx.update_time()
  local ahead = clock - ngx.now()
  self._revoked:set_clock(math.abs(ahead) >= CLOCKS_DIFFER and ahead or 0)
end

local function add_all(self, removals, ends)
  local now = ngx.now()
  for _, row in ipairs(removals) do
    -- the journal has whole seconds: whoever signed in within the same one signs in again
    local ok, message, err =
      self._revoked:add(revocations.account_key(row.subject), row.touched_at + 0.999, now)
    if not ok then
      return nil, message, err
    end
  end
  for _, row in ipairs(ends) do
    local ok, message, err = self._revoked:add(row.name, row.ended_at / 1000, now)
    if not ok then
      return nil, message, err
    end
  end
  return true
end

--- Reads what is new in the journal. At the first time, that is all that a session of today may have missed.
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:read_journal()
  ngx.update_time()
  local began = ngx.now()
  local before = fed_at(self, JOURNAL, began)
  local back = self._lifetime
  if before then
    back = math.min(back, math.ceil(began - before) + OVERLAP)
  end
  local tenant = self._tenant and self._tenant:in_journal() or nil
  local results, message, err = journal_of(self):batch {
    { method = "removals", count = 3, kinds, back, tenant },
    { method = "session_ends", count = 1, back },
    { method = "clock", count = 0 },
  }
  local removals, ends
  if results then
    removals, message, err = results[1][1], results[1][2], results[1][3]
  end
  if removals then
    ends, message, err = results[2][1], results[2][2], results[2][3]
  end
  local ok, clock = ends and true, nil
  if ok then
    clock, message, err = results[3][1], results[3][2], results[3][3]
    ok = clock and true
  end
  if ok then
    compare_clocks(self, clock)
    ok, message, err = add_all(self, removals, ends)
  end
  if not ok then
    return nil, message, err
  end
  self._revoked:feed_ok(JOURNAL, began)
  return true
end

--- Whether the list may lack what happened on other machines: for too long the journal could not be read.
---@param now number
---@return boolean
function methods:is_late(now)
  if not self._label then
    return false
  end
  local at = fed_at(self, JOURNAL, now)
  return not at or now - at > self._settings.stale_after
end

-- ---- events ----

local function end_sessions(self, event, target, was_read, now)
  local mark = event.local_time .. "\0" .. event.id .. "\0" .. target.value
  if self._revoked:is_seen(mark) then
    return true
  end
  -- An event that was not there at the last reading has happened since, whatever its time says: that depends on the
  -- account's time zone, and has no fractions.
  local at = (event.time or now) + 0.999
  local ok, message, err =
    self:removed(target.value, was_read and math.max(at, self._revoked:clock(now)) or at)
  if not ok then
    return nil, message, err
  end
  return self._revoked:note_seen(mark, 2 * EVENTS_OVERLAP)
end

local function take_event(self, event, was_read, now)
  for _, target in ipairs(ends_access[event.id] and event.targets or {}) do
    if target.kind == "user" and email.check(target.value) then
      local ok, message, err = end_sessions(self, event, target, was_read, now)
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

--- Reads what LastPass's events say: whoever was disabled in the Admin Console, or by another program.
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:read_events()
  local now = ngx.now()
  local before = fed_at(self, EVENTS, now)
  local from = now - self._lifetime
  if before then
    from = math.max(from, before - EVENTS_OVERLAP)
  end
  local list, message, err = event_reader.read(self._tenant:client(), { from = from })
  if not list then
    return nil, message, err
  end
  for _, event in ipairs(list) do
    local ok
    ok, message, err = take_event(self, event, before ~= nil, now)
    if not ok then
      return nil, message, err
    end
  end
  self._revoked:feed_ok(EVENTS, now)
  return true
end

-- ---- timers ----

-- One worker of all reads, and the others see it.
local function run(self, what, interval, read)
  local at = fed_at(self, what, ngx.now())
  if at and ngx.now() - at < interval * 0.8 then
    return
  end
  local lease = leases.take(
    ("%s %s of %s"):format(self._guard, what, self._settings.name),
    math.max(5, interval)
  )
  if not lease then
    return
  end
  local ok, done, message = lease:guard(read, self)
  if not ok or not done then
    complain(self, what, tostring(ok and message or done))
  end
end

--- Starts the timers of a worker.
---@param every fun(seconds: number, what: string, fn: function)
function methods:start(every)
  local settings = self._settings
  local function start(what, interval, read)
    every(interval, ("%s %s of %s"):format(self._guard, what, settings.name), function(premature)
      if not premature then
        run(self, what, interval, read)
      end
    end)
  end
  if self._label then
    start(JOURNAL, settings.journal_every, self.read_journal)
  end
  if self._tenant and settings.events_every then
    start(EVENTS, settings.events_every, self.read_events)
  end
end

--- How far the list is behind, for /healthz and /metrics.
---@param now number
---@return table<string, number> seconds by feed
function methods:lag(now)
  local lag = {}
  for _, what in ipairs {
    self._label and JOURNAL or false,
    self._tenant and self._settings.events_every and EVENTS or false,
  } do
    if what then
      local at = fed_at(self, what, now)
      lag[what] = at and math.max(now - at, 0) or math.huge
    end
  end
  return lag
end

return M

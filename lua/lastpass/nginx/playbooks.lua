--- Playbooks run by nginx: the files of a folder, each at the times that it declares. One of all workers looks
-- after a folder; what is slow happens in threads.
-- @module lastpass.nginx.playbooks
local errors = require "lastpass.error"
local folders = require "lastpass.nginx.playbooks.folder"
local leases = require "lastpass.nginx.lease"
local metrics = require "lastpass.nginx.metrics"
local thread = require "lastpass.nginx.thread"
local time = require "lastpass.time"

---@class lastpass.nginx.Playbooks
local methods = {}
local playbooks_mt = { __name = "lastpass.nginx.Playbooks", __index = methods }

local M = {}

-- Seconds that a playbook may compute; one that never ends would occupy its thread for ever.
local TIME_LIMIT = 120
local DAY = 86400

--- Makes the object that looks after a folder.
---@param options table directory, apply, pool (name of the thread_pool), tenant (lastpass.nginx.Tenant),
-- time_limit (seconds that a playbook may compute; default 120), look_every (seconds between calls of `tick`)
---@return lastpass.nginx.Playbooks
function M.new(options)
  pcall(require, "lfs") -- it sets a global variable, which is best done before there are requests
  return setmetatable({
    directory = options.directory:gsub("/+$", ""),
    tenant = options.tenant,
    _apply = options.apply or false,
    _time_limit = options.time_limit or TIME_LIMIT,
    _pool = options.pool,
    -- the lease is renewed at each check of the folder
    _lease_ttl = math.max(5, 2.5 * (options.look_every or 0)),
    _folder = folders.new(options.directory),
    _playbooks = {},
    _zone = time.zone(options.tenant.timezone),
  }, playbooks_mt)
end

-- The worker that has the lease renews it at each check.
local function has_lease(self)
  if self._lease and self._lease:renew() then
    return true
  end
  self._lease = leases.take("playbooks " .. self.directory, self._lease_ttl)
  if self._lease then
    self._playbooks = {} -- another worker may have changed them
  end
  return self._lease ~= nil
end

--- Lets another worker look after the folder; for a worker that quits.
function methods:release()
  if self._lease then
    self._lease:release()
    self._lease = nil
  end
end

-- The first of the times of day that is after `last`. The day before counts too: east of UTC it is another day.
local function next_time_of_day(times, last, zone)
  local today = math.floor(zone:to_local(last) / DAY) * DAY
  for day = today - DAY, today + 2 * DAY, DAY do
    for _, seconds in ipairs(times) do
      local moment = zone:to_utc(day + seconds)
      if moment > last then
        return moment
      end
    end
  end
  return last + DAY -- no zone skips three days
end

--- When a playbook is to run next, by its schedule: `every "15m"` or `at "02:00"`.
---@param schedule lastpass.plan.Schedule
---@param last number|nil when it last began, epoch seconds
---@param known_since number since when it has been known, for one that never ran
---@param zone lastpass.Zone of the account
---@return number epoch seconds
function M.next_run(schedule, last, known_since, zone)
  if schedule.every then
    return last and last + schedule.every or known_since
  end
  return next_time_of_day(schedule.at, last or known_since, zone)
end

local function log(level, playbook, ...)
  ngx.log(level, "lastpass: playbook ", playbook.path, ...)
end

local function hint_of(answer)
  return answer.hint and (" (%s)"):format(answer.hint) or ""
end

local function labels_of(self, playbook)
  return { tenant = self.tenant.name, playbook = playbook.name }
end

local is_success = { applied = true, unchanged = true, planned = true }

local function record_run(self, playbook, answer)
  local labels = labels_of(self, playbook)
  for state, count in pairs(answer.states or {}) do
    labels.state = state
    metrics.count("lastpass_playbook_steps_total", labels, count)
  end
  labels.state = nil
  metrics.observe("lastpass_playbook_seconds", labels, answer.seconds)
  if is_success[answer.outcome] then
    metrics.set("lastpass_playbook_last_success_timestamp_seconds", labels, ngx.now())
    playbook.failures = 0
    local steps = answer.steps and (", %d steps"):format(answer.steps) or ""
    local run = answer.run and (", run %d"):format(answer.run) or ""
    log(ngx.NOTICE, playbook, ": ", answer.outcome, steps, run)
  else
    playbook.failures = playbook.failures + 1
    log(ngx.ERR, playbook, ": ", answer.outcome, ": ", tostring(answer.message), hint_of(answer))
  end
  labels.outcome = answer.outcome
  metrics.count("lastpass_playbook_runs_total", labels)
  playbook.last = answer
end

local function run_playbook(self, playbook)
  local begun = ngx.now()
  playbook:load_runs()
  playbook.began = begun
  playbook:save_runs()
  local order = self.tenant:thread_order()
  order.path, order.text, order.apply = playbook.path, playbook.good.text, self._apply
  order.time_limit = self._time_limit
  local answer = thread.order(self._pool, "run_playbook", order)
  ngx.update_time()
  answer.seconds, answer.at = ngx.now() - begun, math.floor(ngx.now())
  record_run(self, playbook, answer)
  playbook:save_runs()
  if answer.outcome == "applied" or answer.outcome == "partial" then
    self.tenant:refresh()
  end
end

--- Starts a playbook that is due, in a timer of its own. Of one company only one runs at a time, and none while a
-- write through the gateway may take away an admin. One that has to wait stays due.
---@param playbook lastpass.nginx.Playbook
function methods:start_when_due(playbook)
  local when = playbook.good and playbook.good.schedule
  if not when or playbook.is_running then
    return
  end
  if M.next_run(when, playbook.began, playbook.known_since, self._zone) > ngx.now() then
    return
  end
  local lease = leases.take(leases.of_changes(self.tenant.name))
  if not lease then
    return
  end
  playbook.is_running = true
  local started = ngx.timer.at(0, function(premature)
    if not premature then
      local ok, message = lease:guard(run_playbook, self, playbook)
      if not ok then
        log(ngx.ERR, playbook, ": ", tostring(message))
      end
    end
    lease:release()
    playbook.is_running = nil
  end)
  if not started then
    lease:release()
    playbook.is_running = nil
  end
end

local function report_broken(self, playbook, md5, answer)
  playbook.broken = {
    md5 = md5,
    message = answer.message,
    line = answer.line,
    at = math.floor(ngx.now()),
  }
  metrics.set("lastpass_playbook_broken", labels_of(self, playbook), 1)
  local good = playbook.good and ", its last good version stays in use" or ""
  log(ngx.ERR, playbook, " does not load", good, ": ", answer.message)
end

-- What is wrong with the folder as a whole is logged once.
local function report_trouble(self, answer)
  local trouble = { message = answer.message, code = answer.code, hint = answer.hint }
  self._trouble = trouble
  if folders.store_trouble(self.directory, trouble) then
    local hint = hint_of(trouble)
    ngx.log(ngx.ERR, "lastpass: playbooks in ", self.directory, ": ", trouble.message, hint)
  end
end

-- A new version is tried in a thread, and replaces the last one when it loads.
local function load_version(self, playbook, text, md5)
  local answer = thread.order(self._pool, "load_playbook", {
    path = playbook.path,
    text = text,
    timezone = self.tenant.timezone,
    time_limit = self._time_limit,
  })
  if answer.code == "no_thread" then
    report_trouble(self, answer)
    return
  end
  playbook.seen = md5
  if answer.outcome ~= "loaded" then
    report_broken(self, playbook, md5, answer)
  else
    if playbook.broken then
      log(ngx.NOTICE, playbook, " loads again")
    end
    playbook.broken = nil
    playbook.good = { text = text, md5 = md5, schedule = answer.schedule }
    metrics.set("lastpass_playbook_broken", labels_of(self, playbook), 0)
  end
  playbook:save_versions()
end

local function load_when_new(self, playbook, text)
  local md5 = ngx.md5(text)
  if md5 ~= playbook.seen and not playbook.is_running then
    load_version(self, playbook, text, md5)
  end
end

local function check_folder(self)
  local texts, message, err = self._folder:read()
  if not texts then
    return report_trouble(self, { message = message, code = err.code, hint = err.hint })
  end
  self._trouble = nil
  local names = errors.names_of(texts)
  for _, name in ipairs(names) do
    self._playbooks[name] = self._playbooks[name] or folders.playbook(self.directory, name)
  end
  for name, playbook in pairs(self._playbooks) do
    if not texts[name] and not playbook.is_running then
      playbook:forget()
      self._playbooks[name] = nil
    end
  end
  local listed = table.concat(names, "\n")
  if listed ~= self._listed then
    folders.store_names(self.directory, names)
    self._listed = listed
  end
  for _, name in ipairs(names) do
    load_when_new(self, self._playbooks[name], texts[name])
    self:start_when_due(self._playbooks[name])
  end
  if not self._trouble then
    folders.store_trouble(self.directory, nil)
  end
end

--- Looks after the folder, unless another worker does. To be called in a timer, again and again.
function methods:tick()
  if self._ticking then
    return self._lease and self._lease:renew() -- a playbook is still loading
  end
  self._ticking = true
  local ok, message = pcall(function()
    if has_lease(self) then
      check_folder(self)
    end
  end)
  self._ticking = nil
  if not ok then
    ngx.log(ngx.ERR, "lastpass: playbooks in ", self.directory, ": ", tostring(message))
  end
end

--- The state of the playbooks, for /healthz.
---@return table {directory, playbooks = list, looked_after, trouble}
function methods:report()
  return {
    directory = self.directory,
    apply = self._apply,
    looked_after = leases.is_taken("playbooks " .. self.directory),
    trouble = folders.trouble(self.directory),
    playbooks = folders.report(self.directory),
  }
end

return M

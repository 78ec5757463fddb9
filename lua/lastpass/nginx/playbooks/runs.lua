--- Runs of playbooks: begun when they are due, and what became of them.
-- @module lastpass.nginx.playbooks.runs
local leases = require "lastpass.nginx.lease"
local metrics = require "lastpass.nginx.metrics"
local schedule = require "lastpass.nginx.playbooks.schedule"
local threads = require "lastpass.nginx.threads"

local M = {}

--- The labels of what is counted of a playbook.
---@param self lastpass.nginx.Playbooks
---@param book lastpass.nginx.Book
---@return table
function M.labels(self, book)
  return { tenant = self.tenant.name, playbook = book.name }
end

local good_ends = { applied = true, unchanged = true, planned = true }

local function note_run(self, book, answer)
  local labels = M.labels(self, book)
  for state, count in pairs(answer.states or {}) do
    labels.state = state
    metrics.count("lastpass_playbook_steps_total", labels, count)
  end
  labels.state = nil
  metrics.observe("lastpass_playbook_seconds", labels, answer.seconds)
  if good_ends[answer.outcome] then
    metrics.set("lastpass_playbook_last_success_timestamp_seconds", labels, ngx.now())
    book.failures = 0
    ngx.log(
      ngx.NOTICE,
      "lastpass: playbook ",
      book.path,
      ": ",
      answer.outcome,
      answer.steps and (", %d steps"):format(answer.steps) or "",
      answer.run and (", run %d"):format(answer.run) or ""
    )
  else
    book.failures = book.failures + 1
    ngx.log(
      ngx.ERR,
      "lastpass: playbook ",
      book.path,
      ": ",
      answer.outcome,
      ": ",
      tostring(answer.message),
      answer.hint and " (" .. answer.hint .. ")" or ""
    )
  end
  labels.outcome = answer.outcome
  metrics.count("lastpass_playbook_runs_total", labels)
  book.last = answer
end

local function run(self, book)
  local begun = ngx.now()
  book:look_at_runs()
  book.began = begun
  book:save_runs()
  local order = self.tenant:thread_order()
  order.path, order.text, order.apply = book.path, book.good.text, self._apply
  order.time_limit = self._time_limit
  local answer = threads.order(self._pool, "playbooks", "run", order)
  ngx.update_time()
  answer.seconds, answer.at = ngx.now() - begun, math.floor(ngx.now())
  note_run(self, book, answer)
  book:save_runs()
  if answer.outcome == "applied" or answer.outcome == "partial" then
    self.tenant:refresh()
  end
end

--- Starts a playbook that is due, in a timer of its own. Of one company only one runs at a time, and none
-- while a write through the gateway takes an admin. Who must wait is due still.
---@param self lastpass.nginx.Playbooks
---@param book lastpass.nginx.Book
function M.start_when_due(self, book)
  local when = book.good and book.good.schedule
  if not when or book._running then
    return
  end
  if schedule.next(when, book.began, book.known_since, self._zone) > ngx.now() then
    return
  end
  local lock = leases.take(leases.of_changes(self.tenant.name))
  if not lock then
    return
  end
  book._running = true
  local started = ngx.timer.at(0, function(premature)
    if not premature then
      local ok, message = lock:guard(run, self, book)
      if not ok then
        ngx.log(ngx.ERR, "lastpass: playbook ", book.path, ": ", tostring(message))
      end
    end
    lock:release()
    book._running = nil
  end)
  if not started then
    lock:release()
    book._running = nil
  end
end

return M

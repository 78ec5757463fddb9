--- Writes for the unified directory and the proxy: asks the guards, counts, logs the intent, calls the client and
-- logs the outcome.
-- @module lastpass.nginx.gateway.writer
local audit = require "lastpass.nginx.gateway.audit"
local change_table = require "lastpass.directory.changes"
local counts = require "lastpass.nginx.gateway.counts"
local errors = require "lastpass.error"
local guards = require "lastpass.plan.guards.single"
local leases = require "lastpass.nginx.lease"

---@class lastpass.nginx.gateway.Writer: lastpass.unified.Writer
local methods = {}
local writer_mt = { __index = methods }

local M = {}

-- A lease outlives the call it covers: a worker that dies may leave a call under way, which changes the
-- directory as late as its time limit, and a little later.
local LONGEST_CALL = 120
local MARGIN = 30

local WAIT = 10 -- seconds for a lease that another request has
local EVERY = 0.05
local COUNTING = 5 -- seconds; nothing that is done under this lease waits
local COUNTING_EVERY = 0.002

--- Makes a writer for one request.
---@param context table tenant, token (name), request, settings (protect, limits), audit, counters and
-- locks (dicts), now, sleep, second_factor (a function that asks for one)
---@return lastpass.nginx.gateway.Writer
function M.new(context)
  return setmetatable({ _context = context, _reserved = {} }, writer_mt)
end

local function no_lease(reason)
  if reason == "full" then
    local text = "there is no room for a lease: lua_shared_dict lastpass_locks is full"
    return errors.fail("cancelled", "no_room", text)
  end
  return errors.fail("cancelled", "busy", "another write to this company is under way")
end

-- Two writes that each take away one of the last two admins must not both see the other one.
local function lock(self)
  if self._lease then
    return true
  end
  local context = self._context
  local lease, reason = leases.acquire(leases.of_changes(context.tenant.name), {
    dict = context.locks,
    ttl = (context.tenant.timeout or LONGEST_CALL) + MARGIN,
    wait = WAIT,
    every = EVERY,
    sleep = context.sleep,
  })
  if not lease then
    return no_lease(reason)
  end
  self._lease = lease:keep()
  return true
end

-- What was counted for a change that was not made is subtracted again.
local function give_back(self, change)
  local reservation = self._reserved[change]
  if reservation then
    self._reserved[change] = nil
    counts.give_back(reservation)
  end
end

--- Ends the request: lets other requests write, and subtracts what was counted and never begun.
function methods:finish()
  local open = {}
  for change in pairs(self._reserved) do
    open[#open + 1] = change
  end
  for _, change in ipairs(open) do
    give_back(self, change)
  end
  if self._lease then
    if self._in_doubt then
      self._lease:abandon()
    else
      self._lease:release()
    end
    self._lease = nil
  end
end

--- Whether anything was sent that may have changed something.
---@return boolean
function methods:has_changed()
  return self._has_changed or false
end

local function log_entry(self, entry, outcome, code)
  local context = self._context
  entry.token, entry.tenant = context.token, context.tenant.name
  entry.request, entry.remote_address = context.request.id, context.request.remote_address
  entry.outcome, entry.code = outcome, code
  return context.audit:write(entry, context.now())
end

local function fields_of(changes)
  local names, seen = {}, {}
  for _, change in ipairs(changes) do
    for name in pairs(change.after or {}) do
      if not seen[name] then
        seen[name], names[#names + 1] = true, name
      end
    end
  end
  table.sort(names)
  return #names > 0 and names or nil
end

local function entry_of(action, changes)
  local subjects = {}
  for position, change in ipairs(changes) do
    subjects[position] = change.subject
  end
  return { action = action, subjects = subjects, fields = fields_of(changes) }
end

-- Guards and counts in one step: no other request counts between the check of what a day has left and the count.
local function ask_and_reserve(self, snapshot, changes, admins)
  local context = self._context
  local name, at = context.tenant.name, context.now()
  local ok, message, err = guards.ask(snapshot, changes, context.settings, {
    where = "gateway",
    admins = admins,
    done_lately = function(limit, span)
      return counts.lately(context.counters, name, limit, span.seconds, at)
    end,
  })
  if not ok then
    return nil, message, err
  end
  for _, change in ipairs(changes) do
    local reservation = counts.reserve(context.counters, name, guards.count { change }, at)
    if not reservation then
      local text = "there is no room to count this write: lua_shared_dict lastpass_counters is full"
      return errors.fail("cancelled", "no_room", text)
    end
    self._reserved[change] = reservation
  end
  return true
end

local function count_under_lease(self, snapshot, changes, admins)
  local context = self._context
  local lease, reason = leases.acquire("counts of " .. context.tenant.name, {
    dict = context.locks,
    ttl = COUNTING,
    wait = WAIT,
    every = COUNTING_EVERY,
    sleep = context.sleep,
  })
  if not lease then
    return no_lease(reason)
  end
  local succeeded, ok, message, err = pcall(ask_and_reserve, self, snapshot, changes, admins)
  lease:release()
  if not succeeded then
    error(ok, 0)
  end
  return ok, message, err
end

local function ask_guards(self, changes)
  local tenant = self._context.tenant
  local view, message, err = tenant:directory()
  if not view then
    return nil, message, err
  end
  local takes_one, admins
  takes_one, message, err = guards.takes_an_admin(tenant:client(), view.snapshot, changes)
  if takes_one == nil then
    return nil, message, err
  elseif takes_one then -- while no other request takes one away
    local ok
    ok, message, err = lock(self)
    if not ok then
      return nil, message, err
    end
    admins, message, err = guards.read_admins(tenant:client())
    if not admins then
      return nil, message, err
    end
  end
  return count_under_lease(self, view.snapshot, changes, admins)
end

--- Whether changes may be applied; then they are counted. A refusal is logged.
---@param changes lastpass.unified.Change[]
---@param action? string its name in the audit; default that of the first change
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard"
function methods:check(changes, action)
  local second_factor = self._context.second_factor
  local ok, message, err = true, nil, nil
  if second_factor then -- before the guards: while a person is asked, other writes go on
    ok, message, err = second_factor(changes)
  end
  if ok then
    ok, message, err = ask_guards(self, changes)
  end
  if ok then
    return true
  end
  local written, no_trace, failure =
    log_entry(self, entry_of(action or changes[1].kind, changes), audit.outcome(err))
  if not written then
    return nil, no_trace, failure
  end
  return nil, message, err
end

--- Logs what is about to be sent. From here on it may have happened.
---@param action string
---@param changes lastpass.unified.Change[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err then nothing may be sent
function methods:begin(action, changes)
  if self._lease and not self._lease:renew() then
    return errors.fail("cancelled", "busy", "this write has waited too long; try again")
  end
  local ok, message, err = log_entry(self, entry_of(action, changes), "intent")
  if not ok then
    return nil, message, err
  end
  self._begun, self._had_changed, self._has_changed = {}, self._has_changed, true
  for _, change in ipairs(changes) do
    self._begun[change], self._reserved[change] = self._reserved[change], nil
  end
  return true
end

-- Whether the changes surely did not happen; then they are not counted.
local function surely_not(err)
  return err ~= nil and not err.uncertain and err.kind ~= "partial"
end

-- Sessions end with the access.
local function tell_removed(self, changes)
  local tenant = self._context.tenant
  for _, change in ipairs(changes) do
    local kind = change_table.by_name[change_table.step_kind(change.kind) or ""]
    if tenant.removed and kind and (kind.status == "disabled" or kind.status == "absent") then
      tenant:removed(change.subject)
    end
  end
end

--- Logs what was done, or may have been. When that fails, what was done has not failed: its intent is logged, /healthz
-- and the error log report it, and nothing is written after it.
---@param action string
---@param changes lastpass.unified.Change[]
---@param err lastpass.Error|nil
function methods:done(action, changes, err)
  if surely_not(err) then
    self._has_changed = self._had_changed
    for _, change in ipairs(changes) do
      self._reserved[change] = self._begun[change]
      give_back(self, change)
    end
  end
  if not surely_not(err) then
    tell_removed(self, changes)
  end
  self._in_doubt = self._in_doubt or err ~= nil and err.uncertain == true
  local ok, message = log_entry(self, entry_of(action, changes), audit.outcome(err))
  local ngx = rawget(_G, "ngx")
  if not ok and ngx then
    local text = "lastpass gateway: the outcome of %s could not be logged (%s): %s"
    local request = self._context.request.id or "a request"
    ngx.log(ngx.ERR, text:format(request, (audit.outcome(err)), message))
  end
end

--- Applies a change that was checked.
---@param change lastpass.unified.Change
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function methods:apply(change)
  local ok, message, err = self:begin(change.kind, { change })
  if not ok then
    return nil, message, err
  end
  local reply
  reply, message, err =
    change_table.send(self._context.tenant:client(), change.kind, change.subject, change.after)
  self:done(change.kind, { change }, err)
  return reply, message, err
end

return M

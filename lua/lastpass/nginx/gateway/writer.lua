--- Writes for the unified directory and the proxy: asks the guards, counts, writes the intent down, calls
-- the client, and writes down how it ended.
-- @module lastpass.nginx.gateway.writer
local audit = require "lastpass.nginx.gateway.audit"
local counts = require "lastpass.nginx.gateway.counts"
local errors = require "lastpass.error"
local guards = require "lastpass.nginx.gateway.guards"
local leases = require "lastpass.nginx.lease"

---@class lastpass.nginx.gateway.Writer: lastpass.unified.Writer
local methods = {}
local writer_mt = { __index = methods }

local M = {}

-- A lease outlives the call it covers: a worker that dies may leave a call under way, which changes the
-- directory as late as its time limit, and a little later.
local LONGEST_CALL = 120
local MARGIN = 30

local WAIT = 10 -- seconds for a lease that somebody else has
local EVERY = 0.05
local COUNTING = 5 -- seconds; what is done under this lease waits for nothing
local COUNTING_EVERY = 0.002

--- Makes a writer for one request.
---@param context table tenant, token (name), request, settings (protect, limits), audit, counters and
-- locks (dicts), now, sleep
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

-- Two writes that each take one of the last two admins must not both see the other one.
local function lock(self)
  if self._lease then
    return true
  end
  local context = self._context
  local lease, reason = leases.acquire(leases.of_changes(context.tenant.name), {
    dict = context.locks,
    lasts = (context.tenant.timeout or LONGEST_CALL) + MARGIN,
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

-- What was counted for a wish and not made is taken off again.
local function give_back(self, wish)
  local reservation = self._reserved[wish]
  if reservation then
    self._reserved[wish] = nil
    counts.give_back(reservation)
  end
end

--- Ends the request: lets others write, and takes off what was counted and never begun.
function methods:finish()
  local open = {}
  for wish in pairs(self._reserved) do
    open[#open + 1] = wish
  end
  for _, wish in ipairs(open) do
    give_back(self, wish)
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

local function note(self, entry, outcome, code)
  local context = self._context
  entry.token, entry.tenant = context.token, context.tenant.name
  entry.request, entry.remote_address = context.request.id, context.request.remote_address
  entry.outcome, entry.code = outcome, code
  return context.audit:write(entry, context.now())
end

local function fields_of(wishes)
  local names, seen = {}, {}
  for _, wish in ipairs(wishes) do
    for name in pairs(wish.after or {}) do
      if not seen[name] then
        seen[name], names[#names + 1] = true, name
      end
    end
  end
  table.sort(names)
  return #names > 0 and names or nil
end

local function entry_of(action, wishes)
  local subjects = {}
  for place, wish in ipairs(wishes) do
    subjects[place] = wish.subject
  end
  return { action = action, subjects = subjects, fields = fields_of(wishes) }
end

-- Whether a write takes access from an active admin. Whom this request has not read by itself may have
-- become one since the directory was read.
local function takes_an_admin(self, snapshot, wishes)
  local admins, message, err
  for _, wish in ipairs(wishes) do
    local is_removal = guards.removes(wish)
    local known = is_removal and (wish.user or snapshot:user(wish.subject))
    if known and guards.is_active_admin(known) then
      return true
    elseif is_removal and not wish.user then
      if not admins then
        admins, message, err = guards.read_admins(self._context.tenant:client())
      end
      if not admins then
        return nil, message, err
      elseif admins.by_key[guards.key_of(wish.subject)] then
        return true
      end
    end
  end
  return false
end

local NO_ADMINS =
  "LastPass names no active admin at all, so it is not known who would be the last one"

-- How many admins there are by now, while nobody else takes one.
local function read_admins(self)
  local admins, message, err = guards.read_admins(self._context.tenant:client())
  if admins and admins.count == 0 then
    return errors.fail("guard", "last_admin", NO_ADMINS)
  end
  return admins, message, err
end

-- Guards and counts in one step: nobody else counts between the look at what a day has left and the count.
local function ask_and_reserve(self, snapshot, wishes, admins)
  local context = self._context
  local name, at = context.tenant.name, context.now()
  local ok, message, err = guards.ask(snapshot, wishes, context.settings, {
    admins = admins,
    done_lately = function(limit, span)
      return counts.lately(context.counters, name, limit, span.seconds, at)
    end,
  })
  if not ok then
    return nil, message, err
  end
  for _, wish in ipairs(wishes) do
    local reservation = counts.reserve(context.counters, name, guards.count { wish }, at)
    if not reservation then
      local text = "there is no room to count this write: lua_shared_dict lastpass_counters is full"
      return errors.fail("cancelled", "no_room", text)
    end
    self._reserved[wish] = reservation
  end
  return true
end

local function count_under_lease(self, snapshot, wishes, admins)
  local context = self._context
  local lease, reason = leases.acquire("counts of " .. context.tenant.name, {
    dict = context.locks,
    lasts = COUNTING,
    wait = WAIT,
    every = COUNTING_EVERY,
    sleep = context.sleep,
  })
  if not lease then
    return no_lease(reason)
  end
  local succeeded, ok, message, err = pcall(ask_and_reserve, self, snapshot, wishes, admins)
  lease:release()
  if not succeeded then
    error(ok, 0)
  end
  return ok, message, err
end

local function ask_guards(self, wishes)
  local tenant = self._context.tenant
  local view, message, err = tenant:directory()
  if not view then
    return nil, message, err
  end
  local takes_one, admins
  takes_one, message, err = takes_an_admin(self, view.snapshot, wishes)
  if takes_one == nil then
    return nil, message, err
  elseif takes_one then
    local ok
    ok, message, err = lock(self)
    if not ok then
      return nil, message, err
    end
    admins, message, err = read_admins(self)
    if not admins then
      return nil, message, err
    end
  end
  return count_under_lease(self, view.snapshot, wishes, admins)
end

--- Whether wishes may be carried out; then their steps are counted. A refusal is written down.
---@param wishes lastpass.unified.Wish[]
---@param action? string what the audit calls it; default the first wish
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard"
function methods:check(wishes, action)
  local ok, message, err = ask_guards(self, wishes)
  if ok then
    return true
  end
  local written, no_trace, failure =
    note(self, entry_of(action or wishes[1].kind, wishes), audit.outcome(err))
  if not written then
    return nil, no_trace, failure
  end
  return nil, message, err
end

-- Commands that take one user and nothing else.
local commands = { disable_mfa = "disablemultifactor" }
local delete_actions = { deactivate = 0, remove = 1, delete = 2, uninvite = 3 }

local send = {}

--- One new user.
function send.create(client, wish)
  local row = { username = wish.subject }
  for name, value in pairs(wish.after or {}) do
    row[name] = value
  end
  if row.groups and #row.groups == 0 then
    row.groups = nil
  end
  return client:batchadd { row }
end

--- A new name.
function send.name(client, wish)
  return client:updateuser { username = wish.subject, fullname = wish.after.fullname }
end

--- Other groups.
function send.groups(client, wish)
  local join, leave = wish.after.join, wish.after.leave
  return client:batchchangegrp {
    {
      username = wish.subject,
      add = #join > 0 and join or nil,
      del = #leave > 0 and leave or nil,
    },
  }
end

--- Another address, once the user agrees.
function send.rename(client, wish)
  return client:updateemail { oldemail = wish.subject, newemail = wish.after.email }
end

--- May log in again.
function send.enable(client, wish)
  return client:enableuser { wish.subject }
end

--- May not log in.
function send.disable(client, wish)
  return client:disableuser { wish.subject }
end

local function call(client, wish)
  local action = delete_actions[wish.kind]
  if action then
    return client:deluser { username = wish.subject, deleteaction = action }
  elseif send[wish.kind] then
    return send[wish.kind](client, wish)
  end
  return client[commands[wish.kind]](client, { username = wish.subject })
end

--- Writes down what is about to be sent. From here on it may have happened.
---@param action string
---@param wishes lastpass.unified.Wish[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err then nothing may be sent
function methods:begin(action, wishes)
  if self._lease and not self._lease:renew() then
    return errors.fail("cancelled", "busy", "this write has waited too long; try again")
  end
  local ok, message, err = note(self, entry_of(action, wishes), "intent")
  if not ok then
    return nil, message, err
  end
  self._begun, self._had_changed, self._has_changed = {}, self._has_changed, true
  for _, wish in ipairs(wishes) do
    self._begun[wish], self._reserved[wish] = self._reserved[wish], nil
  end
  return true
end

-- What surely did not happen is not counted.
local function surely_not(err)
  return err ~= nil and not err.uncertain and err.kind ~= "partial"
end

--- Writes down what was done, or may have been. That this could not be written is no failure of what was
-- done: its intent is written, /healthz and the error log say so, and nothing is written after it.
---@param action string
---@param wishes lastpass.unified.Wish[]
---@param err lastpass.Error|nil
function methods:done(action, wishes, err)
  if surely_not(err) then
    self._has_changed = self._had_changed
    for _, wish in ipairs(wishes) do
      self._reserved[wish] = self._begun[wish]
      give_back(self, wish)
    end
  end
  self._in_doubt = self._in_doubt or err ~= nil and err.uncertain == true
  local ok, message = note(self, entry_of(action, wishes), audit.outcome(err))
  local ngx = rawget(_G, "ngx")
  if not ok and ngx then
    ngx.log(
      ngx.ERR,
      "lastpass gateway: the outcome of ",
      self._context.request.id or "a request",
      " could not be written down (",
      audit.outcome(err),
      "): ",
      message
    )
  end
end

--- Carries a wish out that was checked.
---@param wish lastpass.unified.Wish
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function methods:carry_out(wish)
  local ok, message, err = self:begin(wish.kind, { wish })
  if not ok then
    return nil, message, err
  end
  local reply
  reply, message, err = call(self._context.tenant:client(), wish)
  self:done(wish.kind, { wish }, err)
  return reply, message, err
end

return M

--- Writes for the unified directory: asks the guards, calls the client, leaves a line of audit.
-- @module lastpass.nginx.gateway.writer
local audit = require "lastpass.nginx.gateway.audit"
local counts = require "lastpass.nginx.gateway.counts"
local errors = require "lastpass.error"
local guards = require "lastpass.nginx.gateway.guards"

---@class lastpass.nginx.gateway.Writer: lastpass.unified.Writer
local methods = {}
local writer_mt = { __index = methods }

local M = {}

local LOCKED_FOR = 60
local WAIT = 10
local TURN = 0.05

--- Makes a writer for one request.
---@param scene table tenant, token (name), request, settings (protect, limits), audit, dict, locks,
-- now, sleep
---@return lastpass.nginx.gateway.Writer
function M.new(scene)
  return setmetatable({ _scene = scene }, writer_mt)
end

-- Two requests that each take one of the last two admins must not both see the other one.
local function lock(self)
  local scene = self._scene
  local key = "gateway " .. scene.tenant.name
  local waited = 0
  while not scene.locks:add(key, scene.request.id or "1", LOCKED_FOR) do
    if waited >= WAIT then
      return errors.fail("cancelled", "busy", "another write to this company is under way")
    end
    scene.sleep(TURN)
    waited = waited + TURN
  end
  self._locked = key
  return true
end

--- Ends the request: lets others write.
function methods:finish()
  if self._locked then
    self._scene.locks:delete(self._locked)
    self._locked = nil
  end
end

-- How many admins there are by now, not when the directory was read.
local function count_admins(scene)
  local snapshot, message, err = scene.tenant:client():snapshot { admin = true }
  if not snapshot then
    return nil, message, err
  end
  local _, admins = snapshot._rows:census()
  return admins
end

local function note(self, entry, err)
  local scene = self._scene
  entry.token, entry.tenant = scene.token, scene.tenant.name
  entry.request, entry.remote_address = scene.request.id, scene.request.remote_address
  entry.outcome, entry.code = audit.outcome(err)
  scene.audit.write(audit.line(entry, scene.now()))
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

local function any(list, test)
  for _, item in ipairs(list) do
    if test(item) then
      return true
    end
  end
  return false
end

local function ask_guards(self, wishes)
  local scene = self._scene
  local view, message, err = scene.tenant:directory()
  if not view then
    return nil, message, err
  end
  local ok, admins
  if any(wishes, guards.removes) then
    ok, message, err = lock(self)
    if not ok then
      return nil, message, err
    end
  end
  local function takes_an_admin(wish)
    return guards.takes_an_admin(view.snapshot, wish)
  end
  if any(wishes, takes_an_admin) then
    admins, message, err = count_admins(scene)
    if not admins then
      return nil, message, err
    end
  end
  return guards.ask(view.snapshot, wishes, scene.settings, {
    admins = admins,
    done_lately = function(name, span)
      return span.name == "per_day"
          and counts.lately(scene.dict, scene.tenant.name, { name }, scene.now())
        or nil
    end,
  })
end

--- Whether wishes may be carried out; a refusal is written down.
---@param wishes lastpass.unified.Wish[]
---@param action? string what the audit calls it; default the first wish
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard"
function methods:check(wishes, action)
  local ok, message, err = audit.check(self._scene.audit.where)
  if ok then
    ok, message, err = ask_guards(self, wishes)
  end
  if not ok then
    note(self, entry_of(action or wishes[1].kind, wishes), err)
    return nil, message, err
  end
  return true
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

--- Notes what was done, or may have been: for the audit and for the limits of a day.
---@param action string
---@param wishes lastpass.unified.Wish[]
---@param err lastpass.Error|nil
function methods:done(action, wishes, err)
  local scene = self._scene
  note(self, entry_of(action, wishes), err)
  if err and not err.uncertain and err.kind ~= "partial" then
    return
  end
  for name, count in pairs(guards.count(wishes)) do
    if count > 0 then
      counts.note(scene.dict, scene.tenant.name, name, count, scene.now())
    end
  end
end

--- Carries a wish out that was checked.
---@param wish lastpass.unified.Wish
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function methods:carry_out(wish)
  local reply, message, err = call(self._scene.tenant:client(), wish)
  self:done(wish.kind, { wish }, err)
  return reply, message, err
end

return M

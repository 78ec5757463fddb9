--- An endpoint for identity providers over a sandbox's Enterprise API, and requests as they send them.
local carrier = require "lastpass.directory.carrier"
local errors = require "lastpass.error"
local inbound = require "lastpass.inbound"
local json = require "lastpass.json"
local scim_server = require "lastpass.scim.server"
local store = require "lastpass.store"
local support = require "spec.support.box"
local tenants = require "spec.support.tenant"
local worker = require "lastpass.inbound.worker"

local unpack = table.unpack or unpack

local M = {}

M.USER = "urn:ietf:params:scim:schemas:core:2.0:User"
M.GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
M.PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

local world = {}
world.__index = world

--- A world: `box`, `client`, `journal`, an endpoint. Time that is slept is only counted; `ahead` moves the clock of jobs.
---@param box table of `spec.support.box`
---@param connection? table settings beside name, tenant and provider
---@param more? table options of the endpoint; journal
function M.world(box, connection, more)
  local self = setmetatable({ box = box, ahead = 0, slept = 0, later = {} }, world)
  more = more or {}
  self.client = box:client()
  self.journal = more.journal or assert(store.open { path = ":memory:" })
  self.tenant = store.tenant(self.client)
  self.settings = { name = "entra", tenant = self.tenant, provider = "entra" }
  for name, value in pairs(connection or {}) do
    self.settings[name] = value
  end
  self.options = more
  self:restart()
  return self
end

local LOST = "the connection was closed"

-- What can happen to a call: done(), which makes it, is called or not, now or later.
local fates = {
  lost = function(done)
    done()
    return errors.fail("transport", "closed", LOST, { uncertain = true })
  end,
  lost_undone = function()
    return errors.fail("transport", "closed", LOST, { uncertain = true })
  end,
  late = function(done, self)
    self.later[#self.later + 1] = done
    return errors.fail("transport", "closed", LOST, { uncertain = true })
  end,
  no_effect = function()
    return { status = "OK" }
  end,
  late_effect = function(done, self)
    self.later[#self.later + 1] = done
    return { status = "OK" }
  end,
  unsent = function()
    return errors.fail("transport", "unreachable", "no connection")
  end,
  killed = function(done)
    done()
    error("killed", 0)
  end,
  killed_before = function()
    error("killed", 0)
  end,
}

--- A carrier whose calls meet what `world.fate` says: a name of `fates`, once; or a function(kind, subject) that gives one.
function world:faulty(inner)
  local outer = { name = inner.name }
  function outer.carries(_, ...)
    return inner:carries(...)
  end
  function outer.user(_, address)
    return inner:user(address)
  end
  function outer.send(_, ...)
    local arguments, count = { ... }, select("#", ...)
    local function done()
      return inner:send(unpack(arguments, 1, count))
    end
    local fate = self.fate
    if type(fate) == "function" then
      fate = fate(...)
    else
      self.fate = nil
    end
    if fate then
      return fates[fate](done, self)
    end
    return done()
  end
  return outer
end

--- Lets what LastPass does late be done.
function world:arrive()
  for _, done in ipairs(self.later) do
    done()
  end
  self.later = {}
end

--- A new endpoint over the same journal, as after a process was killed.
function world:restart(settings)
  for name, value in pairs(settings or {}) do
    self.settings[name] = value
  end
  local options = {
    connection = self.settings,
    carrier = self:faulty(self.options.carrier or carrier.of_enterprise(self.client)),
    client = self.client,
    journal = self.proxy or self.journal,
    directory = function()
      if not self.view then
        local snapshot, message, err = self.client:snapshot()
        if not snapshot then
          return nil, message, err
        end
        self.view = tenants.view_of(snapshot)
      end
      return self.view
    end,
    now = function()
      return os.time() + self.ahead
    end,
    clock = function()
      return os.time() + self.slept
    end,
    sleep = function(seconds)
      self.slept = self.slept + seconds
    end,
    call_timeout = 20,
    margin = 60,
  }
  for name, value in pairs(self.options) do
    if name ~= "journal" and name ~= "carrier" then
      options[name] = value
    end
  end
  self.endpoint = inbound.new(options)
end

--- The directory is read anew with the next request.
function world:refresh()
  self.view = nil
end

--- Sends a request; gives status, decoded body, headers, context.
function world:send(method, path, body, headers)
  local target, query = path:match "^([^?]*)%??(.*)$"
  local context = { token = "one" }
  local server = scim_server.new(self.endpoint:backend(context))
  local response, info = server:handle {
    method = method,
    path = target,
    query = query ~= "" and query or nil,
    headers = headers or { ["content-type"] = "application/scim+json" },
    body = body and json.encode(body) or "",
    base = "https://host/scim/entra",
  }
  if info.failure then
    error(info.failure, 0)
  end
  local decoded = response.body ~= "" and assert(json.decode(response.body)) or nil
  return response.status, decoded, response.headers, context
end

--- POSTs a user.
function world:create(address, more)
  local user = {
    schemas = { M.USER },
    userName = address,
    displayName = "New Person",
    active = true,
    externalId = "ext-" .. address,
  }
  for name, value in pairs(more or {}) do
    user[name] = value
  end
  return self:send("POST", "/Users", user)
end

local function operations_of(list)
  return { schemas = { M.PATCH }, Operations = json.list(list) }
end

--- PATCHes a resource with operations {op, path, value}.
function world:patch(path, ...)
  return self:send("PATCH", path, operations_of { ... })
end

--- Entra's way of saying it.
function world:set_active(id, active)
  local value = active and "True" or "False"
  return self:patch("/Users/" .. id, { op = "Replace", path = "active", value = value })
end

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

--- The id that a filter finds, or nil.
function world:find(address, kind, attribute)
  local filter = ('%s eq "%s"'):format(attribute or "userName", address)
  local path = ("/%s?filter=%s"):format(kind or "Users", escape(filter))
  local status, list = self:send("GET", path)
  assert(status == 200, status)
  return list.Resources[1] and list.Resources[1].id, list.totalResults
end

--- The person as the sandbox has them; nil when there is none.
function world:person(address)
  local ok, person = pcall(support.person, self.box, address)
  return ok and person.found and person or nil
end

--- So many people of the directory; {address, id} each.
---@param count integer at most
---@param filter? table as of `client:users`; default active ones who are no admins
function world:people(count, filter)
  local list = {}
  for user in self.client:users(filter or { status = "active", admin = false }) do
    if #list < count then
      list[#list + 1] = { address = user.email, id = self:find(user.email) }
    end
  end
  return list
end

--- Whether LastPass has one of `people` as disabled.
function world:is_disabled(person)
  return self:person(person.address).fields.disabled
end

--- How many steps somebody has to find something out about.
function world:open_steps()
  local count = 0
  for _, run in ipairs(self.journal:runs { limit = 100 }) do
    count = count + #self.journal:open_steps(run.id)
  end
  return count
end

--- How many requests of a command the sandbox got.
function world:requests(command)
  return support.requests(self.box, command)
end

--- Lets the worker do what is due, after so many seconds.
function world:work(seconds)
  self.ahead = self.ahead + (seconds or 0)
  if seconds then
    self:age(seconds)
  end
  return worker.step(self.endpoint)
end

--- Lets all leases in the journal be so many seconds older.
function world:age(seconds)
  local sql = require "spec.support.store"
  sql.tamper(self.journal, "UPDATE lastpass_scim_claims SET lease_until = lease_until - ?", seconds)
  sql.tamper(
    self.journal,
    "UPDATE lastpass_jobs SET lease_until = lease_until - ? WHERE state = 'running'",
    seconds
  )
end

--- As if nothing had been written for a minute.
function world:idle()
  local sql = require "spec.support.store"
  sql.tamper(self.journal, "UPDATE lastpass_locks SET heartbeat = heartbeat - 60")
end

--- Open jobs.
function world:jobs(kind)
  return assert(self.journal:jobs { open = true, kinds = kind and { kind } or nil })
end

function world:close()
  if not self.options.journal then
    self.journal:close()
  end
end

return M

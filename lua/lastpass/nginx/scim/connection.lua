--- A connection of an identity provider to a company, as a worker of nginx serves it: the engine behind it, its
-- tokens, its log, and its work that is left for later.
-- @module lastpass.nginx.scim.connection
local carriers = require "lastpass.directory.carrier"
local inbound = require "lastpass.inbound"
local inbound_connection = require "lastpass.inbound.connection"
local json = require "lastpass.json"
local journals = require "lastpass.nginx.scim.journal"
local leases = require "lastpass.nginx.lease"
local metrics = require "lastpass.nginx.metrics"
local request_logs = require "lastpass.nginx.scim.request_log"
local thread = require "lastpass.nginx.thread"
local tokens = require "lastpass.nginx.scim.tokens"
local upstream = require "lastpass.nginx.scim.upstream"

---@class lastpass.nginx.scim.Connection
---@field name string
---@field tenant lastpass.nginx.Tenant
---@field rate number requests per second
---@field options lastpass.inbound.Connection
local methods = {}
local connection_mt = { __name = "lastpass.nginx.scim.Connection", __index = methods }

local M = {}

local DAY = 86400
local ENGINE_SHARE = 0.9 -- of the time for an answer
local SOON = 0.05 -- until what has changed something is in the log: many changes share a write to the disk
local HELD_FRESH = 5 -- seconds for which the number of held jobs is good enough

--- Makes a connection.
---@param entry table of `lastpass.nginx.scim.options`: name, tenant, rate, options
---@param pool string name of nginx's thread_pool
---@param settings table of `lastpass.nginx.scim.options`
---@return lastpass.nginx.scim.Connection
function M.new(entry, pool, settings)
  upstream.prepare(entry.name)
  return setmetatable({
    name = entry.name,
    tenant = entry.tenant,
    rate = entry.rate,
    settings = settings,
    options = entry.options,
    _pool = pool,
  }, connection_mt)
end

-- What a worker has of a journal, for all connections that use it. Made when it is first needed: semaphores are of
-- one worker.
local of_labels = {}

local function journal_of(self)
  local label = self.tenant.journal
  local shared = of_labels[label]
  if not shared then
    local journal = journals.new(label, self._pool)
    shared = {
      journal = journal,
      tokens = tokens.new(journal, ngx.now, ngx.sleep),
      log = request_logs.new(journal, function(write)
        return ngx.timer.at(SOON, write)
      end),
    }
    of_labels[label] = shared
  end
  return shared
end

--- The token of a request, as of `tokens:find`.
function methods:token(header)
  return journal_of(self).tokens:find(self.name, header)
end

local function carrier_of(self, client)
  if self.options.upstream ~= "scim" then
    return carriers.of_enterprise(client)
  end
  local scim, message, err = client:scim()
  if not scim then
    return nil, message, err
  end
  return carriers.of_scim(scim)
end

local function endpoint_of(self)
  if self._endpoint then
    return self._endpoint
  end
  local tenant, settings = self.tenant, self.settings
  local client = tenant:client()
  local carrier, message, err = carrier_of(self, client)
  if not carrier then
    return nil, message, err
  end
  self._endpoint = inbound.new {
    connection = self.options,
    client = client,
    carrier = carrier,
    journal = journal_of(self).journal,
    directory = function()
      return tenant:directory()
    end,
    deadline = settings.answer_within * ENGINE_SHARE,
    margin = settings.margin,
    pause = thread.pause,
    worker = ("nginx %d"):format(ngx.worker.pid()),
  }
  return self._endpoint
end

--- What a server of SCIM asks.
---@param context table token (its label), request (its id); gets run, step, job
---@return table|nil backend
---@return string? message
---@return lastpass.Error? err
function methods:backend(context)
  local endpoint, message, err = endpoint_of(self)
  if not endpoint then
    return nil, message, err
  end
  return endpoint:backend(context)
end

--- Adds a request to the log. No answer waits for that: what was changed is in the journal's steps already.
---@param response table
---@param info table method, action, id, scim_type, token, context (run, step, job)
---@param started number epoch seconds
function methods:log(response, info, started)
  local context, log = info.context or {}, journal_of(self).log
  ngx.update_time()
  log:add({
    at = math.floor(started),
    connection = self.name,
    token = info.token,
    action = info.action or info.method:lower(),
    target = info.id,
    status = response.status,
    scim_type = info.scim_type or response.scim_type,
    run = context.run,
    step = context.step,
    job = context.job,
    milliseconds = math.floor((ngx.now() - started) * 1000),
  }, context.run ~= nil or context.job ~= nil)
end

--- Writes the log's rows that wait.
function methods:flush_log()
  journal_of(self).log:flush()
end

--- Writes when tokens were used last.
function methods:touch_tokens()
  local ok, message = journal_of(self).tokens:touch()
  if not ok then
    ngx.log(ngx.ERR, "lastpass scim: the last use of tokens cannot be written: ", message)
  end
end

-- ---- what is left for later ----

-- One worker of all saves it, once: the program lists connections from the journal. One that was closed there stays
-- closed, whatever the site says.
local function save_connection(self)
  if self._saved then
    return true
  end
  local row = inbound_connection.row(self.options)
  if row.state == "open" then
    row.state = nil
  end
  local ok, message = journal_of(self).journal:save_scim_connection(row)
  if not ok then
    ngx.log(ngx.ERR, "lastpass scim: ", self.name, " cannot be written to the journal: ", message)
    return false
  end
  self._saved = true
  return true
end

local function step(self)
  local endpoint, message = endpoint_of(self)
  local summary
  if endpoint then
    summary, message = require("lastpass.inbound.worker").step(endpoint)
  end
  if not summary then
    ngx.log(ngx.WARN, "lastpass scim: the worker of ", self.name, ": ", message)
    return
  end
  for _, failure in ipairs(summary.messages) do
    ngx.log(ngx.WARN, "lastpass scim: the worker of ", self.name, ": ", failure)
  end
end

--- Executes jobs that are due: approved writes, periods that have ended, lost answers. One worker of all does it; the
-- journal's leases are for those of other machines.
function methods:work()
  if self._working or not save_connection(self) then
    return
  elseif journal_of(self).tokens:is_closed(self.name) ~= false then
    return -- or nobody knows: then its jobs cannot be read either
  end
  local lease = leases.take("scim worker of " .. self.name, 30)
  if not lease then
    return
  end
  self._working = true
  local ok, message = lease:guard(step, self)
  self._working = nil
  if not ok then
    ngx.log(ngx.ERR, "lastpass scim: the worker of ", self.name, ": ", tostring(message))
  end
end

--- Asks LastPass whether it answers, unless another worker has just done so.
---@param interval number seconds between checks
function methods:check_upstream(interval)
  if not leases.take("scim upstream of " .. self.name, interval * 0.9) then
    return
  end
  local answer, message, err = upstream.ask(self.options.upstream, self.tenant:client())
  ngx.update_time()
  upstream.record(self.name, ngx.now(), message, answer == nil and err or nil)
end

-- ---- its state ----

local function days_left(list, now)
  local left = json.list {}
  for position, token in ipairs(list) do
    left[position] = {
      label = token.label,
      days = token.expires and (token.expires - now) / DAY or nil,
      last_used = token.last_used,
    }
  end
  return left
end

local function held_jobs(self)
  if not self._held_at or ngx.now() - self._held_at > HELD_FRESH then
    local list, message, err = journal_of(self).journal:jobs {
      connection = self.name,
      states = { "held" },
      limit = 1000,
    }
    if not list then
      return nil, message, err
    end
    self._held, self._held_at = #list, ngx.now()
  end
  return self._held
end

--- The state of the connection, for /healthz and /metrics.
---@return table report {name, tenant, upstream, tokens, held, failure}
function methods:report()
  local now = ngx.now()
  local list, message = journal_of(self).tokens:of(self.name)
  local held
  if list then
    held, message = held_jobs(self)
  end
  return {
    name = self.name,
    tenant = self.tenant.name,
    upstream = upstream.state(self.name, now),
    tokens = days_left(list or {}, now),
    held = held,
    failure = not held and message or nil,
  }
end

--- Sets the gauges of a report.
---@param report table of `connection:report`
function M.measure(report)
  local labels = { connection = report.name, tenant = report.tenant }
  metrics.set("lastpass_scim_upstream_up", labels, report.upstream.up and 1 or 0)
  if report.held then
    metrics.set("lastpass_scim_held_jobs", labels, report.held)
  end
  for _, token in ipairs(report.tokens) do
    if token.days then
      metrics.set("lastpass_scim_token_days", {
        connection = report.name,
        token = token.label,
      }, token.days)
    end
  end
end

return M

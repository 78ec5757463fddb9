--- The health of a site: what /healthz answers.
-- @module lastpass.nginx.health
local audit = require "lastpass.nginx.gateway.audit"
local dicts = require "lastpass.nginx.dicts"
local json = require "lastpass.json"
local time = require "lastpass.time"

local M = {}

local OK, DEGRADED, FAILING = 1, 2, 3
local statuses = { "ok", "degraded", "failing" }

-- The clock is no more precise.
local function round_to_milliseconds(seconds)
  return seconds and math.floor(seconds * 1000 + 0.5) / 1000 or nil
end

local function iso(seconds)
  return seconds and time.iso(seconds) or nil
end

local function add(state, level, where, message, hint)
  state.level = math.max(state.level, level)
  state.reasons[#state.reasons + 1] = { where = where, message = message, hint = hint }
end

local NOT_READ = "the directory has not been read yet"

local function check_tenant(state, tenant)
  local report = tenant:report()
  local where = "tenant " .. tenant.name
  local failure = report.failure
  local hint = failure and failure.hint
  if not report.ready then
    add(state, FAILING, where, failure and failure.message or NOT_READ, hint)
  elseif report.stale then
    local why = failure and ": " .. failure.message or ""
    add(state, FAILING, where, ("the directory is %d seconds old%s"):format(report.age, why), hint)
  elseif failure then
    add(state, DEGRADED, where, failure.message, hint)
  end
  if report.folders_failure then
    add(state, DEGRADED, where, "the folders cannot be read: " .. report.folders_failure.message)
  end
  state.tenants[tenant.name] = {
    ready = report.ready,
    version = report.version,
    read_at = iso(report.read_at),
    age = round_to_milliseconds(report.age),
    stale = report.stale,
  }
end

local is_failure = { failed = true, partial = true, refused = true }

local function check_playbooks(state, playbooks)
  local report = playbooks:report()
  if report.trouble then
    add(state, DEGRADED, "playbooks", report.trouble.message, report.trouble.hint)
  end
  for _, playbook in ipairs(report.playbooks) do
    local where = "playbook " .. playbook.name
    if playbook.broken then
      add(state, DEGRADED, where, "does not load: " .. playbook.broken.message)
    end
    local last = playbook.last
    if last and is_failure[last.outcome] then
      local message = ("%s: %s"):format(last.outcome, last.message or "see the journal")
      add(state, DEGRADED, where, message, last.hint)
    end
    state.playbooks[#state.playbooks + 1] = {
      name = playbook.name,
      schedule = playbook.schedule,
      version = playbook.version,
      broken = playbook.broken and true or nil,
      began = iso(playbook.began),
      last = last and {
        outcome = last.outcome,
        steps = last.steps,
        run = last.run,
        seconds = round_to_milliseconds(last.seconds),
        code = last.code,
      },
    }
  end
end

local function check_shared(state)
  for _, name in ipairs(dicts.full()) do
    local message = ("lua_shared_dict %s is full: what needs it is answered with 503"):format(name)
    add(state, DEGRADED, "nginx", message, "make it larger")
  end
  local counters = dicts.find "lastpass_counters"
  local failure = counters and audit.failure(counters)
  if failure then
    local message = "the audit cannot be written, so nothing else is: " .. failure
    add(state, DEGRADED, "gateway", message, "it is tried again with the next write")
  end
end

--- Checks the whole site.
---@param site table tenants, playbooks (list)
---@return table report {status, reasons, tenants, playbooks}
function M.report(site)
  local state = { level = OK, reasons = json.list {}, tenants = {}, playbooks = json.list {} }
  for _, name in ipairs(site.tenant_names) do
    check_tenant(state, site.tenants[name])
  end
  for _, playbooks in ipairs(site.playbooks) do
    check_playbooks(state, playbooks)
  end
  check_shared(state)
  return {
    status = statuses[state.level],
    reasons = state.reasons,
    tenants = state.tenants,
    playbooks = state.playbooks,
  }
end

--- The answer: 200 while the directory can be served ("ok", or "degraded" with the reasons), 503 when it
-- cannot ("failing").
---@param site table
---@return table response {status, headers, body}
function M.respond(site)
  local report = M.report(site)
  local failing = report.status == statuses[FAILING]
  return {
    status = failing and 503 or 200,
    headers = {
      ["Content-Type"] = "application/json",
      ["Cache-Control"] = "no-store",
      ["Retry-After"] = failing and "5" or nil,
    },
    body = json.encode(report) .. "\n",
  }
end

return M

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

local USED_LATELY = 7 * 86400

-- Of two tokens the one that the identity provider uses counts, and the one that lasts longer when it uses neither.
local function matters(token, list)
  if token.last_used and time.now() - token.last_used < USED_LATELY then
    return true
  end
  for _, other in ipairs(list) do
    if (other.days or math.huge) > token.days then
      return false
    end
  end
  return true
end

local function check_tokens(state, where, report, warn_days)
  if #report.tokens == 0 and not report.failure then
    local hint = ("lastpass scim token new %s"):format(report.name)
    add(state, DEGRADED, where, "no token is valid: every request is refused", hint)
  end
  for _, token in ipairs(report.tokens) do
    if token.days and token.days < warn_days and matters(token, report.tokens) then
      local message = ("token '%s' expires in %d days"):format(token.label, math.floor(token.days))
      local hint = ("lastpass scim token new %s; two may be valid at once"):format(report.name)
      add(state, DEGRADED, where, message, hint)
    end
  end
end

local function check_upstream(state, where, upstream)
  if upstream.message then
    local message = "LastPass does not answer: " .. upstream.message
    add(state, upstream.failing and FAILING or DEGRADED, where, message)
  end
end

local function check_scim(state, scim)
  state.scim = json.list {}
  for position, report in ipairs(scim:report()) do
    local where = "scim " .. report.name
    if report.failure then
      add(state, FAILING, where, "the journal cannot be read: " .. report.failure)
    end
    check_upstream(state, where, report.upstream)
    check_tokens(state, where, report, scim.settings.warn_days)
    state.scim[position] = report
  end
end

local function check_saml(state, reports)
  state.saml = json.list(reports)
  for _, guard in ipairs(reports) do
    local where = "saml " .. guard.name
    if guard.late then
      local hint = "nobody passes until it can be read"
      add(state, FAILING, where, "the journal cannot be read: ended sessions are not known", hint)
    end
    if #guard.identity_providers == 0 then
      add(state, FAILING, where, "there is no metadata of an identity provider: nobody can sign in")
    end
    for _, warning in ipairs(guard.warnings) do
      add(state, DEGRADED, where, warning)
    end
  end
end

local function check_mfa(state, reports)
  state.mfa = json.list(reports)
  for _, guard in ipairs(reports) do
    if guard.late then
      local message = "the journal cannot be read: ended second factors are not known"
      add(state, FAILING, "mfa " .. guard.name, message, "nobody passes until it can be read")
    end
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
---@return table report {status, reasons, tenants, playbooks, scim, saml, mfa}
function M.report(site)
  local state = { level = OK, reasons = json.list {}, tenants = {}, playbooks = json.list {} }
  for _, name in ipairs(site.tenant_names) do
    check_tenant(state, site.tenants[name])
  end
  for _, playbooks in ipairs(site.playbooks) do
    check_playbooks(state, playbooks)
  end
  if site.options and site.options.scim then
    check_scim(state, require("lastpass.nginx.scim").of(site))
  end
  if site.options and site.options.saml then
    check_saml(state, require("lastpass.nginx.saml").report())
  end
  if site.options and site.options.mfa then
    check_mfa(state, require("lastpass.nginx.mfa").report())
  end
  check_shared(state)
  return {
    status = statuses[state.level],
    reasons = state.reasons,
    tenants = state.tenants,
    playbooks = state.playbooks,
    scim = state.scim,
    saml = state.saml,
    mfa = state.mfa,
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

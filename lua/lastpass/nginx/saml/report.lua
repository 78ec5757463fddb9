--- The state of guards, for /healthz, /metrics and the dashboard.
-- @module lastpass.nginx.saml.report
local json = require "lastpass.json"
local metrics = require "lastpass.nginx.metrics"

local M = {}

local DAY = 86400

local function certificates(entity, now)
  local list = json.list {}
  for position, certificate in ipairs(entity.idp.certificates.signing) do
    local fields = certificate:fields()
    list[position] = {
      sha256 = fields.sha256,
      days = math.floor((fields.not_after - now) / DAY * 10) / 10,
    }
  end
  return list
end

--- The state of one guard.
---@param guard lastpass.nginx.saml.Guard
---@param now number
---@return table report {name, url, identity_providers, feeds, warnings}
function M.of(guard, now)
  local settings = guard.settings
  local report = {
    name = settings.name,
    url = settings.url,
    entity_id = settings.entity_id,
    identity_providers = json.list {},
    warnings = json.list {},
    feeds = {},
  }
  for position, entity in ipairs(guard:providers():entities()) do
    report.identity_providers[position] = {
      entity_id = entity.entity_id,
      certificates = certificates(entity, now),
    }
  end
  for position, warning in ipairs(guard:providers():warnings()) do
    report.warnings[position] = warning.text
  end
  for feed, lag in pairs(guard.feed:lag(now)) do
    report.feeds[feed] = lag < math.huge and { lag = math.floor(lag * 10) / 10 } or json.null
  end
  report.late = guard.feed:is_late(now) or nil
  return report
end

--- What was counted of a guard since nginx was started.
---@param name string
---@return table counts {logins, refused, refusals = list of {code, count}, most first}
function M.counts(name)
  local own = ('guard="%s"'):format(name)
  local function of_guard(metric)
    local found = {}
    for labels, count in pairs(metrics.counts(metric)) do
      if ("," .. labels .. ","):find("," .. own .. ",", 1, true) then
        found[labels] = count
      end
    end
    return found
  end
  local counts = { logins = 0, refused = 0, refusals = json.list {} }
  for _, count in pairs(of_guard "lastpass_saml_logins_total") do
    counts.logins = counts.logins + count
  end
  for labels, count in pairs(of_guard "lastpass_saml_refusals_total") do
    counts.refused = counts.refused + count
    local code = labels:match 'code="([^"]*)"'
    counts.refusals[#counts.refusals + 1] = { code = code, count = count }
  end
  table.sort(counts.refusals, function(a, b)
    if a.count ~= b.count then
      return a.count > b.count
    end
    return a.code < b.code
  end)
  return counts
end

--- Sets the gauges of a report.
---@param report table
function M.measure(report)
  for _, idp in ipairs(report.identity_providers) do
    for _, certificate in ipairs(idp.certificates) do
      metrics.set("lastpass_saml_certificate_days", {
        guard = report.name,
        issuer = idp.entity_id,
        sha256 = certificate.sha256:sub(1, 16),
      }, certificate.days)
    end
  end
  for feed, state in pairs(report.feeds) do
    if type(state) == "table" then
      metrics.set("lastpass_saml_feed_lag_seconds", { guard = report.name, feed = feed }, state.lag)
    end
  end
end

return M

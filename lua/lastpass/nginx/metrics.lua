--- Counters, gauges and histograms of all workers together, in the `lua_shared_dict` named lastpass_metrics,
-- and their text for Prometheus. Without that dict nothing is counted.
--
-- The key of an entry is kind, metric and labels; a bucket of a histogram has its number after the kind. No
-- entry is ever evicted for another one: when the dict is full, new entries are dropped and counted in
-- `lastpass_metrics_dropped_total`.
-- @module lastpass.nginx.metrics
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"

local M = {}

local DROPPED = "c|lastpass_metrics_dropped_total|"

--- Upper ends of the buckets of every histogram, in seconds.
M.BUCKETS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120 }

--- The dict; nil outside nginx, or when it is not configured.
---@return table|nil
function M.dict()
  return dicts.find "lastpass_metrics"
end

local escapes = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

--- Labels as Prometheus writes them, sorted by name.
---@param labels table<string, string|number|boolean>|nil
---@return string text such as 'command="getuserdata",outcome="ok"', or ""
function M.label_text(labels)
  if not labels or next(labels) == nil then
    return ""
  end
  local list = {}
  for name, value in pairs(labels) do
    list[#list + 1] = ('%s="%s"'):format(name, (tostring(value):gsub('[\\"\n]', escapes)))
  end
  table.sort(list)
  return table.concat(list, ",")
end

local function increment(dict, key, by)
  if dict:incr(key, by) then
    return
  end
  -- new: unlike incr's own start value, this pushes nothing else out
  local added, reason = dict:safe_add(key, by)
  if not added and (reason ~= "exists" or not dict:incr(key, by)) and key ~= DROPPED then
    dict:incr(DROPPED, 1)
  end
end

--- Counts.
---@param name string a metric's name, "lastpass_…_total"
---@param labels? table<string, string> few different values: each combination stays for ever
---@param by? number default 1
function M.count(name, labels, by)
  local dict = M.dict()
  if dict then
    increment(dict, "c|" .. name .. "|" .. M.label_text(labels), by or 1)
  end
end

--- Sets a gauge.
---@param name string
---@param labels? table<string, string>
---@param value number
function M.set(name, labels, value)
  local dict = M.dict()
  if dict and not dict:safe_set("g|" .. name .. "|" .. M.label_text(labels), value) then
    dict:incr(DROPPED, 1)
  end
end

local function bucket_of(seconds)
  for position, upper in ipairs(M.BUCKETS) do
    if seconds <= upper then
      return position
    end
  end
  return #M.BUCKETS + 1
end

--- Adds a duration to a histogram.
---@param name string "lastpass_…_seconds"
---@param labels? table<string, string>
---@param seconds number
function M.observe(name, labels, seconds)
  local dict = M.dict()
  if dict then
    local rest = "|" .. name .. "|" .. M.label_text(labels)
    increment(dict, "h" .. bucket_of(seconds) .. rest, 1)
    increment(dict, "s" .. rest, seconds)
  end
end

--- Makes the entry that counts dropped ones; `setup` does it before anything is counted.
function M.begin()
  local dict = M.dict()
  if dict then
    dict:safe_add(DROPPED, 0)
  end
end

-- The hook that counts, then the one that was there before.
local function chain(first, second)
  if not second then
    return first
  end
  return function(what)
    first(what)
    second(what)
  end
end

--- Adds hooks to the options of a client that count its calls; hooks that it has already are still called.
---@param options table options of a client; changed
---@param tenant string the label of all counts
---@return table options
function M.add_hooks(options, tenant)
  options.on_reply = chain(function(reply)
    local labels = { tenant = tenant, command = reply.command }
    M.observe("lastpass_call_seconds", labels, reply.seconds)
    labels.outcome = reply.code or "ok"
    M.count("lastpass_calls_total", labels)
  end, options.on_reply)
  options.on_retry = chain(function(retry)
    M.count("lastpass_retries_total", {
      tenant = tenant,
      command = retry.command,
      reason = retry.code,
    })
  end, options.on_retry)
  options.on_wait = chain(function(wait)
    local labels = { tenant = tenant, command = wait.command }
    M.count("lastpass_waits_total", labels)
    M.count("lastpass_wait_seconds_total", labels, wait.seconds)
  end, options.on_wait)
  return options
end

--- The content type of the format.
M.CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

--- The help texts of the metrics.
M.help = {
  lastpass_calls_total = "Calls of the LastPass API by command and outcome.",
  lastpass_call_seconds = "How long calls of the LastPass API took.",
  lastpass_retries_total = "Calls that were tried again, by command and reason.",
  lastpass_waits_total = "Waits before a call: the rate, or the server asked for it.",
  lastpass_wait_seconds_total = "Seconds spent in such waits.",
  lastpass_directory_age_seconds = "Seconds since the directory was read.",
  lastpass_directory_users = "Users in the directory as it was read last.",
  lastpass_directory_folders = "Shared folders as they were read last.",
  lastpass_directory_bytes = "Bytes the directory takes in lastpass_directory.",
  lastpass_directory_readings_total = "Readings of the directory by outcome.",
  lastpass_directory_reading_seconds = "How long readings of the directory took.",
  lastpass_directory_builds_total = "Times a worker has made its own copy of the directory.",
  lastpass_event_lag_seconds = "How far the export of events is behind the present.",
  lastpass_gateway_requests_total = "Requests to the gateway by resource, status and token.",
  lastpass_gateway_request_seconds = "How long requests to the gateway took.",
  lastpass_dashboard_requests_total = "Requests to the dashboard by page and status.",
  lastpass_dashboard_request_seconds = "How long requests to the dashboard took.",
  lastpass_dashboard_sign_ins_total = "Attempts to sign in to the dashboard by outcome.",
  lastpass_playbook_runs_total = "Runs of playbooks by outcome.",
  lastpass_playbook_steps_total = "Steps of playbooks by what became of them.",
  lastpass_playbook_seconds = "How long runs of playbooks took.",
  lastpass_playbook_broken = "1 while the newest version of a playbook does not load.",
  lastpass_playbook_last_success_timestamp_seconds = "When a playbook last came to a good end.",
  lastpass_scim_requests_total = "SCIM requests by connection, action and status.",
  lastpass_scim_request_seconds = "How long SCIM requests took.",
  lastpass_scim_held_jobs = "Changes that wait for an admin's decision.",
  lastpass_scim_token_days = "Days until a token of a SCIM connection expires.",
  lastpass_scim_upstream_up = "1 while LastPass answers what is behind a SCIM connection.",
  lastpass_scim_log_dropped_total = "Rows of the SCIM log lost: the journal failed.",
  lastpass_saml_starts_total = "Sign-ons that the SAML guard began.",
  lastpass_saml_logins_total = "Sign-ons that succeeded, by identity provider.",
  lastpass_saml_refusals_total = "Messages and sign-ons that were refused, by check.",
  lastpass_saml_requests_total = "Requests that the SAML guard did not let pass, by reason.",
  lastpass_saml_logouts_total = "Logouts, by the person or by the identity provider.",
  lastpass_saml_certificate_days = "Days until a certificate of an identity provider ends.",
  lastpass_saml_feed_lag_seconds = "Seconds since the list of ended sessions was completed.",
  lastpass_saml_feed_failures_total = "Failures to read what ends sessions.",
  lastpass_mfa_requests_total = "Requests that the second-factor guard let pass or not, by reason.",
  lastpass_mfa_challenges_total = "Requests that the second-factor guard sent to phones.",
  lastpass_mfa_results_total = "What came of second factors, by factor and outcome.",
  lastpass_mfa_failed_open_total = "Users let in while LastPass MFA could not be reached.",
  lastpass_mfa_changes_total = "Factors added and removed, and devices forgotten.",
  lastpass_mfa_feed_lag_seconds = "Seconds since the list of ended second factors was completed.",
  lastpass_mfa_feed_failures_total = "Failures to read what ends second factors.",
  lastpass_metrics_dropped_total = "Counts lost because lastpass_metrics is too small.",
  lastpass_up = "1 while /healthz says ok or degraded.",
}

local kinds = { c = "counter", g = "gauge", h = "histogram", s = "histogram" }

-- Entries of the dict as {metric = {kind, series = {labels = …}}}.
local function collect(dict)
  local metrics_by_name = {}
  for _, key in ipairs(dict:get_keys(0)) do
    local kind, bucket, name, labels = key:match "^(%a)(%d*)|([^|]*)|(.*)$"
    local value = kind and dict:get(key)
    if value then
      local metric = metrics_by_name[name] or { kind = kinds[kind], series = {} }
      metrics_by_name[name] = metric
      if metric.kind == "histogram" then
        local series = metric.series[labels] or { buckets = {}, sum = 0 }
        metric.series[labels] = series
        if kind == "s" then
          series.sum = value
        else
          series.buckets[tonumber(bucket)] = value
        end
      else
        metric.series[labels] = value
      end
    end
  end
  return metrics_by_name
end

--- What one counter has counted.
---@param name string
---@return table<string, number> by the text of its labels
function M.counts(name)
  local dict = M.dict()
  local metric = dict and collect(dict)[name]
  return metric and metric.series or {}
end

local function number(value)
  if value == math.floor(value) and math.abs(value) < 2 ^ 53 then
    return ("%.0f"):format(value)
  end
  return ("%.14g"):format(value)
end

local function with(labels, more)
  return "{" .. labels .. (labels ~= "" and "," or "") .. more .. "}"
end

local function add_histogram(lines, name, labels, series)
  local count = 0
  for bucket = 1, #M.BUCKETS + 1 do
    count = count + (series.buckets[bucket] or 0)
    local upper = M.BUCKETS[bucket]
    local le = ('le="%s"'):format(upper and ("%.9g"):format(upper) or "+Inf")
    lines[#lines + 1] = name .. "_bucket" .. with(labels, le) .. " " .. number(count)
  end
  local braced = labels ~= "" and "{" .. labels .. "}" or ""
  lines[#lines + 1] = name .. "_sum" .. braced .. " " .. ("%.14g"):format(series.sum)
  lines[#lines + 1] = name .. "_count" .. braced .. " " .. number(count)
end

--- All metrics, in the text format of Prometheus (version 0.0.4).
---@param dict? table default that of `M.dict`
---@return string text
function M.render(dict)
  dict = dict or M.dict()
  local lines = {}
  local metrics_by_name = dict and collect(dict) or {}
  for _, name in ipairs(errors.names_of(metrics_by_name)) do
    local metric = metrics_by_name[name]
    if M.help[name] then
      lines[#lines + 1] = ("# HELP %s %s"):format(name, M.help[name])
    end
    lines[#lines + 1] = ("# TYPE %s %s"):format(name, metric.kind)
    for _, labels in ipairs(errors.names_of(metric.series)) do
      local value = metric.series[labels]
      if metric.kind == "histogram" then
        add_histogram(lines, name, labels, value)
      else
        local braced = labels ~= "" and "{" .. labels .. "}" or ""
        lines[#lines + 1] = name .. braced .. " " .. number(value)
      end
    end
  end
  lines[#lines + 1] = ""
  return table.concat(lines, "\n")
end

return M

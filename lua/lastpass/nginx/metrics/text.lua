--- What was counted, in the text format of Prometheus (version 0.0.4).
-- @module lastpass.nginx.metrics.text
local metrics = require "lastpass.nginx.metrics"

local M = {}

--- The content type of the format.
M.CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

--- What the metrics are; one without a line here is given out all the same.
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
  lastpass_metrics_dropped_total = "Counts lost because lastpass_metrics is too small.",
  lastpass_up = "1 while /healthz says ok or degraded.",
}

local kinds = { c = "counter", g = "gauge", h = "histogram", s = "histogram" }

-- Entries of the dict as {metric = {kind, series = {labels = …}}}.
local function collect(dict)
  local found = {}
  for _, key in ipairs(dict:get_keys(0)) do
    local kind, bucket, name, labels = key:match "^(%a)(%d*)|([^|]*)|(.*)$"
    local value = kind and dict:get(key)
    if value then
      local metric = found[name] or { kind = kinds[kind], series = {} }
      found[name] = metric
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
  return found
end

local function sorted(map)
  local names = {}
  for name in pairs(map) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
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
  for place = 1, #metrics.BUCKETS + 1 do
    count = count + (series.buckets[place] or 0)
    local upper = metrics.BUCKETS[place]
    local le = ('le="%s"'):format(upper and ("%.9g"):format(upper) or "+Inf")
    lines[#lines + 1] = name .. "_bucket" .. with(labels, le) .. " " .. number(count)
  end
  local braced = labels ~= "" and "{" .. labels .. "}" or ""
  lines[#lines + 1] = name .. "_sum" .. braced .. " " .. ("%.14g"):format(series.sum)
  lines[#lines + 1] = name .. "_count" .. braced .. " " .. number(count)
end

--- Everything that was counted.
---@param dict? table default the dict of `lastpass.nginx.metrics`
---@return string text
function M.render(dict)
  dict = dict or metrics.dict()
  local lines = {}
  local found = dict and collect(dict) or {}
  for _, name in ipairs(sorted(found)) do
    local metric = found[name]
    if M.help[name] then
      lines[#lines + 1] = ("# HELP %s %s"):format(name, M.help[name])
    end
    lines[#lines + 1] = ("# TYPE %s %s"):format(name, metric.kind)
    for _, labels in ipairs(sorted(metric.series)) do
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

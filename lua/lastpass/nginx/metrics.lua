--- What is counted and measured, for all workers together, in the `lua_shared_dict` named
-- lastpass_metrics; where there is none, nothing is counted. `metrics/text.lua` writes it down for
-- Prometheus.
--
-- The name of an entry in the dict is kind, metric and labels; a number of a histogram has its bucket
-- before them. Nothing in it is ever thrown out for something else: when the dict is full, what is new
-- is dropped, and `lastpass_metrics_dropped_total` says so.
-- @module lastpass.nginx.metrics
local M = {}

local DICT = "lastpass_metrics"
local DROPPED = "c|lastpass_metrics_dropped_total|"

--- Upper ends of the buckets of every histogram, in seconds.
M.BUCKETS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120 }

--- The dict, or nil outside nginx or where none was configured.
---@return table|nil
function M.dict()
  local ngx = rawget(_G, "ngx")
  return ngx and ngx.shared and ngx.shared[DICT]
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

local function add(dict, key, by)
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
---@param labels? table<string, string> few different values: each combination is kept for ever
---@param by? number default 1
function M.count(name, labels, by)
  local dict = M.dict()
  if dict then
    add(dict, "c|" .. name .. "|" .. M.label_text(labels), by or 1)
  end
end

--- Sets what goes up and down.
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
  for place, upper in ipairs(M.BUCKETS) do
    if seconds <= upper then
      return place
    end
  end
  return #M.BUCKETS + 1
end

--- Files a length of time.
---@param name string "lastpass_…_seconds"
---@param labels? table<string, string>
---@param seconds number
function M.observe(name, labels, seconds)
  local dict = M.dict()
  if dict then
    local rest = "|" .. name .. "|" .. M.label_text(labels)
    add(dict, "h" .. bucket_of(seconds) .. rest, 1)
    add(dict, "s" .. rest, seconds)
  end
end

--- Makes room for the count of what found no room; `setup` does it before anything is counted.
function M.begin()
  local dict = M.dict()
  if dict then
    dict:safe_add(DROPPED, 0)
  end
end

return M

--- The `lua_shared_dict`s, which all workers share: one for each kind of entry that requests can create. No
-- entry is ever evicted for another one: when a dict is full, what needs it is refused.
-- @module lastpass.nginx.dicts
local errors = require "lastpass.error"

local M = {}

--- The one list: name, recommended size, contents, and the option of `setup` that needs it (none: every site
-- does; false: no site needs it).
M.list = {
  { "lastpass_directory", "64m", "the directory, twice while it is read" },
  { "lastpass_limits", "4m", "one rate per company" },
  { "lastpass_locks", "2m", "leases: which worker does what" },
  { "lastpass_counters", "8m", "requests of tokens, steps of a day", "tokens" },
  { "lastpass_idempotency", "16m", "answers to Idempotency-Keys, for a day", "tokens" },
  { "lastpass_sessions", "4m", "who has signed in, and who tried to", "dashboard" },
  { "lastpass_playbooks", "4m", "versions and runs of playbooks", "playbooks" },
  { "lastpass_scim", "2m", "requests of SCIM connections, state of what is behind them", "scim" },
  { "lastpass_saml", "8m", "sign-ons that were answered, assertions that were used", "saml" },
  { "lastpass_saml_posts", "16m", "forms of people who sign in meanwhile", "saml" },
  { "lastpass_saml_revoked", "8m", "sessions that have ended before their time", "saml" },
  { "lastpass_mfa", "8m", "second factors under way, codes that were used, failures", "mfa" },
  { "lastpass_mfa_posts", "16m", "forms of people who show a second factor meanwhile", "mfa" },
  { "lastpass_mfa_revoked", "4m", "second factors that have ended before their time", "mfa" },
  { "lastpass_metrics", "2m", "counters for Prometheus", false },
}

local by_name = {}
for _, entry in ipairs(M.list) do
  by_name[entry[1]] = entry
end

local function directive(entry)
  return ("lua_shared_dict %s %s;"):format(entry[1], entry[2])
end

--- A dict, or nil: outside nginx, or when nginx has none of this name.
---@param name string of `list`
---@return table|nil
function M.find(name)
  local ngx = rawget(_G, "ngx")
  return ngx and ngx.shared and ngx.shared[name]
end

--- A dict; raises when nginx has none of this name.
---@param name string of `list`
---@param level? integer whose line is blamed; default the caller
---@return table
function M.get(name, level)
  local dict = M.find(name)
  if not dict then
    local text = "nginx has no lua_shared_dict %s; add: %s"
    errors.raise((level or 1) + 1, text, name, directive(by_name[name]))
  end
  return dict
end

local function check_entries(is_needed, level)
  local missing = {}
  for _, entry in ipairs(M.list) do
    if is_needed(entry[4]) and not ngx.shared[entry[1]] then
      missing[#missing + 1] = directive(entry)
    end
  end
  if #missing > 0 then
    errors.raise(level + 1, "nginx.conf needs: %s", table.concat(missing, " "))
  end
end

--- Checks that nginx has all dicts that a site needs; raises and names those that are missing.
---@param options table of `setup`
---@param level integer whose line is blamed
function M.check(options, level)
  check_entries(function(option)
    return option == nil or options[option]
  end, level + 1)
end

--- Checks that nginx has the dicts of one part, which is used without a site.
---@param name string an option of `setup`
---@param level integer whose line is blamed
function M.check_part(name, level)
  check_entries(function(option)
    return option == name
  end, level + 1)
end

-- nginx frees expired entries only at the end of its queue, so a dict can be full of them. Searching for them
-- takes a while, so it is done once a second at most.
local FLUSH_EVERY = 1
local flushed_at = setmetatable({}, { __mode = "k" })

local function flush_expired(dict)
  local ngx = rawget(_G, "ngx")
  local now = ngx and ngx.now() or os.time()
  if math.abs(now - (flushed_at[dict] or 0)) < FLUSH_EVERY then
    return false
  end
  flushed_at[dict] = now
  return dict:flush_expired() > 0
end

--- Adds an entry, without evicting another one.
---@param dict table
---@param key string
---@param value string|number|boolean
---@param ttl? number seconds; default for ever
---@return boolean|nil added
---@return string? reason "exists" or "no memory"
function M.add(dict, key, value, ttl)
  local added, reason = dict:safe_add(key, value, ttl)
  if not added and reason ~= "exists" and flush_expired(dict) then
    return dict:safe_add(key, value, ttl)
  end
  return added, reason
end

--- Counts; a number that does not exist begins at 0.
---@param dict table
---@param key string
---@param by number
---@param ttl number seconds from the first count on
---@return number|nil sum nil when the dict is full
function M.count(dict, key, by, ttl)
  local sum = dict:incr(key, by)
  if sum then
    return sum
  end
  local added, reason = M.add(dict, key, by, ttl)
  if added then
    return by
  end
  return reason == "exists" and dict:incr(key, by) or nil -- another worker added it first
end

--- Sets an entry, without evicting another one. One that exists is lost when the new value is longer and does
-- not fit: values that must not be lost should all have the same length.
---@param dict table
---@param key string
---@param value string|number|boolean
---@param ttl? number seconds; default for ever
---@return boolean|nil set
function M.set(dict, key, value, ttl)
  local set = dict:safe_set(key, value, ttl)
  if not set and flush_expired(dict) then
    set = dict:safe_set(key, value, ttl)
  end
  return set
end

local WINDOW = 10 -- seconds in which requests are counted

--- Counts a request against a rate, over all workers.
---@param dict table
---@param name string of who is limited
---@param rate number requests per second
---@param now number epoch seconds
---@return integer|nil count in this window; nil when the dict is full
---@return integer limit of a window
---@return integer reset seconds until the window ends, from 1
function M.count_in_window(dict, name, rate, now)
  local limit = math.max(1, math.floor(rate * WINDOW))
  local window = math.floor(now / WINDOW)
  local count = M.count(dict, ("rate %s %d"):format(name, window), 1, 2 * WINDOW)
  return count, limit, math.max(1, math.ceil((window + 1) * WINDOW - now))
end

local PROBE = "probe"
local reports_itself = { lastpass_directory = true, lastpass_metrics = true }

--- The dicts that have no memory for one more entry, for /healthz. Neither that of the directory, whose pages
-- are large and which reports it itself, nor that of metrics, which counts what it drops.
---@return string[] names
function M.full()
  local names = {}
  for _, entry in ipairs(M.list) do
    local name = entry[1]
    local dict = not reports_itself[name] and M.find(name)
    if dict then
      local added, reason = M.add(dict, PROBE, ("."):rep(64), 1)
      if added then
        dict:delete(PROBE)
      elseif reason ~= "exists" then
        names[#names + 1] = name
      end
    end
  end
  return names
end

return M

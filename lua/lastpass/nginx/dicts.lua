--- What all workers share: the `lua_shared_dict`s, one for each kind of thing that requests can fill. No
-- entry is ever pushed out for another one: when a dict is full, what needs it is refused.
-- @module lastpass.nginx.dicts
local errors = require "lastpass.error"

local M = {}

--- The one list: name, recommended size, what it holds, and the option of `setup` that needs it (none:
-- every site does).
M.list = {
  { "lastpass_directory", "64m", "the directory, twice while it is read" },
  { "lastpass_limits", "4m", "one rate per company" },
  { "lastpass_locks", "2m", "leases: who does what" },
  { "lastpass_counters", "8m", "requests of tokens, steps of a day", "tokens" },
  { "lastpass_idempotency", "16m", "answers to Idempotency-Keys, for a day", "tokens" },
  { "lastpass_sessions", "4m", "who has signed in, and who tried to", "dashboard" },
  { "lastpass_playbooks", "4m", "versions and runs of playbooks", "playbooks" },
}

local by_name = {}
for _, entry in ipairs(M.list) do
  by_name[entry[1]] = entry
end

local function directive(entry)
  return ("lua_shared_dict %s %s;"):format(entry[1], entry[2])
end

--- A dict; raises when nginx has none of this name.
---@param name string of `list`
---@param level? integer whose line is blamed; default the caller
---@return table
function M.get(name, level)
  local dict = ngx.shared[name]
  if not dict then
    local text = "nginx has no lua_shared_dict %s; add: %s"
    errors.raise((level or 1) + 1, text, name, directive(by_name[name]))
  end
  return dict
end

--- Checks that nginx has all dicts that a site needs; raises and names those that are missing.
---@param options table of `setup`
---@param level integer whose line is blamed
function M.check(options, level)
  local missing = {}
  for _, entry in ipairs(M.list) do
    local option = entry[4]
    if (not option or options[option]) and not ngx.shared[entry[1]] then
      missing[#missing + 1] = directive(entry)
    end
  end
  if #missing > 0 then
    errors.raise(level + 1, "nginx.conf needs: %s", table.concat(missing, " "))
  end
end

-- nginx frees what has expired only at the end of its queue, so a dict can be full of it. Looking for it
-- takes a while, so it is done once a second at most.
local FLUSH_EVERY = 1
local flushed_at = setmetatable({}, { __mode = "k" })

local function flush(dict)
  local ngx = rawget(_G, "ngx")
  local now = ngx and ngx.now() or os.time()
  if now - (flushed_at[dict] or 0) < FLUSH_EVERY then
    return false
  end
  flushed_at[dict] = now
  return dict:flush_expired() > 0
end

--- Adds an entry, without pushing another one out.
---@param dict table
---@param key string
---@param value string|number|boolean
---@param lasts? number seconds; default for ever
---@return boolean|nil added
---@return string? reason "exists" or "no memory"
function M.add(dict, key, value, lasts)
  local added, reason = dict:safe_add(key, value, lasts)
  if not added and reason ~= "exists" and flush(dict) then
    return dict:safe_add(key, value, lasts)
  end
  return added, reason
end

--- Counts; a number that is not there begins at 0.
---@param dict table
---@param key string
---@param by number
---@param lasts number seconds from the first count on
---@return number|nil sum nil when there is no room for it
function M.count(dict, key, by, lasts)
  local sum = dict:incr(key, by)
  if sum then
    return sum
  end
  local added, reason = M.add(dict, key, by, lasts)
  if added then
    return by
  end
  return reason == "exists" and dict:incr(key, by) or nil -- another worker was faster
end

--- Sets an entry, without pushing another one out. One that is there already is lost when the new value
-- is longer and there is no room for it: of what must stay, keep values of one length.
---@param dict table
---@param key string
---@param value string|number|boolean
---@param lasts? number seconds; default for ever
---@return boolean|nil set
function M.set(dict, key, value, lasts)
  local set = dict:safe_set(key, value, lasts)
  if not set and flush(dict) then
    set = dict:safe_set(key, value, lasts)
  end
  return set
end

local PROBE = "room for one more"

--- The dicts in which there is no room for one more entry, for /healthz. The directory's says so itself:
-- its pages are large.
---@return string[] names
function M.full()
  local names = {}
  for _, entry in ipairs(M.list) do
    local name = entry[1]
    local dict = name ~= "lastpass_directory" and ngx.shared[name]
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

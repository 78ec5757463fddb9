--- Limits: how much of a company one plan, and one day, may change.
-- @module lastpass.plan.limits
local errors = require "lastpass.error"

local M = {}

--- What a limit counts, its default, and what it is for. A percentage is of the people in the
-- directory (of their memberships for `leave`) and lets at least one through, unless it is 0.
---@type table[] {name, default, what it counts, kinds of steps}
M.list = {
  { "create", "25%", "people created", { "create" }, least = 25 },
  { "disable", "5%", "people disabled", { "disable" } },
  { "uninvite", "5%", "invitations withdrawn", { "uninvite" } },
  { "remove", "0", "people removed from the company", { "remove" } },
  { "delete", "0", "accounts deleted", { "delete" } },
  { "leave", "10%", "memberships taken away", {}, least = 10 },
  { "rename", "5%", "addresses changed", { "rename" } },
}

--- Those about what has happened over all runs: how many disables and so on within 24 hours.
M.PER_DAY_FACTOR = 2

--- Settings beside the limits on steps.
-- shrink: how much fewer rows a source may have than when it was last read to its end
-- refused_rows: how many rows a source may have that could not be used, while people whom no source
-- mentions are still taken for gone
M.others = { shrink = "20%", refused_rows = 0 }

--- By name, as `list` has them.
M.by_name = {}
for _, entry in ipairs(M.list) do
  M.by_name[entry[1]] = {
    name = entry[1],
    default = entry[2],
    counts = entry[3],
    kinds = entry[4],
    least = entry.least or 1,
  }
end

--- Reads "5%" or 12.
---@param value string|number
---@return table|nil limit {percent =} or {count =}, and `text`
function M.read(value)
  if type(value) == "number" then
    if value >= 0 and value == math.floor(value) and value < 2 ^ 53 then
      return { count = value, text = ("%d"):format(value) }
    end
    return nil
  end
  local text = type(value) == "string" and value:match "^%s*(.-)%s*$" or ""
  local percent = tonumber(text:match "^(%d+%.?%d*)%s*%%$")
  if percent and percent <= 100 then
    return { percent = percent, text = text }
  end
  local count = tonumber(text:match "^%d+$")
  return count and { count = count, text = text } or nil
end

--- How many a limit lets through.
---@param limit table of `read`
---@param of integer what a percentage is of
---@param least integer what a percentage above 0 lets through at least
---@return integer
function M.allowed(limit, of, least)
  if limit.count then
    return limit.count
  elseif limit.percent == 0 then
    return 0
  end
  return math.max(math.floor(of * limit.percent / 100 + 1e-9), least)
end

--- How many steps of a kind a day lets through.
---@param settings table as of `merge`
---@param name string of `list`
---@param of integer what a percentage is of
---@return integer|nil allowed nil when nothing limits a day
---@return boolean explicit whether the playbook says so
function M.allowed_a_day(settings, name, of)
  local entry = M.by_name[name]
  local given = settings.per_day and settings.per_day[name]
  if given then
    return M.allowed(M.read(given), of, entry.least), true
  elseif #entry.kinds == 0 or name == "create" then
    return nil, false
  end
  local limit = M.read(settings[name] or entry.default)
  return M.allowed(limit, of, entry.least) * M.PER_DAY_FACTOR, false
end

local TOO_MANY = "%s within 24 hours: %d by earlier runs and %d by this plan; the limit is %d"
local ALLOW = "limit { per_day = { %s = %d } } in the playbook, or as an option of plan"

--- Whether a plan and the runs of the last 24 hours together do more than a day allows.
---@param settings table as of `merge`
---@param name string of `list`
---@param of integer what a percentage is of
---@param count integer how many the plan has
---@param done_lately fun(kinds: string[]): integer
---@return string|nil message nil when they do not
---@return string? allow what would allow it
function M.beyond_a_day(settings, name, of, count, done_lately)
  local allowed, is_explicit = M.allowed_a_day(settings, name, of)
  if not allowed or count == 0 then
    return nil
  end
  local entry = M.by_name[name]
  local before = done_lately(entry.kinds)
  if before + count <= allowed or before == 0 and not is_explicit then
    return nil
  end
  return TOO_MANY:format(entry.counts, before, count, allowed), ALLOW:format(name, before + count)
end

local function check_one(where, name, value, level)
  if not M.read(value) then
    errors.raise(
      level + 1,
      "%s: limit '%s' must be a count or a percentage such as \"5%%\", not %s",
      where,
      name,
      type(value) == "string" and ("'%s'"):format(value) or tostring(value)
    )
  end
end

local function expected()
  local known = { per_day = "table" }
  for name in pairs(M.by_name) do
    known[name] = { "string", "number" }
  end
  for name in pairs(M.others) do
    known[name] = { "string", "number" }
  end
  return known
end

--- Takes limits over into settings; unknown names and wrong values raise.
---@param where string how the caller is called
---@param settings table name -> value; `per_day` a table of its own
---@param given table
---@param level integer whose line is blamed
function M.merge(where, settings, given, level)
  errors.check_options(where, given, expected(), level + 1)
  for name, value in pairs(given) do
    if name == "per_day" then
      for one, per_day in pairs(value) do
        if not M.by_name[one] or #M.by_name[one].kinds == 0 then
          errors.raise(level + 1, "%s: there is no limit per day for '%s'", where, tostring(one))
        end
        check_one(where, "per_day." .. one, per_day, level + 1)
        settings.per_day[one] = per_day
      end
    else
      check_one(where, name, value, level + 1)
      settings[name] = value
    end
  end
end

--- The limits when nobody says anything.
---@return table settings
function M.defaults()
  local settings = { per_day = {} }
  for name, entry in pairs(M.by_name) do
    settings[name] = entry.default
  end
  for name, value in pairs(M.others) do
    settings[name] = value
  end
  return settings
end

return M

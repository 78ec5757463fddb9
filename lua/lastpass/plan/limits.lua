--- Limits: how much of a company one plan, one day, one week and one month may change.
-- @module lastpass.plan.limits
local changes = require "lastpass.directory.changes"
local errors = require "lastpass.error"

local M = {}

--- What a limit counts, its default, and what it is for, as `lastpass.directory.changes` has them: one for each
-- kind of step, and `join` and `leave` for the steps of groups, in memberships. A percentage is of the people in the
-- directory (of their memberships for `leave`) and lets `least` through (default 1), unless it is 0. `join` goes by
-- people: where everybody is in ten groups, a tenth of the memberships is the whole company.
---@type table[] {name, default, counts, least, of}
M.list = {}

--- The same by name.
M.by_name = {}

for _, change in ipairs(changes.list) do
  for _, limit in ipairs(change.limits) do
    local entry = {
      name = limit[1],
      default = limit[2],
      counts = limit[3],
      least = limit.least or 1,
      of = limit.of or "people",
    }
    M.list[#M.list + 1], M.by_name[entry.name] = entry, entry
  end
end

--- The spans over which limits hold as well, over all runs, shortest first. Where the playbook does not say
-- otherwise a span allows `factor` times what one plan may do, and never less than a shorter span.
M.spans = {
  { name = "per_day", seconds = 24 * 60 * 60, factor = 2, text = "24 hours" },
  { name = "per_week", seconds = 7 * 24 * 60 * 60, factor = 3, text = "7 days" },
  { name = "per_month", seconds = 30 * 24 * 60 * 60, factor = 5, text = "30 days" },
}

--- Settings beside the limits on steps.
-- shrink: how much fewer rows a source may have than it had within 30 days
-- refused_rows: how many rows a source may have that could not be used, while people whom no source
-- mentions are still taken for gone
-- seats: how many people may be created beyond the seats that the managing company lists
-- look_alikes, same_name: how many people may be added whose address looks like that of somebody else, or
-- whose name is that of somebody whom the same plan takes away
M.others = { shrink = "20%", refused_rows = 0, seats = 0, look_alikes = 0, same_name = 0 }

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

--- What steps count for each limit. The first groups of somebody created stand in the step that
-- creates them, and are no memberships of people in the directory.
---@param steps lastpass.plan.Step[]
---@return table<string, integer> counts by name of a limit
function M.count(steps)
  local counts = {}
  for name in pairs(M.by_name) do
    counts[name] = 0
  end
  for _, step in ipairs(steps) do
    if step.kind == "groups" then
      counts.join = counts.join + #step.after.join
      counts.leave = counts.leave + #step.after.leave
    else
      counts[step.kind] = counts[step.kind] + 1
    end
  end
  return counts
end

-- How many a span lets through, given what the span before it does; and whether the playbook says so.
local function allowed_over(settings, entry, span, of, shorter)
  local given = settings[span.name] and settings[span.name][entry.name]
  if given then
    return M.allowed(M.read(given), of, entry.least), true
  end
  local limit = M.read(settings[entry.name] or entry.default)
  return math.max(M.allowed(limit, of, entry.least) * span.factor, shorter), false
end

--- How many each of the spans allows.
---@param settings table as of `merge`
---@param name string
---@param size table {people, memberships} of the directory
---@return {seconds: integer, text: string, allowed: integer}[] spans
function M.allowed_in_spans(settings, name, size)
  local entry, allowed, list = M.by_name[name], 0, {}
  for position, span in ipairs(M.spans) do
    allowed = allowed_over(settings, entry, span, size[entry.of], allowed)
    list[position] = { seconds = span.seconds, text = span.text, allowed = allowed }
  end
  return list
end

local SETTING = "limit { %s = %d } in the playbook, or { limit = { %s = %d } } as an option of plan"

--- What allows a value of a setting.
---@param name string
---@param value integer
---@return string
function M.setting(name, value)
  return SETTING:format(name, value, name, value)
end

local TOO_MANY = "%s: %d of %d; the limit is %s%s"

local function beyond_a_plan(settings, entry, of, count)
  local limit = M.read(settings[entry.name] or entry.default)
  local allowed = M.allowed(limit, of, entry.least)
  if count <= allowed then
    return nil
  end
  local share = limit.percent and (" (%d)"):format(allowed) or ""
  return {
    guard = entry.name,
    message = TOO_MANY:format(entry.counts, count, of, limit.text, share),
    allow = M.setting(entry.name, count),
  }
end

local TOO_MANY_LATELY = "%s within %s: %d by earlier runs and %d by this plan; the limit is %d"
local ALLOW = "limit { %s = { %s = %d } } in the playbook, "
  .. "or { limit = { %s = { %s = %d } } } as an option of plan"

local function beyond_spans(settings, entry, of, count, done_lately, refusals)
  local allowed = 0
  for _, span in ipairs(M.spans) do
    local is_explicit
    allowed, is_explicit = allowed_over(settings, entry, span, of, allowed)
    local before = done_lately(entry.name, span)
    -- one plan alone has been held against the limit of a plan
    if before and before + count > allowed and (before > 0 or is_explicit) then
      local needed = before + count
      refusals[#refusals + 1] = {
        guard = entry.name .. "_" .. span.name,
        message = TOO_MANY_LATELY:format(entry.counts, span.text, before, count, allowed),
        allow = ALLOW:format(span.name, entry.name, needed, span.name, entry.name, needed),
      }
      allowed = needed -- which a longer span follows, unless it has a limit of its own
    end
  end
end

--- What the limits refuse. The same for plans, for runs about to begin or to go on, and for single
-- writes.
---@param settings table as of `merge`
---@param counts table<string, integer> as of `count`
---@param size table {people, memberships} of the directory
---@param done_lately fun(name: string, span: table): integer|nil what earlier runs did of a limit
-- within a span of `spans`; nil where that is not known, and not limited
---@param spans_only? boolean the limits of one plan were asked when it was made
---@return table[] refusals {guard, message, allow}; guard: "disable", "disable_per_day", …
function M.refusals(settings, counts, size, done_lately, spans_only)
  local refusals = {}
  for _, entry in ipairs(M.list) do
    local count, of = counts[entry.name], size[entry.of]
    if count > 0 then
      local refusal = not spans_only and beyond_a_plan(settings, entry, of, count) or nil
      refusals[#refusals + 1] = refusal
      -- what would allow the plan moves the spans along: only what is needed beside it is said
      local raised = refusal and setmetatable({ [entry.name] = count }, { __index = settings })
      beyond_spans(raised or settings, entry, of, count, done_lately, refusals)
    end
  end
  return refusals
end

local function check_value(where, name, value, level)
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
  local known = {}
  for _, span in ipairs(M.spans) do
    known[span.name] = "table"
  end
  for name in pairs(M.by_name) do
    known[name] = { "string", "number" }
  end
  for name in pairs(M.others) do
    known[name] = { "string", "number" }
  end
  return known
end

local function merge_span(where, settings, span, given, level)
  for name, value in pairs(given) do
    if not M.by_name[name] then
      local hint = errors.did_you_mean(tostring(name), errors.names_of(M.by_name))
      errors.raise(level + 1, "%s: %s: there is no limit '%s'%s", where, span, tostring(name), hint)
    end
    check_value(where, span .. "." .. name, value, level + 1)
    settings[span][name] = value
  end
end

--- Takes limits over into settings; unknown names and wrong values raise.
---@param where string how the caller is called
---@param settings table name -> value; `per_day`, `per_week` and `per_month` tables of their own
---@param given table
---@param level integer whose line is blamed
function M.merge(where, settings, given, level)
  errors.check_options(where, given, expected(), level + 1)
  for name, value in pairs(given) do
    if type(value) == "table" then
      merge_span(where, settings, name, value, level + 1)
    else
      check_value(where, name, value, level + 1)
      settings[name] = value
    end
  end
end

--- The limits when nobody says anything.
---@return table settings
function M.defaults()
  local settings = {}
  for _, span in ipairs(M.spans) do
    settings[span.name] = {}
  end
  for name, entry in pairs(M.by_name) do
    settings[name] = entry.default
  end
  for name, value in pairs(M.others) do
    settings[name] = value
  end
  return settings
end

return M

--- Guards about the size of sources: one without rows, or with far fewer than before, takes nothing
-- away.
-- @module lastpass.plan.guards.sources
local holding = require "lastpass.plan.guards.holding"
local limits = require "lastpass.plan.limits"
local time = require "lastpass.time"

local M = {}

--- A source is compared with the largest size it had within so many seconds, or else what is lost a
-- little every day would never be much.
M.SPAN = 30 * 24 * 60 * 60

--- What is remembered of a source.
---@class lastpass.plan.SourceSize
---@field rows integer     when it was last read to its end
---@field read_at integer
---@field sizes? table[]   {rows, read_at}: the largest within the span, then the largest after it, …
---@field before? table    {rows, read_at}: how large it was before a plan allowed that it shrank

local function sizes_of(last)
  return last.sizes or { { rows = last.rows, read_at = last.read_at } }
end

-- The largest size within the span; the last one that is known when all are older.
local function largest(last, now)
  local sizes = sizes_of(last)
  for _, size in ipairs(sizes) do
    if now - size.read_at <= M.SPAN then
      return size
    end
  end
  return sizes[#sizes]
end

local function is_within(limit, size, rows)
  return size - rows <= limits.allowed(limits.read(limit), size, 1)
end

-- What a source has shrunk from; nil when it has not, or when that is allowed. A limit above the usual
-- one is about what the source was before such a limit was used first: it allows a loss once, not each
-- time anew.
---@return table|nil shrunk {rows, read_at}
---@return table|nil allowed {rows, read_at} what it has shrunk from, by the word of the playbook
local function shrunk_from(settings, rows, last, now)
  local size = largest(last, now)
  if not is_within(settings.shrink, size.rows, rows) then
    return size, nil
  elseif is_within(limits.others.shrink, size.rows, rows) then
    return nil, nil
  end
  local before = last.before
  if before and now - before.read_at <= M.SPAN then
    size = before
  end
  if is_within(settings.shrink, size.rows, rows) then
    return nil, size
  end
  return size, nil
end

--- What is to be remembered of a source that no guard minds.
---@param settings table of `limits.merge`
---@param source table {complete, rows, sha256}
---@param last lastpass.plan.SourceSize|nil
---@param now integer epoch seconds
---@return lastpass.plan.SourceSize|nil size nil when it stays as it was: the source is no measure
function M.remember(settings, source, last, now)
  if not source.complete or source.rows == 0 then
    return nil
  end
  local size = { rows = source.rows, read_at = now }
  local record = { rows = source.rows, sha256 = source.sha256, read_at = now, sizes = { size } }
  if not last then
    return record
  end
  local shrunk, allowed = shrunk_from(settings, source.rows, last, now)
  if shrunk then
    return nil
  elseif allowed then
    record.before = allowed
    return record
  end
  local kept, first = {}, largest(last, now)
  for _, earlier in ipairs(sizes_of(last)) do
    local counts = earlier == first or #kept > 0
    if counts and earlier.rows > source.rows then
      kept[#kept + 1] = earlier
    end
  end
  local newest = kept[#kept]
  if not newest or now - newest.read_at >= 24 * 60 * 60 then -- one a day is enough
    kept[#kept + 1] = size
  end
  record.sizes, record.before = kept, last.before
  return record
end

local function has_removals(work)
  for _, step in ipairs(holding.open_steps(work)) do
    if holding.removes(step) or step.kind == "groups" and #step.after.leave > 0 then
      return true
    end
  end
  return false
end

local SHRUNK = "%s has %d rows and had %d on %s; the limit is %s"

local function check_one(settings, source, last, now)
  if not source.complete then
    return nil
  elseif source.rows == 0 then
    return {
      guard = "empty_source",
      message = ("%s has no rows at all, and the plan takes things away"):format(source.name),
      allow = "look at the source; leave it out of the playbook when it is meant to be empty",
    }
  end
  local size = last and shrunk_from(settings, source.rows, last, now)
  if not size then
    return nil
  end
  return {
    guard = "shrunk_source",
    message = SHRUNK:format(
      source.name,
      source.rows,
      size.rows,
      time.iso(size.read_at):sub(1, 10),
      limits.read(settings.shrink).text
    ),
    allow = limits.setting("shrink", size.rows - source.rows),
  }
end

--- Refuses a plan that takes things away by a source that is empty or has shrunk.
---@param work table of `steps.compute`
---@param context table sources, last_source
function M.check(work, context)
  if not has_removals(work) then
    return
  end
  local settings, now = work.declared.settings.limits, time.now()
  for _, source in ipairs(context.sources) do
    local last = context.last_source(source.name)
    context.refusals[#context.refusals + 1] = check_one(settings, source, last, now)
  end
end

return M

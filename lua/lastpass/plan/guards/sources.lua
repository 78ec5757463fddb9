--- Guards that distrust sources: one that was not read to its end, that is empty or has shrunk, or whose rows or
-- members could not be used takes nothing away from those whom it does not mention.
-- @module lastpass.plan.guards.sources
local changes = require "lastpass.directory.changes"
local limits = require "lastpass.plan.limits"
local state = require "lastpass.plan.state"
local time = require "lastpass.time"

local M = {}

local INCOMPLETE =
  "%s was not read to its end (%s), so those whom it does not mention may still be there"

local function incomplete_sources(sources)
  for _, source in ipairs(sources) do
    if not source.complete then
      return INCOMPLETE:format(source.name, source.failure)
    end
  end
  return nil
end

local REFUSED_ROWS = "%d rows could not be used, and may be of people who now seem to be missing: "
  .. "fix them, or allow so many with limit { refused_rows = %d }"

-- Who is not mentioned: by nothing at all, or not as a member.
local absent = { missing = true, group = true }

local function refused_rows(declared, sources)
  local rows, count = 0, 0
  for _, source in ipairs(sources) do
    rows, count = rows + source.rows, count + source.refused
  end
  for _, problem in ipairs(declared.problems) do
    if not problem.refused_by_source and not problem.subject then
      count = count + 1 -- the playbook's own; where the person is known, they are left alone
    elseif problem.refused_by_source and problem.subject and problem.code == "status_word" then
      count = count - 1 -- the person is mentioned, in a row that is good but for the word
    end
  end
  local limit = limits.read(declared.settings.limits.refused_rows)
  if count > limits.allowed(limit, rows, 0) then
    return REFUSED_ROWS:format(count, count)
  end
  return nil
end

--- What is known before there are steps: which of those that take something away will be held, and why.
-- One broken row can hold everybody; so many steps are counted, not made.
---@param declared lastpass.plan.Declared
---@param sources table[] as of `playbook.sources`
---@return fun(rule: string): string|nil, string|nil ahead code and why, by the rule of the step
function M.ahead(declared, sources)
  local incomplete = incomplete_sources(sources)
  local refused = not incomplete and refused_rows(declared, sources)
  return function(rule)
    if incomplete then
      return "incomplete_source", incomplete
    elseif refused and absent[rule] then
      return "refused_rows", refused
    end
    return nil
  end
end

--- Nothing is taken away while a source was not read to its end, and nobody is missing while rows could not be used.
---@param builder lastpass.plan.Builder
---@param context lastpass.plan.GuardContext
function M.unread(builder, context)
  local ahead = M.ahead(builder.declared, context.sources)
  builder:hold_removals(function(step)
    return ahead(step.rule)
  end)
end

local UNKNOWN_MEMBERS = "%d of the %d declared members of '%s' are not in the directory, so "
  .. "those who are not named may be among them under another address: correct the addresses, "
  .. "or allow so many with limit { refused_rows = %d }"

--- Nobody leaves a group while somebody who is declared its member is not in the directory.
---@param builder lastpass.plan.Builder
function M.unknown_members(builder)
  local whole, count = 0, 0
  for name, unknown in pairs(builder.unknown_members) do
    whole, count = whole + #builder.declared.groups[name].members, count + unknown
  end
  local limit = limits.read(builder.declared.settings.limits.refused_rows)
  if count <= limits.allowed(limit, whole, 0) then
    return
  end
  for _, step in ipairs(builder:open_steps()) do
    if step.kind == "groups" then
      for _, name in ipairs(state.list(step.after.leave)) do
        local unknown = builder.unknown_members[name]
        if unknown then
          local members = #builder.declared.groups[name].members
          local why = UNKNOWN_MEMBERS:format(unknown, members, name, count)
          builder:hold_leaving(step, "unknown_members", why, name)
        end
      end
    end
  end
end

-- A source is compared with the largest size it had within so many seconds, or else what is lost a
-- little every day would never be much.
local SPAN = 30 * 24 * 60 * 60

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
    if now - size.read_at <= SPAN then
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
---@return table|nil allowed {rows, read_at} what it has shrunk from, by a limit of the playbook
local function shrunk_from(settings, rows, last, now)
  local size = largest(last, now)
  if not is_within(settings.shrink, size.rows, rows) then
    return size, nil
  elseif is_within(limits.others.shrink, size.rows, rows) then
    return nil, nil
  end
  local before = last.before
  if before and now - before.read_at <= SPAN then
    size = before
  end
  if is_within(settings.shrink, size.rows, rows) then
    return nil, size
  end
  return size, nil
end

--- What is to be remembered of a source that no guard refuses.
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
  local sizes, first = {}, largest(last, now)
  for _, earlier in ipairs(sizes_of(last)) do
    local counts = earlier == first or #sizes > 0
    if counts and earlier.rows > source.rows then
      sizes[#sizes + 1] = earlier
    end
  end
  local newest = sizes[#sizes]
  if not newest or now - newest.read_at >= 24 * 60 * 60 then -- one a day is enough
    sizes[#sizes + 1] = size
  end
  record.sizes, record.before = sizes, last.before
  return record
end

local function has_removals(builder)
  for _, step in ipairs(builder:open_steps()) do
    if changes.by_name[step.kind].removes or step.kind == "groups" and #step.after.leave > 0 then
      return true
    end
  end
  return false
end

local SHRUNK = "%s has %d rows and had %d on %s; the limit is %s"

local function refusal_of(settings, source, last, now)
  if not source.complete then
    return nil
  elseif source.rows == 0 then
    return {
      guard = "empty_source",
      message = ("%s has no rows at all, and the plan takes things away"):format(source.name),
      allow = "check the source; leave it out of the playbook when it is meant to be empty",
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
---@param builder lastpass.plan.Builder
---@param context table sources, last_source
function M.sizes(builder, context)
  if not has_removals(builder) then
    return
  end
  local settings, now = builder.declared.settings.limits, time.now()
  for _, source in ipairs(context.sources) do
    local last = context.last_source(source.name)
    context.refusals[#context.refusals + 1] = refusal_of(settings, source, last, now)
  end
end

return M

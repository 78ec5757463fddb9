--- Guards: what keeps a plan from harming the wrong people. Some hold single steps, others refuse the whole plan;
-- each says the numbers, and the option that would allow it. They are asked when a plan is made, and those that
-- depend on what others do once more right before it is applied.
-- @module lastpass.plan.guards
local changes = require "lastpass.directory.changes"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local names = require "lastpass.plan.guards.names"
local seats = require "lastpass.plan.guards.seats"
local sources = require "lastpass.plan.guards.sources"
local time = require "lastpass.time"

local M = { ahead = sources.ahead, seats = seats.check }

local DAY = 24 * 60 * 60
local RENAME_DAYS = 90

--- Kind of a change -> the kinds that it takes back.
---@type table<string, string[]>
M.takes_back = {}
local takes_back = M.takes_back
for _, change in ipairs(changes.list) do
  for _, name in ipairs(change.undone_by or {}) do
    takes_back[name] = takes_back[name] or {}
    table.insert(takes_back[name], change.name)
  end
end

--- What earlier runs did, as `limits.refusals` asks for it. What was taken back does not count.
---@param journal lastpass.store.Journal
---@param tenant string
---@return (fun(name: string, span: table): integer)|nil done_lately
---@return string? message
---@return lastpass.Error? err
function M.done_lately(journal, tenant)
  local amounts = {}
  for _, span in ipairs(limits.spans) do
    -- the journal goes by the machine's clock, whatever clock the client goes by
    local done, message, err = journal:amounts(tenant, time.now() - span.seconds, takes_back)
    if not done then
      return nil, message, err
    end
    amounts[span.name] = done
  end
  return function(name, span)
    return amounts[span.name][name] or 0
  end
end

local function last_sources(journal, tenant, list)
  local last = {}
  for _, source in ipairs(list) do
    local size, message, err = journal:last_source(tenant, source.name)
    if err then
      return nil, message, err
    end
    last[source.name] = size
  end
  return last
end

-- Renames that were started and end when the user logs in (enterprise-api §4.3).
local function pending_renames(journal, tenant)
  local since, pending = time.now() - RENAME_DAYS * DAY, {}
  local steps, message, err = journal:done_steps(tenant, { "rename" }, since)
  if not steps then
    return nil, message, err
  end
  for _, step in ipairs(steps) do
    pending[email.fold(step.subject)] = step.after.email
  end
  return pending
end

--- Counts of the directory that limits go by.
---@param snapshot lastpass.Snapshot
---@return table size {people, memberships, admins (active ones), read_at}
function M.size_of(snapshot)
  local memberships, admins = snapshot:rows():counts()
  return {
    people = snapshot:people(),
    memberships = memberships,
    admins = admins,
    read_at = snapshot.read_at,
  }
end

--- What guards go by beside the steps: how large the company is, what earlier runs did, how the sources were.
---@class lastpass.plan.GuardContext
---@field sources table[]      descriptions of `playbook.sources`
---@field size table           of `size_of`
---@field done_lately fun(name: string, span: table): integer
---@field last_source fun(name: string): lastpass.plan.SourceSize|nil
---@field journal? lastpass.store.Journal
---@field tenant? string
---@field pending_renames? table<string, string> key of the old address -> the new one
---@field refusals? table[]    {guard, message, allow}: what `check` found
---@field counts? table<string, integer> by limit

--- Reads what the journal and the directory say beside the steps.
---@param client lastpass.Client
---@param snapshot lastpass.Snapshot
---@param descriptions table[] of the sources
---@return lastpass.plan.GuardContext|nil
---@return string? message
---@return lastpass.Error? err what the journal gives
function M.context(client, snapshot, descriptions)
  local journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  local tenant = journals.tenant(client)
  local lately, last, pending
  lately, message, err = M.done_lately(journal, tenant)
  if lately then
    last, message, err = last_sources(journal, tenant, descriptions)
  end
  if last then
    pending, message, err = pending_renames(journal, tenant)
  end
  if not pending then
    return nil, message, err
  end
  return {
    journal = journal,
    tenant = tenant,
    sources = descriptions,
    size = M.size_of(snapshot),
    pending_renames = pending,
    done_lately = lately,
    last_source = function(name)
      return last[name]
    end,
  }
end

--- Remembers the sources of a plan that no guard refuses. One that has shrunk is remembered as it was,
-- until a plan allows it; or else making the plan twice would be enough to get past the guard.
---@param context lastpass.plan.GuardContext
---@param settings table limits
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err
function M.note_sources(context, settings)
  for _, source in ipairs(context.sources) do
    local last = context.last_source(source.name)
    local size = sources.remember(settings, source, last, time.now())
    if size then
      local ok, message, err = context.journal:note_source(context.tenant, source.name, size)
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

-- Users that `protect` or `owner` name lose nothing, and are not made weaker.
local function check_protected(builder)
  for _, step in ipairs(builder:open_steps()) do
    local entry = builder.declared.protected[email.fold(step.subject)]
    if entry and changes.harms(step.kind) then
      builder:hold(step, "protected", entry.why)
    elseif entry and step.kind == "groups" then
      builder:hold_leaving(step, "protected", entry.why)
    end
  end
end

local function check_limits(builder, context)
  context.counts = limits.count(builder:open_steps())
  local settings = builder.declared.settings.limits
  for _, refusal in
    ipairs(limits.refusals(settings, context.counts, context.size, context.done_lately))
  do
    context.refusals[#context.refusals + 1] = refusal
  end
end

local NO_ADMIN = "no active admin would be left: %d of %d would go"

local function check_last_admin(builder, context)
  local removed, seen, admins = 0, {}, context.size.admins
  for _, step in ipairs(builder:open_steps()) do
    local key = email.fold(step.subject)
    local state = builder.users[key].state
    local is_admin = state.admin and state.status == "active"
    if changes.ends_admin(step) and is_admin and not seen[key] then
      removed, seen[key] = removed + 1, true
    end
  end
  if removed > 0 and removed >= admins then
    context.refusals[#context.refusals + 1] = {
      guard = "last_admin",
      message = NO_ADMIN:format(removed, admins),
      allow = 'protect "an admin\'s address" in the playbook; no option allows this',
    }
  end
end

--- Holds what is to be held and says what refuses the plan.
---@param builder lastpass.plan.Builder
---@param context lastpass.plan.GuardContext gets `refusals` and `counts`
---@return lastpass.plan.GuardContext
function M.check(builder, context)
  context.refusals = json.list {}
  check_protected(builder)
  sources.unread(builder, context)
  sources.unknown_members(builder)
  names.groups(builder)
  names.look_alikes(builder)
  check_limits(builder, context)
  check_last_admin(builder, context)
  sources.sizes(builder, context)
  return context
end

local function is_active_admin(user)
  return user ~= nil and user.admin and user.status == "active"
end

--- Whether no active admin would be left in a directory that was read just now.
---@param steps lastpass.plan.Step[]
---@param snapshot lastpass.Snapshot
---@return string|nil message nil when there would be one, or when no admin is touched
function M.last_admin(steps, snapshot)
  local removed, admins = 0, 0
  for _, step in ipairs(steps) do
    if changes.ends_admin(step) and is_active_admin(snapshot:user(step.subject)) then
      removed = removed + 1
    end
  end
  if removed == 0 then
    return nil
  end
  for user in snapshot:users { admin = true } do
    admins = admins + (is_active_admin(user) and 1 or 0)
  end
  return removed >= admins and NO_ADMIN:format(removed, admins) or nil
end

--- What a plan, or what is left of a run, may no longer do, after what runs did within a day, a week
-- and a month. What a run that is resumed has done itself belongs to its plan, not to earlier runs.
---@param body table of the plan
---@param steps lastpass.plan.Step[] those that would be applied
---@param done_lately fun(name: string, span: table): integer|nil see `limits.refusals`
---@param own? lastpass.plan.Step[] those that the run itself has done
---@return table|nil refusal {guard, message, allow}; the first one
function M.spans(body, steps, done_lately, own)
  local settings = body.settings and body.settings.limits
  if not settings then
    return nil -- an undo has no limits
  end
  local counts, done = limits.count(steps), limits.count(own or {})
  for name, count in pairs(counts) do
    counts[name] = count > 0 and count + done[name] or 0
  end
  local function by_others(name, span)
    local amount = done_lately(name, span)
    return amount and math.max(amount - done[name], 0)
  end
  return limits.refusals(settings, counts, body.directory, by_others, true)[1]
end

local may_have_changed = {
  done = true,
  intended = true,
  uncertain = true,
  unknown = true,
  not_confirmed = true,
}

local function own_steps(work)
  local list = {}
  for _, step in ipairs(work.body.steps) do
    local outcome = work.outcomes[step.number]
    if outcome and may_have_changed[outcome.state] then
      list[#list + 1] = step
    end
  end
  return list
end

--- Asks again, right before a run begins or is resumed: the directory, and what other runs have done, may
-- have changed since the plan was made.
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[] those that would be applied
---@param snapshot lastpass.Snapshot
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard", code "last_admin", or "per_day", "per_week", "per_month"
function M.check_again(work, steps, snapshot)
  local message = M.last_admin(steps, snapshot)
  if message then
    return errors.fail("guard", "last_admin", message, {
      hint = 'make the plan again with protect "an admin\'s address"; no option allows this',
    })
  end
  local ok, err
  ok, message, err = seats.check_again(work, steps, snapshot)
  if not ok then
    return nil, message, err
  end
  local done_lately
  done_lately, message, err = M.done_lately(work.journal, work.tenant)
  if not done_lately then
    return nil, message, err
  end
  local refusal = M.spans(work.body, steps, done_lately, own_steps(work))
  if refusal then
    local code = refusal.guard:match "per_%a+$"
    return errors.fail("guard", code, refusal.message, { hint = refusal.allow })
  end
  return true
end

return M

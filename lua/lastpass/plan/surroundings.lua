--- What a plan depends on beside the playbook and the differences: what earlier runs did, how the
-- sources were, how large the company is.
-- @module lastpass.plan.surroundings
local guards = require "lastpass.plan.guards"
local inverse = require "lastpass.plan.inverse"
local journal_room = require "lastpass.store.client_journal"
local key_of = require("lastpass.email").fold
local limits = require "lastpass.plan.limits"
local time = require "lastpass.time"

local M = {}

local DAY = 24 * 60 * 60
local RENAME_DAYS = 90

-- What guards ask about the directory: people, memberships, active admins.
local function census(snapshot)
  return snapshot:people(), snapshot._rows:census()
end

--- What earlier runs did, as `limits.refusals` asks for it.
---@param journal lastpass.store.Journal
---@param tenant string
---@return (fun(name: string, span: table): integer)|nil done_lately
---@return string? message
---@return lastpass.Error? err
function M.done_lately(journal, tenant)
  local amounts = {}
  for _, span in ipairs(limits.spans) do
    -- the journal goes by the machine's clock, whatever clock the client goes by
    local since = time.now() - span.seconds
    local done, message, err = journal:amounts(tenant, since, inverse.takes_back)
    if not done then
      return nil, message, err
    end
    amounts[span.name] = done
  end
  return function(name, span)
    return amounts[span.name][name] or 0
  end
end

local function last_sources(journal, tenant, sources)
  local last = {}
  for _, source in ipairs(sources) do
    local found, message, err = journal:last_source(tenant, source.name)
    if err then
      return nil, message, err
    end
    last[source.name] = found
  end
  return last
end

-- Renames that were started and end when the user logs in (enterprise-api §4.3).
local function pending_renames(journal, tenant)
  local pending = {}
  local steps, message, err =
    journal:done_steps(tenant, { "rename" }, time.now() - RENAME_DAYS * DAY)
  if not steps then
    return nil, message, err
  end
  for _, step in ipairs(steps) do
    pending[key_of(step.subject)] = step.after.email
  end
  return pending
end

--- Reads what the journal and the directory say beside the steps.
---@param client lastpass.Client
---@param snapshot lastpass.Snapshot
---@param sources table[] as of `playbook.sources`
---@return table|nil context of `guards.check`, with journal, tenant and pending_renames
---@return string? message
---@return lastpass.Error? err what the journal gives
function M.read(client, snapshot, sources)
  local journal, message, err = journal_room.of(client)
  if not journal then
    return nil, message, err
  end
  local tenant = journal_room.tenant(client)
  local lately, last, pending
  lately, message, err = M.done_lately(journal, tenant)
  if lately then
    last, message, err = last_sources(journal, tenant, sources)
  end
  if last then
    pending, message, err = pending_renames(journal, tenant)
  end
  if not pending then
    return nil, message, err
  end
  local people, memberships, admins = census(snapshot)
  return {
    journal = journal,
    tenant = tenant,
    sources = sources,
    people = people,
    memberships = memberships,
    admins = admins,
    pending_renames = pending,
    done_lately = lately,
    last_source = function(name)
      return last[name]
    end,
  }
end

--- Remembers the sources of a plan that no guard refuses. One that has shrunk is remembered as it was,
-- until a plan allows it; or else making the plan twice would be enough to get past the guard.
---@param context table of `read`
---@param settings table limits
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err
function M.note_sources(context, settings)
  for _, source in ipairs(context.sources) do
    local last = context.last_source(source.name)
    local size = guards.remember_source(settings, source, last, time.now())
    if size then
      local ok, message, err = context.journal:note_source(context.tenant, source.name, size)
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

return M

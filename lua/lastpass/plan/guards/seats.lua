--- The guard of seats: nobody is created beyond what the company that manages this one lists as its limit (business §2.4).
-- LastPass itself only warns of it. Who is staged takes no seat.
-- @module lastpass.plan.guards.seats
local endpoint = require "lastpass.directory.endpoint"
local errors = require "lastpass.error"
local limits = require "lastpass.plan.limits"

local M = {}

--- The limit of the client's company.
---@param client lastpass.Client
---@return integer|false|nil limit false when nobody is to be asked, or it is not known
---@return string? message why it is not known; or the failure
---@return lastpass.Error? err
function M.limit(client)
  local parent, message, err = endpoint.parent(client)
  if not parent then
    return parent, message, err
  end
  local company
  company, message, err = endpoint.listed(client, parent)
  if company == nil and err.code == "forbidden" then
    return false, "the key of the managing company may not list its companies"
  elseif company == nil then
    return nil, message, err
  elseif not company then
    return false,
      ("the managing company lists none with the number %.0f"):format(tonumber(client:option "cid"))
  elseif type(company.license_limit) ~= "number" or company.license_limit < 1 then
    return false, "the managing company lists no limit"
  end
  return company.license_limit
end

local function count_created(steps)
  local count = 0
  for _, step in ipairs(steps) do
    count = count + (step.kind == "create" and 1 or 0)
  end
  return count
end

local FULL = "people created: %d; of %d seats %d are free (users and invitations take one)"

-- What the limit refuses; nil when it lets the steps through.
local function refusal(limit, created, people, beyond)
  local free = math.max(limit - people, 0)
  if created <= free + (tonumber(beyond) or 0) then
    return nil
  end
  return {
    guard = "seats",
    message = FULL:format(created, limit, free),
    allow = limits.setting("seats", created - free),
  }
end

local UNKNOWN = "whether there are seats for %d new people is not known: %s"

--- Asks when a plan is made.
---@param client lastpass.Client
---@param builder lastpass.plan.Builder
---@param context lastpass.plan.GuardContext its `refusals` get one more
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.check(client, builder, context)
  local created = count_created(builder:open_steps())
  if created == 0 then
    return true
  end
  local limit, message, err = M.limit(client)
  if limit == nil then
    return nil, message, err
  elseif not limit then
    if message then
      builder:warn(UNKNOWN, created, message)
    end
    return true
  end
  local beyond = builder.declared.settings.limits.seats
  local refused = refusal(limit, created, context.size.people, beyond)
  context.refusals[#context.refusals + 1] = refused
  return true
end

--- Asks again, right before a run begins or goes on.
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[] those that would be applied
---@param snapshot lastpass.Snapshot
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard", code "seats"
function M.check_again(work, steps, snapshot)
  local created, settings = count_created(steps), work.body.settings
  local set = settings and settings.limits
  if created == 0 or not set then
    return true -- an undo has no limits
  end
  local limit, message, err = M.limit(work.client)
  if limit == nil then
    return nil, message, err
  end
  local refused = limit and refusal(limit, created, snapshot:people(), set.seats)
  if refused then
    return errors.fail("guard", "seats", refused.message, { hint = refused.allow })
  end
  return true
end

return M

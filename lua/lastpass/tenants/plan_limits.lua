--- Limits over all companies of a plan together. Each company's plan has passed its own limits already; five hundred
-- companies with one leaver each are five hundred leavers all the same.
-- @module lastpass.tenants.plan_limits
local companies = require "lastpass.plan.words.companies"
local errors = require "lastpass.error"
local limits = require "lastpass.plan.limits"

local M = {}

-- What lets everything through: a count for each company does not limit them together unless somebody says so.
local UNLIMITED = 2 ^ 53 - 1

-- Of two percentages for companies the one that lets more through.
local function wider(one, other)
  if not one then
    return other
  end
  return limits.read(other).percent > limits.read(one).percent and other or one
end

-- The percentage that companies have for a limit; over all of them it is of all their people.
local function percentage(bodies, entry)
  local widest
  for _, body in ipairs(bodies) do
    local settings = body.settings and body.settings.limits
    -- taking a run back soon after it has no limits
    local value = settings and (settings[entry.name] or entry.default) or UNLIMITED
    local limit = limits.read(value)
    if limit.count and limit.count > 0 then
      return nil
    elseif limit.percent then
      widest = wider(widest, value)
    end
  end
  return widest
end

--- What playbook and command line say over all, and for the rest the percentages that hold for each company.
---@param bodies table[] of the companies' plans
---@param given? table of the command line: stronger than the playbook's
---@return table|nil settings name -> value
---@return string? message
---@return lastpass.Error? err code "playbook_mistake" when the playbook says two things
function M.settings(bodies, given)
  local said = {}
  for _, body in ipairs(bodies) do
    for name, value in pairs(body.settings and body.settings.limits_over_all or {}) do
      if said[name] ~= nil and said[name] ~= value then
        local text = "limits_over_all: '%s' is %s for one company and %s for another"
        return errors.fail(
          "argument",
          "playbook_mistake",
          text:format(name, tostring(said[name]), tostring(value)),
          { hint = "it holds for all companies together: say it outside of `if company …`" }
        )
      end
      said[name] = value
    end
  end
  companies.merge_limits("limit_over_all", said, given or {}, 2)
  local settings = {}
  for _, entry in ipairs(limits.list) do
    settings[entry.name] = said[entry.name] or percentage(bodies, entry) or UNLIMITED
  end
  return settings
end

local ALLOW = "limits_over_all { %s = %d } in the playbook, "
  .. "or { limit_over_all = { %s = %d } } as an option of plan"

--- What companies' plans come to, together.
---@param bodies table[] of plans that can be applied
---@return table<string, integer> counts by limit
---@return table size {people, memberships}
function M.totals(bodies)
  local counts, size = limits.count {}, { people = 0, memberships = 0 }
  for _, body in ipairs(bodies) do
    for name, count in pairs(limits.count(body.steps)) do
      counts[name] = counts[name] + count
    end
    for name in pairs(size) do
      size[name] = size[name] + (body.directory and body.directory[name] or 0)
    end
  end
  return counts, size
end

--- What the limits over all refuse.
---@param bodies table[] of plans that can be applied
---@param settings table as of `settings`
---@return table[] refusals {guard, message, allow}; guard: "disable_over_all"
function M.refusals(bodies, settings)
  local counts, size = M.totals(bodies)
  local function never()
    return nil
  end
  local refusals = limits.refusals(settings, counts, size, never)
  for _, refusal in ipairs(refusals) do
    local name = refusal.guard
    refusal.guard = name .. "_over_all"
    refusal.message = "over all companies: " .. refusal.message
    refusal.allow = ALLOW:format(name, counts[name], name, counts[name])
  end
  return refusals
end

return M

--- Letting users in although the second factor cannot be asked for: for one call that says so, for a service that cannot be
-- reached alone, within a budget of minutes and people that ends by itself, and never without a report.
-- @module lastpass.mfa.fail_open
local client_options = require "lastpass.mfa.options"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"

local M = {}

--- The budget that a call brings along.
---@class lastpass.mfa.FailOpen
---@field minutes number    from its first use on
---@field people integer    so many different ones
---@field name? string      calls with the same name share one budget; default "default"
---@field rest_hours? number after which there is a new budget, from the first use on; default 24

local known = {
  minutes = client_options.within(1, 1440),
  people = client_options.within(1, 1000, true),
  name = function(value)
    return type(value) == "string" and value:find "^[%w_-]+$" ~= nil and #value <= 64,
      "at most 64 letters, digits, - and _"
  end,
  rest_hours = client_options.within(1, 8760),
}

--- Checks the option `fail_open`; raises at the caller's line.
---@param client lastpass.mfa.Client
---@param where string
---@param budget lastpass.mfa.FailOpen|nil
---@param level integer 1 is the caller of `check`
function M.check(client, where, budget, level)
  if budget == nil then
    return
  end
  errors.check_options(where .. ", fail_open", budget, known, level + 1)
  if not budget.minutes or not budget.people then
    errors.raise(level + 1, "%s: 'fail_open' needs a budget {minutes =, people =}", where)
  elseif (budget.rest_hours or 24) * 60 < budget.minutes then
    errors.raise(level + 1, "%s: fail_open: 'rest_hours' must not be shorter than 'minutes'", where)
  elseif not client:option "on_event" then
    errors.raise(
      level + 1,
      "%s: 'fail_open' needs the client's option 'on_event': each use has to be reported",
      where
    )
  end
end

-- Machines that share a state have clocks that differ by so many seconds.
local SKEW = 60

-- A budget begins with its first use. Nil: it is used up, or the state does not answer. It ends later than this call allows
-- after one with more minutes has begun it, or when the clock was set back: then it is closed.
local function ends_at(state, prefix, budget, now, seconds)
  local ends = ("%.0f"):format(now + budget.minutes * 60)
  local added = state:add(prefix .. "ends", ends, seconds)
  if added == false then
    ends = state:get(prefix .. "ends")
  elseif added == nil then
    return nil
  end
  ends = tonumber(ends)
  local left = ends and ends - now or 0
  return left > 0 and left <= budget.minutes * 60 + SKEW and ends or nil
end

-- The number of the person within the budget; nil when there are others enough.
local function number_of(state, prefix, budget, person, seconds)
  for number = 1, budget.people do
    local key = prefix .. number
    local added = state:add(key, person, seconds)
    if added or added == false and state:get(key) == person then
      return number
    end
  end
  return nil
end

--- Whether a user may be let in. Each use and each refusal is reported.
---@param client lastpass.mfa.Client
---@param user string
---@param budget lastpass.mfa.FailOpen
---@param code string|nil what could not be reached, and how
---@return boolean
function M.use(client, user, budget, code)
  local name = budget.name or "default"
  local state, now, prefix = client:option "state", client:now(), "mfa:open:" .. name .. ":"
  local seconds = (budget.rest_hours or 24) * 3600
  local ends = ends_at(state, prefix, budget, now, seconds)
  local person = digest.hex(email.fold(user), 40)
  local number = ends and number_of(state, prefix, budget, person, seconds)
  client:report {
    event = number and "failed_open" or "fail_open_refused",
    user = user,
    budget = name,
    person = number or nil,
    people = budget.people,
    ends = ends,
    code = code,
  }
  return number ~= nil and number ~= false
end

return M

--- When a request to a company may go. Requests are spaced by the option `rate`; the vendor's own limit of `updateemail`
-- (10 per second, enterprise-api §6) is kept; all wait while the server says to.
--
-- A company that says that it was asked too much is asked half as fast from then on, and evenly faster again, as fast as
-- before after a minute. Where a journal is open, the slots and what was learned are in its database (`store/rates.lua`),
-- so that all processes and machines together keep the rate; without one each process has its own.
-- @module lastpass.limiter.slots
local loop = require "lastpass.transport.scheduler"

local M = {}

-- LastPass allows 10; one fewer, because requests draw together on their way.
local EMAIL_CHANGES_PER_SECOND = 9

-- Requests per second: what is halved at the first refusal where no option says how many; and the least.
local FIRST_RATE = 20
local LEAST_RATE = 0.1

local RISE = 60 -- seconds in which a rate that was lowered doubles
local SAME_REFUSAL = 1 -- seconds in which several refusals count as one: they were under way together
local LOOK_AGAIN = 10 -- seconds until a journal is asked again that knew of no limit, or could not be reached

-- ---- the slots of this process ----

-- The first free slot of one queue from `from` on; takes it.
local function reserve(lim, queue, rate, from)
  local at = math.max(lim._next[queue] or 0, from)
  lim._next[queue] = at + 1 / rate
  return at
end

local function learned_rate(lim, now)
  local learned = lim._learned
  return learned and learned.rate * (1 + (now - learned.at) / RISE) or nil
end

local function lower(lim, rate, now)
  local learned = lim._learned
  if not learned or now - learned.at >= SAME_REFUSAL then
    local known = math.min(learned_rate(lim, now) or rate or FIRST_RATE, rate or math.huge)
    lim._learned = { rate = math.max(known / 2, LEAST_RATE), at = now }
  end
end

local function reason_of(learned, rate)
  if learned and (not rate or learned < rate) then
    return ("the company takes %.3g requests a second"):format(learned)
  end
  return "the option rate"
end

local function own_slot(lim, rate, from, now)
  local learned = learned_rate(lim, now)
  local used = math.min(rate or math.huge, learned or math.huge)
  if used == math.huge then
    return from
  end
  return reserve(lim, "all", used, from), reason_of(learned, rate)
end

-- ---- the slots of all processes ----

-- As the store names a company: its address without the scheme, and its number.
local function tenant_of(lim)
  return (lim._name:gsub("^%a+://", ""))
end

-- The journal in which the rate is shared; a rate that somebody has set opens it, another one has to be open already. In a
-- worker of nginx it would stop all; there nginx/limiter.lua shares rates.
local function journal_of(lim, rate)
  local stores = package.loaded["lastpass.store"]
  if lim._journal == ":memory:" or not (rate or stores) or loop.phase() then
    return nil
  end
  return (stores or require "lastpass.store").shared(lim._journal, rate ~= nil)
end

local function take(portion)
  local at = portion.at
  portion.at, portion.left = at + portion.step, portion.left - 1
  return at
end

-- Slots are reserved in portions that grow while they are used, up to those of a second: otherwise a request each second
-- would cost as many reservations as a hundred, or slots that nobody uses be kept from others.
local function next_size(portion, rate)
  local most = math.max(1, math.floor(rate or 1))
  return portion and portion.left == 0 and math.min(portion.size * 2, most) or 1
end

local function reserve_portion(lim, journal, rate, from, now)
  local size = next_size(lim._portion, rate)
  local found = journal:reserve_slots(tenant_of(lim), size, rate, from - now)
  if not found then
    return nil
  end
  lim._blocked_until = math.max(lim._blocked_until, now + found.blocked)
  lim._portion = {
    at = now + found.after,
    step = found.step,
    left = size,
    size = size,
    reason = reason_of(found.learned, rate),
    is_free = found.step == 0,
    ends = now + LOOK_AGAIN,
  }
  return lim._portion
end

-- A slot that was reserved and not used in time is lost: used late it would come beside those of others.
local function is_usable(portion, from, now)
  if portion.is_free then
    return now < portion.ends
  end
  return portion.left > 0 and portion.at >= from - portion.step
end

local function shared_slot(lim, journal, rate, from, now)
  local portion = lim._portion
  if portion and portion.is_free and rate then
    portion = nil
  end
  if not portion or not is_usable(portion, from, now) then
    portion = reserve_portion(lim, journal, rate, from, now)
  end
  if not portion then
    lim._alone_until = now + LOOK_AGAIN
    return nil
  elseif portion.is_free then
    return from
  end
  return math.max(take(portion), from), portion.reason
end

-- ---- what clients call ----

local function rate_slot(lim, rate, from, now)
  local journal = (lim._alone_until or 0) <= now and journal_of(lim, rate)
  local at, reason
  if journal then
    at, reason = shared_slot(lim, journal, rate, from, now)
  end
  if at then
    return at, reason
  end
  return own_slot(lim, rate, from, now)
end

-- When this request may go, and why not at once. Slots are given from the end of a back-off on, so
-- that the requests that wait do not leave all together.
local function next_slot(lim, command, rate, now)
  local from = math.max(now, lim._blocked_until)
  local at, reason = from, from > now and "the server asked to wait" or nil
  local slot, why = rate_slot(lim, rate, from, now)
  if slot > at then
    at, reason = slot, why
  end
  if command == "updateemail" then
    slot = reserve(lim, "updateemail", EMAIL_CHANGES_PER_SECOND, from)
    if slot > at then
      at, reason = slot, "LastPass allows 10 changes of e-mail address a second"
    end
  end
  return at, reason
end

--- Waits until a request may go.
---@param lim lastpass.Limiter
---@param command string
---@param rate number|nil
---@param on_wait fun(wait: table)|nil
function M.acquire(lim, command, rate, on_wait)
  repeat
    local now = loop.now()
    local at, reason = next_slot(lim, command, rate, now)
    if at > now then
      if on_wait then
        on_wait { command = command, seconds = at - now, reason = reason }
      end
      loop.sleep(at - now)
    end
  until lim._blocked_until <= loop.now() -- another call may have met a 429 meanwhile
end

--- The company said that it was asked too much.
---@param lim lastpass.Limiter
---@param seconds number for which nothing is sent
---@param rate? number the option
function M.back_off(lim, seconds, rate)
  local now = loop.now()
  lim._blocked_until = math.max(lim._blocked_until, now + seconds)
  lower(lim, rate, now)
  local journal = (lim._alone_until or 0) <= now and journal_of(lim, rate)
  if journal then
    lim._portion = nil
    journal:lower_rate(tenant_of(lim), (rate or FIRST_RATE) / 2, LEAST_RATE, seconds)
  end
end

return M

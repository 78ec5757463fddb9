--- How fast companies may be asked, for all processes of a journal: the next free slot of each, and what was learned when it
-- refused to be asked more. Slots are reserved in one statement, by the database's clock in microseconds. The row is not
-- that of `lastpass_tenants`, which is written when work begins and ends: here only what writes several times a second is
-- touched, and by programs that work for one company as well.
-- @module lastpass.store.rates
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local M = {}

-- In a row, rates are thousandths of a request a second; `base` was learned at `lowered`, and rises from then on by itself
-- in each minute.
local LEARNED = "(lastpass_rates.base + lastpass_rates.base "
  .. "* (@greatest(0, excluded.lowered - lastpass_rates.lowered) / 1000) / 60000)"

-- Microseconds between two slots; 0 where nothing limits them.
local STEP = "CASE WHEN lastpass_rates.base IS NULL THEN excluded.step "
  .. "ELSE @greatest(excluded.step, 1000000000 / "
  .. LEARNED
  .. ") END"

-- A company is blocked for `limiter.LONGEST_WAIT` at most, and as many slots are not reserved: what is further away was
-- written before the clock was set back.
local NEXT_FREE = "CASE WHEN lastpass_rates.next_free > excluded.lowered + 600000000 "
  .. "+ 100 * excluded.step THEN 0 ELSE lastpass_rates.next_free END"
local BLOCKED = "CASE WHEN lastpass_rates.blocked > excluded.lowered + 600000000 THEN 0 "
  .. "ELSE lastpass_rates.blocked END"

-- `excluded.lowered` is the time, read once.
local RESERVE = "INSERT INTO lastpass_rates (tenant, next_free, blocked, base, lowered, step) "
  .. "SELECT ?, clock.now + ? + ? * CAST(? AS BIGINT), 0, NULL, clock.now, CAST(? AS BIGINT) "
  .. "FROM (SELECT @microseconds AS now) clock WHERE 1 = 1 "
  .. "ON CONFLICT (tenant) DO UPDATE SET step = "
  .. STEP
  .. ", blocked = "
  .. BLOCKED
  .. (", next_free = @greatest(%s, %s, excluded.lowered + ?) "):format(NEXT_FREE, BLOCKED)
  .. "+ ? * ("
  .. STEP
  .. ") RETURNING {next_free}, {step}, {blocked}, {base}, {lowered}, {@microseconds AS clock}"

-- Refusals of one second are one.
local IS_SAME = "lastpass_rates.base IS NOT NULL "
  .. "AND excluded.lowered - lastpass_rates.lowered BETWEEN 0 AND 999999"

local LOWER = "INSERT INTO lastpass_rates (tenant, next_free, blocked, base, lowered, step) "
  .. "SELECT ?, clock.now, clock.now + ?, CAST(? AS BIGINT), clock.now, 0 "
  .. "FROM (SELECT @microseconds AS now) clock WHERE 1 = 1 "
  .. "ON CONFLICT (tenant) DO UPDATE SET "
  .. "blocked = @greatest("
  .. BLOCKED
  .. ", excluded.blocked), base = CASE WHEN "
  .. IS_SAME
  .. " THEN lastpass_rates.base WHEN lastpass_rates.base IS NULL THEN excluded.base "
  .. "ELSE @greatest(?, "
  .. LEARNED
  .. " / 2) END, lowered = CASE WHEN "
  .. IS_SAME
  .. " THEN lastpass_rates.lowered ELSE excluded.lowered END RETURNING {base}"

local function run_first(database, sql, bound)
  return database:run(sql, bound)[1]
end

-- What is lost with the power is a moment of pacing: no wait for the disk.
local function write(journal, sql, bound)
  local database = journal._database
  return database:hastily(function()
    return database:transaction(run_first, sql, bound)
  end)
end

local function micro(seconds)
  return math.floor(seconds * 1000000 + 0.5)
end

local function amount(where, what, value)
  if type(value) ~= "number" or value ~= value or value < 0 or value > 1e9 then
    error(("%s: %s must be a number from 0 on"):format(where, what), 3)
  end
  return value
end

--- Reserves slots of a company, for requests that this process is about to send.
---@param tenant string
---@param count integer
---@param rate number|nil requests a second; nil: only what was learned limits them
---@param offset? number seconds from now before which no slot is wanted
---@return table|nil slots `after`: seconds from now to the first one; `step`: seconds between them, 0 where nothing limits them;
-- `blocked`: seconds for which the company takes none; `learned`: requests a second, where the company refused
---@return string? message
---@return lastpass.Error? err
function M:reserve_slots(tenant, count, rate, offset)
  local where = "journal:reserve_slots"
  count = values.whole(where, "count", count)
  local step = rate and micro(1 / amount(where, "rate", rate)) or 0
  local late = micro(amount(where, "offset", offset or 0))
  local bound = { values.tenant(where, tenant), late, count, step, step, late, count }
  local row, message, err = write(self, RESERVE, bound)
  if not row then
    return nil, message, err
  end
  local after = row.next_free - count * row.step - row.clock
  local learned = row.base
      and row.base / 1000 * (1 + math.max(row.clock - row.lowered, 0) / 60000000)
    or nil
  return {
    after = math.max(after, 0) / 1000000,
    step = row.step / 1000000,
    blocked = math.max(row.blocked - row.clock, 0) / 1000000,
    learned = learned,
  }
end

--- Notes that a company refused to be asked more: all wait, and its rate is halved.
---@param tenant string
---@param first number requests a second, when none was learned yet
---@param least number
---@param seconds number for which nothing is sent
---@return number|nil rate requests a second from now on
---@return string? message
---@return lastpass.Error? err
function M:lower_rate(tenant, first, least, seconds)
  local where = "journal:lower_rate"
  local milli = {}
  for at, value in ipairs { first, least } do
    milli[at] = math.max(1, math.floor(amount(where, "a rate", value) * 1000))
  end
  local wait = micro(amount(where, "seconds", seconds))
  local bound = { values.tenant(where, tenant), wait, milli[1], milli[2] }
  local row, message, err = write(self, LOWER, bound)
  return row and row.base / 1000, message, err
end

return M

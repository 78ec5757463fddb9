--- How much the endpoint has changed of a company within a day, a week and a month, beside what plans did.
-- @module lastpass.store.inbound_amounts
local errors = require "lastpass.error"

local M = {}

local DAY = 24 * 60 * 60
local SLOT = 15 * 60 -- seconds of which the amounts of limits are added up

-- Days over which limits hold; what others did within so many stands in the slot of that number below 0.
local SPANS = { 1, 7, 30 }
local is_span = errors.set_of(SPANS)

--- The slot of a moment.
---@param clock integer epoch seconds
---@return integer
function M.slot_of(clock)
  return math.floor(clock / SLOT)
end

local function first_slot(clock, days)
  return math.floor((clock - days * DAY) / SLOT)
end

-- By limit what the amounts of the slots say of a span.
local function counted(database, tenant, first)
  local rows = database:query(
    "SELECT name, {SUM(amount) AS amount} FROM lastpass_scim_amounts "
      .. "WHERE tenant = ? AND slot >= ? GROUP BY name",
    tenant,
    first
  )
  local amounts = {}
  for _, row in ipairs(rows) do
    amounts[row.name] = row.amount
  end
  return amounts
end

--- What was done within a span beside what the amounts of the slots say: by plans, and less what an undo took back. The
-- company is ours from now on, so nobody adds to it.
---@param database table
---@param self lastpass.store.Journal
---@param tenant string
---@param takes_back table as of `journal:amounts`
---@param clock integer
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.note_others(database, self, tenant, takes_back, clock)
  local oldest = first_slot(clock, SPANS[#SPANS])
  database:query("DELETE FROM lastpass_scim_amounts WHERE tenant = ? AND slot < ?", tenant, oldest)
  for _, days in ipairs(SPANS) do
    local done, message, err = self:amounts(tenant, clock - days * DAY, takes_back)
    if not done then
      return nil, message, err
    end
    local ours = counted(database, tenant, first_slot(clock, days))
    for name in pairs(ours) do
      done[name] = done[name] or 0
    end
    for name, amount in pairs(done) do
      database:query(
        "INSERT INTO lastpass_scim_amounts (tenant, name, slot, amount) VALUES (?, ?, ?, ?)",
        tenant,
        name,
        -days,
        amount - (ours[name] or 0)
      )
    end
  end
  return true
end

local AMOUNT = "SELECT {COALESCE(SUM(amount), 0) AS amount} FROM lastpass_scim_amounts "
  .. "WHERE tenant = ? AND name = ? AND (slot = ? OR slot >= ?)"

--- The first limit that an intent would exceed.
---@param database table
---@param tenant string
---@param limits table[] {name, amount, spans}
---@param clock integer
---@return table|nil over {name, done, amount, allowed, text}
function M.beyond(database, tenant, limits, clock)
  for _, limit in ipairs(limits) do
    for _, span in ipairs(limit.spans or {}) do
      local days = math.floor(span.seconds / DAY)
      local first = first_slot(clock, days)
      local done = database:first(AMOUNT, tenant, limit.name, -days, first).amount
      if done + limit.amount > span.allowed then
        return {
          name = limit.name,
          done = done,
          amount = limit.amount,
          allowed = span.allowed,
          text = span.text,
        }
      end
    end
  end
  return nil
end

--- Inside a transaction: counts what is about to be changed, or no longer is.
---@param database table
---@param tenant string
---@param limits table[] {name, amount}
---@param slot integer of the intent
---@param sign 1|-1
function M.add(database, tenant, limits, slot, sign)
  for _, limit in ipairs(limits) do
    database:query(
      "INSERT INTO lastpass_scim_amounts (tenant, name, slot, amount) VALUES (?, ?, ?, ?) "
        .. "ON CONFLICT (tenant, name, slot) DO UPDATE "
        .. "SET amount = lastpass_scim_amounts.amount + excluded.amount",
      tenant,
      limit.name,
      slot,
      sign * limit.amount
    )
  end
end

local known_limit = { name = "string", amount = "number", spans = "table" }

--- Checks the limits of an intent; errors raise.
---@param where string
---@param list table[]
---@return table[] list
function M.check(where, list)
  for _, limit in ipairs(list) do
    errors.check_options(where .. ": limits", limit, known_limit, 4)
    for _, span in ipairs(limit.spans or {}) do
      if not is_span[span.seconds / DAY] then
        errors.raise(4, "%s: limits: a span is 1, 7 or 30 days, not %g s", where, span.seconds)
      end
    end
  end
  return list
end

return M

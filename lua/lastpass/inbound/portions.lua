--- Many memberships of one group, changed in portions: one call and one intent each.
-- @module lastpass.inbound.portions
local accounts = require "lastpass.inbound.accounts"
local errors = require "lastpass.error"
local execution = require "lastpass.inbound.execution"
local held = require "lastpass.inbound.held"

local M = {}

-- Memberships of one call, and of one intent.
local CHUNK = 100

-- What there was no time for is done by the worker.
local function leave_rest(endpoint, object, changes, first, final)
  local rest = accounts.slice(changes, first, #changes)
  local ok, message, err = execution.note(endpoint, {
    add_jobs = {
      {
        tenant = endpoint.tenant,
        connection = endpoint.store_name,
        kind = held.FINISH,
        subject = object.name,
        object = object.id,
        fingerprint = held.fingerprint(endpoint.store_name, held.FINISH, rest),
        payload = {
          changes = held.plain(rest),
          final = { object = final },
          asked_at = math.floor(endpoint.now()),
        },
      },
    },
  })
  if not ok then
    return nil, message, err
  end
  local text = "%d of %d memberships are written; the others follow"
  return errors.fail("transport", "under_way", text:format(first - 1, #changes), {
    status = 503,
    retry_after = 60,
  })
end

--- Makes changes of memberships; what there is no time for is left to the worker.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param view table
---@param entry lastpass.inbound.Entry of the group
---@param object lastpass.store.ScimObject as it is meanwhile
---@param changes table[]
---@param final? lastpass.store.ScimObject as it is once all are made; default `object`
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.execute(endpoint, context, view, entry, object, changes, final)
  final = final or object
  for first = 1, #changes, CHUNK do
    if first > 1 and endpoint.clock() > context.middle then
      return leave_rest(endpoint, object, changes, first, final)
    end
    local is_last = first + CHUNK > #changes
    local ok, message, err = execution.run(endpoint, context, {
      view = view,
      entry = entry,
      object = object,
      is_stored = true,
      changes = accounts.slice(changes, first, CHUNK),
      final = { object = is_last and final or object },
      touched = {},
    })
    if not ok then
      return nil, message, err
    end
  end
  return true
end

return M

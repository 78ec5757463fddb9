--- How far the export of events is behind, measured in a thread of nginx.
-- @module lastpass.nginx.thread.events
local answers = require "lastpass.nginx.thread.answers"

local M = {}

local LONGEST = 86400 -- seconds that are looked back

local function measure(order)
  local client = answers.client(order)
  local journal_room = require "lastpass.store.client_journal"
  local journal, message, err = journal_room.of(client)
  if not journal then
    return answers.failure(message, err)
  end
  local cursor
  cursor, message, err = journal:cursor(journal_room.tenant(client), order.cursor)
  if err then
    return answers.failure(message, err)
  elseif not cursor then
    return { outcome = "no_cursor" }
  end
  local now = require("lastpass.time").now()
  local from = math.max(cursor.position, now - LONGEST)
  for event in client:events { from = from } do
    if event.time and event.time > cursor.position then
      return { outcome = "measured", lag = math.max(now - event.time, 0) }
    end
  end
  return { outcome = "measured", lag = 0 }
end

--- The age of the oldest event that an export has not handed on; a day at most. Events of the very second
-- that the export has come to count as handed on.
---@param order table cursor (its name in the journal), and what `answers.client` needs
---@return table answer {outcome = "measured", lag = seconds} or {outcome = "no_cursor"}
function M.lag(order)
  return answers.protected(measure, order)
end

return M

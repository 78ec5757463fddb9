--- How users are shown.
-- @module lastpass.cli.views.users
local core = require "lastpass.core"
local user_fields = require("lastpass.directory.fields").list

local M = { name = "users", key = "email", fields = {}, columns = {}, times = {} }

for position, field in ipairs(user_fields) do
  M.fields[position] = field[1]
  M.times[field[1]] = field.kind == "time" or nil
  local column = field.column
  if column then
    M.columns[column.position] =
      { field = field[1], title = column.title, rank = column.rank, max = column.max }
  end
end

local tones = { disabled = "dim", invited = "warn" }

--- Disabled users step back, invited ones stand out.
function M.tone(user)
  return tones[user.status]
end

--- Rows may be a snapshot, whose users are asked for then.
function M.each(rows)
  return type(rows) == "table" and rows.users and rows:users() or rows
end

-- So many users at once: below the size from which malloc asks the system for each string.
local AT_ONCE = 100

-- Before the first row, between rows, after the last, and when there are no rows.
local frames = { json = { "[\n", ",\n", "\n]\n", "[]\n" }, ndjson = { "", "\n", "\n", "" } }

--- Writes JSON from the snapshot's own rows, without a Lua value for each field.
---@param session lastpass.cli.Session
---@param plan table format, fields
---@param rows any
---@return boolean written
function M.fast(session, plan, rows)
  local frame = frames[plan.format]
  if not frame or type(rows) ~= "table" or not rows._rows then
    return false
  end
  local zone = rows._client:zone()
  local write = core.user_lines(plan.fields, function(civil)
    return (zone:to_utc(civil))
  end)
  local object_of = require("lastpass.cli.output.formats").json.object
  local before, count = frame[1], #rows._rows
  for first = 1, count, AT_ONCE do
    local last = math.min(first + AT_ONCE - 1, count)
    session.streams:write(before, write(rows._rows, first, last, frame[2]))
    before = frame[2]
  end
  for _, email in ipairs(rows._invited) do
    session.streams:write(before, object_of(M, plan.fields, rows:user(email)))
    before = frame[2]
  end
  session.streams:write(before == frame[1] and frame[4] or frame[3])
  return true
end

return M

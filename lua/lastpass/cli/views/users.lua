--- How users are shown.
-- @module lastpass.cli.views.users
local user_fields = require "lastpass.directory.fields"

local M = { name = "users", key = "email", fields = {}, columns = {}, times = {} }

for position, field in ipairs(user_fields.list) do
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

-- Before the first row, between rows, after the last, and when there are no rows.
local frames = { json = { "[\n", ",\n", "\n]\n", "[]\n" }, ndjson = { "", "\n", "\n", "" } }

--- Writes JSON without a Lua value for each field, when the rows are a snapshot.
---@param session lastpass.cli.Session
---@param plan table format, fields
---@param rows any
---@return boolean written
function M.fast(session, plan, rows)
  local frame = frames[plan.format]
  local lines = frame and user_fields.json_lines(rows, plan.fields, frame[2])
  if not lines then
    return false
  end
  local object_of = require("lastpass.cli.output.formats").json.object
  local before = frame[1]
  for text in lines do
    session.streams:write(before, text)
    before = frame[2]
  end
  for _, email in ipairs(rows:invited_addresses()) do
    session.streams:write(before, object_of(M, plan.fields, rows:user(email)))
    before = frame[2]
  end
  session.streams:write(before == frame[1] and frame[4] or frame[3])
  return true
end

return M

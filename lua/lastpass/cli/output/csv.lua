--- `--csv`: RFC 4180 with a line of titles, guarded against spreadsheets unless --no-guard says not to. Our own
-- reader takes the guard off, so that a file can be fed back.
-- @module lastpass.cli.output.csv
local csv = require "lastpass.text.csv"
local output = require "lastpass.cli.output"

local M = {}

local function text_of(value)
  if value == nil then
    return ""
  elseif type(value) == "table" and not (getmetatable(value) or {}).__tostring then
    local parts = {}
    for place, item in ipairs(value) do
      parts[place] = text_of(item)
    end
    return table.concat(parts, ";")
  elseif type(value) == "number" and value == math.floor(value) then
    return ("%.0f"):format(value)
  end
  return tostring(value)
end

--- Shows rows.
function M.rows(session, view, plan, each)
  local streams, guarded = session.streams, not session.options.no_guard
  streams:write(csv.line(plan.fields, false))
  for object in each do
    local texts, numbers = {}, {}
    for place, field in ipairs(plan.fields) do
      local text, is_number
      if view.cell then
        text, is_number = view.cell(object, field)
      end
      if not text then
        local value = output.value(view, object, field)
        text, is_number = text_of(value), type(value) == "number"
      end
      texts[place], numbers[place] = text, is_number
    end
    streams:write(streams:shown(csv.line(texts, guarded, numbers)))
  end
end

--- How a value stands in a cell.
---@param value any
---@return string
function M.text(value)
  return text_of(value)
end

return M

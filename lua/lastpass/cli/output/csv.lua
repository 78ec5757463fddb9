--- `--csv`: RFC 4180 with a line of titles. Values stand as they are, so that a file can be fed back.
-- @module lastpass.cli.output.csv
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

local function quote(text)
  if text:find '[",\r\n]' or text:find "^%s" or text:find "%s$" then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

local function line(values)
  return table.concat(values, ",") .. "\r\n"
end

--- Shows rows.
function M.rows(session, view, plan, each)
  session.streams:write(line(plan.fields))
  for object in each do
    local values = {}
    for place, field in ipairs(plan.fields) do
      local text = view.cell and view.cell(object, field)
      values[place] = quote(text or text_of(output.value(view, object, field)))
    end
    session.streams:write(line(values))
  end
end

--- How a value stands in a cell.
---@param value any
---@return string
function M.text(value)
  return text_of(value)
end

return M

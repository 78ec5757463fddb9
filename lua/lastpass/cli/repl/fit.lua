--- Makes a table fit a terminal without cutting what people copy from it: columns that matter less
-- are left out first, then one column gives way.
-- @module lastpass.cli.repl.fit
local text = require "lastpass.text"

local LEAST_OF_YIELDING = 12
local GAP = 2

local M = {}

local function as_text(value)
  if value == nil then
    return ""
  elseif type(value) == "boolean" then
    return value and "yes" or "no"
  elseif type(value) == "table" then
    return table.concat(value, ", ")
  end
  return tostring(value)
end

local function read_cells(rows, columns)
  local cells, widths = {}, {}
  for index, column in ipairs(columns) do
    widths[index] = text.width(column.title)
  end
  for number, row in ipairs(rows) do
    local line = {}
    for index, column in ipairs(columns) do
      local field = column.field
      local value = type(field) == "function" and field(row) or nil
      if type(field) ~= "function" then
        value = row[field]
      end
      line[index] = text.clean(as_text(value))
      widths[index] = math.max(widths[index], text.width(line[index]))
    end
    cells[number] = line
  end
  return cells, widths
end

-- How wide the table is at least, when the yielding column has given all it can.
local function least_width(columns, widths, left_out)
  local total = -GAP
  for index, column in ipairs(columns) do
    if not left_out[index] then
      local least = column.yields and math.min(widths[index], LEAST_OF_YIELDING) or widths[index]
      total = total + least + GAP
    end
  end
  return total
end

-- The column that is missed least among those that are left; nil when all are needed.
local function least_needed(columns, left_out)
  local found
  for index, column in ipairs(columns) do
    if column.rank and not left_out[index] and (not found or column.rank > columns[found].rank) then
      found = index
    end
  end
  return found
end

--- Lays rows out.
---@param rows table[]
---@param columns table[] as of `lastpass.text.table`, and: rank (the higher, the sooner it is left
-- out; without one it stays), yields (true for the one that is cut)
---@param width integer|nil the terminal's columns; nil for as wide as needed
---@return string
function M.table(rows, columns, width)
  local cells, widths = read_cells(rows, columns)
  local left_out = {}
  while width and least_width(columns, widths, left_out) > width do
    local index = least_needed(columns, left_out)
    if not index then
      break
    end
    left_out[index] = true
  end
  local others = -GAP
  for index, column in ipairs(columns) do
    if not left_out[index] then
      others = others + GAP + (column.yields and 0 or widths[index])
    end
  end
  local chosen = {}
  for index, column in ipairs(columns) do
    if not left_out[index] then
      local room = width and column.yields and math.max(width - others, LEAST_OF_YIELDING)
      chosen[#chosen + 1] =
        { title = column.title, field = index, align = column.align, max = room or nil }
    end
  end
  return text.table(cells, chosen, { width = width })
end

return M

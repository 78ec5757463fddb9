--- Lays out rows as an aligned table for a terminal.
-- @module lastpass.text.table
local cells = require "lastpass.text.cells"
local errors = require "lastpass.error"

local M = {}

local GAP = "  "
-- A column is not made narrower than this, however small the terminal is.
local LEAST_WIDTH = 6
-- Before one gets narrower than this, those that may be left out are.
local READABLE_WIDTH = 12

local COLUMN_KEYS = {
  title = "string",
  field = { "string", "number", "function" },
  align = function(value)
    return value == "left" or value == "right", '"left" or "right"'
  end,
  max = "number",
  rank = "number",
  whole = "boolean",
  wrap = "boolean",
}

local function read_columns(columns)
  local result = {}
  for index, column in ipairs(columns) do
    if type(column) == "string" then
      column = { title = column:gsub("_", " "), field = column }
    end
    errors.check_options("text.table, column " .. index, column, COLUMN_KEYS, 3)
    local field = column.field or index
    result[index] = {
      title = cells.clean(column.title or (type(field) == "string" and field or "")),
      field = field,
      align = column.align or "left",
      max = column.max,
      rank = column.rank,
      gives = column.align ~= "right" and not column.whole,
      wrap = column.wrap,
      place = index,
      width = 0,
    }
  end
  return result
end

-- JSON's null is a light userdata; this room does not know JSON.
local NULLS = { ["userdata: (nil)"] = true, ["userdata: NULL"] = true, ["userdata: 0x0"] = true }

local function show(value)
  if value == nil then
    return ""
  elseif type(value) == "boolean" then
    return value and "yes" or "no"
  elseif type(value) == "number" then
    return value == math.floor(value) and ("%.0f"):format(value) or tostring(value)
  elseif type(value) == "table" and not (getmetatable(value) or {}).__tostring then
    local parts = {}
    for index = 1, #value do
      parts[index] = show(value[index])
    end
    return table.concat(parts, ", ")
  end
  local text = tostring(value)
  return NULLS[text] and "" or text
end

local function value_of(row, column, index)
  if type(column.field) == "function" then
    return column.field(row)
  end
  local value = row[column.field]
  -- A row may be a plain list in the columns' order.
  if value == nil and type(row) == "table" then
    value = rawget(row, index)
  end
  return value
end

local function read_rows(rows, columns)
  local lines = {}
  for number, row in ipairs(rows) do
    local line = {}
    for index, column in ipairs(columns) do
      local text = cells.clean(show(value_of(row, column, index)))
      if column.max then
        text = cells.cut(text, column.max)
      end
      line[index] = text
      column.width = math.max(column.width, cells.width(text))
    end
    lines[number] = line
  end
  return lines
end

local function total_of(columns, width_of)
  local total = #GAP * (#columns - 1)
  for _, column in ipairs(columns) do
    total = total + width_of(column)
  end
  return total
end

local function readable(column)
  return column.gives and math.min(column.width, READABLE_WIDTH) or column.width
end

local function width_of(column)
  return column.width
end

-- Leaves out what is missed least, while the rest could not be read.
local function leave_out(columns, width)
  local left = {}
  for index, column in ipairs(columns) do
    left[index] = column
  end
  while total_of(left, readable) > width do
    local index
    for place, column in ipairs(left) do
      if column.rank and (not index or column.rank > left[index].rank) then
        index = place
      end
    end
    if not index then
      break
    end
    table.remove(left, index)
  end
  return left
end

-- Takes columns from the widest until the table fits. Right-aligned ones keep theirs: a number
-- that is cut is a wrong number.
local function fit(columns, width)
  columns = leave_out(columns, width)
  local total = total_of(columns, width_of)
  while total > width do
    local widest
    for _, column in ipairs(columns) do
      local wider = not widest or column.width > widest.width
      if column.gives and column.width > LEAST_WIDTH and wider then
        widest = column
      end
    end
    if not widest then
      break
    end
    widest.width = widest.width - 1
    total = total - 1
  end
  return columns
end

-- The lines of one row: several where a column wraps.
local function lay_out(line, columns)
  local height, folded = 1, {}
  for index, column in ipairs(columns) do
    local text = line[column.place]
    folded[index] = column.wrap and cells.wrap(text, column.width)
      or { cells.cut(text, column.width) }
    height = math.max(height, #folded[index])
  end
  local lines = {}
  for number = 1, height do
    local parts = {}
    for index, column in ipairs(columns) do
      parts[index] = cells.pad(folded[index][number] or "", column.width, column.align)
    end
    lines[number] = table.concat(parts, GAP):gsub(" +$", "")
  end
  return table.concat(lines, "\n")
end

local function head(columns)
  local titles, rules = {}, {}
  for _, column in ipairs(columns) do
    titles[column.place] = cells.cut(column.title, column.width)
    rules[column.place] = ("-"):rep(column.width)
  end
  return lay_out(titles, columns), lay_out(rules, columns)
end

--- Lays out rows in columns.
---@param rows table[] objects or plain lists
---@param columns table[] names of fields, or {title=, field= name, index or function(row), align=
-- "left" (default) or "right", max= columns, whole= true: never cut, wrap= true: goes on in further
-- lines instead of being cut, rank= the higher, the sooner it is left out (without one it stays)}
---@param options? table width: the terminal's columns (default: as wide as needed); header: false
-- leaves out the titles; paint: function(lines, number) that may colour the lines of a row, or of
-- the head, which has no number
---@return string text lines without a final newline; "(none)" when there are no rows
function M.table(rows, columns, options)
  options = errors.check_options("text.table", options, {
    width = "number",
    header = "boolean",
    paint = "function",
  })
  columns = read_columns(columns)
  local lines = read_rows(rows, columns)
  local with_header = options.header ~= false
  if with_header then
    for _, column in ipairs(columns) do
      column.width = math.max(column.width, cells.width(column.title))
    end
  end
  if options.width then
    columns = fit(columns, options.width)
  end
  local paint = options.paint or function(text)
    return text
  end
  local output = {}
  if with_header then
    local titles, rules = head(columns)
    output[1], output[2] = paint(titles), paint(rules)
  end
  for number, line in ipairs(lines) do
    output[#output + 1] = paint(lay_out(line, columns), number)
  end
  if #lines == 0 then
    output[#output + 1] = "(none)"
  end
  return table.concat(output, "\n")
end

return M

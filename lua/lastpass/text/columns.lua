--- Text in the columns of a terminal: widths, cutting, wrapping, tables.
-- @module lastpass.text.columns
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

--- The columns that a string takes. Bytes that are not UTF-8 count one each, and so do control
-- characters: `text.clean` first.
---@param text string
---@return integer columns
function M.width(text)
  return text:find "[\128-\255]" and require("lastpass.unicode").width(text) or #text
end

-- The longest start of a string that fits, with its combining marks.
local function head_of(text, columns)
  if text:find "[\128-\255]" then
    return require("lastpass.unicode").head(text, columns)
  end
  return text:sub(1, math.max(columns, 0))
end

--- Makes text from outside safe to show: control characters, terminal escapes, invisible marks
-- and bytes that are not UTF-8 are written as escapes ("\n", "\x1b", "\u{202e}").
---@param text string
---@param keep_lines? boolean line feeds and tabs stay
---@return string
function M.clean(text, keep_lines)
  return core.clean(text, keep_lines)
end

--- Shortens a string to a number of columns; "…" marks that something is missing.
---@param text string
---@param width integer columns
---@return string
function M.cut(text, width)
  if M.width(text) <= width then
    return text
  elseif width < 1 then
    return ""
  end
  return head_of(text, width - 1) .. "…"
end

-- The last blank of a string that leaves something on both sides of it.
local function last_blank(text)
  return text:match "^.*%S() +%S"
end

--- Breaks a string into lines of a number of columns, at blanks where there are some.
---@param text string without line ends
---@param width integer columns, at least 2
---@return string[] lines at least one
function M.wrap(text, width)
  local lines = {}
  while M.width(text) > width do
    local start = head_of(text, width)
    if start == "" then
      break -- not even one character fits
    end
    local following = text:sub(#start + 1, #start + 1)
    local blank = following == " " and #start + 1 or last_blank(start .. following)
    lines[#lines + 1] = blank and start:sub(1, blank - 1):gsub(" +$", "") or start
    text = text:sub(blank or #start + 1)
    text = blank and text:gsub("^ +", "") or text
  end
  lines[#lines + 1] = text
  return lines
end

--- Fills a string with spaces up to a number of columns. A longer one stays as it is.
---@param text string
---@param width integer columns
---@param align? "left"|"right" default "left"
---@return string
function M.pad(text, width, align)
  local spaces = (" "):rep(width - M.width(text))
  if align == "right" then
    return spaces .. text
  end
  return text .. spaces
end

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
      title = M.clean(column.title or (type(field) == "string" and field or "")),
      field = field,
      align = column.align or "left",
      max = column.max,
      rank = column.rank,
      gives = column.align ~= "right" and not column.whole,
      wrap = column.wrap,
      index = index,
      width = 0,
    }
  end
  return result
end

-- JSON's null is a light userdata; nothing here knows JSON.
local NULLS = { ["userdata: (nil)"] = true, ["userdata: NULL"] = true, ["userdata: 0x0"] = true }

---@class lastpass.text.ValueForm
---@field separator string between the elements of a list
---@field yes string
---@field no string

---@type lastpass.text.ValueForm
local FOR_PEOPLE = { separator = ", ", yes = "yes", no = "no" }

--- A value as the text of a cell, in a table as in CSV.
---@param value any nil and JSON's null are empty; objects show their own text
---@param form? lastpass.text.ValueForm default: lists with ", ", "yes" and "no"
---@return string
function M.value(value, form)
  form = form or FOR_PEOPLE
  if value == nil then
    return ""
  elseif type(value) == "boolean" then
    return value and form.yes or form.no
  elseif type(value) == "number" then
    return value == math.floor(value) and ("%.0f"):format(value) or tostring(value)
  elseif type(value) == "table" and not (getmetatable(value) or {}).__tostring then
    local parts = {}
    for index = 1, #value do
      parts[index] = M.value(value[index], form)
    end
    return table.concat(parts, form.separator)
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
      local text = M.clean(M.value(value_of(row, column, index)))
      if column.max then
        text = M.cut(text, column.max)
      end
      line[index] = text
      column.width = math.max(column.width, M.width(text))
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
    for position, column in ipairs(left) do
      if column.rank and (not index or column.rank > left[index].rank) then
        index = position
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
    local text = line[column.index]
    folded[index] = column.wrap and M.wrap(text, column.width) or { M.cut(text, column.width) }
    height = math.max(height, #folded[index])
  end
  local lines = {}
  for number = 1, height do
    local parts = {}
    for index, column in ipairs(columns) do
      parts[index] = M.pad(folded[index][number] or "", column.width, column.align)
    end
    lines[number] = table.concat(parts, GAP):gsub(" +$", "")
  end
  return table.concat(lines, "\n")
end

local function head(columns)
  local titles, rules = {}, {}
  for _, column in ipairs(columns) do
    titles[column.index] = M.cut(column.title, column.width)
    rules[column.index] = ("-"):rep(column.width)
  end
  return lay_out(titles, columns), lay_out(rules, columns)
end

--- Lays out rows in columns.
---@param rows table[] objects or plain lists
---@param columns table[] names of fields, or {title=, field= name, index or function(row), align=
-- "left" (default) or "right", max= columns, whole= true: never cut, wrap= true: continues in
-- further lines instead of being cut, rank= the higher, the sooner it is left out (without one it stays)}
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
      column.width = math.max(column.width, M.width(column.title))
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

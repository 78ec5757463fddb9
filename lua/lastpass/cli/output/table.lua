--- The table that people read: as wide as the terminal, lines coloured where that helps.
-- @module lastpass.cli.output.table
local color = require "lastpass.cli.color"
local output = require "lastpass.cli.output"
local text = require "lastpass.text"

local M = {}

-- With --fields the columns are those fields, by their own names.
local function columns_of(view, plan)
  local columns = {}
  local source = plan.chosen and plan.fields or view.columns
  for place, column in ipairs(source) do
    local name = type(column) == "table" and column.field or column
    local shown = { title = name:gsub("_", " "), field = place }
    if type(column) == "table" then
      shown.title = column.title or shown.title
      shown.align, shown.max = column.align, column.max
    end
    columns[place] = { column = shown, name = name }
  end
  return columns
end

-- Fields that none of the rows has are not worth a column.
local function collect(view, columns, each)
  local rows, tones = {}, {}
  for object in each do
    local row = {}
    for place, column in ipairs(columns) do
      local value = output.value(view, object, column.name)
      row[place] = value == nil and "" or value
    end
    rows[#rows + 1] = row
    tones[#rows] = view.tone and view.tone(object) or false
  end
  return rows, tones
end

local function paint(lines, tones)
  local out, number = {}, 0
  for line in (lines .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local tone = number <= 2 and "head" or tones[number - 2] or nil
    out[number] = color.paint(tone, line)
  end
  return table.concat(out, "\n")
end

--- Shows rows.
function M.rows(session, view, plan, each)
  local columns, shown = columns_of(view, plan), {}
  local rows, tones = collect(view, columns, each)
  for place, column in ipairs(columns) do
    shown[place] = column.column
  end
  local lines = text.table(rows, shown, { width = session.streams.width })
  if color.is_wanted(session) then
    lines = paint(lines, tones)
  end
  session.streams:write(lines, "\n")
end

--- Shows one object, a field a line; fields without a value are left out.
function M.one(session, view, plan, object)
  local rows = {}
  for _, field in ipairs(plan.fields) do
    local value = output.value(view, object, field)
    local is_empty = type(value) == "table"
      and next(value) == nil
      and not (getmetatable(value) or {}).__tostring
    if value ~= nil and (plan.chosen or not is_empty) then
      rows[#rows + 1] = { field:gsub("_", " ") .. "", value }
    end
  end
  local lines = text.table(rows, { { field = 1 }, { field = 2 } }, {
    header = false,
    width = session.streams.width,
  })
  session.streams:write(lines, "\n")
end

return M

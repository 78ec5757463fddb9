--- The table that people read: as wide as the terminal, lines coloured where that helps.
-- @module lastpass.cli.output.table
local output = require "lastpass.cli.output"
local streams = require "lastpass.cli.streams"
local text = require "lastpass.text"

local M = {}

-- Two people's addresses, cut, look like one person's; a time that is cut is a wrong one.
local whole = {
  email = true,
  username = true,
  who = true,
  subject = true,
  by = true,
  local_time = true,
  at = true,
}

local function is_whole(view, name)
  return whole[name] or view.times and view.times[name] or nil
end

-- With --fields the columns are those fields, by their own names, and none is left out.
local function columns_of(view, plan)
  local columns = {}
  local source = plan.chosen and plan.fields or view.columns
  for place, column in ipairs(source) do
    local name = type(column) == "table" and column.field or column
    local shown = { title = name:gsub("_", " "), field = place }
    if type(column) == "table" then
      shown.title = column.title or shown.title
      shown.align, shown.max = column.align, column.max
      shown.rank, shown.wrap = column.rank, column.wrap
    end
    shown.whole = is_whole(view, name)
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
      if view.shown then
        value = view.shown(object, column.name)
      end
      row[place] = value == nil and "" or value
    end
    rows[#rows + 1] = row
    tones[#rows] = view.tone and view.tone(object) or false
  end
  return rows, tones
end

-- A row may be several lines, and colour ends with its line.
local function painter(session, tones)
  if not streams.is_colored(session) then
    return nil
  end
  return function(lines, number)
    local tone = number == nil and "head" or tones[number] or nil
    return (lines:gsub("[^\n]+", function(line)
      return streams.paint(tone, line)
    end))
  end
end

--- Shows rows.
function M.rows(session, view, plan, each)
  local columns, shown = columns_of(view, plan), {}
  local rows, tones = collect(view, columns, each)
  for place, column in ipairs(columns) do
    shown[place] = column.column
  end
  local options = { width = session.streams.width, paint = painter(session, tones) }
  session.streams:write(text.table(rows, shown, options), "\n")
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
  local lines = text.table(rows, { { field = 1, whole = true }, { field = 2, wrap = true } }, {
    header = false,
    width = session.streams.width,
  })
  session.streams:write(lines, "\n")
end

return M

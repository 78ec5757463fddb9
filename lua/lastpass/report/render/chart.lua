--- Charts as inline SVG: their colours come from the page, their numbers stand beside them as text.
-- Scaled to the width of a telephone the letters of a wide chart could not be read, so there are two;
-- the style shows one of them.
-- @module lastpass.report.render.chart
local escape = require("lastpass.report.render.markup").escape
local text = require "lastpass.text"

local M = {}

-- Wide: the label left of the bar. Narrow: above it.
local shapes = {
  wide = { width = 640, left = 190, line = 30, top = 6, label_x = 178, label_y = 14, cut = 26 },
  narrow = { width = 340, left = 1, line = 46, top = 22, label_x = 1, label_y = -5, cut = 44 },
}

local BAR = 18
local NUMBER = 90 -- room for the number behind the longest bar

local function described(bars)
  local parts = {}
  for place, bar in ipairs(bars) do
    parts[place] = ("%s %s"):format(bar.title, text.count(bar.count))
  end
  return table.concat(parts, ", ")
end

local function largest(bars)
  local most = 0
  for _, bar in ipairs(bars) do
    most = math.max(most, bar.count)
  end
  return most
end

local form = '<text x="%d" y="%d" class="label">%s</text>'
  .. '<rect x="%d" y="%d" width="%.1f" height="%d" rx="3"/>'
  .. '<text x="%.1f" y="%d" class="value">%s</text>'

local function one_bar(shape, bar, place, most)
  local top = (place - 1) * shape.line + shape.top
  local length = most > 0 and bar.count / most * (shape.width - shape.left - NUMBER) or 0
  if bar.count > 0 then
    length = math.max(length, 2) -- few are not none
  end
  return form:format(
    shape.label_x,
    top + shape.label_y,
    escape(text.cut(bar.title, shape.cut)),
    shape.left,
    top,
    length,
    BAR,
    shape.left + length + 8,
    top + 14,
    text.count(bar.count)
  )
end

local function draw(name, bars)
  local shape = shapes[name]
  local height = #bars * shape.line + 4
  local parts = {
    ('<svg class="%s" viewBox="0 0 %d %d" role="img" aria-label="Bar chart: %s">'):format(
      name,
      shape.width,
      height,
      escape(described(bars))
    ),
    ('<line x1="%d" y1="0" x2="%d" y2="%d"/>'):format(shape.left - 1, shape.left - 1, height),
  }
  local most = largest(bars)
  for place, bar in ipairs(bars) do
    parts[#parts + 1] = one_bar(shape, bar, place, most)
  end
  parts[#parts + 1] = "</svg>"
  return table.concat(parts, "\n")
end

--- Horizontal bars for screens.
---@param bars table[] {title, count}
---@return string svg
function M.wide(bars)
  return draw("wide", bars)
end

--- The same for telephones.
---@param bars table[] {title, count}
---@return string svg
function M.narrow(bars)
  return draw("narrow", bars)
end

return M

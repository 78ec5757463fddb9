--- Shows long text a screenful at a time, on a terminal: space for the next screen, return for the
-- next line, q to leave.
-- @module lastpass.cli.repl.pager
local text = require "lastpass.text"

local M = {}

local function lines_of(long)
  local lines = {}
  for line in (long .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = line
  end
  return lines
end

-- How many rows of the screen a line takes.
local function height(line, columns)
  return math.max(1, math.ceil(text.width(line) / columns))
end

---@class lastpass.repl.Screen
---@field write fun(text: string)
---@field size fun(): integer|nil, integer|nil columns, rows; nil when it is no terminal
---@field key nil|fun(): string|nil the next key

local function ask(screen, at, count)
  screen.write(("-- %d of %d lines: space, return, q --"):format(at, count))
  local key = screen.key()
  screen.write("\r\27[K")
  return key
end

-- Writes lines from `first` on until `room` rows are full; gives the next one.
local function write_screenful(screen, lines, first, room, columns)
  local position = first
  while lines[position] do
    room = room - height(lines[position], columns)
    if room < 0 and position > first then
      break
    end
    screen.write(lines[position] .. "\n")
    position = position + 1
  end
  return position
end

local STOPS = { q = true, Q = true, ["\3"] = true, ["\4"] = true, ["\27"] = true }

--- Shows text.
---@param long string without a final newline
---@param screen lastpass.repl.Screen
function M.show(long, screen)
  local columns, rows = screen.size()
  if not columns or not screen.key then
    return screen.write(long .. "\n")
  end
  local lines = lines_of(long)
  local position = write_screenful(screen, lines, 1, rows - 1, columns)
  while lines[position] do
    local key = ask(screen, position - 1, #lines)
    if not key or STOPS[key] then
      return screen.write(("… %s\n"):format(text.plural(#lines - position + 1, "more line")))
    end
    columns, rows = screen.size() -- it may have been resized meanwhile
    local room = (key == "\r" or key == "\n") and 1 or rows - 1
    position = write_screenful(screen, lines, position, room, columns)
  end
end

return M

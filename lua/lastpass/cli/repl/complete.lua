--- What Tab does: completes as far as all candidates agree, and lists them when there are several.
-- @module lastpass.cli.repl.complete
local members = require "lastpass.cli.repl.members"
local places = require "lastpass.cli.repl.place"
local text = require "lastpass.text"
local words = require "lastpass.cli.repl.words"

local MOST_LISTED = 60
local MOST_LUA_NAMES = 1000

local M = {}

local function list_of(place, context)
  if place.kind == "command" then
    return words.new(context.commands)
  elseif place.kind == "member" then
    return words.new(members.of(place.path, place.colon, context.environment))
  elseif place.kind == "option" then
    return words.new(members.options(place.path))
  elseif place.kind == "string" then
    return context.names:words()
  end
  return words.new(members.globals(context.environment, context.scope))
end

-- Lua's names are told apart by case, addresses and groups are not.
local function exactly(list, start)
  local found = {}
  for _, word in ipairs((list:starting_with(start, MOST_LUA_NAMES))) do
    if word:sub(1, #start) == start then
      found[#found + 1] = word
    end
  end
  local _, total, common = words.new(found):starting_with("", 0)
  for position = MOST_LISTED + 1, #found do
    found[position] = nil
  end
  return found, total, common
end

local function columns(found, total, width)
  local widest = 0
  for _, word in ipairs(found) do
    widest = math.max(widest, text.width(word) + 2)
  end
  local in_a_row = math.max(1, math.floor(width / math.max(widest, 1)))
  local rows = math.ceil(#found / in_a_row)
  local lines = {}
  for row = 1, rows do
    local cells = {}
    for position = row, #found, rows do
      cells[#cells + 1] = text.pad(text.clean(found[position]), widest)
    end
    lines[row] = (table.concat(cells):gsub(" +$", ""))
  end
  if total > #found then
    lines[#lines + 1] = ("… and %s more"):format(text.count(total - #found))
  end
  return table.concat(lines, "\n")
end

local function characters(word)
  return select(2, word:gsub("[^\128-\191]", ""))
end

-- What follows a word that is complete.
local function closing(place, after)
  if place.kind == "string" and place.quote ~= "]]" and after:sub(1, 1) ~= place.quote then
    return place.quote
  elseif place.kind == "option" then
    return " = "
  end
  return ""
end

--- Completes a line.
---@param line string
---@param cursor integer bytes before it
---@param context table environment, scope, commands, names, width
---@return integer erase characters before the cursor
---@return string insert
---@return string listing to be shown below; "" for nothing
function M.complete(line, cursor, context)
  local place = places.of(line:sub(1, cursor))
  if not place then
    return 0, "", ""
  end
  local list = list_of(place, context)
  if not list then
    return 0, "", ""
  end
  local start = place.start
  local found, total, common
  if place.kind == "string" then
    found, total, common = list:starting_with(start, MOST_LISTED)
  else
    found, total, common = exactly(list, start)
  end
  if total == 0 then
    return 0, "", ""
  elseif total == 1 then
    return characters(start), found[1] .. closing(place, line:sub(cursor + 1)), ""
  elseif #common > #start then
    return characters(start), found[1]:sub(1, #common), ""
  end
  return 0, "", columns(found, total, context.width)
end

return M

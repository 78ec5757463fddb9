--- What the words of a playbook check alike.
-- @module lastpass.plan.words.checks
local errors = require "lastpass.error"
local letters = require "lastpass.plan.letters"

local M = {}

--- The line of the playbook that is being carried out, for what no source row caused.
---@param playbook table {name, chunks}
---@param level integer
---@return string place "playbook.lua:12"
function M.line_of(playbook, level)
  local info = debug.getinfo(level + 1, "Sl")
  while info and not playbook.chunks[info.source] do
    level = level + 1
    info = debug.getinfo(level + 1, "Sl")
  end
  local name = info and playbook.chunks[info.source]
  return name and ("%s:%d"):format(name, info.currentline) or playbook.name
end

--- Raises for what is no list of texts.
---@param where string how the caller is called
---@param name string what the list is called
---@param list table
---@param level integer whose line is blamed
---@param blanks? boolean whether empty ones will do
function M.texts(where, name, list, level, blanks)
  local count = 0
  for place, value in ipairs(list) do
    count = place
    if type(value) ~= "string" or value == "" and not blanks then
      errors.raise(
        level + 1,
        "%s: %s[%d] must be a text, not %s",
        where,
        name,
        place,
        value == "" and "an empty one" or type(value)
      )
    end
    M.letters(("%s: %s[%d]"):format(where, name, place), value, level + 1)
  end
  for key in pairs(list) do
    if type(key) ~= "number" or key < 1 or key > count or key ~= math.floor(key) then
      errors.raise(level + 1, "%s: '%s' must be a list without gaps", where, name)
    end
  end
end

--- A list without its gaps, which cells that are empty leave in { person.team, "Everyone" }. How Lua counts
-- a list with gaps depends on how it was made: what stands after one must not get lost.
---@param list table
---@return table list whatever is not at an index is kept, so that `texts` raises for it
function M.without_gaps(list)
  local places, dense = {}, {}
  for key, value in pairs(list) do
    if type(key) == "number" and key >= 1 and key == math.floor(key) then
      places[#places + 1] = key
    else
      dense[key] = value
    end
  end
  table.sort(places)
  for index, place in ipairs(places) do
    dense[index] = list[place]
  end
  return dense
end

--- Raises for a text that could not be written into a plan.
---@param where string what the text is
---@param text string
---@param level integer whose line is blamed
function M.letters(where, text, level)
  if not letters.is_utf8(text) then
    errors.raise(level + 1, "%s is not valid UTF-8", where)
  end
end

--- The texts that a word was given, one by one and in lists.
---@param where string how the caller is called
---@param name string what the texts are
---@param level integer whose line is blamed
---@param ... string|string[]
---@return string[]
function M.list_of(where, name, level, ...)
  local all = {}
  for place = 1, select("#", ...) do
    local given = select(place, ...)
    local list = type(given) == "table" and given or { given }
    M.texts(where, name, list, level + 1)
    for _, text in ipairs(list) do
      all[#all + 1] = text
    end
  end
  return all
end

return M

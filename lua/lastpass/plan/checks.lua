--- Checks of text that is to be written into a plan: it must be valid UTF-8, and addresses have one form.
-- @module lastpass.plan.checks
local characters = require "lastpass.text.characters"
local errors = require "lastpass.error"

local M = {}

--- A string for people as it can be written into a plan: wrong bytes as "\xff".
---@param text string|nil
---@return string|nil
function M.printable(text)
  if text and not characters.is_utf8(text) then
    return require("lastpass.text").clean(text)
  end
  return text
end

--- Raises for a string that could not be written into a plan.
---@param where string what the string is
---@param text string
---@param level integer whose line is blamed
function M.utf8(where, text, level)
  if not characters.is_utf8(text) then
    errors.raise(level + 1, "%s is not valid UTF-8", where)
  end
end

--- Raises for what is not a list of strings.
---@param where string how the caller is called
---@param name string what the list is called
---@param list table
---@param level integer whose line is blamed
---@param blanks? boolean whether empty ones will do
function M.texts(where, name, list, level, blanks)
  local count = 0
  for index, value in ipairs(list) do
    count = index
    if type(value) ~= "string" or value == "" and not blanks then
      errors.raise(
        level + 1,
        "%s: %s[%d] must be a string, not %s",
        where,
        name,
        index,
        value == "" and "an empty one" or type(value)
      )
    end
    if not characters.is_utf8(value) then
      M.utf8(("%s: %s[%d]"):format(where, name, index), value, level + 1)
    end
  end
  for key in pairs(list) do
    if type(key) ~= "number" or key < 1 or key > count or key ~= math.floor(key) then
      errors.raise(level + 1, "%s: '%s' must be a list without gaps", where, name)
    end
  end
end

--- The strings that a word was given, one by one and in lists.
---@param where string how the caller is called
---@param name string what the strings are
---@param level integer whose line is blamed
---@param ... string|string[]
---@return string[]
function M.list_of(where, name, level, ...)
  local all = {}
  for index = 1, select("#", ...) do
    local given = select(index, ...)
    local list = type(given) == "table" and given or { given }
    M.texts(where, name, list, level + 1)
    for _, text in ipairs(list) do
      all[#all + 1] = text
    end
  end
  return all
end

--- A list without its gaps, which cells that are empty leave in { person.team, "Everyone" }. How Lua counts
-- a list with gaps depends on how it was made: what stands after one must not get lost.
---@param list table
---@return table list what is not at an index stays, so that `texts` raises for it
function M.without_gaps(list)
  local indexes, dense = {}, {}
  for key, value in pairs(list) do
    if type(key) == "number" and key >= 1 and key == math.floor(key) then
      indexes[#indexes + 1] = key
    else
      dense[key] = value
    end
  end
  table.sort(indexes)
  for position, index in ipairs(indexes) do
    dense[position] = list[index]
  end
  return dense
end

--- An address that is good for a plan; raises for what is none.
---@param where string how the caller is called
---@param address any
---@param level integer whose line is blamed
---@return string address
function M.address(where, address, level)
  local good, reason = require("lastpass.email").check(type(address) == "string" and address or "")
  if not good then
    errors.raise(level + 1, "%s'%s' is not an e-mail address: %s", where, tostring(address), reason)
  end
  return good
end

--- The line of the playbook that is being run, for what no source row caused.
---@param playbook table {name, chunks}
---@param level integer
---@return string line "playbook.lua:12"
function M.line_of(playbook, level)
  local info = debug.getinfo(level + 1, "Sl")
  while info and not playbook.chunks[info.source] do
    level = level + 1
    info = debug.getinfo(level + 1, "Sl")
  end
  local name = info and playbook.chunks[info.source]
  return name and ("%s:%d"):format(name, info.currentline) or playbook.name
end

return M

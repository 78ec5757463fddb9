--- What the journal's functions are given, checked; a programmer's mistake is raised.
-- @module lastpass.store.arguments
local errors = require "lastpass.error"
local text = require "lastpass.store.text"

local M = {}

local function raise(where, name, expected, value)
  errors.raise(3, "%s: %s must be %s, not %s", where, name, expected, type(value))
end

--- A text that identifies something: not empty, and kept as it is.
---@return string
function M.name(where, name, value)
  if type(value) ~= "string" or value == "" then
    raise(where, name, "a text", value)
  elseif not text.is_plain(value) then
    errors.raise(2, "%s: %s is not valid UTF-8, or holds a NUL", where, name)
  end
  return value
end

--- A company: its number or a name.
---@return string
function M.tenant(where, value)
  if type(value) == "number" and value == math.floor(value) then
    return ("%.0f"):format(value)
  end
  return M.name(where, "tenant", value)
end

--- A whole number that a double holds.
---@return integer
function M.whole(where, name, value)
  local fits = type(value) == "number" and value == math.floor(value) and math.abs(value) <= 2 ^ 53
  if not fits then
    raise(where, name, "a whole number", value)
  end
  return value
end

---@return integer|nil
function M.optional_whole(where, name, value)
  if value == nil then
    return nil
  end
  return M.whole(where, name, value)
end

--- One of a set of words.
---@param known table<string, any>
---@return string
function M.word(where, name, value, known)
  if type(value) == "string" and known[value] ~= nil then
    return value
  end
  local words = {}
  for word in pairs(known) do
    words[#words + 1] = word
  end
  table.sort(words)
  local nearest = type(value) == "string" and errors.nearest(value, words)
  errors.raise(
    2,
    "%s: %s '%s' is not known (%s)",
    where,
    name,
    tostring(value),
    nearest and ("did you mean '" .. nearest .. "'?") or "known are: " .. table.concat(words, ", ")
  )
end

--- Text that somebody else wrote, or nil.
---@return string|nil
function M.optional_text(where, name, value)
  if value == nil then
    return nil
  elseif type(value) ~= "string" then
    raise(where, name, "a text", value)
  end
  return text.repair(value)
end

---@return table
function M.list(where, name, value)
  if type(value) ~= "table" then
    raise(where, name, "a list", value)
  end
  return value
end

---@return table|nil
function M.optional_table(where, name, value)
  if value ~= nil and type(value) ~= "table" then
    raise(where, name, "a table", value)
  end
  return value
end

return M

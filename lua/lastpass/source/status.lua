--- Status words: what the words of a status column mean. Whatever is on neither list decides nothing, so
-- that another spelling, an empty cell or a wrong column neither lets anybody in nor keeps anybody out.
-- @module lastpass.source.status
local email = require "lastpass.email"
local errors = require "lastpass.error"

local next, type = next, type

local M = {}

--- Which words mean what: every word on one of the two lists. Case does not matter, nor do spaces around
-- a word, how many there are inside, or of which kind they are.
---@class lastpass.source.StatusWords
---@field active string[]
---@field inactive string[]

local EXAMPLE = '{ active = { "active", "on leave" }, inactive = { "terminated" } }'

-- Spaces of Unicode, those that do not break lines among them.
local spaces = {
  "\194\160", -- no-break space
  "\225\154\128", -- Ogham space
  "\226\128[\128-\138\175]", -- U+2000 to 200A, narrow no-break space
  "\226\129\159", -- medium mathematical space
  "\227\128\128", -- ideographic space
  "\239\187\191", -- zero width no-break space, left over from a byte order mark
}

--- A word as it is compared.
---@param word string
---@return string
function M.fold(word)
  if word:find "[\128-\255]" then
    for _, space in ipairs(spaces) do
      word = word:gsub(space, " ")
    end
    word = require("lastpass.unicode").fold(word) or word -- what is not UTF-8 stays as it is
  end
  return (email.fold(word):gsub("[ \t-\r]+", " "))
end

local function read_list(where, compiled, name, list, level)
  if list == nil or next(list) == nil then
    local what = list and "the list '%s' is empty" or "needs the list '%s' as well"
    errors.raise(
      level + 1,
      "%s: " .. what .. ": a word on neither list decides nothing, as in %s",
      where,
      name,
      EXAMPLE
    )
  end
  local folded, count = {}, 0
  for index, word in pairs(list) do
    count = count + 1
    local key = type(word) == "string" and M.fold(word) or ""
    if type(index) ~= "number" or key == "" then
      errors.raise(
        level + 1,
        "%s: '%s' must be a list of words, and has %s among them",
        where,
        name,
        type(word) == "string" and "an empty one" or "a " .. type(word)
      )
    elseif compiled.meaning[key] == (name == "inactive") then
      errors.raise(level + 1, "%s: '%s' is on both lists", where, word)
    end
    compiled.meaning[key] = name == "active"
  end
  for index = 1, count do
    if list[index] == nil then
      errors.raise(level + 1, "%s: '%s' must be a list without gaps", where, name)
    end
    folded[index] = M.fold(list[index])
  end
  compiled[name] = folded
end

local known_words = { active = "table", inactive = "table" }

local function compile(where, words, level)
  if type(words) ~= "table" then
    errors.raise(level + 1, "%s: needs the words, as in %s", where, EXAMPLE)
  end
  errors.check_options(where, words, known_words, level + 1)
  local compiled = { meaning = {}, known = {}, given = { active = {}, inactive = {} } }
  for _, name in ipairs { "active", "inactive" } do
    read_list(where, compiled, name, words[name], level + 1)
    for index, word in ipairs(words[name]) do
      compiled.given[name][index] = word
    end
  end
  return compiled
end

-- Whether a list is these words and nothing else.
local function is_list_of(given, list)
  if type(list) ~= "table" or list[1] ~= given[1] then
    return false
  elseif given[2] == nil and next(list, 1) == nil then
    return next(list) == 1
  end
  local count = 0
  for index, word in next, list do
    if given[index] ~= word then
      return false
    end
    count = count + 1
  end
  return count == #given
end

-- For each row of a source: no iterator but `next`.
local function is_made_of(compiled, words)
  local given = compiled.given
  local name = next(words)
  local other = name and next(words, name)
  return other ~= nil
    and next(words, other) == nil
    and is_list_of(given.active, words.active)
    and is_list_of(given.inactive, words.inactive)
end

local last

--- Compiles words; mistakes in them raise. A loop writes the same words anew for each row: those of
-- the call before are not checked again.
---@param where string what the caller is called
---@param words lastpass.source.StatusWords
---@param level integer whose line is blamed
---@return table compiled {active, inactive: lists as they are compared}
function M.compile(where, words, level)
  if not last or type(words) ~= "table" or not is_made_of(last, words) then
    last = compile(where, words, level + 1)
  end
  return last
end

--- When somebody is active: the field, and which of its words mean what. A row whose word is on neither
-- list, or empty, is refused.
---@class lastpass.source.ActiveMapping: lastpass.source.StatusWords
---@field field string

local known_mapping = { field = "string", active = "table", inactive = "table" }

--- Compiles the words of a field; mistakes in them raise.
---@param where string what the caller is called
---@param active lastpass.source.ActiveMapping
---@param level integer whose line is blamed
---@return table words of `compile`
function M.compile_field(where, active, level)
  where = where .. ": active"
  errors.check_options(where, active, known_mapping, level + 1)
  if not active.field then
    errors.raise(
      level + 1,
      "%s: needs the 'field' with the status, and its words, as in "
        .. '{ field = "status", active = { "active" }, inactive = { "terminated" } }',
      where
    )
  end
  return M.compile(where, { active = active.active, inactive = active.inactive }, level + 1)
end

local text_types = { string = true, number = true, boolean = true }

local function text_of(value)
  if type(value) == "number" and value == math.floor(value) then
    return ("%.0f"):format(value)
  end
  return tostring(value)
end

-- Several values of one attribute have to say the same.
local function meaning_of_list(compiled, list)
  local texts, meaning = {}, nil
  for index, value in ipairs(list) do
    local one = M.meaning(compiled, value)
    if index == 1 then
      meaning = one
    elseif one ~= meaning then
      meaning = nil
    end
    texts[index] = text_of(value)
  end
  return meaning, table.concat(texts, ", ")
end

--- What a value means.
---@param compiled table of `compile`
---@param value string|number|boolean|table|nil a list: of several values of one attribute
---@return boolean|nil meaning whether it means active; nil when it is on neither list
---@return string? word the value, when it is on neither list
function M.meaning(compiled, value)
  local known = compiled.known[value == nil and "" or value]
  if known ~= nil then
    return known
  elseif type(value) == "table" then
    return meaning_of_list(compiled, value)
  end
  local word = value == nil and "" or text_of(value)
  local meaning = compiled.meaning[M.fold(word)]
  if meaning ~= nil then
    compiled.known[value] = meaning
  end
  return meaning, meaning == nil and word or nil
end

--- Whether a value can be a status at all.
---@param value any
---@return boolean
function M.is_value(value)
  return value == nil or type(value) == "table" or text_types[type(value)] == true
end

local function new_reason(compiled, word)
  if M.fold(word) == "" then
    return "the status is empty, which is on neither list"
  end
  local nearest = errors.did_you_mean(M.fold(word), errors.names_of(compiled.meaning))
  local shown = require("lastpass.source.problems").shown(word)
  return ("the status %s is on neither list%s"):format(shown, nearest)
end

--- Why a word decides nothing. A column is often wrong all the way down.
---@param compiled table of `compile`
---@param word string as `meaning` gives it
---@return string reason
function M.reason(compiled, word)
  if compiled.unknown ~= word then
    compiled.unknown, compiled.reason = word, new_reason(compiled, word)
  end
  return compiled.reason
end

return M

--- Failures: what can happen is returned, a programmer's mistake is raised.
-- The contract is the same everywhere: `nil, message, err`.
-- @module lastpass.error
local M = {}

--- What every failure carries as its third value.
---@class lastpass.Error
---@field kind "argument"|"auth"|"refused"|"partial"|"transport"|"throttled"|"protocol"|"guard"|"conflict"|"cancelled"
---@field code string           a stable name, such as "no_such_user"
---@field message string        the same text as the second value
---@field command? string       the command that was being carried out
---@field status? integer       the HTTP status, when there was one
---@field retry_after? number   seconds
---@field uncertain? boolean    a write may have happened
---@field body? string          the start of the reply
---@field hint? string          what to do about it
---@field rows? table[]         with kind "partial": {row, item, reason, code} for each refused row
---@field unchanged_users? string[] with kind "partial", of disableuser and enableuser: so before

local error_mt = { __name = "lastpass.error" }

-- An error that is raised (strict clients do) should read like its message.
function error_mt.__tostring(err)
  return err.message
end

local kinds = {
  argument = true,
  auth = true,
  refused = true,
  partial = true,
  transport = true,
  throttled = true,
  protocol = true,
  guard = true,
  conflict = true,
  cancelled = true,
}

-- A message may repeat what a server or a file says, and is shown on terminals and written to logs.
local function harmless(message)
  if message:find "[%z\1-\8\11-\31\127-\255]" then
    return require("lastpass.core").clean(message, true)
  end
  return message
end

--- Makes the three values of a failure.
---@param kind string one of the kinds of `lastpass.Error`
---@param code string stable name
---@param message string a sentence for a person
---@param fields? table further fields of the error
---@return nil
---@return string message
---@return lastpass.Error err
function M.fail(kind, code, message, fields)
  assert(kinds[kind], "unknown error kind")
  message = harmless(message)
  local err = {}
  for name, value in pairs(fields or {}) do
    err[name] = value
  end
  err.kind, err.code, err.message = kind, code, message
  return nil, message, setmetatable(err, error_mt)
end

local LIBRARY = debug.getinfo(1, "S").source:match "^(@.*)error%.lua$"

-- The level of the nearest function that is not of this library. Counting levels would not do:
-- a tail call hides one in Lua 5.4 and LuaJIT, and shows one in Lua 5.1.
local function level_of_user()
  local level = 3
  local info = LIBRARY and debug.getinfo(level, "S")
  while info do
    if info.what ~= "C" and info.what ~= "tail" and info.source:sub(1, #LIBRARY) ~= LIBRARY then
      return level - 1 -- as seen from the caller
    end
    level = level + 1
    info = debug.getinfo(level, "S")
  end
  return nil
end

--- Raises a programmer's mistake at the caller's line.
---@param level integer what is blamed when all callers are of the library: 1 is the function that
-- calls `raise`, 2 its caller
---@param format string as of string.format
function M.raise(level, format, ...)
  error(select("#", ...) > 0 and format:format(...) or format, level_of_user() or level + 1)
end

--- The word of a list that is nearest to the one given, for "did you mean".
---@param word any
---@param list string[]
---@return string|nil nearest nil when nothing is near
function M.nearest(word, list)
  return require("lastpass.core").nearest(tostring(word), list)
end

--- What to put behind a word that is not known: " (did you mean 'users'?)", or nothing.
---@param word any
---@param list string[]
---@return string
function M.did_you_mean(word, list)
  local nearest = M.nearest(word, list)
  return nearest and (" (did you mean '%s'?)"):format(nearest) or ""
end

--- The keys of a table, sorted.
---@param known table<string, any>
---@return string[]
function M.names_of(known)
  local names = {}
  for name in pairs(known) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- A list as a set.
---@param list any[]|nil
---@return table<any, true>
function M.set_of(list)
  local set = {}
  for _, value in ipairs(list or {}) do
    set[value] = true
  end
  return set
end

local function matches(value, expected)
  if type(expected) == "function" then
    return expected(value)
  end
  if type(expected) == "table" then
    for _, name in ipairs(expected) do
      if type(value) == name then
        return true
      end
    end
    return nil, table.concat(expected, " or ")
  end
  return type(value) == expected, expected
end

--- Checks a table of options: unknown names and wrong types raise, naming the nearest known one.
---@param where string how the caller is called, for the message
---@param given table|nil
---@param known table name -> type name, list of type names, or function(value) -> ok, expected
---@param level? integer whose line is blamed; default 2, the caller of the caller
---@return table given an empty table when nothing was given
function M.check_options(where, given, known, level)
  level = (level or 2) + 1
  if given == nil then
    return {}
  end
  if type(given) ~= "table" then
    M.raise(level, "%s: options must be a table, not %s", where, type(given))
  end
  for name, value in pairs(given) do
    local expected = known[name]
    if expected == nil then
      local nearest = M.nearest(name, M.names_of(known))
      local hint = nearest and ("did you mean '" .. nearest .. "'?")
        or ("known are: " .. table.concat(M.names_of(known), ", "))
      M.raise(level, "%s: unknown option '%s' (%s)", where, tostring(name), hint)
    end
    local ok, expectation = matches(value, expected)
    if not ok then
      M.raise(level, "%s: option '%s' must be %s, not %s", where, name, expectation, type(value))
    end
  end
  return given
end

return M

--- What Tab does: finds what is being typed, completes it as far as all candidates agree, and lists them when
-- there are several.
-- @module lastpass.cli.repl.complete
local members = require "lastpass.cli.repl.members"
local names = require "lastpass.cli.repl.names"
local text = require "lastpass.text"

local M = {}

-- ------------------------------------------------------------------ what is being typed

---@class lastpass.repl.Target
---@field kind "string"|"member"|"option"|"name"|"command"
---@field start string     what is typed of the word
---@field path? string     with "member" what stands before the dot; with "option" the call
---@field colon? boolean   with "member"

-- Quotes and brackets that are open, innermost last. Long strings count as quotes.
local function open_brackets(line)
  local stack, position = {}, 1
  while position <= #line do
    local top = stack[#stack]
    local character = line:sub(position, position)
    if top and top.quote then
      if character == "\\" and top.quote ~= "]]" then
        position = position + 1
      elseif line:sub(position, position + #top.quote - 1) == top.quote then
        stack[#stack] = nil
        position = position + #top.quote - 1
      end
    elseif character == '"' or character == "'" then
      stack[#stack + 1] = { quote = character, at = position }
    elseif line:sub(position, position + 1) == "[[" then
      stack[#stack + 1] = { quote = "]]", at = position + 1 }
      position = position + 1
    elseif line:sub(position, position + 1) == "--" then
      return stack, true
    elseif character:find "[%({%[]" then
      stack[#stack + 1] = { bracket = character, at = position }
    elseif character:find "[%)}%]]" then
      stack[#stack] = nil
    end
    position = position + 1
  end
  return stack, false
end

local PATH = "[%a_][%w_%.:]*$"

-- Inside `call{ … ` or `call({ … `, where a name of an option may stand.
local function option_target(line, stack, start)
  local top = stack[#stack]
  if not top or top.bracket ~= "{" then
    return nil
  end
  local before = line:sub(1, #line - #start)
  if not before:find "[{,;]%s*$" then
    return nil
  end
  local call = line:sub(1, top.at - 1):gsub("%s*%(?%s*$", "")
  local path = call:match(PATH)
  return path and { kind = "option", start = start, path = path }
end

--- What stands before the cursor: the beginning of a string, of a member, of an option in the table of a call, of
-- a bare name or of a command.
---@param line string
---@return lastpass.repl.Target|nil nil where nothing can be completed
function M.target(line)
  local command = line:match "^%s*(:%a*)$"
  if command then
    return { kind = "command", start = command }
  end
  local subject = line:match "^%s*:doc%s+(.*)$"
  if subject then
    line = subject
  end
  local stack, in_comment = open_brackets(line)
  local top = stack[#stack]
  if in_comment then
    return nil
  elseif top and top.quote then
    return { kind = "string", start = line:sub(top.at + 1), quote = top.quote }
  end
  local path = line:match(PATH) or ""
  local owner, separator, start = path:match "^(.*)([%.:])([%w_]*)$"
  if owner then
    return { kind = "member", path = owner, colon = separator == ":", start = start }
  elseif line:sub(1, #line - #path):find "[%w_%.:]$" then
    return nil -- inside a number, or a member of what only running could tell
  end
  return option_target(line, stack, path) or { kind = "name", start = path }
end

-- ------------------------------------------------------------------ candidates

local MOST_LISTED = 60
local MOST_LUA_NAMES = 1000

local function list_of(target, context)
  if target.kind == "command" then
    return names.sorted(context.commands)
  elseif target.kind == "member" then
    return names.sorted(members.of(target.path, target.colon, context.environment))
  elseif target.kind == "option" then
    return names.sorted(members.options(target.path))
  elseif target.kind == "string" then
    return context.names:words()
  end
  return names.sorted(members.globals(context.environment, context.scope))
end

-- Case distinguishes Lua's names, but not addresses and groups.
local function exactly(list, start)
  local found = {}
  for _, word in ipairs((list:starting_with(start, MOST_LUA_NAMES))) do
    if word:sub(1, #start) == start then
      found[#found + 1] = word
    end
  end
  local _, total, common = names.sorted(found):starting_with("", 0)
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
local function closing(target, after)
  if target.kind == "string" and target.quote ~= "]]" and after:sub(1, 1) ~= target.quote then
    return target.quote
  elseif target.kind == "option" then
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
  local target = M.target(line:sub(1, cursor))
  if not target then
    return 0, "", ""
  end
  local list = list_of(target, context)
  if not list then
    return 0, "", ""
  end
  local start = target.start
  local found, total, common
  if target.kind == "string" then
    found, total, common = list:starting_with(start, MOST_LISTED)
  else
    found, total, common = exactly(list, start)
  end
  if total == 0 then
    return 0, "", ""
  elseif total == 1 then
    return characters(start), found[1] .. closing(target, line:sub(cursor + 1)), ""
  elseif #common > #start then
    return characters(start), found[1]:sub(1, #common), ""
  end
  return 0, "", columns(found, total, context.width)
end

return M

--- Where in a line of Lua the cursor stands: inside quotes, behind a dot or a colon, in the table of
-- a call's options, or at a bare name.
-- @module lastpass.cli.repl.place
local M = {}

---@class lastpass.repl.Place
---@field kind "string"|"member"|"option"|"name"|"command"
---@field start string     what is typed of the word
---@field path? string     with "member" what stands before the dot; with "option" the call
---@field colon? boolean   with "member"

-- What opens and has not closed, innermost last: quotes, brackets. Long strings count as quotes.
local function open_ones(text)
  local stack, position = {}, 1
  while position <= #text do
    local top = stack[#stack]
    local character = text:sub(position, position)
    if top and top.quote then
      if character == "\\" and top.quote ~= "]]" then
        position = position + 1
      elseif text:sub(position, position + #top.quote - 1) == top.quote then
        stack[#stack] = nil
        position = position + #top.quote - 1
      end
    elseif character == '"' or character == "'" then
      stack[#stack + 1] = { quote = character, at = position }
    elseif text:sub(position, position + 1) == "[[" then
      stack[#stack + 1] = { quote = "]]", at = position + 1 }
      position = position + 1
    elseif text:sub(position, position + 1) == "--" then
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
local function option_place(text, stack, start)
  local top = stack[#stack]
  if not top or top.bracket ~= "{" then
    return nil
  end
  local before = text:sub(1, #text - #start)
  if not before:find "[{,;]%s*$" then
    return nil
  end
  local call = text:sub(1, top.at - 1):gsub("%s*%(?%s*$", "")
  local path = call:match(PATH)
  return path and { kind = "option", start = start, path = path }
end

--- Looks at what stands before the cursor.
---@param text string
---@return lastpass.repl.Place|nil nil where nothing can be completed
function M.of(text)
  local command = text:match "^%s*(:%a*)$"
  if command then
    return { kind = "command", start = command }
  end
  local subject = text:match "^%s*:doc%s+(.*)$"
  if subject then
    text = subject
  end
  local stack, in_comment = open_ones(text)
  local top = stack[#stack]
  if in_comment then
    return nil
  elseif top and top.quote then
    return { kind = "string", start = text:sub(top.at + 1), quote = top.quote }
  end
  local path = text:match(PATH) or ""
  local owner, separator, start = path:match "^(.*)([%.:])([%w_]*)$"
  if owner then
    return { kind = "member", path = owner, colon = separator == ":", start = start }
  elseif text:sub(1, #text - #path):find "[%w_%.:]$" then
    return nil -- inside a number, or a member of what only running could tell
  end
  return option_place(text, stack, path) or { kind = "name", start = path }
end

return M

--- What is raised in a playbook, as a message with its place there.
-- @module lastpass.plan.mistakes
local errors = require "lastpass.error"

local M = {}

--- How the `source` of the chunks of this library begins.
M.LIBRARY = debug.getinfo(1, "S").source:match "^(@.*)plan[/\\]mistakes%.lua$" or "@?"
local LIBRARY = M.LIBRARY

-- Level 2 is whoever calls this.
local function frames(visit)
  local level = 3
  local info = debug.getinfo(level, "Sl")
  while info do
    if visit(info) then
      return info
    end
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  return nil
end

local function begins_with_place(message, source)
  return message:sub(1, #source + 1) == source .. ":" and message:find("^:%d+: ", #source + 1)
end

-- A place in this library says nothing to the writer of a playbook.
local function without_library(message)
  frames(function(info)
    local is_library = info.source:sub(1, #LIBRARY) == LIBRARY
    if is_library and begins_with_place(message, info.short_src) then
      message = message:sub(#info.short_src + 1):gsub("^:%d+: ", "")
      return true
    end
    return false
  end)
  return message
end

local function text_of(value)
  if type(value) == "table" and type(value.message) == "string" then
    return value.message
  elseif type(value) == "string" then
    return value
  end
  local mt = getmetatable(value)
  if type(value) == "number" or type(mt) == "table" and mt.__tostring then
    return tostring(value)
  end
  return ("raised a %s where a message is wanted"):format(type(value))
end

--- Makes the handler for `xpcall` of a playbook.
---@param playbook table {name, chunks = set of the sources that belong to it, is_file}
---@return fun(value: any): string handler
function M.handler(playbook)
  return function(value)
    local message = without_library(text_of(value))
    if playbook.is_file then
      for _, source in ipairs(playbook.places) do
        if begins_with_place(message, source) then
          return message
        end
      end
    elseif message:find "^[^\n]-:%d+: " then
      return message -- a function may call anything, and be told where that went wrong
    end
    local info = frames(function(info)
      return playbook.chunks[info.source]
    end)
    if not info then
      -- a tail call has hidden it: `return user "…" { … }`
      return ("%s: %s"):format(playbook.name, (message:gsub("^[^\n:]-:%d+: ", "")))
    end
    return ("%s:%d: %s"):format(info.short_src, info.currentline, message)
  end
end

--- The failure of a playbook.
---@param name string the file, or what the playbook is called
---@param message string as the handler, or Lua's compiler, gives it
---@param hint? string
---@return nil
---@return string message
---@return lastpass.Error err kind "argument", code "playbook_mistake", with `file` and `line`; `playbook`
-- says that the message is in the words of playbooks
function M.fail(name, message, hint)
  return errors.fail("argument", "playbook_mistake", message, {
    file = name,
    playbook = name,
    line = tonumber(message:match ":(%d+):"),
    hint = hint or "docs/playbooks.md lists what a playbook may say",
  })
end

return M

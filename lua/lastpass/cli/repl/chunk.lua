--- Text that was typed as something that runs: an expression without `return`, a statement, or the
-- beginning of one.
-- @module lastpass.cli.repl.chunk
local M = {}

--- How the chunks of the prompt are called in messages.
M.NAME = "=repl"

local function compile(text, name, environment)
  if text:find "^%s*\27" then
    return nil, "bytecode is not run" -- load of 5.1 has no mode
  elseif rawget(_G, "setfenv") then
    local chunk, message = loadstring(text, name)
    return chunk and setfenv(chunk, environment), message
  end
  return load(text, name, "t", environment)
end

local function pass(...)
  return ...
end

-- The parser met the end of the text where it wanted more (lua.c asks the same). A string in quotes
-- cannot go on in the next line.
local function is_cut_off(message)
  return message:find "<eof>'?$" ~= nil and not message:find "unfinished string"
end

---@class lastpass.repl.Chunk
---@field run function
---@field text string
---@field is_expression boolean

--- Compiles what was typed.
---@param text string
---@param environment table what its globals are
---@param options? table name: of the chunk (default `M.NAME`); line: the number of its first line
---@return lastpass.repl.Chunk|nil
---@return string? message
---@return boolean? incomplete more lines could make it complete
function M.compile(text, environment, options)
  local name = options and options.name or M.NAME
  local before = ("\n"):rep((options and options.line or 1) - 1)
  if compile("return " .. text, name, environment) then
    -- not as a tail call, which would hide the chunk from messages that blame its line
    local call = before .. "return (...)(" .. text
    -- the bracket in a line of its own would be behind a comment, but shifts lines in messages
    local run = compile(call .. ")", name, environment) or compile(call .. "\n)", name, environment)
    return {
      run = function()
        return run(pass)
      end,
      text = text,
      is_expression = text:find "%S" ~= nil,
    }
  end
  local run, message = compile(before .. text, name, environment)
  if run then
    return { run = run, text = text, is_expression = false }
  end
  return nil, message, is_cut_off(message)
end

--- Whether a text is a statement by itself, as a script needs it.
---@param text string
---@return boolean
function M.is_statement(text)
  return compile(text, M.NAME, {}) ~= nil
end

return M

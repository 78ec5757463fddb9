--- The prompt on a terminal.
-- @module lastpass.cli.repl.interactive
local chunks = require "lastpass.cli.repl.chunk"
local commands = require "lastpass.cli.repl.commands"
local core = require "lastpass.core"
local histories = require "lastpass.cli.repl.history"
local interrupts = require "lastpass.cli.repl.interrupts"
local names = require "lastpass.cli.repl.names"
local pager = require "lastpass.cli.repl.pager"
local readers = require "lastpass.cli.repl.reader"
local scope = require "lastpass.cli.repl.scope"

local M = {}

local OUTPUT = 1 -- the descriptor

local function new_screen()
  return {
    write = function(text)
      io.stdout:write(text)
      io.stdout:flush()
    end,
    size = function()
      return core.terminal_size(OUTPUT)
    end,
  }
end

local function completion_context(session)
  local in_scope = {}
  for position, name in ipairs(scope.names) do
    in_scope[position] = name[1]
  end
  return {
    environment = session.environment,
    scope = in_scope,
    commands = commands.names(),
    names = names.new(function()
      return session:any_client()
    end),
    width = 80,
  }
end

-- Reads until something is whole: a command, or a chunk. Gives the text and the chunk, or why not.
local function read_input(session, reader, prompt)
  local text
  local continued = (" "):rep(math.max(0, #prompt - 3)) .. ">> "
  while true do
    interrupts.watch()
    local line, why = reader:read(text and continued or prompt)
    local signal = interrupts.signal()
    interrupts.watch() -- a signal from here on is for what was typed
    if signal == "SIGTERM" then
      return nil, nil, signal
    elseif not line then
      return nil, nil, signal and "interrupted" or why
    elseif not text and line:find "^%s*:%a" then
      return line
    elseif text or line:find "%S" then
      text = text and text .. "\n" .. line or line
      local chunk, message, incomplete = chunks.compile(text, session.environment)
      if chunk or not incomplete then
        return text, chunk, message
      end
    end
  end
end

local function outcome_of(session, text, chunk, message, width)
  if chunk then
    return session:execute(chunk, width)
  elseif text:find "^%s*:%a" then
    return commands.run(session, text, width)
  end
  return { text = "error: " .. message, failed = true }
end

local function show(outcome, screen)
  if outcome.signal then
    screen.write "\n" -- behind the ^C that the terminal shows
  end
  if outcome.text then
    pager.show(outcome.text, screen)
  end
end

--- Runs the prompt until the person leaves.
---@param session table
---@param options table prompt: "acme> "; banner: lines shown first; history: path, or nil
---@return string|nil signal that ended it
function M.run(session, options)
  local screen = new_screen()
  local reader, note = readers.open(completion_context(session), screen)
  local history = histories.open(options.history)
  for _, entry in ipairs(history.entries) do
    reader:remember(entry)
  end
  screen.write(options.banner .. (note and "\n(" .. note .. ")" or "") .. "\n")
  local signal
  repeat
    local text, chunk, message = read_input(session, reader, options.prompt)
    local outcome = {}
    if text then
      if history:add(text) then
        reader:remember(text)
      end
      outcome = outcome_of(session, text, chunk, message, (screen.size()))
      show(outcome, screen)
      message = outcome.signal
    end
    signal = message == "SIGTERM" and message or nil
  until outcome.quit or signal or not text and message == "end"
  interrupts.release()
  reader:close()
  return signal
end

return M

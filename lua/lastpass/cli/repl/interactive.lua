--- The prompt on a terminal: reads lines, shows outcomes a screenful at a time.
-- @module lastpass.cli.repl.interactive
local commands = require "lastpass.cli.repl.commands"
local complete = require "lastpass.cli.repl.complete"
local core = require "lastpass.core"
local histories = require "lastpass.cli.repl.history"
local interrupts = require "lastpass.cli.repl.interrupts"
local names = require "lastpass.cli.repl.names"
local scope = require "lastpass.cli.repl.scope"
local sessions = require "lastpass.cli.repl.session"
local text = require "lastpass.text"

local M = {}

-- ------------------------------------------------------------------ reading lines

local plain_methods = {}

function plain_methods.read(_, prompt)
  io.stdout:write(prompt)
  io.stdout:flush()
  local line = io.stdin:read "*l"
  if line then
    return line
  end
  io.stdout:write "\n"
  return nil, "end"
end

function plain_methods.remember() end
function plain_methods.close() end

local function plain_reader()
  return setmetatable({}, { __index = plain_methods })
end

--- Opens what lines are read with: libedit, or plain reading where it was not built in.
---@param context table for completion, as of `complete.complete`; its width is updated
---@param screen lastpass.repl.Screen
---@return table reader `read(prompt)`, `remember(entry)`, `close()`
---@return string|nil note why there is no editing
function M.open_reader(context, screen)
  local ok, lineedit = pcall(require, "lastpass.lineedit")
  if not ok then
    return plain_reader(), "no line editing: built without libedit"
  end
  local editor, message = lineedit.open(function(line, cursor)
    context.width = screen.size() or context.width
    return complete.complete(line, cursor, context)
  end)
  if not editor then
    return plain_reader(), "no line editing: " .. message
  end
  screen.key = lineedit.key
  return editor
end

-- ------------------------------------------------------------------ showing long text

local function lines_of(long)
  local lines = {}
  for line in (long .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = line
  end
  return lines
end

-- How many rows of the screen a line takes.
local function height(line, columns)
  return math.max(1, math.ceil(text.width(line) / columns))
end

---@class lastpass.repl.Screen
---@field write fun(text: string)
---@field size fun(): integer|nil, integer|nil columns, rows; nil when it is no terminal
---@field key nil|fun(): string|nil the next key

local function ask_to_continue(screen, at, count)
  screen.write(("-- %d of %d lines: space, return, q --"):format(at, count))
  local key = screen.key()
  screen.write("\r\27[K")
  return key
end

-- Writes lines from `first` on until that many rows are full; gives the next one.
local function write_screenful(screen, lines, first, rows, columns)
  local position = first
  while lines[position] do
    rows = rows - height(lines[position], columns)
    if rows < 0 and position > first then
      break
    end
    screen.write(lines[position] .. "\n")
    position = position + 1
  end
  return position
end

local STOPS = { q = true, Q = true, ["\3"] = true, ["\4"] = true, ["\27"] = true }

--- Shows text a screenful at a time: space for the next screen, return for the next line, q to leave.
---@param long string without a final newline
---@param screen lastpass.repl.Screen
function M.page(long, screen)
  local columns, rows = screen.size()
  if not columns or not screen.key then
    return screen.write(long .. "\n")
  end
  local lines = lines_of(long)
  local position = write_screenful(screen, lines, 1, rows - 1, columns)
  while lines[position] do
    local key = ask_to_continue(screen, position - 1, #lines)
    if not key or STOPS[key] then
      return screen.write(("… %s\n"):format(text.plural(#lines - position + 1, "more line")))
    end
    columns, rows = screen.size() -- it may have been resized meanwhile
    local is_line = key == "\r" or key == "\n"
    position = write_screenful(screen, lines, position, is_line and 1 or rows - 1, columns)
  end
end

-- ------------------------------------------------------------------ the prompt

local OUTPUT = 1 -- the descriptor

local function new_screen()
  return {
    write = function(output)
      io.stdout:write(output)
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

-- Reads until a command or a chunk is complete. Gives the text and the chunk, or why not.
local function read_input(session, reader, prompt)
  local typed
  local continued = (" "):rep(math.max(0, #prompt - 3)) .. ">> "
  while true do
    interrupts.watch()
    local line, why = reader:read(typed and continued or prompt)
    local signal = interrupts.signal()
    interrupts.watch() -- a signal from here on is for what was typed
    if signal == "SIGTERM" then
      return nil, nil, signal
    elseif not line then
      return nil, nil, signal and "interrupted" or why
    elseif not typed and line:find "^%s*:%a" then
      return line
    elseif typed or line:find "%S" then
      typed = typed and typed .. "\n" .. line or line
      local chunk, message, incomplete = sessions.compile(typed, session.environment)
      if chunk or not incomplete then
        return typed, chunk, message
      end
    end
  end
end

local function outcome_of(session, typed, chunk, message, width)
  if chunk then
    return session:execute(chunk, width)
  elseif typed:find "^%s*:%a" then
    return commands.run(session, typed, width)
  end
  return { text = "error: " .. message, failed = true }
end

local function show_outcome(outcome, screen)
  if outcome.signal then
    screen.write "\n" -- after the ^C that the terminal shows
  end
  if outcome.text then
    M.page(outcome.text, screen)
  end
end

--- Runs the prompt until its user leaves.
---@param session table
---@param options table prompt: "acme> "; banner: lines shown first; history: path, or nil
---@return string|nil signal that ended it
function M.run(session, options)
  local screen = new_screen()
  local reader, note = M.open_reader(completion_context(session), screen)
  local history = histories.open(options.history)
  for _, entry in ipairs(history.entries) do
    reader:remember(entry)
  end
  screen.write(options.banner .. (note and "\n(" .. note .. ")" or "") .. "\n")
  local signal
  repeat
    local typed, chunk, message = read_input(session, reader, options.prompt)
    local outcome = {}
    if typed then
      if history:add(typed) then
        reader:remember(typed)
      end
      outcome = outcome_of(session, typed, chunk, message, (screen.size()))
      show_outcome(outcome, screen)
      message = outcome.signal
    end
    signal = message == "SIGTERM" and message or nil
  until outcome.quit or signal or not typed and message == "end"
  interrupts.release()
  reader:close()
  return signal
end

return M
